"""The playbook: what is done for which severity and class of account, by when, and with which play (R40-R43).

A playbook is data that a team edits. What may never be edited away is checked when it is read: a valuable or complex
account always has a human in front of it, and nothing Critical or worse is ever automatic (R40).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from scoring.casework import Trigger, TriggerKind
from scoring.errors import InvalidInput
from scoring.hours import weekday_hours_after
from scoring.model import Band

Word = TypeVar("Word", bound=StrEnum)

SEVERE = "Severe"
ROW_NAMES = (*(band.value for band in Band), SEVERE)
NO_PLAY = frozenset({"dormant"})
ROW_KEYS = frozenset({"standard", "valued", "due_hours", "due_same_day", "reminder_hours", "lead_copied"})

MISSING_TABLE = "The playbook has no table [{name}]."
MISSING_ROW = "The playbook has no row [rows.{name!r}]. It needs one for each of: {names}."
UNKNOWN_ROW = "The playbook has a row {name!r}; the rows are {names}."
UNKNOWN_KEY = "[rows.{row!r}] has {key!r}, which means nothing. A row may have: {keys}."
UNKNOWN_WORD = "[rows.{row!r}] says {key} = {value!r}; it may be one of: {words}."
NOT_HOURS = "[rows.{row!r}] says {key} = {value!r}; write whole hours, 0 or more."
NOT_BOOL = "[rows.{row!r}] says due_same_day = {value!r}; write true or false."
NEEDS_HUMAN = (
    "[rows.{row!r}] would mail {who} by itself. High-value, complex, Critical and Churning always need a human."
)
UNKNOWN_TRIGGER = "[plays] names {name!r}; the triggers are: {names}."
UNKNOWN_SEVERITY = "[severity_plays] names {name!r}; the severities are: {names}."
NOT_A_NAME = '[{table}] {key!r} must name a template, like "low_score".'
UNMAPPED = "[plays] has no play for: {names}."


class Action(StrEnum):
    """What a row of the playbook does."""

    MONTHLY_LIST = "monthly list"
    AUTO_MAIL = "automatic mail"
    DRAFT_CARD = "draft card"
    EXEC_ROUTE = "executive route"

    @property
    def card(self) -> bool:
        """Whether a card is posted and a human decides."""
        return self in {Action.DRAFT_CARD, Action.EXEC_ROUTE}


class LeadCopied(StrEnum):
    """When the CS lead is told of a new card too."""

    NEVER = "never"
    VALUED = "valued"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Row:
    """One severity: an action per account class, and the clock. `reminder_hours` None: nobody is reminded."""

    standard: Action
    valued: Action
    due_hours: int | None = None
    due_same_day: bool = False
    reminder_hours: int | None = None
    lead_copied: LeadCopied = LeadCopied.NEVER

    @property
    def presses(self) -> bool:
        """Whether its card comes at any hour: what is due at once or the same day waits for no morning (R40, UX 21)."""
        return self.due_same_day or self.due_hours == 0

    def action(self, *, valued: bool) -> Action:
        """What is done for a standard account, or for a high-value or complex one."""
        return self.valued if valued else self.standard

    def copies_lead(self, *, valued: bool) -> bool:
        """Whether the lead is told when the card is posted."""
        return self.lead_copied is LeadCopied.ALWAYS or (valued and self.lead_copied is LeadCopied.VALUED)

    def due_at(self, opened_at: datetime, zone: ZoneInfo) -> datetime | None:
        """By when a person should have acted, in UTC; the end of the local day where the row says so.

        The hours of a weekend do not count: nobody is overdue on a Sunday (R40, own reading). What is due at once is.
        """
        if self.due_same_day:
            day = opened_at.astimezone(zone).date() + timedelta(days=1)
            return datetime.combine(day, time(0), zone).astimezone(opened_at.tzinfo)
        if not self.due_hours:
            return None if self.due_hours is None else opened_at
        return weekday_hours_after(opened_at, self.due_hours, zone)

    def reminder_at(self, opened_at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the owner is reminded, in UTC; None where nobody is."""
        return None if self.reminder_hours is None else weekday_hours_after(opened_at, self.reminder_hours, zone)


@dataclass(frozen=True, slots=True)
class Playbook:
    """Rows by severity (and `Severe` for a severe usage index), and the play that answers each trigger."""

    rows: Mapping[str, Row]
    plays: Mapping[TriggerKind, str]
    severity_plays: Mapping[Band, str]

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> Playbook:
        """A playbook from a parsed TOML file of this shape; `InvalidInput` names what is wrong.

        ```toml
        [rows.Healthy]                  # one table each: Healthy, Monitor, "At Risk", Severe, Critical, Churning
        standard = "monthly list"       # "monthly list", "automatic mail", "draft card" or "executive route"
        valued = "monthly list"         # the same for high-value or complex accounts; never "automatic mail"

        [rows."At Risk"]
        standard = "draft card"
        valued = "draft card"
        due_hours = 24                  # optional; or due_same_day = true: the end of the local day
        reminder_hours = 12             # optional: the owner is reminded, and the lead is told when it is overdue
        lead_copied = "never"           # optional: "never", "valued" or "always"

        [plays]                         # trigger = play; a play is a template's name
        "stuck" = "stuck"               # "score drop", "inactivity", "usage drop", "power user fading", "seats idle",
        "low score" = "low_score"       # "churning", "asked by a person", "logins down": all of them

        [severity_plays]                # optional: these severities have a play of their own, whatever fired
        Critical = "critical"
        Churning = "churning"
        ```
        """
        rows = _table(data, "rows")
        for name in rows:
            if name not in ROW_NAMES:
                raise InvalidInput(UNKNOWN_ROW.format(name=name, names=", ".join(ROW_NAMES)))
        parsed = {name: _row(name, rows.get(name)) for name in ROW_NAMES}
        plays = _plays(_table(data, "plays"))
        severity_plays = _severity_plays(_table(data, "severity_plays") if "severity_plays" in data else {})
        return cls(MappingProxyType(parsed), MappingProxyType(plays), MappingProxyType(severity_plays))

    def row(self, severity: Band, *, high_priority: bool = False) -> Row:
        """The row of a severity; a severe usage index has its own until the severity itself is Critical (R40)."""
        severe = high_priority and severity.rank <= Band.AT_RISK.rank
        return self.rows[SEVERE if severe else severity.value]

    def play(self, severity: Band, triggers: Sequence[Trigger]) -> str:
        """The play for a case: the severity's own, else that of the first trigger that has one (R42)."""
        if severity in self.severity_plays:
            return self.severity_plays[severity]
        named = (self.plays[t.kind] for t in triggers if t.detail not in NO_PLAY)
        return next(named, self.plays[TriggerKind.LOW_SCORE])


def _table(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = data.get(name)
    if not isinstance(table, Mapping):
        raise InvalidInput(MISSING_TABLE.format(name=name))
    return table


def _row(name: str, data: object) -> Row:
    if not isinstance(data, Mapping):
        raise InvalidInput(MISSING_ROW.format(name=name, names=", ".join(ROW_NAMES)))
    for key in data:
        if key not in ROW_KEYS:
            raise InvalidInput(UNKNOWN_KEY.format(row=name, key=key, keys=", ".join(sorted(ROW_KEYS))))
    row = Row(
        standard=_word(name, "standard", data.get("standard"), Action),
        valued=_word(name, "valued", data.get("valued"), Action),
        due_hours=_hours(name, "due_hours", data.get("due_hours")),
        due_same_day=_flag(name, data.get("due_same_day", False)),
        reminder_hours=_hours(name, "reminder_hours", data.get("reminder_hours")),
        lead_copied=_word(name, "lead_copied", data.get("lead_copied", LeadCopied.NEVER), LeadCopied),
    )
    _needs_human(name, row)
    return row


def _needs_human(name: str, row: Row) -> None:
    """R40, fixed: high value or complex is always a human; Critical and Churning are never automatic."""
    if row.valued is Action.AUTO_MAIL:
        raise InvalidInput(NEEDS_HUMAN.format(row=name, who="a high-value or complex account"))
    if row.standard is Action.AUTO_MAIL and name not in {Band.HEALTHY.value, Band.MONITOR.value}:
        raise InvalidInput(NEEDS_HUMAN.format(row=name, who="an account at risk"))


def _word(row: str, key: str, value: object, words: type[Word]) -> Word:
    if value not in list(words):
        raise InvalidInput(UNKNOWN_WORD.format(row=row, key=key, value=value, words=", ".join(words)))
    return words(str(value))


def _hours(row: str, key: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInput(NOT_HOURS.format(row=row, key=key, value=value))
    return value


def _flag(row: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(NOT_BOOL.format(row=row, value=value))
    return value


def _plays(table: Mapping[str, object]) -> dict[TriggerKind, str]:
    names = ", ".join(TriggerKind)
    for name in table:
        if name not in list(TriggerKind):
            raise InvalidInput(UNKNOWN_TRIGGER.format(name=name, names=names))
    if missing := [kind.value for kind in TriggerKind if kind.value not in table]:
        raise InvalidInput(UNMAPPED.format(names=", ".join(missing)))
    return {TriggerKind(name): _template("plays", name, play) for name, play in table.items()}


def _severity_plays(table: Mapping[str, object]) -> dict[Band, str]:
    for name in table:
        if name not in list(Band):
            raise InvalidInput(UNKNOWN_SEVERITY.format(name=name, names=", ".join(Band)))
    return {Band(name): _template("severity_plays", name, play) for name, play in table.items()}


def _template(table: str, key: str, play: object) -> str:
    if not isinstance(play, str) or not play.replace("_", "").isalnum():
        raise InvalidInput(NOT_A_NAME.format(table=table, key=key))
    return play
