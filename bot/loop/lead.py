"""Says which of several copies of Lookout may act for all: score, post and send; the others only answer."""

from __future__ import annotations

from typing import Protocol

from bot.loop.records import UnitOfWork
from scoring.errors import LookoutError

LOST = "Another copy of Lookout leads now. This one stopped what it was doing; nothing was changed."


class LeadLost(LookoutError):
    """Another process leads: what was begun here is not ours to finish."""


class Lead(Protocol):
    """This process's place among the copies on one database."""

    @property
    def inherited(self) -> bool:
        """Whether the process that led before may still be alive: it did not hand over, it fell silent."""

    def holds(self) -> bool:
        """Whether this process may act now, as far as it knows by itself; false before another one can have begun."""

    async def tick(self) -> None:
        """Called every second, whatever else is going on."""

    async def confirm(self, work: UnitOfWork) -> None:
        """Raise `LeadLost` if another process leads; true until the transaction of `work` ends."""


class Alone:
    """The lead of a process that has no others beside it."""

    inherited = False

    def holds(self) -> bool:
        """Always."""
        return True

    async def tick(self) -> None:
        """Nothing to prolong."""

    async def confirm(self, work: UnitOfWork) -> None:
        """Nobody else could lead."""
