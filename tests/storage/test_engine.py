"""Opening the database: private, durable, and a clear sentence when it cannot be."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing

import pytest
from sqlalchemy import make_url

from scoring.errors import InvalidInput, LookoutError, Unavailable
from storage.engine import writer
from storage.one_trip import OneTripConnection
from storage.unit_of_work import SqlStore
from tests.builders import an_account, remember
from tests.conftest import opened

SECRET = "sesame-open"


async def why_not(url):
    """What opening a database said."""
    with pytest.raises(LookoutError) as caught:
        async with opened(str(url)):
            pass
    assert SECRET not in str(caught.value)
    return caught.value


async def test_a_new_file_is_made_for_our_user_alone(tmp_path):
    before = os.umask(0)
    try:
        async with opened(f"sqlite:///{tmp_path / 'new.db'}") as store:
            await remember(store, an_account())
            files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)

    assert files == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


async def test_sqlite_is_set_to_lose_nothing(store):
    async with store() as work:
        pragmas = {
            name: (await work.flags._db.raw(f"PRAGMA {name}"))[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


async def test_a_caller_who_gives_up_while_a_connection_closes_leaves_nothing_to_wait_for(tmp_path):
    engine = writer(make_url(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"), patience=5)
    connected = await engine.connect()
    driver = (await connected.get_raw_connection()).driver_connection

    # SQLAlchemy closes in a task of its own; the caller's cancellation makes it stop the thread as well.
    closing_it = asyncio.create_task(driver.close())
    await asyncio.sleep(0)
    driver.stop()

    async with asyncio.timeout(5):
        await closing_it
    await connected.invalidate()
    await engine.dispose()


async def test_a_statement_goes_to_the_thread_of_sqlite_once_with_all_that_belongs_to_it(store, monkeypatch):
    await remember(store, an_account())
    await store.ping()
    trips, goes = [], OneTripConnection._execute

    async def counted(connection, what, *given):
        trips.append(what)
        return await goes(connection, what, *given)

    monkeypatch.setattr(OneTripConnection, "_execute", counted)
    async with store() as work:
        await work.accounts.upsert([an_account()])
        assert [account.id for account in await work.accounts.all()] == ["acme"]
        await work.flags.claim("begun", "now")
        assert await work.flags.get("begun") == "now"

    # To begin, the account and the version of all names, their list, the flag, what it says, to commit.
    assert len(trips) == 7
    async with store.reading():
        pass
    async with store.reading() as work:
        assert await work.flags.get("begun") == "now"
    # What only reads begins with its first statement.
    assert len(trips) == 9


async def test_what_was_stored_is_there_after_a_restart(any_url):
    async with opened(any_url) as store:
        await remember(store, an_account())

    async with opened(any_url) as store, store.reading() as work:
        await store.ping()
        assert await work.accounts.get("acme") == an_account()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "no database address"),
        ("lookout.db", "no database address"),
        (f"mysql://me:{SECRET}@host/db", "begins with mysql://"),
        (f"sqlite+pysqlcipher://:{SECRET}@/x.db", "begins with sqlite+pysqlcipher://"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite+aiosqlite:///", "names no file"),
    ],
)
async def test_an_address_that_cannot_be_used_is_named_without_its_password(url, words):
    error = await why_not(url)

    assert isinstance(error, InvalidInput)
    assert words in str(error)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_every_usual_way_to_name_postgres_works(new_postgres_url, scheme):
    url = make_url(new_postgres_url).set(drivername=scheme).render_as_string(hide_password=False)

    async with opened(url) as store:
        await store.ping()


async def test_a_missing_folder_is_named(tmp_path):
    assert f"does not exist: {tmp_path / 'none'}" in str(await why_not(f"sqlite:///{tmp_path}/none/x.db"))


async def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    assert "not a file" in str(await why_not(f"sqlite:///{tmp_path}"))


async def test_a_file_that_may_only_be_read_is_refused_with_the_mend(sqlite_url, tmp_path):
    (tmp_path / "lookout.db").chmod(0o400)

    assert "chmod u+rw" in str(await why_not(sqlite_url))


async def test_a_file_of_another_user_is_refused(sqlite_url, monkeypatch):
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)  # giving a file away would need root

    assert f"belongs to user {owner}, and Lookout runs as user {owner + 1}" in str(await why_not(sqlite_url))


@pytest.mark.parametrize("content", [b"hello, I am a text file " * 50, b"SQLite format 3\x00" + b"\x07" * 8000])
async def test_a_file_that_is_no_database_or_is_damaged_stays_as_it_is(tmp_path, content):
    (tmp_path / "x.db").write_bytes(content)

    error = await why_not(f"sqlite:///{tmp_path / 'x.db'}")

    assert isinstance(error, Unavailable)
    assert error.permanent
    assert "damaged" in str(error)
    assert (tmp_path / "x.db").read_bytes() == content


async def test_somebody_elses_database_is_left_alone(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.db")) as other:
        other.execute("CREATE TABLE accounts (id)")
        other.commit()

    assert "not Lookout's" in str(await why_not(f"sqlite:///{tmp_path / 'x.db'}"))


async def test_a_postgres_that_is_not_there_may_come_later(tmp_path):
    error = await why_not(f"postgresql://me:{SECRET}@127.0.0.1:1/x")

    assert isinstance(error, Unavailable)
    assert not error.permanent
    assert "does not answer" in str(error)


async def test_a_postgres_without_that_database_says_so_for_good(postgres_url):
    url = make_url(postgres_url).set(database="no_such_database", password=SECRET)

    error = await why_not(url.render_as_string(hide_password=False))

    assert isinstance(error, Unavailable)
    assert error.permanent
    assert "no_such_database" in str(error)


async def test_ping_tells_that_the_database_is_not_ready(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(Unavailable, match="lookout migrate"):
        await store.ping()
    await store.close()


async def test_a_store_may_be_closed_twice_and_used_again(store):
    await store.close()
    await store.close()

    await remember(store, an_account())
