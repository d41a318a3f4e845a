"""Brings the usage store up to date: batches become day files, changed days are rolled up again, months follow.

Each step books its result in one transaction and may be killed anywhere: the next run begins where the books stand.
One process refreshes at a time; others may append and read meanwhile.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial

import numpy as np

from scoring.config import ScoreConfig
from scoring.errors import Unavailable
from storage.usage.column_files import read_columns, unreadable, write_columns
from storage.usage.columns import Ints, day_of
from storage.usage.daily import Daily, rollup_name
from storage.usage.engine import MOST_DAYS, DamagedFile, Engine
from storage.usage.files import Files
from storage.usage.ledger import Ledger
from storage.usage.memory import Memory
from storage.usage.settling import Settling

BUSY = "The usage store is being brought up to date by another process; try again in a minute. Nothing was lost."
SMALL_DAY = 20_000
"""Rows of a day up to which making its file is most of the work."""

COUNT_PENDING = "SELECT day, count(*) FROM read_parquet($pending) GROUP BY day ORDER BY day"
GATHER_PENDING = """
CREATE OR REPLACE TABLE gathered AS
SELECT event, ts, day, account, person, name, n, list_position($pending, filename) AS place
FROM read_parquet($pending, filename = true) WHERE day BETWEEN $first AND $last
"""
GATHER_OLD = "INSERT INTO gathered SELECT event, ts, day, account, person, name, n, 0 FROM read_parquet($old)"
FIND_TWICE = """
CREATE OR REPLACE TABLE twice AS SELECT day, event FROM gathered GROUP BY day, event HAVING count(*) > 1
"""
# The batch that came first wins, so that sending an event again changes nothing.
DROP_TWICE = """
CREATE OR REPLACE TABLE gathered AS
SELECT * FROM gathered ANTI JOIN twice USING (day, event)
UNION ALL
SELECT * FROM gathered SEMI JOIN twice USING (day, event)
QUALIFY row_number() OVER (PARTITION BY day, event ORDER BY place, ts, account, person, name, n) = 1
"""
WRITE_DAYS = "SELECT event, ts, day, account, person, name, n FROM gathered"
ORDER = "account, person, name, ts"
EVENTS, COUNT = ("account", "person", "name"), "n"
FORMAT = 3
"""How roll-ups are written; another number, and all are made again."""


class Refresh:
    """One run over the store's files; `run` is its only verb."""

    def __init__(
        self,
        files: Files,
        ledger: Ledger,
        *,
        engine: Engine,
        config: ScoreConfig,
        memory: Memory,
        patience: float = 60,
    ) -> None:
        self._files = files
        self._ledger = ledger
        self._engine = engine
        self._config = config
        self._memory = memory
        self._patience = patience
        self._generation = 0

    def run(self) -> None:
        """Do all there is to do; files that cannot be read are set aside, booked as problems, and the rest goes on.

        Raises:
            Unavailable: the disk is full, or another refresh did not end within `patience` seconds.
        """
        with self.alone():
            self.begin()
            while self._damaged_by(self._steps):
                continue

    def _steps(self) -> None:
        self._compact()
        settling = Settling(self._files, self._ledger.states(), self._generation)
        self._roll_up(settling)
        self._settle(settling)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold a lock that the operating system takes back when we are killed."""
        file = self._files.path("refresh.lock")
        with closing(sqlite3.connect(file, isolation_level=None, timeout=self._patience)) as lock:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise Unavailable(BUSY) from error
            yield

    def begin(self) -> int:
        """Clear leftovers; see whether what counts as use has changed. Gives the number that new files carry."""
        ignored = json.dumps({"format": FORMAT, "ignored": sorted(self._config.ignored_events)})
        with self._ledger.writing():
            if self._ledger.remembered("ignored", ignored) != ignored:
                self._ledger.roll_again()
                self._ledger.note("ignored", ignored)
            self._generation = 1 + int(self._ledger.remembered("generation", "0"))
            self._ledger.note("generation", str(self._generation))
            self._files.sweep(self._ledger.listed())
        return self._generation

    def _damaged_by(self, step: Callable[[], None]) -> bool:
        """Run a step; True when a file turned out damaged, was set aside, and the step is to be run again."""
        try:
            step()
        except DamagedFile:
            if not self.set_damaged_aside():
                raise
            return True
        return False

    def set_damaged_aside(self) -> list[str]:
        """Find every listed file that cannot be read, move it away and strike it from the books."""
        faults = {name: unreadable(self._files.path(name)) for name in sorted(self._ledger.listed())}
        damaged = [name for name, fault in faults.items() if fault]
        for name in damaged:
            with self._ledger.writing():
                self._ledger.strike(name, faults[name])
                self._files.set_aside(name)
        return damaged

    def _compact(self) -> None:
        pending = self._ledger.pending()
        if not pending:
            return
        paths = self._paths(pending)
        old = {day.day: day.file for day in self._ledger.days() if day.file}
        found = self._engine.rows(COUNT_PENDING, {"pending": paths})
        kept_from = self._ledger.kept_from() or found[0][0]
        counts = [(day, rows) for day, rows in found if day >= kept_from]
        for group in _groups(counts, self._memory.gathered):
            small = sum(rows for day, rows in counts if group[0] <= day <= group[-1]) < SMALL_DAY * len(group)
            self._gather(paths, group, [old[day] for day in group if day in old])
            files = {day: f"days/{day_of(day)}.{self._generation}.parquet" for day in group}
            targets = {day: self._files.path(name) for day, name in files.items()}
            self._engine.write_days(WRITE_DAYS, targets, order=ORDER, small=small)
            self._book(partial(self._ledger.book_days, files), files.values())
        self._book(partial(self._retire, pending, sum(rows for day, rows in found if day < kept_from)))

    def _retire(self, pending: Sequence[str], late: int) -> None:
        self._ledger.retire(pending)
        if late:
            self._ledger.note_late(late)

    def _gather(self, pending: list[str], group: list[int], old: list[str]) -> None:
        self._engine.run(GATHER_PENDING, {"pending": pending, "first": group[0], "last": group[-1]})
        if old:
            self._engine.run(GATHER_OLD, {"old": self._paths(old)})
        self._engine.run(FIND_TWICE)
        if self._engine.rows("FROM twice LIMIT 1"):
            self._engine.run(DROP_TWICE)

    def _roll_up(self, settling: Settling) -> None:
        files = {day.day: day.file for day in self._ledger.days() if day.file and not day.rollup}
        sizes = {day: self._files.size(file) for day, file in files.items()}
        ignored, states = self._ignored(), self._ledger.states()
        for group in _groups(list(sizes.items()), self._memory.rolled):
            portions = _groups([(day, sizes[day]) for day in group], self._memory.read)
            paths = ({day: self._files.path(files[day]) for day in portion} for portion in portions)
            rollups = {}
            for day, events in self._engine.each_day(EVENTS, COUNT, paths):
                daily = self._with_base(Daily.of_events(events, ignored), states.get(f"base:{day}"), ignored)
                name = rollup_name(day, self._generation)
                settling.see(day, Daily.of_file(write_columns(self._files.path(name), daily.columns())))
                rollups[day] = name, daily.uses()
            self._book(partial(self._ledger.book_rollups, rollups), (name for name, _ in rollups.values()))

    def _with_base(self, daily: Daily, base: str | None, ignored: Ints) -> Daily:
        """The day, and at least what was known of it before its events were lost."""
        return daily.at_least(Daily.of_file(read_columns(self._files.path(base))), ignored) if base else daily

    def _ignored(self) -> Ints:
        return np.array([*self._ledger.keys("name", self._config.ignored_events).values()], np.int64)

    def _settle(self, settling: Settling) -> None:
        fresh = [day for day in self._ledger.days() if day.rollup and not day.settled]
        for day in fresh:
            if day.day not in settling.seen:
                settling.see(day.day, Daily.of_file(read_columns(self._files.path(str(day.rollup)))))
        if fresh:
            states = settling.finish()
            self._book(partial(self._ledger.settle, [day.day for day in fresh], states), states.values())

    def _book(self, entry: Callable[[], None], files: Iterable[str] = ()) -> None:
        """Book files only once they are on the disk; what other programs write is not waited for."""
        self._files.to_disk(list(files))
        with self._ledger.writing():
            entry()

    def _paths(self, names: Iterable[str]) -> list[str]:
        return [str(self._files.path(name)) for name in names]


def _groups(weights: Sequence[tuple[int, int]], limit: int) -> Iterator[list[int]]:
    """Days in order, cut into groups of at most `limit` weight and `MOST_DAYS` days; at least one day each."""
    group: list[int] = []
    total = 0
    for day, weight in weights:
        if group and (total + weight > limit or len(group) == MOST_DAYS):
            yield group
            group, total = [], 0
        group.append(day)
        total += weight
    if group:
        yield group
