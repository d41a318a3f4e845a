"""Sees to it that of several copies of Lookout exactly one acts, and that another takes over when it falls silent.

One row in the database says who leads and until when. The leader prolongs it every two seconds, whatever its sweeps are
doing. A leader that cannot prolong it stops by its own clock before another one may begin; and every transaction of a
sweep looks at the row again, so that a process that slept through its loss changes nothing.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.clock import ClockWatch
from bot.loop.lead import LOST, Lead, LeadLost
from bot.loop.ports import Clock
from bot.loop.records import UnitOfWork
from scoring.errors import LookoutError
from storage.unit_of_work import SqlStore, SqlUnitOfWork

LEASE = "leader"
FOLDER = "usage_folder"
"""The flag that names the usage folder by which everybody was scored until now."""
LEASE_TIME = timedelta(seconds=6)
BEAT_SECONDS = 2.0
HELD_UP_SECONDS = 3.0
MARGIN_SECONDS = 1.0
"""How long before its lease ends a leader that could not prolong it stops by itself."""

LEADING = "this copy leads: it scores, posts and sends"
PASSIVE = "this copy is passive: another one leads; it answers Slack, takes events, and takes over if that one stops"
JUMPED = (
    "the clock of this machine jumped, so nothing is scored, posted or sent. Set it right; if it is right now, start "
    "Lookout anew"
)
STRANGE = (
    "this copy does not lead: its LOOKOUT_HOME holds another usage store than the one that all were scored by, and "
    "in a strange one everybody looks silent. Set LOOKOUT_HOME to the right folder; or LOOKOUT_LEADS=false, if this "
    "copy only answers Slack; or run `lookout adopt`, if this folder is the right one from now on"
)
NEVER = "this copy never leads (LOOKOUT_LEADS=false): it answers Slack and takes events"

log = structlog.get_logger(__name__)


def own_name() -> str:
    """This process, different from every other that ever ran: a process number comes back, in a container at once."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class Leader:
    """Implements the loop's `Lead` by a lease row; `ticks` counts seconds and never jumps.

    `folder` names the usage folder that it would score by; empty where usage is rolled up elsewhere, and any copy may.
    """

    store: SqlStore
    clock: Clock
    may_lead: bool = True
    folder: str = ""
    holder: str = field(default_factory=own_name)
    ticks: Callable[[], float] = time.monotonic
    watch: ClockWatch | None = None
    inherited: bool = False
    _until: float = float("-inf")
    _begun: bool = False
    _asked: float = float("-inf")
    _ticked: float = float("inf")
    _said: str = ""

    def holds(self) -> bool:
        """Whether our lease still runs, by our own clock, and that clock can be trusted (F2)."""
        return self.ticks() < self._until and not self.clock_jumped()

    def clock_jumped(self) -> bool:
        """Whether nothing may be done because nobody knows what time it is."""
        return self.watch is not None and self.watch.jumped()

    async def confirm(self, work: UnitOfWork) -> None:
        """Raise `LeadLost` if the row names another; it cannot change before this transaction ends.

        A process that never asked for the lease (a test, the demo's first days) has nobody beside it.
        """
        if self._begun and await work.flags.holder(LEASE) != self.holder:
            self._until = float("-inf")
            raise LeadLost(LOST)

    async def tick(self) -> None:
        """Called every second: prolong a lease that is ours every two seconds, and ask for one that is not.

        Says so when the second took much longer: something computed where nothing may wait (E11).
        """
        gap = self.ticks() - self._ticked
        if gap > HELD_UP_SECONDS:
            log.warning("the process was held up", seconds=round(gap, 1))
        if not self.holds() or self.ticks() >= self._asked + BEAT_SECONDS:
            await self.beat()
        self._ticked = self.ticks()

    async def beat(self) -> bool:
        """Take or prolong the lease; whether it is ours. A database that does not answer changes nothing yet."""
        self._begun = True
        if not self.may_lead:
            self._say(NEVER)
            return False
        if self.clock_jumped():
            self._until = float("-inf")
            self._say(JUMPED)
            return False
        self._asked, led = self.ticks(), self.holds()
        try:
            got, before, ours = await self._ask()
        except LookoutError as error:
            log.warning("the lease could not be looked at", reason=str(error))
            return self.holds()
        if got and not led:
            self.inherited = before not in {None, self.holder}
        self._until = self._asked + LEASE_TIME.total_seconds() - MARGIN_SECONDS if got else float("-inf")
        self._say(LEADING if got else PASSIVE if ours else STRANGE)
        return got

    async def stop(self, *, hand_over: bool) -> None:
        """Lead no more. `hand_over`: nothing of ours is under way, so another may begin at once."""
        self._until = float("-inf")
        if self._begun and hand_over:
            with suppress(LookoutError):
                async with self.store() as work:
                    await work.flags.release(LEASE, self.holder)

    async def _ask(self) -> tuple[bool, str | None, bool]:
        """Whether the lease is ours now, whose it was before, and whether our usage folder is the one that counts."""
        now = self.clock()
        async with self.store() as work:
            before = await work.flags.holder(LEASE)
            if self.folder and await work.flags.get(FOLDER) not in {None, self.folder}:
                return False, before, False
            got = await work.flags.lease(LEASE, self.holder, now, now + LEASE_TIME)
            if got and self.folder:
                await work.flags.claim(FOLDER, self.folder)
            return got, before, True

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            (log.error if text in {JUMPED, STRANGE} else log.info)(text, process=self.holder)


@dataclass(frozen=True, slots=True)
class LedStore:
    """The store as sweeps see it: no transaction of theirs commits after another process took the lead."""

    store: SqlStore
    lead: Lead

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[SqlUnitOfWork]:
        """A transaction that may write, if we lead."""
        async with self.store(behind=True) as work:
            await self.lead.confirm(work)
            yield work

    def reading(self) -> AbstractAsyncContextManager[SqlUnitOfWork]:
        """A transaction that cannot write."""
        return self.store.reading()
