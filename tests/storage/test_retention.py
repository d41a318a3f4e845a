"""Old usage is deleted by whole months, and nothing that is still said of accounts changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import load
from bot.scoring_run.old_usage import OldUsage
from scoring.config import ScoreConfig
from scoring.errors import InvalidInput
from storage.usage.local import UsageStore
from storage.usage.source import Source
from tests.storage.event_world import (
    CAIRO,
    CONFIG,
    LAST,
    Row,
    columns,
    frames,
    imported,
    rolled,
    rows,
    scores,
    snapshots,
    world,
)
from tests.storage.team_tables import COLUMNS, in_duckdb

EVENTS = rows(events=1_500)
BEFORE = LAST - timedelta(days=130)
HORIZON = BEFORE.replace(day=1)
DAYS = 20
OLD = {day for row in EVENTS if (day := row.at.astimezone(CAIRO).date()) < HORIZON}
REPEATED = Row(datetime(2024, 5, 19, 12, tzinfo=UTC), "acct-03", 31, "report")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UsageStore]:
    """A store that keeps everything."""
    with closing(imported(tmp_path_factory.mktemp("whole"), EVENTS)) as usage:
        yield usage


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[UsageStore]:
    """One whose old days were let go."""
    with closing(imported(tmp_path, EVENTS)) as store:
        gone = store.let_go(BEFORE)
        assert (gone.days, gone.late, gone.bytes > 0) == (len(OLD), 0, True)
        yield store


def told(usage: UsageStore, events: list[Row] = EVENTS) -> tuple[object, ...]:
    """Every score of the last days, every snapshot, everybody's first days."""
    found, known = frames(usage, world(events), DAYS), rolled(usage)
    return scores(found), snapshots(usage, found), known["first users"], known["first names"]


def days_on_disk(home: Path) -> set[date]:
    return {
        date.fromisoformat(file.name[:10]) for kind in ("days", "rollups") for file in (home / "usage" / kind).iterdir()
    }


def test_what_is_let_go_is_off_the_disk_and_changes_nothing_that_is_said(
    usage: UsageStore, whole: UsageStore, tmp_path: Path
) -> None:
    assert OLD
    assert min(days_on_disk(tmp_path)) >= HORIZON
    assert told(usage) == told(whole)
    assert usage.let_go(BEFORE).days == 0


def test_a_day_whose_past_is_gone_is_not_scored_as_if_nobody_had_come(usage: UsageStore) -> None:
    with pytest.raises(
        InvalidInput, match=f"Usage before {HORIZON} was deleted .LOOKOUT_KEEP_DAYS.*{LAST - timedelta(70)}"
    ):
        frames(usage, world(EVENTS), 71)
    assert frames(usage, world(EVENTS), (LAST - HORIZON).days - 88)


def test_events_for_days_that_are_gone_are_left_out_and_counted(
    usage: UsageStore, whole: UsageStore, tmp_path: Path
) -> None:
    late = [Row(datetime(2023, 12, 24, 12, tzinfo=UTC), "acct-03", 39, "export")] * 3
    usage.append_columns("late", columns([*late, REPEATED]))
    usage.refresh()
    with closing(imported(tmp_path / "all", [*EVENTS, REPEATED])) as other:
        assert told(usage, [*EVENTS, REPEATED]) == told(other, [*EVENTS, REPEATED])
    assert [usage.let_go(BEFORE).late for _ in range(2)] == [3, 0]
    assert min(days_on_disk(tmp_path)) >= HORIZON


@pytest.mark.long
def test_what_is_made_anew_still_knows_what_was_before(usage: UsageStore, whole: UsageStore, tmp_path: Path) -> None:
    """A new list of what counts as use makes roll-ups again; a damaged file of first days is replaced."""
    expected = told(whole)
    usage.close()
    other = replace(CONFIG, ignored_events=CONFIG.ignored_events | {"unheard of"})
    with closing(store(tmp_path, other)) as again:
        again.refresh()
        assert told(again) == expected
        (firsts,) = (tmp_path / "usage" / "states").glob("firsts.*")
        firsts.write_bytes(firsts.read_bytes()[:-9])
        assert again.mend()
        assert told(again) == expected
        assert [name.split(".")[0] for name, _ in again.problems()] == ["states/firsts"]


def store(home: Path, config: ScoreConfig) -> UsageStore:
    return UsageStore(home, CAIRO, config, memory="128MB", threads=1)


def test_what_no_month_knows_yet_is_not_let_go(tmp_path: Path) -> None:
    with closing(imported(tmp_path, EVENTS)) as usage:
        usage.append_columns("late", columns([Row(datetime(2023, 12, 24, tzinfo=UTC), "acct-03", 39, "export")]))
        refresh = usage._refresh()
        with refresh.alone():
            refresh.begin()
            refresh._compact()  # killed before the roll-up
        assert usage.let_go(BEFORE).days == 0
        usage.refresh()
        assert usage.let_go(BEFORE).days == len(OLD | {date(2023, 12, 24)})


@pytest.mark.long
def test_a_warehouse_is_not_asked_for_days_that_were_let_go(tmp_path: Path, whole: UsageStore) -> None:
    source = Source(in_duckdb(tmp_path, "TIMESTAMPTZ", EVENTS), "shop.uses", COLUMNS, "NOT internal")
    with closing(store(tmp_path, CONFIG)) as usage:
        usage.pull(source, LAST)
        usage.refresh()
        assert usage.let_go(BEFORE).days == len(OLD)
        usage.pull(source, LAST)
        usage.refresh()
        assert min(days_on_disk(tmp_path)) >= HORIZON
        assert told(usage) == told(whole)
        elsewhere = replace(source, where="NOT internal AND true")
        usage.pull(elsewhere, LAST)
        usage.refresh()
        assert min(days_on_disk(tmp_path)) == min(OLD)  # another source: all of it is new to us


async def test_the_sweep_deletes_what_is_older_than_the_setting(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="LOOKOUT_KEEP_DAYS"):
        load(LOOKOUT_KEEP_DAYS=90)
    made = load(LOOKOUT_KEEP_DAYS=180)
    with closing(imported(tmp_path, EVENTS)) as usage:
        for ahead, days in ((0, 0), (50, len(OLD)), (50, 0)):
            now = datetime(2024, 5, 20, 12, tzinfo=UTC) + timedelta(days=ahead)
            sweep = OldUsage(usage, lambda now=now: now, made.zone, made.keep_days)
            assert (await sweep.run()).days == days
