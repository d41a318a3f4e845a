"""Mails that no person approves: which plays may send by themselves, to whom, how many, and when (R40-R44)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scoring.casework import Trigger, TriggerKind
from scoring.config import PolicyConfig
from scoring.hours import SATURDAY, WorkingHours
from scoring.model import Band
from scoring.playbook import Playbook

MODE_FLAG = "autopilot:"

TWICE = "{account} had an automatic mail on {day}: at most one in {days} days."
SOON = "{email} had an automatic mail on {day}: at most one in {days} days."
FULL = "{limit} automatic mails a day are enough; this one is not made up for."


class Mode(StrEnum):
    """How far a play may go by itself: not at all, only saying what it would send, or sending."""

    OFF = "off"
    SHADOW = "shadow"
    LIVE = "live"


class Fate(StrEnum):
    """What became of a mail that a play wanted to send.

    `planned` waits for its time in shadow, `queued` left for the outbox; the other two are what shadow found out.
    """

    PLANNED = "planned"
    WOULD_SEND = "would have sent"
    WOULD_STOP = "would have been stopped"
    QUEUED = "queued"


@dataclass(frozen=True, slots=True)
class Intended:
    """One automatic mail, as shadow and live both write it down; everything that would leave stands in it."""

    id: str
    day: date
    mode: Mode
    fate: Fate
    play: str
    account_id: str
    to_id: str
    to_name: str
    to_email: str
    from_id: str
    from_name: str
    from_email: str
    subject: str
    body: str
    origin: str
    prompt_version: str
    severity: Band
    planned_at: datetime
    leaves_at: datetime
    score_seen: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What automatic mails there were: by account and by address in small letters, the newest day of each."""

    accounts: Mapping[str, date]
    addresses: Mapping[str, date]
    today: int = 0

    @classmethod
    def of(cls, known: Sequence[Intended], day: date) -> Earlier:
        """From what was written down; what shadow found would have been stopped never reached anybody."""
        counted = sorted((one for one in known if one.fate is not Fate.WOULD_STOP), key=lambda one: one.day)
        return cls(
            {one.account_id: one.day for one in counted},
            {one.to_email.strip().casefold(): one.day for one in counted},
            sum(one.day == day for one in counted),
        )

    def with_one(self, account_id: str, email: str, day: date) -> Earlier:
        """After one more."""
        address = email.strip().casefold()
        return Earlier({**self.accounts, account_id: day}, {**self.addresses, address: day}, self.today + 1)

    def objection(self, account: str, account_id: str, email: str, *, day: date, config: PolicyConfig) -> str:
        """Which cap speaks against a mail today; empty when there is room (per day, account, person)."""
        had, met = self.accounts.get(account_id), self.addresses.get(email.strip().casefold())
        if had is not None and (day - had).days < config.automatic_account_days:
            return TWICE.format(account=account, day=had, days=config.automatic_account_days)
        if met is not None and (day - met).days < config.contact_gap_days:
            return SOON.format(email=email, day=met, days=config.contact_gap_days)
        return FULL.format(limit=config.automatic_per_day) if self.today >= config.automatic_per_day else ""


def intended_id(account_id: str, day: date, mode: Mode) -> str:
    """Always the same for an account and a day, so that a run that is done again plans nothing anew."""
    return hashlib.sha256(f"{mode}\x1f{account_id}\x1f{day}".encode()).hexdigest()[:32]


def play_of(playbook: Playbook, fired: Sequence[Trigger], severity: Band) -> str:
    """Which play answers what fired; a trigger that is only a line in the digest counts where there is no other."""
    return playbook.play(severity, sorted(fired, key=lambda trigger: trigger.digest_only))


def has_play(playbook: Playbook, play: str) -> bool:
    """Whether a play answers some trigger and could ever be sent by itself."""
    human = set(playbook.severity_plays.values()) | {playbook.plays[TriggerKind.CHURNING]}
    return play in set(playbook.plays.values()) - human


def leaves_at(
    now: datetime, *, digest: time, reader: ZoneInfo, contact: ZoneInfo, hours: WorkingHours, hold: timedelta
) -> datetime:
    """When an automatic mail may leave: after its CSM's next digest and a while more, in the contact's working hours.

    `reader` is the CSM's zone; the digest comes Monday to Friday at `digest`, so that a person can stop the mail.
    """
    local = now.astimezone(reader)
    day = local.date()
    told = datetime.combine(day, digest, reader)
    while told < local or day.weekday() >= SATURDAY:
        day += timedelta(days=1)
        told = datetime.combine(day, digest, reader)
    return hours.next_open(told + hold, contact)
