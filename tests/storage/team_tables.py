"""A team's own table of events in a warehouse of each kind, with rows that must not count."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb

from tests.conftest import postgres_connection
from tests.storage.chdb_http import ClickHouse
from tests.storage.event_world import Row

COLUMNS = {"account": "org", "user": "usr", "event": "what", "time": "happened", "count": "k"}


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


def in_parquet(folder: Path, events: list[Row]) -> None:
    """Several files in a folder."""
    table = table_of(events, zoned=False)
    for part in range(3):
        parts = [list(column) for column in zip(*table[part::3], strict=True)]
        names = ("happened", "org", "usr", "what", "k", "internal")
        values = ", ".join(f"unnest(?) AS {name}" for name in names)
        with closing(duckdb.connect()) as db:
            db.execute(f"COPY (SELECT {values}) TO '{folder}/{part}.parquet'", parts)


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
