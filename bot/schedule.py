"""When things happen: a few sweeps that wake up often, find what is due in the tables, and do it.

The scheduler keeps no promises of its own: everything with a date is a row, so a restart or a missed tick loses
nothing and a double tick does no harm. Of several processes the one that leads does the work (`bot/leader.py`).
"""

from __future__ import annotations

import asyncio
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

from bot.loop.lead import Lead, LeadLost
from bot.loop.ports import Clock
from bot.loop.records import Store
from scoring.errors import LookoutError

LOOK_SECONDS = 1.0
CATCH_UP_DAYS = 14
DRAIN_SECONDS = 10.0
PAST_DAYS, WEEK = 28, 7
DAY_DONE = "day_done"

log = structlog.get_logger(__name__)


class DayStage(Protocol):
    """A stage that works on one complete day."""

    async def run(self, day: date) -> object:
        """Do it; doing it again for the same day changes nothing."""


class ScoreStage(Protocol):
    """The stage that makes snapshots, of one day or of a span of days."""

    async def run(self, day: date, *, since: date | None = None) -> object:
        """Score `day`, or each day from `since` to it; doing it again changes nothing."""


@dataclass(frozen=True, slots=True)
class Daily:
    """Scores, detects and alerts once for every complete day, in order, however long we were away (F3).

    A day is complete when the workspace's clock has passed midnight and the scoring hour after it. `drain` brings in
    what products sent; `score` is the first stage, `then` are those that act on what it found.
    """

    store: Store
    clock: Clock
    zone: ZoneInfo
    hour: int
    drain: Callable[[], Awaitable[object]]
    dirty: Callable[[], Awaitable[bool]]
    score: ScoreStage
    then: Sequence[DayStage]

    async def run(self) -> list[date]:
        """Run what is due; gives the days that were acted on."""
        done = []
        days, first = await self._due()
        if days:
            await self.drain()
        if first:
            # A trend and a waterfall need a past; nothing is opened for it (R34).
            for ago in range(PAST_DAYS, 0, -WEEK):
                await self.score.run(days[0] - timedelta(days=ago - WEEK + 1), since=days[0] - timedelta(days=ago))
        for day in days:
            for stage in (self.score, *self.then):
                await stage.run(day)
            async with self.store() as work:
                await work.flags.set(DAY_DONE, day.isoformat())
            done.append(day)
        return done

    async def refresh(self) -> bool:
        """Score the running day again if events came in, for `/health` and recoveries; never alerts (R9)."""
        async with self.store.reading() as work:
            begun = await work.flags.get(DAY_DONE)
        if begun is None or not await self.dirty():
            return False
        await self.score.run(self.clock().astimezone(self.zone).date())
        return True

    async def _due(self) -> tuple[list[date], bool]:
        """The complete days nobody has acted on, oldest first, and whether it is the very first run."""
        local = self.clock().astimezone(self.zone)
        last_complete = (local - timedelta(hours=self.hour)).date() - timedelta(days=1)
        async with self.store.reading() as work:
            stored = await work.flags.get(DAY_DONE)
        if stored is None:
            return [last_complete], True
        if date.fromisoformat(stored) > local.date() + timedelta(days=CATCH_UP_DAYS):
            # A day so far ahead cannot have been acted on: the clock was wrong when it was (F2).
            return [last_complete], False
        first = max(date.fromisoformat(stored) + timedelta(days=1), last_complete - timedelta(days=CATCH_UP_DAYS - 1))
        return [first + timedelta(days=n) for n in range((last_complete - first).days + 1)], False


@dataclass(frozen=True, slots=True)
class Sweep:
    """One thing done again and again, in the process that leads."""

    name: str
    every: float
    run: Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Schedule:
    """Runs the sweeps on APScheduler; `wake` brings the quick ones forward after a click."""

    lead: Lead
    sweeps: Sequence[Sweep]
    quick: frozenset[str] = frozenset({"send", "deliver"})
    failures: dict[str, str] = field(default_factory=dict)
    _scheduler: AsyncIOScheduler = field(default_factory=AsyncIOScheduler)
    _running: set[asyncio.Future[None]] = field(default_factory=set)
    _stopping: bool = False

    def start(self) -> None:
        """Start all sweeps at once; each runs alone, late ones are run and not dropped."""
        self._add("lead", LOOK_SECONDS, self.lead.tick)
        for sweep in self.sweeps:
            self._add(sweep.name, sweep.every, self.tick, sweep)
        self._scheduler.start()

    def _add(self, name: str, seconds: float, run: Callable[..., Awaitable[object]], *given: Sweep) -> None:
        self._scheduler.add_job(
            run,
            IntervalTrigger(seconds=seconds),
            args=given,
            id=name,
            next_run_time=datetime.now().astimezone(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def wake(self) -> None:
        """There is work now: a person who clicked must not wait for the next tick."""
        if not self._scheduler.running:
            return
        for name in self.quick:
            with suppress(JobLookupError):
                self._scheduler.modify_job(name, next_run_time=datetime.now().astimezone())

    async def tick(self, sweep: Sweep) -> None:
        """Run one sweep if we lead. An unexpected error ends it, and the next tick retries (also: `one_by_one.py`)."""
        if self._stopping:
            return
        running = asyncio.ensure_future(self._sweep(sweep))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        # The scheduler cancels its jobs when it ends; what is under way here is let to its end by `stop`.
        await asyncio.shield(running)

    async def _sweep(self, sweep: Sweep) -> None:
        try:
            if self.lead.holds():
                await sweep.run()
            self.failures.pop(sweep.name, None)
        except LeadLost as lost:
            log.warning("sweep stopped", sweep=sweep.name, reason=str(lost))
        except LookoutError as known:
            self.failures[sweep.name] = str(known)
            log.error("sweep failed", sweep=sweep.name, reason=str(known))  # noqa: TRY400 - the sentence says it all
        except Exception as error:
            self.failures[sweep.name] = repr(error)
            log.exception("sweep failed", sweep=sweep.name)

    async def stop(self) -> bool:
        """Wake no more sweeps and let those under way end, for ten seconds at most (E1); whether all ended."""
        self._stopping = True
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_SECONDS)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        return not self._running
