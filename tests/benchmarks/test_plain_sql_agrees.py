"""A third opinion: the windows equal those of plain SQL, on usage with weekends, seasons and heavy tails."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from bot.scoring_run.book import Book
from scoring.config import ScoreConfig
from scoring.roster import day_of
from scoring.signals import Run
from storage.usage.local import UsageStore
from tests.benchmarks import plain_sql
from tests.benchmarks.invented_usage import Size, accounts, columns


def test_the_windows_equal_those_of_hand_written_sql(tmp_path: Path) -> None:
    size = Size(accounts=60, days=110, events=8000)
    usage = UsageStore(tmp_path, ZoneInfo("UTC"), ScoreConfig(), memory="128MB", threads=1)
    for place, batch in enumerate(columns(size)):
        usage.append_columns(str(place), batch)
    usage.refresh()
    rollups = usage.rollups()
    days = rollups.days()
    assert days is not None
    book = Book.open(rollups, accounts(size), [], config=ScoreConfig())
    (run,) = book.runs(day_of(run_from(days[1])), days[1])
    found = rows(run, book.keys.tolist())
    usage.close()
    assert found == plain_sql.windows(tmp_path, run.span.first, run.span.last)
    assert len(found) > 1000


def run_from(last) -> int:
    return (last - day_of(0)).days - 29


def rows(run: Run, keys: list[int]) -> list[tuple[int, ...]]:
    """The run's figures as the SQL gives them: accounts without use in 90 days have no row."""
    found = []
    for row in range(run.span.days):
        for place, key in enumerate(keys):
            figures = [int(getattr(run.windows, name)[row, place]) for name in plain_sql.COLUMNS]
            if figures[2]:
                found.append((run.span.first + row, key, *figures))
    return found
