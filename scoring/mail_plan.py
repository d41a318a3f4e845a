"""One mail that would leave now, with every fact that could speak for or against it; the rules, and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from scoring.casework import OutreachKind
from scoring.config import PolicyConfig
from scoring.hours import WorkingHours, zone_named
from scoring.model import Account, Band, Person, Snapshot


@dataclass(frozen=True, slots=True)
class Yes:
    """Nothing objects."""


@dataclass(frozen=True, slots=True)
class No:
    """Why not. `waits`: nothing is wrong with the mail; keep it and ask again, at `not_before` where that is known.

    Otherwise the mail must be stopped and the approver told; `not_before` then says when a new one may be approved.
    """

    reason: str
    rule: str
    not_before: datetime | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class OtherSender(No):
    """A cover began or ended since the text was written: the mail must come from who acts for the account now (R50)."""


@dataclass(frozen=True, slots=True)
class Since:
    """What happened after the draft was written; the facts of R50, read again. Leave out what is not known."""

    drafted_at: datetime
    replied_at: datetime | None = None
    ticket_at: datetime | None = None
    other_mail_at: datetime | None = None
    score_seen: float | None = None


@dataclass(frozen=True, slots=True)
class Dealings:
    """What there was between us and an account, and with one address, until now; None for what never was."""

    suppressed: str | None = None
    """Why that address must not be written to (R51)."""
    wrote_there_at: datetime | None = None
    """When a mail left for that address, or may have left, whatever account it was about."""
    wrote_at: datetime | None = None
    answered_at: datetime | None = None
    ticket_at: datetime | None = None
    """When the newest of the tickets was opened that are not closed."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that hold for every mail. `own_domains` are ours: no proactive mail goes there."""

    zone: ZoneInfo
    hours: WorkingHours = field(default_factory=WorkingHours)
    own_domains: frozenset[str] = frozenset()
    policy: PolicyConfig = field(default_factory=PolicyConfig)


@dataclass(frozen=True, slots=True)
class Plan:
    """One mail that would leave now. `owner_id` is who the account belongs to; `last_mail_at` is to this address.

    `unattended` says of which kind a mail is that no person approved, else None. Then `valued` and `severity` (the
    worse of the case's and of today's health) must be known, or it does not leave (R40). `begun_by_hand`: a person
    approved the mail that it follows. `unshown`: no digest has shown it for long enough that somebody could stop it.
    `unheard`: the mailbox in which its contact's answers arrive was not read lately.
    """

    now: datetime
    account: Account
    contact: Person | None
    sender: Person | None
    to_email: str
    owner_id: str | None = None
    paused: bool = False
    storm: bool = False
    cut_off: bool = False
    suppressed: str | None = None
    last_mail_at: datetime | None = None
    snapshot: Snapshot | None = None
    since: Since | None = None
    unattended: OutreachKind | None = None
    begun_by_hand: bool = False
    valued: bool | None = None
    severity: Band | None = None
    switched_on: bool = False
    ticket_open: bool = False
    unshown: bool = False
    unheard: bool = False


def contact_zone(plan: Plan, rules: Rules) -> ZoneInfo:
    """Where working hours are counted: the contact's zone, else the account's, the CSM's, the workspace's (R51)."""
    return zone_of(plan.contact, plan.account, plan.sender, rules)


def zone_of(contact: Person | None, account: Account, sender: Person | None, rules: Rules) -> ZoneInfo:
    """The same, for a mail that is not planned yet."""
    names = (contact.timezone if contact else "", account.timezone, sender.timezone if sender else "")
    return zone_named(*names, fallback=rules.zone)
