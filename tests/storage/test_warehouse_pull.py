"""Pulling from a warehouse reads what is new, late or lost; in any portions the result is the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from scoring.config import ScoreConfig
from scoring.errors import InvalidInput, Unavailable
from storage.usage.local import UsageStore
from storage.usage.pull import blocks, groups
from storage.usage.source import Source
from storage.usage.warehouse import Held, Warehouse
from tests.storage.event_world import CAIRO, CONFIG, LAST, Row, imported, rolled, rows
from tests.storage.team_tables import COLUMNS, in_duckdb

EVENTS = [row for row in rows(events=900) if row.at.date() > LAST - timedelta(days=45)]


class Team:
    """The team's own warehouse, which goes on changing."""

    def __init__(self, folder: Path, events: list[Row]) -> None:
        self.file = folder / "team.duckdb"
        self.source = Source(in_duckdb(folder, "TIMESTAMPTZ", events), "shop.uses", COLUMNS, "NOT internal")

    def add(self, *events: Row) -> None:
        with closing(duckdb.connect(self.file)) as db:
            for row in events:
                db.execute(
                    "INSERT INTO shop.uses VALUES (?, ?, ?, ?, ?, false)",
                    [row.at, row.account, row.user, row.name, row.n],
                )

    def run(self, statement: str) -> None:
        with closing(duckdb.connect(self.file)) as db:
            db.execute(statement)


def store(home: Path, config: ScoreConfig = CONFIG) -> UsageStore:
    return UsageStore(home, CAIRO, config, memory="128MB", threads=1)


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[UsageStore]:
    made = store(tmp_path / "pulled")
    yield made
    made.close()


def pulled(usage: UsageStore, source: Source, until: date | None = LAST, **more: int) -> int:
    days = usage.pull(source, until, **more)
    usage.refresh()
    return days


def own(tmp_path: Path, events: list[Row], config: ScoreConfig = CONFIG) -> dict[str, list[object]]:
    with closing(imported(tmp_path / "own", events, config=config)) as usage:
        return rolled(usage)


def day_of(row: Row) -> date:
    return row.at.astimezone(CAIRO).date()


def test_day_by_day_and_all_at_once_give_the_same(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    for back in (40, 39, 9, 1, 0):
        pulled(usage, team.source, LAST - timedelta(days=back))
    assert rolled(usage) == own(tmp_path, EVENTS)


def test_without_a_last_day_everything_is_pulled(tmp_path: Path, usage: UsageStore) -> None:
    pulled(usage, Team(tmp_path, EVENTS).source, None)
    assert rolled(usage) == own(tmp_path, EVENTS)


def test_a_second_pull_reads_the_two_newest_days_again_and_no_other(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    assert pulled(usage, team.source) > 30
    newest = {day_of(row) for row in EVENTS} & {LAST, LAST - timedelta(days=1)}
    assert pulled(usage, team.source) == len(newest)
    assert rolled(usage) == own(tmp_path, EVENTS)


def test_late_events_reopen_their_day_within_the_window_that_is_read_again(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    before = pulled(usage, team.source) and pulled(usage, team.source)
    late = [replace(row, account="acct-99", n=2) for row in EVENTS if day_of(row) == LAST - timedelta(days=12)]
    old = replace(EVENTS[0], at=EVENTS[0].at.replace(year=2023, month=11, day=3), account="acct-98", n=1)
    assert late
    team.add(*late, old)
    assert pulled(usage, team.source) == before + 1
    assert rolled(usage) == own(tmp_path, EVENTS + late)
    assert pulled(usage, replace(team.source, reread=400)) == before + 1
    (tmp_path / "more").mkdir()
    assert rolled(usage) == own(tmp_path / "more", [*EVENTS, *late, old])


def test_events_that_the_team_deletes_leave_nothing_behind(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    pulled(usage, team.source)
    edge = LAST - timedelta(days=20)
    team.run("DELETE FROM shop.uses WHERE org = 'acct-03' AND happened > '2024-04-30 21:00:00+00'")
    kept = [row for row in EVENTS if not (row.account == "acct-03" and day_of(row) > edge)]
    assert edge == date(2024, 4, 30)
    pulled(usage, team.source)
    found = rolled(usage)
    assert {**found, "newest": 0} == {**own(tmp_path, kept), "newest": 0}


def test_a_damaged_rollup_is_pulled_again(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    pulled(usage, team.source)
    whole = rolled(usage)
    spoiled = sorted((tmp_path / "pulled" / "usage" / "rollups").iterdir())[5:8]
    for file in spoiled:
        file.write_bytes(file.read_bytes()[:40])
    assert usage.mend()
    assert usage.lost()
    pulled(usage, team.source)
    assert not usage.lost()
    assert rolled(usage) == whole
    assert len(usage.problems()) == 3


def test_when_other_events_are_ignored_every_day_is_pulled_again(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    pulled(usage, team.source)
    usage.close()
    other = ScoreConfig(ignored_events=frozenset({"login"}))
    with closing(store(tmp_path / "pulled", other)) as again:
        pulled(again, team.source)
        assert rolled(again) == own(tmp_path, EVENTS, other)


def test_another_condition_means_other_events_and_forgets_the_old_ones(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS)
    pulled(usage, team.source)
    pulled(usage, replace(team.source, where="NOT internal AND org <> 'acct-05'"))
    assert rolled(usage) == own(tmp_path, [row for row in EVENTS if row.account != "acct-05"])


@pytest.mark.long
def test_days_with_very_many_events_are_asked_for_some_accounts_at_a_time(tmp_path: Path, usage: UsageStore) -> None:
    crowd = [replace(row, at=EVENTS[0].at + timedelta(seconds=place)) for place, row in enumerate(EVENTS)]
    pulled(usage, Team(tmp_path, EVENTS + crowd).source, most=40)
    assert rolled(usage) == own(tmp_path, EVENTS + crowd)


def test_a_pull_that_breaks_off_keeps_what_it_has_and_goes_on_from_there(
    tmp_path: Path, usage: UsageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team(tmp_path, EVENTS)
    calls = iter(range(100))
    whole = Warehouse.roll_ups

    def breaks(self: Warehouse, *args: object) -> Iterator[object]:
        for part in whole(self, *args):
            if next(calls) == 7:
                raise Unavailable("the line went dead")
            yield part

    monkeypatch.setattr(Warehouse, "roll_ups", breaks)
    with pytest.raises(Unavailable, match="went dead"):
        usage.pull(team.source, LAST, most=100)
    monkeypatch.undo()
    days = len({day_of(row) for row in EVENTS})
    assert 0 < pulled(usage, team.source) < days
    assert rolled(usage) == own(tmp_path, EVENTS)


def test_an_empty_warehouse_gives_no_days_and_is_asked_again(tmp_path: Path, usage: UsageStore) -> None:
    team = Team(tmp_path, EVENTS[:1])
    team.run("DELETE FROM shop.uses")
    assert pulled(usage, team.source) == 0
    assert usage.rollups().days() is None
    team.add(*EVENTS[:50])
    pulled(usage, team.source)
    assert rolled(usage) == own(tmp_path, EVENTS[:50])


def test_the_warehouse_is_opened_for_reading_only(tmp_path: Path) -> None:
    team = Team(tmp_path, EVENTS[:5])
    with closing(Warehouse(team.source, CAIRO, ())) as warehouse, pytest.raises(duckdb.Error, match="read-only"):
        warehouse._connection.raw_sql("DELETE FROM shop.uses")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {**COLUMNS, "user": "person"}}, "shop.uses has no column person .* it has happened, org"),
        ({"columns": {**COLUMNS, "time": "org"}}, "column org of shop.uses holds string, not instants"),
        ({"table": "shop.gone"}, "refused or did not answer"),
        ({"where": "org ="}, "refused or did not answer"),
        ({"url": "duckdb:///nowhere/secret.duckdb"}, "refused or did not answer"),
        ({"url": "nosuch://ana:s3cret@host/db"}, "refused or did not answer"),
    ],
)
def test_what_cannot_be_read_is_said_without_the_url(
    tmp_path: Path, usage: UsageStore, change: dict[str, object], words: str
) -> None:
    source = replace(Team(tmp_path, EVENTS[:5]).source, **change)
    with pytest.raises((InvalidInput, Unavailable), match=words) as told:
        usage.pull(source, LAST)
    assert "s3cret" not in str(told.value) + repr(source)


@pytest.mark.parametrize(
    ("columns", "words"),
    [({}, "account is missing"), ({**COLUMNS, "what": "x"}, "what is none of them"), ({"account": "a"}, "user is")],
)
def test_a_mapping_that_is_not_whole_is_refused(columns: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        Source("duckdb://x", "uses", columns)


def test_questions_are_cut_into_days_and_accounts_that_are_not_too_much() -> None:
    held = {day: Held(events, events, 0) for day, events in {1: 5, 2: 5, 3: 9, 7: 1, 8: 30, 9: 1, 500: 1}.items()}
    assert list(groups(held, {5}, 10)) == [[1, 2], [3], [7], [8], [9], [500]]
    assert list(groups(held, set(), 100)) == [[1, 2, 3, 7, 8, 9], [500]]
    assert list(blocks({"a": 4, "b": 4, "c": 20, "d": 1}, 8)) == [["a", "b"], ["c"], ["d"]]
