"""What the loop remembers around its mails: answers, CSMs' mailboxes, follow-ups, automatic mails."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from scoring.automatic import Fate, Intended, Mode
from scoring.casework import Outreach
from scoring.follow_up import FollowUp, FollowUpState
from scoring.mailboxes import Mailbox
from scoring.replies import ReadUpTo, Reply


class Replies(Protocol):
    """What came back for mails, and how far each mailbox was read."""

    async def add(self, reply: Reply) -> bool:
        """Keep it; False when it is known already."""

    async def of_case(self, case_id: str) -> list[Reply]:
        """What came back for the mails of a case, oldest first."""

    async def last_answer_at(self, account_id: str) -> datetime | None:
        """When an account answered last, by mail or elsewhere; automatic replies and bounces are no answers."""

    async def since(self, instant: datetime) -> list[Reply]:
        """What arrived at an instant or later, oldest first; it may have been read long after it arrived."""

    async def read_up_to(self, mailbox: str) -> ReadUpTo | None:
        """How far a mailbox was read; None before the first time."""

    async def have_read(self, mark: ReadUpTo) -> None:
        """Remember how far a mailbox was read."""


class Mailboxes(Protocol):
    """The mailboxes of CSMs; whose secrets are sealed (`scoring/mailboxes.py`)."""

    async def all(self) -> list[Mailbox]:
        """Every mailbox."""

    async def of(self, email: str) -> Mailbox | None:
        """The mailbox with this address, however its letters are written."""

    async def put(self, mailbox: Mailbox) -> None:
        """Keep a mailbox, in the place of the one with its address."""

    async def reseal(self, email: str, *, was: str, sealed: str) -> bool:
        """Change what is sealed if nobody else did since it was read; False when beaten or gone."""

    async def remove(self, email: str) -> bool:
        """Forget a mailbox; False when there is none."""


class FollowUps(Protocol):
    """The one follow-up of each sent mail (R53)."""

    async def add(self, follow_up: FollowUp) -> bool:
        """False when that mail has one already."""

    async def get(self, outreach_id: str) -> FollowUp | None:
        """The follow-up of a mail."""

    async def of_case(self, case_id: str) -> FollowUp | None:
        """The newest of a case."""

    async def answered(self) -> list[FollowUp]:
        """Those that wait although their account has answered since the mail left."""

    async def due(self, now: datetime) -> list[FollowUp]:
        """Those that wait and whose time has come, oldest first."""

    async def without(self, sent_since: datetime) -> list[Outreach]:
        """Sent mails that follow nothing themselves and have no follow-up yet, oldest first."""

    async def move(self, outreach_id: str, to_state: FollowUpState, **changes: object) -> bool:
        """Compare-and-set from waiting; False when somebody was faster."""


class IntendedMails(Protocol):
    """Every automatic mail as it was planned, in shadow and live (R44)."""

    async def add(self, intended: Intended) -> bool:
        """False when it stands there already."""

    async def since(self, day: date, modes: frozenset[Mode]) -> list[Intended]:
        """What was planned on a day or later in these modes, oldest first."""

    async def planned(self, now: datetime) -> list[Intended]:
        """What shadow planned and whose time has come."""

    async def found(self, intended_id: str, fate: Fate, reason: str = "") -> bool:
        """What became of a planned one; False when that is known already."""

    async def postpone(self, intended_id: str, until: datetime) -> None:
        """It would have waited; it is looked at again then."""
