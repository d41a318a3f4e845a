"""The nouns of casework: what fired, the case it opened, the draft, and the mail that left.

A case is the one live matter of an account (R32-R36). Its mail is an `Outreach`, which moves on its own: claim, send,
record (R54). Both machines are closed: a move that is not in `CASE_MOVES` or `OUTREACH_MOVES` does not exist.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scoring.model import Band

LOOKOUT = "lookout"
"""Who acts where no person does, in audit rows and changes of a case."""


class TriggerKind(StrEnum):
    """What may fire (R20-R26); `CHURNING` is the crossing below 20 of R38, `LOGINS_DOWN` the watch line of R13."""

    LOW_SCORE = "low score"
    CHURNING = "churning"
    SCORE_DROP = "score drop"
    INACTIVITY = "inactivity"
    STUCK = "stuck"
    USAGE_DROP = "usage drop"
    POWER_USER = "power user fading"
    SEATS_IDLE = "seats idle"
    ASKED = "asked by a person"
    LOGINS_DOWN = "logins down"


@dataclass(frozen=True, slots=True)
class Fact:
    """One true sentence about one account, with an id that a draft can name (R48). Numbers in it are literal.

    Ids that begin with `internal.` are for our own people: they reach neither the model nor a customer. `value` is the
    bare thing that a template may place (`prompts/facts.py` lists the ids it knows: `feature.last`, `step.stuck`,
    `feature.dropped`): `Fact("feature.last", "The feature they used last is report_builder.", "report_builder")`.
    """

    id: str
    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One rule that fired for an account at the end of a day.

    `window` makes it fire once: (account, kind, window) is unique. `floor` is the least severity it brings (R32).
    `digest_only` ones never open a card (R13, R21, R39); `why` holds the facts a card shows, the strongest first.
    """

    kind: TriggerKind
    account_id: str
    day: date
    window: str
    why: tuple[Fact, ...]
    rule: str
    floor: Band = Band.HEALTHY
    high_priority: bool = False
    digest_only: bool = False
    detail: str = ""


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    SNOOZED = "snoozed"
    APPROVED = "approved"
    CONTACTED = "contacted"
    DISMISSED = "dismissed"
    CLOSED = "closed"


CASE_MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.SNOOZED, CaseState.APPROVED, CaseState.DISMISSED, CaseState.CLOSED}),
    CaseState.SNOOZED: frozenset({CaseState.OPEN, CaseState.DISMISSED, CaseState.CLOSED}),
    CaseState.APPROVED: frozenset({CaseState.OPEN, CaseState.CONTACTED}),
    CaseState.CONTACTED: frozenset(CaseState) - {CaseState.CONTACTED},  # open again when its mail bounced
} | dict.fromkeys((CaseState.DISMISSED, CaseState.CLOSED), frozenset[CaseState]())
LIVE_STATES = frozenset({CaseState.OPEN, CaseState.SNOOZED, CaseState.APPROVED, CaseState.CONTACTED})


class Verdict(StrEnum):
    """What a person says of an alert (R82)."""

    RIGHT = "right"
    KNEW_IT = "knew it"
    FALSE_ALARM = "false alarm"
    WRONG_DATA = "wrong data"


@dataclass(frozen=True, slots=True)
class Case:
    """The live matter of one account; `version` grows with every change and guards each move."""

    id: str
    account_id: str
    state: CaseState
    severity: Band
    opened_at: datetime
    triggers: tuple[Trigger, ...]
    version: int = 1
    high_priority: bool = False
    high_value: bool = False
    play: str = ""
    csm_id: str | None = None
    due_at: datetime | None = None
    last_trigger_on: date | None = None
    worst_score: float | None = None
    snoozed_until: datetime | None = None
    snooze_reason: str = ""
    closed_at: datetime | None = None
    close_reason: str = ""
    verdict: Verdict | None = None
    changed_by: str = ""
    changed_at: datetime | None = None

    def due_again(self, now: datetime) -> datetime | None:
        """By when it should be decided when its clock starts anew now, as after a snooze: as long as at first."""
        return now + (self.due_at - self.opened_at) if self.due_at else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the draft gate objects to, in words a CSM can act on (R45-R49)."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One numbered version of the mail for a case. `origin` says who wrote it: `template`, a model's name, a person."""

    id: str
    case_id: str
    account_id: str
    version: int
    to_id: str
    to_name: str
    to_email: str
    from_id: str
    from_name: str
    from_email: str
    subject: str
    body: str
    origin: str
    play: str
    created_at: datetime
    prompt_version: str = ""
    note: str = ""
    fact_ids: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def content_hash(self) -> str:
        """What an approval binds to: sha256 of sender, recipient, subject and body (R49)."""
        text = "\x1f".join((self.from_email, self.to_email, self.subject, self.body))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class OutreachState(StrEnum):
    """Where one mail stands (R54)."""

    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    UNDONE = "undone"
    STOPPED = "stopped"


OUTREACH_MOVES: dict[OutreachState, frozenset[OutreachState]] = {
    OutreachState.APPROVED: frozenset({OutreachState.SENDING, OutreachState.UNDONE, OutreachState.STOPPED}),
    OutreachState.SENDING: frozenset(
        {OutreachState.SENT, OutreachState.FAILED, OutreachState.UNCERTAIN, OutreachState.APPROVED}
    ),
    OutreachState.UNCERTAIN: frozenset({OutreachState.SENT, OutreachState.FAILED}),
} | dict.fromkeys(
    (OutreachState.SENT, OutreachState.FAILED, OutreachState.UNDONE, OutreachState.STOPPED), frozenset[OutreachState]()
)


class OutreachKind(StrEnum):
    """Why a mail is written: a case's own, the one that follows it up (R53), or one that no person approved (R40)."""

    FIRST = "first"
    FOLLOW_UP = "follow up"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Outreach:
    """One approved mail: exactly one recipient, the text that was approved, and its fate.

    `not_before` is the end of the undo window or the next working hour, whichever is later (R50, R51).
    `message_id` is derived from `id`. A recovery from `score_seen`, which the approver saw, stops the mail (R50).
    """

    id: str
    case_id: str
    account_id: str
    draft_id: str
    content_hash: str
    state: OutreachState
    approved_by: str
    approved_at: datetime
    not_before: datetime
    to_id: str
    to_email: str
    message_id: str
    attempts: int = 0
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""
    score_seen: float | None = None
    kind: OutreachKind = OutreachKind.FIRST
    needs_second: bool = False
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a case was or was not opened, updated or closed; stored for every account that had a trigger (R31-R39)."""

    account_id: str
    day: date
    action: str
    reason: str
    rule: str
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what when; rows are only ever added."""

    at: datetime
    actor: str
    action: str
    account_id: str = ""
    case_id: str = ""
    detail: str = ""
