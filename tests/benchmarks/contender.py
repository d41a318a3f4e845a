"""Runs one contender in a process of its own and says what it took: wall and processor seconds, most memory.

`python -m tests.benchmarks.contender history HOME SIZE`; one JSON object on standard output.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from bot.scoring_run.rows import rows_of
from bot.scoring_run.worker import Task, frames, packed_days, write_history
from scoring.config import ScoreConfig
from scoring.roster import day_number
from storage.migrations import upgrade
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore
from tests.benchmarks import plain_history, stored_usage

HISTORY = 90
SAMPLED = 2
"""Days that pandas works on; its figure is multiplied up to `HISTORY`."""
FIRST = stored_usage.LAST - timedelta(days=HISTORY - 1)
Work = Callable[[], object]
DECODE = "SELECT sum(day), sum(account), sum(person), sum(name), sum(n) FROM read_parquet($files)"


class Contenders:
    """Each method prepares, unmeasured, and gives the work to be measured."""

    def __init__(self, home: Path, size: str) -> None:
        self._home = home
        self._last = day_number(stored_usage.LAST)
        self._files = sorted(str(file) for file in (home / "usage" / "days").glob("*.parquet"))
        self._task = Task(home, "UTC", ScoreConfig(), stored_usage.accounts(stored_usage.SIZES[size]), ())

    def history(self) -> Work:
        """From event files, none rolled up, to a file of 90 days of scores."""
        self._unroll("")
        return lambda: write_history(self._task, self._home / "ours.parquet", first=FIRST, last=stored_usage.LAST)

    def rolled(self) -> Work:
        """The same from roll-ups, which is what landing is compared with."""
        self._refresh()
        return lambda: write_history(self._task, self._home / "ours.parquet", first=FIRST, last=stored_usage.LAST)

    def day(self) -> Work:
        """One more day, after that of the day before: its roll-up, and every account's snapshot at its end."""
        before = stored_usage.LAST - timedelta(days=1)
        packed_days(self._task, before, before)
        self._unroll(f" WHERE day = {self._last}")
        return lambda: packed_days(self._task, stored_usage.LAST, stored_usage.LAST)

    def landing(self) -> Work:
        """The snapshots of 90 days, from scores in memory into SQLite, as `lookout score` lands them."""
        rollups = UsageStore(self._home, ZoneInfo("UTC"), ScoreConfig()).rollups()
        found = list(frames(self._task, rollups, FIRST, stored_usage.LAST))
        file = self._home / "landed.db"
        file.unlink(missing_ok=True)
        asyncio.run(upgrade(f"sqlite:///{file}"))

        store = SqlStore(f"sqlite+aiosqlite:///{file}")

        async def land() -> None:
            for frame in found:
                for part in rows_of(rollups, [frame]).in_parts():
                    async with store() as work:
                        await work.snapshots.land(part)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(store.open())
        return lambda: loop.run_until_complete(land())

    def sql(self) -> Work:
        """The windows of the history as one query."""
        target = str(self._home / "sql.parquet")
        return lambda: plain_history.by_sql(self._files, target, self._last - HISTORY + 1, self._last)

    def pandas(self) -> Work:
        """Some days of the windows in pandas; the events are loaded before."""
        from tests.benchmarks import plain_pandas

        events = plain_pandas.loaded(self._files)
        return lambda: [plain_pandas.by_pandas(events, self._last - ago) for ago in range(SAMPLED)]

    def decode(self) -> Work:
        """Every column that a roll-up needs, once, on two threads."""
        with duckdb.connect(config={"threads": 2}) as db:
            db.execute(DECODE, {"files": self._files[:1]})
        return self._decode

    def _decode(self) -> None:
        with duckdb.connect(config={"threads": 2}) as db:
            db.execute(DECODE, {"files": self._files}).fetchall()

    def _unroll(self, which: str) -> None:
        """As before a first run, for some days: no roll-ups, and no files of earlier turns that it would clear away."""
        store = UsageStore(self._home, ZoneInfo("UTC"), ScoreConfig())
        with store._ledger.writing():
            if not which:
                store._ledger.roll_again()
            store._ledger._db.execute(f"UPDATE day SET rollup = NULL, settled = 0{which}")
            store._files.sweep(store._ledger.listed())
        store.close()

    def _refresh(self) -> None:
        store = UsageStore(self._home, ZoneInfo("UTC"), ScoreConfig())
        store.refresh()
        store.close()


def main() -> None:
    """Measure the contender named on the command line."""
    name, home, size = sys.argv[1:]
    work = getattr(Contenders(Path(home), size), name)()
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sys.stdout.write(json.dumps({"wall": wall, "cpu": spent, "peak": after.ru_maxrss // 1024}) + "\n")


if __name__ == "__main__":
    main()
