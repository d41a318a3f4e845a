"""Scores accounts in a process of its own, so that a click in Slack never waits for arithmetic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.loop.records import Store
from bot.scoring_run import Book, last_day
from scoring.config import ScoreConfig
from scoring.frame import Columns, Frame
from scoring.model import Account, Milestone, Snapshot
from scoring.signals import Texts
from storage.usage.engine import DamagedFile
from storage.usage.local import UsageStore
from storage.usage.rollups import Rollups
from storage.usage.score_file import ScoreFile

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker process is told: where usage lies, and what is known of accounts; plain values that can travel."""

    home: Path
    zone: str
    config: ScoreConfig
    accounts: tuple[Account, ...]
    milestones: tuple[Milestone, ...]
    memory: str = "512MB"


def score_day(task: Task, day: date) -> list[Snapshot]:
    """Bring roll-ups up to date and give every account's snapshot at the end of `day` (R9); runs in the worker."""
    return _with_store(task, lambda rollups: _snapshots(task, rollups, day))


def score_history(task: Task, days: int, as_of: date | None, out: Path | None) -> tuple[date, int] | None:
    """Score the `days` days up to `as_of` (else the last day with events), writing them to `out`.

    Gives the last day and the number of rows; None when nothing was ever used and no day was named. The same
    computation as `score_day`, over another span; runs in the worker.
    """
    return _with_store(task, lambda rollups: _history(task, rollups, days, as_of=as_of, out=out))


def _with_store(task: Task, work: Callable[[Rollups], Result]) -> Result:
    """Work on refreshed roll-ups; once more from mended ones if a file turns out damaged."""
    with _opened(task) as usage:
        usage.refresh()
        try:
            return work(usage.rollups())
        except DamagedFile:
            if not usage.mend():
                raise
            return work(usage.rollups())


@contextmanager
def _opened(task: Task) -> Iterator[UsageStore]:
    usage = UsageStore(task.home, ZoneInfo(task.zone), task.config, memory=task.memory)
    try:
        yield usage
    finally:
        usage.close()


def _snapshots(task: Task, rollups: Rollups, day: date) -> list[Snapshot]:
    book = Book.open(rollups, task.accounts, task.milestones, config=task.config)
    (run,) = book.runs(day, day)
    frame = Frame.of(run)
    names = rollups.texts("name", run.windows.last_name[0].tolist())
    return frame.snapshots(day, Texts(rollups.texts("user", frame.people(day)), names))


def _history(
    task: Task, rollups: Rollups, days: int, *, as_of: date | None, out: Path | None
) -> tuple[date, int] | None:
    until = as_of or last_day(rollups)
    if until is None:
        return None
    first = date.fromordinal(max(1, until.toordinal() - days + 1))
    frames = history(rollups, task, first, until)
    if out is None:
        return until, sum(len(columns["day"]) for columns in frames)
    with ScoreFile(out) as file:
        return until, sum(file.add(columns) for columns in frames)


def history(rollups: Rollups, task: Task, first: date, last: date) -> Iterator[Columns]:
    """The scores of all accounts from `first` to `last` as `scoring.frame.COLUMNS`, a range of days a piece."""
    book = Book.open(rollups, task.accounts, task.milestones, config=task.config)
    for run in book.runs(first, last):
        yield Frame.of(run).columns()


class ScoringWorker:
    """Implements the loop's `UsageScores` over the usage store; heavy work runs in one spawned process."""

    def __init__(self, store: Store, usage: UsageStore, *, home: Path, zone: ZoneInfo, config: ScoreConfig) -> None:
        self._store = store
        self._usage = usage
        self._home = home
        self._zone = zone
        self._config = config
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))

    async def score(self, day: date) -> list[Snapshot]:
        """Every account's snapshot at the end of `day`, from all events that have come in."""
        task = await self.task()
        return await asyncio.get_running_loop().run_in_executor(self._pool, score_day, task, day)

    async def history(self, days: int, *, as_of: date | None, out: Path | None) -> tuple[date, int] | None:
        """Write the scores of `days` days up to `as_of` to a file; see `score_history`."""
        task = await self.task()
        return await asyncio.get_running_loop().run_in_executor(self._pool, score_history, task, days, as_of, out)

    async def data_until(self) -> datetime | None:
        """The newest event we hold."""
        return await asyncio.to_thread(self._usage.data_until)

    async def volume(self, days: int, until: date) -> list[int]:
        """Uses a day over all accounts, oldest first (R35)."""
        return await asyncio.to_thread(self._usage.volume, days, until)

    async def dirty(self) -> bool:
        """Whether events came in that no score has seen."""
        return await asyncio.to_thread(self._usage.dirty)

    async def task(self) -> Task:
        """What the worker must know, read from the database now."""
        async with self._store.reading() as work:
            accounts = await work.accounts.all()
            milestones = await work.accounts.milestones()
        return Task(self._home, str(self._zone), self._config, accounts=tuple(accounts), milestones=tuple(milestones))

    def close(self) -> None:
        """Let the worker process end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
