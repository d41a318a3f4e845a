"""Scores accounts in a process of its own, so that a click in Slack never waits for arithmetic."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from bot.loop.records import Store
from bot.scoring_run.book import Book
from bot.scoring_run.process import scoring_process
from bot.scoring_run.rows import rows_of, texts_of
from scoring.config import ScoreConfig
from scoring.errors import Unavailable
from scoring.frame import Frame
from scoring.model import Account, Milestone, Snapshot
from storage.packed import PackedSnapshots
from storage.usage.engine import DamagedFile
from storage.usage.local import UsageStore
from storage.usage.memory import Memory
from storage.usage.rollups import Rollups
from storage.usage.score_file import ScoreFile
from storage.usage.source import Source

Result = TypeVar("Result")
DIED = (
    "Scoring {day} was stopped twice from outside, perhaps for want of memory. No score was changed; it is tried again."
)
LOST = (
    "Roll-ups from the warehouse were damaged twice on this disk. Nothing was scored. Look at the disk of LOOKOUT_HOME."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker process is told: where usage lies, and what is known of accounts; plain values that can travel."""

    home: Path
    zone: str
    config: ScoreConfig
    accounts: tuple[Account, ...]
    milestones: tuple[Milestone, ...]
    memory: str = "1GB"
    source: Source | None = None
    pulled: bool = False
    """Whether the warehouse was asked already, so that it is asked again only for what was lost since."""


def score_days(task: Task, first: date, last: date) -> list[Snapshot]:
    """Bring roll-ups up to date and give every account's snapshot at the end of each day (R9); runs in the worker."""
    return _with_store(task, last, lambda rollups: _snapshots(task, rollups, first, last))


def packed_days(task: Task, first: date, last: date) -> PackedSnapshots:
    """`score_days`, as the rows that will be stored: they are made here, where nobody waits for a click."""
    return _with_store(task, last, lambda rollups: rows_of(rollups, frames(task, rollups, first, last)))


def write_history(task: Task, out: Path, *, first: date, last: date) -> int:
    """Write the scores of all accounts and days to a file; how many rows. The same computation as `score_days`."""
    return _with_store(task, last, lambda rollups: _write(task, rollups, out, first=first, last=last))


def last_day(task: Task) -> date | None:
    """The last day that holds events, None when there are none; runs in the worker."""
    return _with_store(task, None, lambda rollups: (rollups.days() or (None, None))[1])


def newest(task: Task) -> datetime | None:
    """The newest event that is held; runs in the worker."""
    with _opened(task) as usage:
        return usage.data_until()


def bring_in(task: Task, until: date | None) -> None:
    """Bring roll-ups up to date, up to a day where a warehouse is asked; runs in the worker."""
    _with_store(task, until, lambda _: None)


def _with_store(task: Task, until: date | None, work: Callable[[Rollups], Result]) -> Result:
    """Work on refreshed roll-ups; once more from mended ones if a file turns out damaged."""
    with _nothing_collected(), _opened(task) as usage:
        _refresh(usage, task, until)
        try:
            return work(usage.rollups())
        except DamagedFile:
            if not usage.mend():
                raise
            _refresh(usage, task, until)
            return work(usage.rollups())


def _refresh(usage: UsageStore, task: Task, until: date | None) -> None:
    """Pull, where a warehouse is set, and roll up; what turns out damaged on the way is pulled once more."""
    if task.source is not None and not task.pulled:
        usage.pull(task.source, until)
    usage.refresh()
    if task.source is not None and usage.lost():
        usage.pull(task.source, until)
        usage.refresh()
        if usage.lost():
            raise Unavailable(LOST)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Columns of numbers hold no cycles: to look for some, through everything there is, costs more than a day's use."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def _opened(task: Task) -> Iterator[UsageStore]:
    Memory.of(task.memory).keep_freed()
    usage = UsageStore(task.home, ZoneInfo(task.zone), task.config, memory=task.memory)
    try:
        yield usage
    finally:
        usage.close()


def _snapshots(task: Task, rollups: Rollups, first: date, last: date) -> list[Snapshot]:
    found: list[Snapshot] = []
    for frame in frames(task, rollups, first, last):
        texts = texts_of(rollups, frame)
        for day in frame.days():
            found += frame.snapshots(day, texts)
    return found


def _write(task: Task, rollups: Rollups, out: Path, *, first: date, last: date) -> int:
    with ScoreFile(out) as file:
        return sum(file.add(frame.columns()) for frame in frames(task, rollups, first, last))


def frames(task: Task, rollups: Rollups, first: date, last: date) -> Iterator[Frame]:
    """The scores of all accounts from `first` to `last`, a range of days a piece, oldest first."""
    book = Book.open(rollups, task.accounts, task.milestones, config=task.config)
    for run in book.runs(first, last, Memory.of(task.memory)):
        yield Frame.of(run)


class ScoringWorker:
    """Implements the loop's `UsageScores` over the usage store; heavy work runs in one spawned process."""

    def __init__(
        self,
        store: Store,
        usage: UsageStore,
        *,
        home: Path,
        zone: ZoneInfo,
        config: ScoreConfig,
        source: Source | None = None,
        memory: str = "1GB",
    ) -> None:
        self._store = store
        self.usage = usage
        self._home = home
        self._zone = zone
        self._config = config
        self._source = source
        self._memory = memory
        self._pool = scoring_process()

    async def score(self, day: date, *, since: date | None = None) -> PackedSnapshots:
        """Every account's snapshot at the end of `day` (of each day from `since`), from all events that have come in.

        Raises:
            Unavailable: the process died twice, or the usage store cannot be read.
        """
        task = await self.task()
        try:
            return await self._in_process(task, since or day, day)
        except BrokenProcessPool:
            # The process was killed, perhaps for want of memory. A pool does not replace it by itself.
            log.warning("the scoring process died and is started again", day=day.isoformat())
            self._pool = scoring_process()
        try:
            return await self._in_process(task, since or day, day)
        except BrokenProcessPool as error:
            self._pool = scoring_process()
            raise Unavailable(DIED.format(day=day)) from error

    async def _in_process(self, task: Task, first: date, last: date) -> PackedSnapshots:
        return await asyncio.get_running_loop().run_in_executor(self._pool, packed_days, task, first, last)

    async def data_until(self) -> datetime | None:
        """The newest event we hold."""
        return await asyncio.to_thread(self.usage.data_until)

    async def volume(self, days: int, until: date) -> list[int]:
        """Uses a day over all accounts, oldest first (R35)."""
        return await asyncio.to_thread(self.usage.volume, days, until)

    async def dirty(self) -> bool:
        """Whether events came in that no score has seen."""
        return await asyncio.to_thread(self.usage.dirty)

    async def task(self) -> Task:
        """What the worker must know, read from the database now."""
        task = await task_from(self._store, home=self._home, zone=self._zone, config=self._config, source=self._source)
        return replace(task, memory=self._memory)

    def close(self) -> None:
        """Let the worker process end, and go of what a warehouse rolled up; imported usage is its owner's."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._source is not None:
            self.usage.close()


async def task_from(
    store: Store, *, home: Path, zone: ZoneInfo, config: ScoreConfig, source: Source | None = None
) -> Task:
    """The task for the accounts and milestones that the database holds now."""
    async with store.reading() as work:
        accounts = await work.accounts.all()
        milestones = await work.accounts.milestones()
    return Task(home, str(zone), config, accounts=tuple(accounts), milestones=tuple(milestones), source=source)
