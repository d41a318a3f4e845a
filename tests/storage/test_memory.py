"""Little memory means smaller pieces and the very same numbers."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import load
from bot.scoring_run.book import Book
from scoring.errors import InvalidInput
from scoring.frame import Frame
from storage.usage.local import UsageStore
from storage.usage.memory import Memory
from tests.storage.event_world import CAIRO, CONFIG, LAST, Row, columns, rolled, rows, scores, snapshots, world

DAYS = 60


def told(home: Path, events: list[Row], memory: str) -> tuple[int, Any, Any, Any]:
    """In how many pieces the days were scored; what was rolled up; every score; every snapshot."""
    known = world(events)
    with closing(UsageStore(home, CAIRO, CONFIG, memory=memory, threads=1)) as usage:
        for part in range(2):
            usage.append_columns(f"part {part}", columns(events[part::2]))
        usage.refresh()
        book = Book.open(usage.rollups(), known.accounts, known.milestones, config=CONFIG)
        found = [Frame.of(run) for run in book.runs(LAST - timedelta(days=DAYS - 1), LAST, Memory.of(memory))]
        return len(found), rolled(usage), scores(found), snapshots(usage, found)


def test_a_thousandth_of_the_memory_gives_the_same_numbers(tmp_path: Path) -> None:
    events = rows(events=3_000)
    pieces, *usual = told(tmp_path / "usual", events, "1GB")
    more_pieces, *tight = told(tmp_path / "tight", events, "1MB")
    assert (pieces, more_pieces) == (1, 15)
    assert Memory.of("1MB").gathered < len(events)
    assert tight == usual


@pytest.mark.parametrize("text", ["", "much", "1TB", "-1GB", "1.5GB"])
def test_a_bound_that_is_not_written_as_one_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="LOOKOUT_MEMORY"):
        load(LOOKOUT_MEMORY=text)


def test_the_query_engine_gets_half_and_never_less_than_it_needs() -> None:
    assert [Memory.of(text).engine for text in ("1GB", "512mb", "10 MB")] == ["500MB", "256MB", "64MB"]
