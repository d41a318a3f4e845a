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

from scoring.config import ScoreConfig
from scoring.errors import Unavailable
from storage.usage.columns import day_of
from storage.usage.engine import DamagedFile, Engine, unreadable
from storage.usage.files import Files
from storage.usage.ledger import Day, Ledger

BUSY = "The usage store is being brought up to date by another process; try again in a minute. Nothing was lost."
GROUP_ROWS = 2_000_000
GROUP_BYTES = 32_000_000
GROUP_DAYS = 400

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
WRITE_DAY = """
SELECT event, ts, day, account, person, name, n FROM gathered WHERE day = $day ORDER BY account, person, name, ts
"""
# kind 0: uses that count, by account and person. kind 1: all uses, by account and event name.
ROLL_UP = """
CREATE OR REPLACE TABLE rolled AS
SELECT day, 0::TINYINT AS kind, account, person AS key, sum(n)::BIGINT AS n FROM read_parquet($files)
WHERE NOT list_contains($ignored::INTEGER[], name) GROUP BY ALL HAVING sum(n) > 0
UNION ALL
SELECT day, 1::TINYINT AS kind, account, name AS key, sum(n)::BIGINT AS n FROM read_parquet($files)
GROUP BY ALL HAVING sum(n) > 0
"""
WRITE_ROLLUP = "SELECT day, kind, account, key, n FROM rolled WHERE day = $day ORDER BY kind, account, key"
COUNT_USES = "SELECT day, sum(n)::BIGINT FROM rolled WHERE kind = 1 GROUP BY day"
# The most used key of a day in one pass: count and key in one number, the smaller key winning a tie.
WRITE_MONTH = """
SELECT account, day,
    count(*) FILTER (kind = 0)::INTEGER AS users,
    (4294967295 - max(n * 4294967296 + 4294967295 - key) FILTER (kind = 0) % 4294967296)::INTEGER AS person,
    coalesce((4294967295 - max(n * 4294967296 + 4294967295 - key)
        FILTER (kind = 1 AND NOT list_contains($ignored::INTEGER[], key)) % 4294967296)::INTEGER, 0) AS name
FROM read_parquet($files) GROUP BY account, day HAVING users > 0 ORDER BY account, day
"""
NEW_FIRSTS = "SELECT kind, account, key, min(day) AS day FROM read_parquet($files) GROUP BY ALL"
ALL_FIRSTS = f"""
SELECT kind, account, key, min(day)::INTEGER AS day
FROM ({NEW_FIRSTS} UNION ALL SELECT kind, account, key, day FROM read_parquet($old)) GROUP BY ALL
"""  # noqa: S608 - joined from constants


class Refresh:
    """One run over the store's files; `run` is its only verb."""

    def __init__(
        self, files: Files, ledger: Ledger, *, engine: Engine, config: ScoreConfig, patience: float = 60
    ) -> None:
        self._files = files
        self._ledger = ledger
        self._engine = engine
        self._config = config
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
        self._roll_up()
        self._settle()

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
        ignored = json.dumps(sorted(self._config.ignored_events))
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
        for group in _groups(self._engine.rows(COUNT_PENDING, {"pending": paths}), GROUP_ROWS):
            self._gather(paths, group, [old[day] for day in group if day in old])
            files = self._write("days", group, WRITE_DAY)
            self._book(partial(self._ledger.book_days, files), files.values())
        self._book(partial(self._ledger.retire, pending))

    def _gather(self, pending: list[str], group: list[int], old: list[str]) -> None:
        self._engine.run(GATHER_PENDING, {"pending": pending, "first": group[0], "last": group[-1]})
        if old:
            self._engine.run(GATHER_OLD, {"old": self._paths(old)})
        self._engine.run(FIND_TWICE)
        if self._engine.rows("FROM twice LIMIT 1"):
            self._engine.run(DROP_TWICE)

    def _roll_up(self) -> None:
        files = {day.day: day.file for day in self._ledger.days() if day.file and not day.rollup}
        sizes = [(day, self._size(file)) for day, file in files.items()]
        for group in _groups(sizes, GROUP_BYTES):
            paths = self._paths(files[day] for day in group)
            self._engine.run(ROLL_UP, {"files": paths, "ignored": self._ignored()})
            uses = dict(self._engine.rows(COUNT_USES))
            names = self._write("rollups", group, WRITE_ROLLUP)
            rollups = {day: (name, uses.get(day, 0)) for day, name in names.items()}
            self._book(partial(self._ledger.book_rollups, rollups), names.values())

    def _size(self, file: str) -> int:
        path = self._files.path(file)
        return path.stat().st_size if path.exists() else 0

    def _ignored(self) -> list[int]:
        return list(self._ledger.keys("name", self._config.ignored_events).values())

    def _settle(self) -> None:
        days = [day for day in self._ledger.days() if day.rollup]
        fresh = [day for day in days if not day.settled]
        if not fresh:
            return
        stale = {_month(day) for day in fresh}
        rollups: dict[str, list[str]] = {}
        for day in days:
            if day.rollup and (month := _month(day)) in stale:
                rollups.setdefault(month, []).append(day.rollup)
        states = {f"month:{month}": self._write_month(month, files) for month, files in rollups.items()}
        states["firsts"] = self._firsts(fresh)
        self._book(partial(self._ledger.settle, [day.day for day in fresh], states), states.values())

    def _write_month(self, month: str, rollups: list[str]) -> str:
        name = f"states/{month}.{self._generation}.parquet"
        values = {"files": self._paths(rollups), "ignored": self._ignored()}
        self._engine.write(WRITE_MONTH, self._files.path(name), values)
        return name

    def _firsts(self, fresh: list[Day]) -> str:
        name = f"states/firsts.{self._generation}.parquet"
        old = self._ledger.states().get("firsts")
        values: dict[str, object] = {"files": self._paths(day.rollup for day in fresh if day.rollup)}
        if old:
            values["old"] = str(self._files.path(old))
        self._engine.write(ALL_FIRSTS if old else NEW_FIRSTS, self._files.path(name), values)
        return name

    def _write(self, folder: str, days: Sequence[int], query: str) -> dict[int, str]:
        """One new file for each day; booked later, nobody reads it before."""
        names = {day: f"{folder}/{day_of(day)}.{self._generation}.parquet" for day in days}
        self._engine.write_days(query, {day: self._files.path(name) for day, name in names.items()})
        return names

    def _book(self, entry: Callable[[], None], files: Iterable[str] = ()) -> None:
        """Book files only once they are on the disk; what other programs write is not waited for."""
        self._files.to_disk(list(files))
        with self._ledger.writing():
            entry()

    def _paths(self, names: Iterable[str]) -> list[str]:
        return [str(self._files.path(name)) for name in names]


def _month(day: Day) -> str:
    return day_of(day.day).isoformat()[:7]


def _groups(weights: Sequence[tuple[int, int]], limit: int) -> Iterator[list[int]]:
    """Days in order, cut into groups of at most `limit` weight and `GROUP_DAYS` days; at least one day each."""
    group: list[int] = []
    total = 0
    for day, weight in weights:
        if group and (total + weight > limit or len(group) == GROUP_DAYS):
            yield group
            group, total = [], 0
        group.append(day)
        total += weight
    if group:
        yield group
