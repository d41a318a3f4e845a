"""Whatever happens to the database, every method says so in words, and nothing is half done."""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from contextlib import closing
from dataclasses import replace

import pytest

from scoring.errors import InvalidInput, Unavailable
from storage import errors
from storage.columns import Row
from storage.errors import ConstraintBroken
from storage.unit_of_work import SqlStore
from tests.builders import NOW, a_case, a_csm, a_draft, an_account, an_outreach, remember
from tests.conftest import opened, postgres_connection
from tests.storage.methods import CALLS

TABLES = [table.name for table in reversed(Row.metadata.sorted_tables)]


async def verdict(store, name, before=None):
    """What a method raised."""
    try:
        async with store() as work:
            if before:
                await before(work)
            await CALLS[name](work)
    except Unavailable as error:
        return error
    return None


@pytest.mark.long
async def test_every_method_says_that_its_table_is_gone(any_store):
    async def drop_everything(work):
        for table in TABLES:
            await work.flags._db.raw(f"DROP TABLE {table}")

    verdicts = {name: await verdict(any_store, name, drop_everything) for name in CALLS}

    assert {name: str(error) for name, error in verdicts.items()} == dict.fromkeys(CALLS, errors.NO_TABLES)
    assert all(error.permanent for error in verdicts.values())


@pytest.mark.long
async def test_every_method_waits_for_a_locked_sqlite_file_and_then_says_busy(sqlite_url, tmp_path):
    store = SqlStore(sqlite_url, patience=0.02)
    await remember(store, an_account())
    with closing(sqlite3.connect(tmp_path / "lookout.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        verdicts = {name: await verdict(store, name) for name in CALLS}
        async with store.reading() as work:
            assert await work.accounts.get("acme") == an_account()
        other.execute("ROLLBACK")
    await store.close()

    assert {str(error) for error in verdicts.values()} == {errors.BUSY}
    assert not any(error.permanent for error in verdicts.values())


@pytest.mark.long
async def test_every_method_waits_for_locked_postgres_tables_and_then_says_busy(postgres_url):
    store = SqlStore(postgres_url, patience=0.02)
    with postgres_connection(postgres_url) as other, other.transaction():
        other.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
        verdicts = {name: await verdict(store, name) for name in CALLS}
    await store.close()

    assert {name: str(error) for name, error in verdicts.items()} == dict.fromkeys(CALLS, errors.BUSY)


async def test_every_method_says_that_postgres_went_away_in_the_middle(postgres_url):
    async def pull_the_plug(work):
        pid = (await work.flags._db.raw("SELECT pg_backend_pid()"))[0][0]
        other.execute("SELECT pg_terminate_backend(%s)", [pid])

    async with opened(postgres_url) as store:
        with postgres_connection(postgres_url) as other:
            verdicts = {name: await verdict(store, name, pull_the_plug) for name in CALLS}
        await remember(store, an_account())  # and it comes back by itself

    assert {name: str(error) for name, error in verdicts.items()} == dict.fromkeys(CALLS, errors.AWAY)
    assert not any(error.permanent for error in verdicts.values())


async def test_a_write_while_only_reading_is_refused(any_store):
    with pytest.raises(Unavailable, match="may only be read"):
        async with any_store.reading() as work:
            await work.accounts.upsert([an_account()])


async def test_a_damaged_file_is_named_as_such(store, tmp_path):
    await remember(store, *(an_account(f"a{number}", goal="x" * 500) for number in range(200)))
    await store.close()
    file = tmp_path / "lookout.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\x17" * (len(whole) - 4096))

    with pytest.raises(Unavailable, match="damaged") as caught:
        async with store() as work:
            await work.accounts.all()

    assert caught.value.permanent


@pytest.mark.parametrize("place", ["cut short", "overwritten in the middle"])
async def test_a_file_that_is_damaged_inside_is_found_before_anybody_needs_it(store, tmp_path, place):
    await remember(store, *(an_account(f"a{number}", goal="x" * 500) for number in range(200)))
    await store.examine()
    await store.close()
    file = tmp_path / "lookout.db"
    whole, half = file.read_bytes(), file.stat().st_size // 2 // 4096 * 4096
    file.write_bytes(whole[:half] + (b"" if place == "cut short" else b"\x17" * 8192 + whole[half + 8192 :]))

    with pytest.raises(Unavailable, match="restore the newest backup") as caught:
        await store.open()
        await store.examine()

    assert caught.value.permanent


async def test_a_full_disk_rolls_back_and_works_again_once_there_is_space(store):
    async with store() as work:
        await work.flags._db.raw("PRAGMA max_page_count = 1")  # SQLite's own way to be full: no page may be added
    much = [an_account(f"a{number}", goal="x" * 2_000) for number in range(300)]

    with pytest.raises(Unavailable, match="full") as caught:
        await remember(store, an_account(), *much)

    assert not caught.value.permanent
    async with store() as work:
        assert await work.accounts.all() == []
        await work.flags._db.raw("PRAGMA max_page_count = 1000000")
    await remember(store, *much)


async def test_a_broken_promise_is_our_fault_and_not_the_disks(any_store):
    with pytest.raises(ConstraintBroken):
        await remember(any_store, a_case(account_id="nobody"))


async def test_what_goes_to_the_log_quotes_nobody(any_store):
    secret = "kim@private.test"
    await remember(any_store, an_account(), a_case(), a_draft())

    with pytest.raises(ConstraintBroken) as caught:
        await remember(any_store, an_outreach(to_email=secret, state="sending"))

    assert "ck_outreach_claimed" in str(caught.value)
    assert secret not in "".join(traceback.format_exception(caught.value))


async def test_a_number_too_large_for_a_column_is_named(any_store):
    with pytest.raises(InvalidInput, match="cannot be stored"):
        await remember(any_store, an_account(arr=2**70))


@pytest.mark.parametrize("name", ["half a \ud83d letter"])
async def test_text_that_is_no_text_is_named(any_store, name):
    with pytest.raises(InvalidInput, match="cannot be stored"):
        await remember(any_store, an_account(name=name))


async def test_postgres_names_text_with_a_nul(postgres_url):
    async with opened(postgres_url) as store:
        with pytest.raises(InvalidInput, match="cannot be stored"):
            await remember(store, an_account(name="a\x00b"))


async def test_an_instant_without_a_zone_is_refused_as_a_fault_of_the_caller(any_store):
    with pytest.raises(ValueError, match="without a time zone"):
        await remember(any_store, an_account(), a_case(opened_at=NOW.replace(tzinfo=None)))


async def test_an_exception_in_the_block_undoes_everything_and_passes_as_it_is(any_store):
    with pytest.raises(ZeroDivisionError):
        async with any_store() as work:
            await work.accounts.upsert([an_account()])
            await work.flags.set("paused", "yes")
            _ = 1 / 0

    async with any_store() as work:
        assert await work.accounts.all() == []
        assert await work.flags.get("paused") is None


async def test_a_task_that_is_cancelled_lets_the_next_one_in(any_store):
    async def hold(started):
        async with any_store() as work:
            await work.accounts.upsert([an_account()])
            started.set()
            await asyncio.sleep(60)

    for _ in range(10):
        started = asyncio.Event()
        task = asyncio.create_task(hold(started))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async with any_store() as work:
        assert await work.accounts.all() == []


async def test_writers_that_are_cancelled_while_they_wait_block_nobody(any_store):
    async def write(number):
        async with any_store() as work:
            await work.accounts.upsert([an_account(f"a{number}")])

    async with any_store() as work:
        waiting = [asyncio.create_task(write(number)) for number in range(20)]
        await asyncio.sleep(0.05)
        for task in waiting[::2]:
            task.cancel()
        await work.accounts.upsert_people([a_csm()])
    await asyncio.gather(*waiting, return_exceptions=True)

    async with any_store() as work:
        assert len(await work.accounts.all()) == 10


async def test_a_transaction_inside_a_transaction_is_refused_at_once(any_store):
    with pytest.raises(RuntimeError, match="would wait for itself"):
        async with any_store(), any_store():
            pass

    await remember(any_store, an_account())


async def test_reading_sees_one_moment_and_does_not_wait_for_a_writer(any_store):
    await remember(any_store, an_account())
    async with any_store() as writing:
        await writing.accounts.upsert([replace(an_account(), name="Zenith")])
        async with any_store.reading() as work:
            assert (await work.accounts.get("acme")).name == "Acme"
    async with any_store.reading() as work:
        assert (await work.accounts.get("acme")).name == "Zenith"
