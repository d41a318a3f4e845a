"""When things happen: a few sweeps that wake up often, find what is due in the tables, and do it.

The scheduler keeps no promises of its own: everything with a date is a row, so a restart or a missed tick loses
nothing and a double tick does no harm. One process of several does the work, by a lease.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.loop.ports import Clock
from bot.loop.records import Store

LEASE = "leader"
LEASE_TIME = timedelta(seconds=15)
CATCH_UP_DAYS = 14

log = structlog.get_logger(__name__)


class DayStage(Protocol):
    """A stage that works on one complete day."""

    async def run(self, day: date) -> object:
        """Do it; doing it again for the same day changes nothing."""


@dataclass(frozen=True, slots=True)
class Daily:
    """Scores, detects and alerts once for every complete day, in order, however long we were away (F3).

    A day is complete when the workspace's clock has passed midnight and the scoring hour after it.
    """

    store: Store
    clock: Clock
    zone: ZoneInfo
    hour: int
    stages: Sequence[DayStage]

    async def run(self) -> list[date]:
        """Run what is due; gives the days that were run."""
        done = []
        for day in await self._due():
            for stage in self.stages:
                await stage.run(day)
            async with self.store() as work:
                await work.flags.set("day_done", day.isoformat())
            done.append(day)
        return done

    async def _due(self) -> list[date]:
        local = self.clock().astimezone(self.zone)
        last_complete = (local - timedelta(hours=self.hour)).date() - timedelta(days=1)
        async with self.store() as work:
            stored = await work.flags.get("day_done")
        first = date.fromisoformat(stored) + timedelta(days=1) if stored else last_complete
        first = max(first, last_complete - timedelta(days=CATCH_UP_DAYS - 1))
        return [first + timedelta(days=n) for n in range((last_complete - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One thing done again and again. `leader` sweeps run in one process only."""

    name: str
    every: float
    run: Callable[[], Awaitable[object]]
    leader: bool = True


@dataclass(slots=True)
class Schedule:
    """Runs the sweeps on APScheduler; `wake` brings the quick ones forward after a click."""

    store: Store
    clock: Clock
    sweeps: Sequence[Sweep]
    quick: frozenset[str] = frozenset({"send", "deliver"})
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    failures: dict[str, str] = field(default_factory=dict)
    _scheduler: AsyncIOScheduler = field(default_factory=AsyncIOScheduler)

    def start(self) -> None:
        """Start all sweeps at once; each runs alone, late ones are run and not dropped."""
        for sweep in self.sweeps:
            self._scheduler.add_job(
                self.tick,
                IntervalTrigger(seconds=sweep.every),
                args=[sweep],
                id=sweep.name,
                next_run_time=datetime.now().astimezone(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def wake(self) -> None:
        """There is work now: a person who clicked must not wait for the next tick."""
        if not self._scheduler.running:
            return
        for name in self.quick:
            with suppress(JobLookupError):
                self._scheduler.modify_job(name, next_run_time=datetime.now().astimezone())

    async def tick(self, sweep: Sweep) -> None:
        """Run one sweep if it is ours. The one place where an unexpected error is caught: the next tick retries."""
        try:
            if not sweep.leader or await self.leads():
                await sweep.run()
            self.failures.pop(sweep.name, None)
        except Exception as error:
            self.failures[sweep.name] = repr(error)
            log.exception("sweep failed", sweep=sweep.name)

    async def leads(self) -> bool:
        """Whether this process holds the lease; taking or prolonging it."""
        now = self.clock()
        async with self.store() as work:
            return await work.flags.lease(LEASE, self.holder, now, now + LEASE_TIME)

    async def stop(self) -> None:
        """Wake no more sweeps. Claims left behind become `uncertain` at the next start."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
