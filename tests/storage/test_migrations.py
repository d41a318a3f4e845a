"""A database is brought up to date by itself, in one step or not at all, and never by an older program."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from fractions import Fraction

import pytest
from alembic.util import CommandError
from sqlalchemy import inspect, text

from scoring.errors import InvalidInput
from scoring.model import Account, Milestone, Part
from storage import migrations
from storage.columns import Row
from storage.engine import address, migrator
from storage.packed import PackedSnapshots, pages_of
from tests.builders import a_case, an_account, remember
from tests.conftest import opened
from tests.scoring.oracle import Use, World
from tests.scoring.worlds import frames, texts_of

DAY = date(2026, 6, 1)
BEFORE = [DAY - timedelta(days=ago) for ago in range(60)]
SMALL = World(
    accounts=[
        Account(one, one, seats=seats, created_on=BEFORE[50]) for one, seats in (("a", 3), ("b", None), ("silent", 9))
    ],
    uses=[
        Use(day, account, person, "report", 1 + day.day)
        for account, person, days in (("a", "ann", BEFORE), ("a", "bob", BEFORE[20:]), ("b", "max", BEFORE[30:]))
        for day in days
    ],
    milestones=[Milestone("b", "Kick-off", due_on=BEFORE[5])],
)


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request, tmp_path):
    """A database without any table, on each backend."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return request.getfixturevalue("new_postgres_url")


def picture(connection):
    """Everything that a database says of its tables."""
    found = inspect(connection)
    names = [name for name in found.get_table_names() if name != "alembic_version"]
    return {
        name: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)
            ],
            "key": found.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(str(unique) for unique in found.get_unique_constraints(name)),
            "foreign": sorted(str(foreign) for foreign in found.get_foreign_keys(name)),
            "checks": sorted((check["name"], check["sqltext"]) for check in found.get_check_constraints(name)),
            "indexes": sorted(_indexes(connection, name)),
            "kind": _kind(connection, name),
        }
        for name in sorted(names)
    }


def _indexes(connection, name):
    if connection.dialect.name == "sqlite":
        sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = :name"
    else:
        sql = "SELECT indexdef FROM pg_indexes WHERE tablename = :name"
    return [re.sub(r'["\s]+', " ", row[0]) for row in connection.execute(text(sql), {"name": name})]


def _kind(connection, name):
    """What only SQLite says of a table as a whole."""
    if connection.dialect.name != "sqlite":
        return []
    sql = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}).scalar()
    return [words for words in ("AUTOINCREMENT", "WITHOUT ROWID") if words in sql]


async def test_migrations_and_the_tables_in_the_code_make_the_same_database(new_url):
    engine = migrator(address(new_url), patience=5)
    async with engine.connect() as connection:
        await connection.run_sync(Row.metadata.create_all)
        by_code = await connection.run_sync(picture)
        await connection.rollback()
    await engine.dispose()

    await migrations.upgrade(new_url)

    assert await migrations.apply(new_url, picture) == by_code
    assert len(by_code) > 15
    await migrations.check(new_url)


async def test_a_table_that_no_migration_makes_is_noticed(new_url):
    await migrations.upgrade(new_url)
    await migrations.apply(new_url, lambda connection: connection.execute(text("DROP INDEX ix_people_slack_id")))

    with pytest.raises(CommandError, match="ix_people_slack_id"):
        await migrations.check(new_url)


async def test_down_takes_everything_away_and_up_brings_it_back(new_url):
    await migrations.upgrade(new_url)
    assert await migrations.current(new_url) == migrations.head()

    await migrations.downgrade(new_url, "base")
    assert await migrations.apply(new_url, picture) == {}
    assert await migrations.current(new_url) is None

    async with opened(new_url) as store:
        await remember(store, an_account(), a_case())


@pytest.mark.long
async def test_every_migration_can_be_taken_back_alone(new_url):
    steps = sorted(file.stem[:4] for file in (migrations.VERSIONS).glob("[0-9]*.py"))
    for before, step in zip(["base", *steps], steps, strict=False):
        await migrations.upgrade(new_url, to=step)
        after = await migrations.apply(new_url, picture)
        await migrations.downgrade(new_url, before)
        await migrations.upgrade(new_url, to=step)
        assert await migrations.apply(new_url, picture) == after


def under_way(connection):
    """An inbox of the first program: one use nobody looked at, a batch of two, and one that waits for its account."""
    rows = [("a", None, "acme"), ("b", 3, "acme"), ("c", 3, "acme"), ("d", -1, "")]
    for key, batch, account in rows:
        connection.execute(
            text(
                "INSERT INTO inbox (key, kind, at_us, account_id, user_id, domain, name, n, traits, batch) "
                "VALUES (:key, 'use', 1000, :account, 'u1', '', 'Report', 1, '', :batch)"
            ),
            {"key": key, "account": account, "batch": batch},
        )
        connection.execute(text("INSERT INTO inbox_keys (key, day) VALUES (:key, 0)"), {"key": key})


async def test_what_products_sent_and_nobody_worked_off_is_taken_along_up_and_down(new_url):
    await migrations.upgrade(new_url, to="0005")
    await migrations.apply(new_url, under_way)

    await migrations.upgrade(new_url)
    async with opened(new_url) as store, store() as work:
        fresh, batches, waiting = await work.inbox.fresh(9), await work.inbox.batches(), await work.inbox.waiting()
        assert [arrival.key for arrival in await work.inbox.unseen(fresh.arrivals, day=1)] == ["a"]
        assert (batches, [arrival.key for arrival in await work.inbox.batch(3)]) == ([3], ["b", "c"])
        assert waiting == [("u1", "", 1)]
        await work.inbox.accept([fresh.arrivals[0]._replace(key=key) for key in "ae"])

    await migrations.downgrade(new_url, "0005")
    left = await migrations.apply(
        new_url, lambda connection: connection.execute(text("SELECT key, batch FROM inbox ORDER BY key")).all()
    )
    assert [tuple(row) for row in left] == [("b", 3), ("c", 3), ("d", -1), ("e", None)]


WIDE = {
    "score": 61.5, "coverage": 0.9, "reading": "own", "config_version": 3, "activity": None, "activity_weight": 0.0,
    "activity_points": 0.0, "engagement": 70.5, "engagement_weight": 1.0, "engagement_points": 61.5,
    "milestones": None, "milestones_weight": None, "milestones_points": None, "recency": None,
    "recency_weight": None, "recency_points": None, "usage_ratio": 0.75, "own": '{"activity":0.1}',
}  # fmt: skip


def wide_rows(connection):
    """Snapshots as they stood in one wide row each."""
    for account, day in (("acme", "2026-06-01"), ("globex", "2026-06-01"), ("acme", "2026-06-02")):
        signals = {"account_id": account, "day": day, "usage_ratio": "3/4", "overdue": ["Ünder way"], "seats": 7}
        row = WIDE | {"account_id": account, "day": day, "signals": json.dumps(signals)}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO snapshots ({names}) VALUES ({marks})"), row)


async def test_snapshots_go_from_wide_rows_to_pages_and_back(new_url):
    await migrations.upgrade(new_url, to="0010")
    await migrations.apply(new_url, wide_rows)
    before = await migrations.apply(new_url, all_snapshots)

    await migrations.upgrade(new_url)
    async with opened(new_url) as store, store() as work:
        found = await work.snapshots.on(DAY)
        assert list(found) == ["acme", "globex"]
        health, signals = found["acme"].health, found["acme"].signals
        assert (health.score, health.reading, health.config_version, health.own) == (61.5, "own", 3, {"activity": 0.1})
        assert health.parts == (Part("activity", None, 0.0, 0.0), Part("engagement", 70.5, 1.0, 61.5))
        assert (signals.usage_ratio, signals.overdue, signals.seats) == (Fraction(3, 4), ("Ünder way",), 7)
        assert await work.snapshots.course("acme", DAY, DAY + timedelta(days=9)) == [
            (DAY, 61.5),
            (date(2026, 6, 2), 61.5),
        ]

    await migrations.downgrade(new_url, "0010")
    assert await migrations.apply(new_url, all_snapshots) == before


def all_snapshots(connection):
    rows = connection.execute(text("SELECT * FROM snapshots ORDER BY account_id, day")).mappings().all()
    return [{name: json.loads(row[name]) if name in {"own", "signals"} else row[name] for name in row} for row in rows]


async def test_pages_of_a_scoring_run_become_wide_rows_again(new_url):
    (frame,) = frames(SMALL, DAY, DAY)
    snapshots = frame.snapshots(DAY, texts_of(SMALL))
    async with opened(new_url) as store, store() as work:
        await work.snapshots.land(PackedSnapshots.of_pages(pages_of(frame, DAY, texts_of(SMALL))))

    await migrations.downgrade(new_url, "0010")
    await migrations.upgrade(new_url)

    async with opened(new_url) as store, store() as work:
        assert list((await work.snapshots.on(DAY)).values()) == snapshots
    assert len(snapshots) > 1


async def test_opening_again_changes_nothing(any_store, any_url):
    await remember(any_store, an_account())

    await asyncio.gather(*(migrations.upgrade(any_url) for _ in range(3)))

    async with any_store() as work:
        assert len(await work.accounts.all()) == 1


async def test_several_that_start_at_once_migrate_once(new_url):
    await asyncio.gather(*(migrations.upgrade(new_url, patience=20) for _ in range(4)))

    await migrations.check(new_url)


async def test_a_newer_database_is_refused_and_left_alone(new_url):
    await migrations.upgrade(new_url)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await migrations.apply(new_url, lambda connection: connection.execute(newer))

    with pytest.raises(InvalidInput, match=r"newer Lookout .*9999.*up to " + str(migrations.head())):
        async with opened(new_url):
            pass

    assert await migrations.current(new_url) == "9999"


async def test_a_migration_that_breaks_half_way_leaves_the_database_as_it_was(new_url):
    def break_half_way(connection):
        migrations.take(connection, "head")
        assert picture(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await migrations.apply(new_url, break_half_way)

    assert await migrations.apply(new_url, picture) == {}
    await migrations.upgrade(new_url)
    await migrations.check(new_url)


async def test_rebuilding_a_table_keeps_the_rows_that_hang_on_it(sqlite_url, tmp_path):
    """SQLite changes a table by making it anew; with foreign keys on that would delete or refuse the children."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    async with opened(sqlite_url) as store:
        await remember(store, an_account(), a_case())

    def rebuild(connection):
        with Operations(MigrationContext.configure(connection)).batch_alter_table(
            "accounts", recreate="always"
        ) as batch:
            batch.drop_column("goal")

    await migrations.apply(sqlite_url, rebuild)

    with closing(sqlite3.connect(tmp_path / "lookout.db")) as database:
        assert database.execute("SELECT count(*) FROM cases").fetchone() == (1,)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
