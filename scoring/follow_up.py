"""The one follow-up: when a mail that nobody answered is followed by another one, and what speaks against it (R53)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scoring.casework import CaseState
from scoring.hours import WorkingHours

FOLLOW_UP_PLAY = "follow_up"
AFTER = timedelta(days=7)
LATEST = timedelta(days=3)
SAME_WORDS = 5
SAME_SHARE = 0.3

ANSWERED = "{account} has answered."
TICKET = "{account} has an open support ticket."
OTHER_MAIL = "Another mail went to {account} since."
MOVED_ON = "The case is {state} now."
TOO_LATE = "Lookout could not send it for three days after its time, so it no longer fits."
SWITCHED_OFF = "Follow-ups are switched off."
SAME_AGAIN = "It says much the same as the first mail, so a person decides."


class FollowUps(StrEnum):
    """What a team wants done a week after a mail without an answer."""

    AUTOMATIC = "automatic"
    ASK = "ask"
    OFF = "off"


class FollowUpState(StrEnum):
    """Where a follow-up stands; only a waiting one can still become a mail."""

    WAITING = "waiting"
    QUEUED = "queued"
    PROPOSED = "proposed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The follow-up of one sent mail; there is at most one for each. `mail_id` is the outreach that it became."""

    outreach_id: str
    case_id: str
    account_id: str
    due_at: datetime
    state: FollowUpState = FollowUpState.WAITING
    reason: str = ""
    draft_id: str = ""
    mail_id: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None

    def late(self, now: datetime) -> bool:
        """Whether it waited so long that it no longer fits, as after an outage."""
        return now - self.due_at > LATEST


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What happened since a mail was sent; read anew whenever its follow-up could take a step."""

    account: str
    sent_at: datetime
    case: CaseState
    answered_at: datetime | None = None
    ticket_open: bool = False
    other_mail_at: datetime | None = None


def due_at(sent_at: datetime, zone: ZoneInfo, hours: WorkingHours) -> datetime:
    """Seven local days after a mail at the same time of day, then the first working minute, in UTC (R51, R53).

    Where a clock was put forward in between, seven local days are an hour short of a week: then it is the week, or
    the rule of one mail a week for each person would stop it.
    """
    local = sent_at.astimezone(zone).replace(tzinfo=None) + AFTER
    same_time = local.replace(tzinfo=zone).astimezone(UTC)
    return hours.next_open(max(same_time, sent_at.astimezone(UTC) + AFTER), zone)


def objection(seen: Meanwhile, *, wanted: frozenset[CaseState] = frozenset({CaseState.CONTACTED})) -> str:
    """Why there must be no follow-up, in a sentence; empty when nothing speaks against it."""
    if seen.answered_at is not None and seen.answered_at > seen.sent_at:
        return ANSWERED.format(account=seen.account)
    if seen.case not in wanted:
        return MOVED_ON.format(state=seen.case.value)
    if seen.ticket_open:
        return TICKET.format(account=seen.account)
    if seen.other_mail_at is not None and seen.other_mail_at > seen.sent_at:
        return OTHER_MAIL.format(account=seen.account)
    return ""


def says_the_same(first: str, second: str) -> bool:
    """Whether a second text repeats the first: many of its runs of five words stand there already."""
    known, new = _runs(first), _runs(second)
    return bool(new) and len(new & known) / len(new) > SAME_SHARE


def reply_subject(subject: str) -> str:
    """The subject of a mail in the same thread: one "Re: ", however many there were."""
    bare = re.sub(r"^(?:\s*re\s*:)+", "", subject, flags=re.IGNORECASE).strip()
    return f"Re: {bare}"


def _runs(text: str) -> set[tuple[str, ...]]:
    """Every run of five words of what stands between greeting and signature."""
    words = re.findall(r"\w+", "\n".join(text.strip().split("\n")[1:-2]).casefold())
    return {tuple(words[at : at + SAME_WORDS]) for at in range(len(words) - SAME_WORDS + 1)}
