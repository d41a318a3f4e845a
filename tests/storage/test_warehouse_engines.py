"""Postgres, ClickHouse and DuckDB roll up a team's own table to the very numbers that imported events give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scoring.model import Snapshot
from storage.usage.local import UsageStore
from storage.usage.source import Source
from tests.scoring.test_scores_against_oracle import agrees
from tests.storage.chdb_http import ClickHouse, clickhouse
from tests.storage.event_world import CAIRO, CONFIG, LAST, Row, frames, imported, rolled, rows, scores, snapshots, world
from tests.storage.team_tables import COLUMNS, in_clickhouse, in_duckdb, in_postgres

WHERE = "NOT internal -- our own staff"
VENUES = [
    ("duckdb", "TIMESTAMPTZ"),
    ("postgres", "timestamptz"),
    ("clickhouse", "DateTime64(6)"),
    pytest.param(("duckdb", "TIMESTAMP"), marks=pytest.mark.long),
    pytest.param(("postgres", "timestamp"), marks=pytest.mark.long),
    pytest.param(("clickhouse", "DateTime64(6, 'America/New_York')"), marks=pytest.mark.long),
]


@pytest.fixture(scope="module")
def events() -> list[Row]:
    return rows()


@pytest.fixture(scope="session")
def chdb_server() -> Iterator[ClickHouse]:
    from chdb.session import Session

    session = Session()
    with clickhouse(session) as served:
        yield served
    session.close()


@pytest.fixture(params=VENUES, ids=" ".join)
def source(request: pytest.FixtureRequest, tmp_path: Path, events: list[Row]) -> Source:
    engine, kind = request.param
    if engine == "duckdb":
        url = in_duckdb(tmp_path, kind, events)
    elif engine == "postgres":
        url = in_postgres(request.getfixturevalue("new_postgres_url"), kind, events)
    else:
        url = in_clickhouse(request.getfixturevalue("chdb_server"), kind, events)
    return Source(url, "shop.uses", COLUMNS, WHERE)


@dataclass(frozen=True)
class Expected:
    """What a store says that rolled up the events itself."""

    rolled: dict[str, list[Any]]
    scores: list[tuple[Any, ...]]
    snapshots: dict[tuple[str, date], Snapshot]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, events: list[Row]) -> Expected:
    with closing(imported(tmp_path_factory.mktemp("own"), events)) as usage:
        found = frames(usage, world(events))
        return Expected(rolled(usage), scores(found), snapshots(usage, found))


def test_imported_events_give_what_the_oracle_says(events: list[Row], expected: Expected) -> None:
    for days in (0, 24, 59):
        agrees(world(events), LAST - timedelta(days=days), expected.snapshots)


def test_a_warehouse_gives_the_very_numbers_that_imported_events_give(
    source: Source, tmp_path: Path, events: list[Row], expected: Expected
) -> None:
    with closing(UsageStore(tmp_path / "pulled", CAIRO, CONFIG, memory="256MB", threads=1)) as usage:
        assert usage.pull(source, LAST) == len({row.at.astimezone(CAIRO).date() for row in events})
        usage.refresh()
        assert rolled(usage) == expected.rolled
        found = frames(usage, world(events))
        assert scores(found) == expected.scores  # floats too: the same arithmetic on the same whole numbers
        assert snapshots(usage, found) == expected.snapshots
