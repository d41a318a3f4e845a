"""Postgres, ClickHouse and DuckDB roll up a team's own table to the very numbers that imported events give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scoring.model import Snapshot
from storage.usage.local import UsageStore
from storage.usage.source import Source
from tests.conftest import postgres_connection
from tests.scoring.test_scores_against_oracle import agrees
from tests.storage.chdb_http import ClickHouse, clickhouse
from tests.storage.event_world import CAIRO, CONFIG, LAST, Row, frames, imported, rolled, rows, scores, snapshots, world

COLUMNS = {"account": "org", "user": "usr", "event": "what", "time": "happened", "count": "k"}
WHERE = "NOT internal -- our own staff"
VENUES = [
    ("duckdb", "TIMESTAMP"),
    ("duckdb", "TIMESTAMPTZ"),
    ("postgres", "timestamp"),
    ("postgres", "timestamptz"),
    ("clickhouse", "DateTime64(6)"),
    ("clickhouse", "DateTime64(6, 'America/New_York')"),
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


def table_of(events: list[Row], zoned: bool) -> list[tuple[object, ...]]:
    """The team's rows: the events, and some that must not count."""
    found = [(row.at if zoned else row.at.replace(tzinfo=None), row.account, row.user, row.name, row.n, False)
             for row in events]  # fmt: skip
    at = found[0][0]
    return [
        *found,
        (at, "acct-00", 1, "report", 5, True),
        (at, "", 1, "report", 5, False),
        (at, "acct-00", None, "report", 5, False),
        (at, "acct-00", 1, None, 5, False),
        (at, None, 1, "report", 5, False),
        (None, "acct-00", 1, "report", 5, False),
    ]


def in_duckdb(folder: Path, kind: str, events: list[Row]) -> str:
    file = folder / "team.duckdb"
    with closing(duckdb.connect(file)) as db:
        db.execute("SET TimeZone = 'America/New_York'; CREATE SCHEMA shop")
        db.execute(
            f"CREATE TABLE shop.uses (happened {kind}, org TEXT, usr BIGINT, what TEXT, k INTEGER, internal BOOLEAN)"
        )
        parts = [list(part) for part in zip(*table_of(events, kind == "TIMESTAMPTZ"), strict=True)]
        db.execute(f"INSERT INTO shop.uses SELECT {', '.join(['unnest(?)'] * len(parts))}", parts)
    return f"duckdb://{file}"


def in_postgres(url: str, kind: str, events: list[Row]) -> str:
    with postgres_connection(url) as db:
        db.execute("CREATE SCHEMA shop")
        db.execute(
            f"CREATE TABLE shop.uses (happened {kind}, org text, usr bigint, what text, k integer, internal boolean)"
        )
        with db.cursor() as cursor, cursor.copy("COPY shop.uses FROM STDIN") as copy:
            for row in table_of(events, kind == "timestamptz"):
                copy.write_row(row)
    return url


def in_clickhouse(served: ClickHouse, kind: str, events: list[Row]) -> str:
    served.session.query("DROP DATABASE IF EXISTS shop")
    served.session.query("CREATE DATABASE shop")
    served.session.query(
        f"CREATE TABLE shop.uses (happened {kind}, org LowCardinality(Nullable(String)), usr Nullable(UInt32), "
        "what Nullable(String), k Nullable(Int32), internal Bool) ENGINE = MergeTree ORDER BY happened "
        "SETTINGS allow_nullable_key = 1"
    )
    values = ", ".join(
        f"(fromUnixTimestamp64Micro({round(at.timestamp() * 1e6)}, 'UTC'), {_sql(org)}, {_sql(user)}, {_sql(name)}, "
        f"{_sql(n)}, {internal})"
        for at, org, user, name, n, internal in table_of(events, zoned=True) if at is not None
    )  # fmt: skip
    served.session.query(f"INSERT INTO shop.uses VALUES {values}")
    return served.url


def _sql(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


@pytest.fixture(params=VENUES, ids=[" ".join(venue) for venue in VENUES])
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
