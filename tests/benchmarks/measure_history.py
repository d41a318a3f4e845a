"""Measures import, refresh and a history of scores, and the same windows in plain SQL.

`python -m tests.benchmarks.measure_history --accounts 10000 --events 20000000`

Not part of the test suite. Ratios within one run mean something, seconds only on a quiet machine.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.scoring_run.worker import Task, score_days, write_history
from scoring.config import ScoreConfig
from scoring.roster import day_number
from storage.usage.local import UsageStore
from tests.benchmarks import plain_sql
from tests.benchmarks.invented_usage import LAST, Size, accounts, columns


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took and the most memory this process ever held."""
    start = time.perf_counter()
    yield
    seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{what:<28}{seconds:8.1f} s   peak {peak} MB\n")


def main() -> None:
    """Make a world, score it, and ask plain SQL for the windows alone."""
    parser = argparse.ArgumentParser()
    for name, default in (("accounts", 1000), ("days", 200), ("events", 1_000_000), ("history", 90)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--no-sql", action="store_true")
    given = parser.parse_args()
    size = Size(given.accounts, given.days, given.events)
    home = Path(tempfile.mkdtemp(prefix="lookout-measure-"))
    first = LAST - timedelta(days=given.history - 1)
    try:
        usage = UsageStore(home, ZoneInfo("UTC"), ScoreConfig())
        with timed("append"):
            for place, batch in enumerate(columns(size)):
                usage.append_columns(str(place), batch)
        with timed("refresh"):
            usage.refresh()
        usage.close()
        task = Task(home, "UTC", ScoreConfig(), tuple(accounts(size)), ())
        with timed("history to a file"):
            write_history(task, home / "scores.parquet", first=first, last=LAST)
        with timed("one day's snapshots"):
            score_days(task, LAST, LAST)
        if not given.no_sql:
            with timed("windows in plain SQL"):
                plain_sql.windows(home, day_number(first), day_number(LAST))
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
