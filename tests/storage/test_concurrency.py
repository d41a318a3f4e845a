"""Many at once, in one process and in two: one wins, and nothing that was counted is lost."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import closing
from datetime import timedelta

import pytest

from scoring.casework import OutreachState
from scoring.errors import Unavailable
from scoring.messages import Post
from storage.unit_of_work import SqlStore
from tests.builders import NOW, a_case, a_draft, an_account, an_outreach, remember
from tests.conftest import opened

SOON = NOW + timedelta(seconds=30)
COUNT = """
import asyncio, sys
from storage.unit_of_work import SqlStore

async def main(url, times):
    store = SqlStore(url, patience=30)
    for _ in range(times):
        async with store() as work:
            now = int(await work.flags.get("n") or 0) + 1
            await work.flags.set("n", str(now))
        print(now, flush=True)
    await store.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def at_once(store, number, action):
    """What `number` transactions said that ran at the same time."""

    async def one(place):
        async with store() as work:
            return await action(work, place)

    return await asyncio.gather(*(one(place) for place in range(number)))


async def test_a_person_waits_for_one_of_those_that_are_behind_however_many_there_are(any_store):
    done = []

    async def write(who, *, behind):
        async with any_store(behind=behind) as work:
            await work.flags.set(who, "here")
            await asyncio.sleep(0.005)
        done.append(who)

    sweeps = [asyncio.create_task(write(f"sweep {number}", behind=True)) for number in range(4)]
    await asyncio.sleep(0.002)
    await write("click", behind=False)
    assert done == ["sweep 0", "click"]

    await asyncio.gather(*sweeps)
    assert done[2:] == ["sweep 1", "sweep 2", "sweep 3"]


def test_a_store_may_be_used_by_one_event_loop_after_the_other(sqlite_url):
    store = SqlStore(sqlite_url)

    async def write(number):
        async with store() as work:
            await work.flags.set(f"flag {number}", "here")

    async def all_at_once():
        await asyncio.gather(*(write(number) for number in range(3)))
        await store.close()

    asyncio.run(all_at_once())
    asyncio.run(all_at_once())


async def test_whoever_waits_comes_before_somebody_who_writes_again_and_again(any_store):
    done = []

    async def write(who):
        async with any_store() as work:
            await work.flags.set(who, "here")
            await asyncio.sleep(0.005)
        done.append(who)

    async def morning():
        for _ in range(8):
            await write("morning")

    working = asyncio.create_task(morning())
    await asyncio.sleep(0.002)
    await asyncio.gather(*(write(f"click {number}") for number in range(3)))
    await working

    assert done[:5] == ["morning", "click 0", "click 1", "click 2", "morning"]


async def test_of_fifty_that_change_a_case_at_once_one_wins(any_store):
    await remember(any_store, an_account(), a_case())

    said = await at_once(
        any_store, 50, lambda work, n: work.cases.save(a_case(version=2, changed_by=f"U{n}"), expected=1)
    )

    assert said.count(True) == 1
    async with any_store() as work:
        assert (await work.cases.get("case-1")).changed_by == f"U{said.index(True)}"


async def test_of_fifty_that_open_a_case_at_once_one_does(any_store):
    await remember(any_store, an_account())

    said = await at_once(any_store, 50, lambda work, n: work.cases.add(a_case(f"case-{n}")))

    assert said.count(True) == 1


async def test_of_fifty_that_claim_a_mail_at_once_one_sends_it(any_store):
    await remember(any_store, an_account(), a_case(), a_draft(), an_outreach())

    said = await at_once(
        any_store,
        50,
        lambda work, n: work.outreach.move("mail-1", OutreachState.APPROVED, OutreachState.SENDING, claimed_at=NOW),
    )

    assert sum(mail is not None for mail in said) == 1


async def test_of_many_stores_that_take_a_lease_or_claim_a_day_one_gets_it(any_store, any_url):
    async def take(number):
        async with opened(any_url) as store, store() as work:
            return await work.flags.lease("leader", f"p{number}", NOW, SOON), await work.flags.claim("day", "x")

    said = await asyncio.gather(*(take(number) for number in range(8)))

    assert [sum(column) for column in zip(*said, strict=True)] == [1, 1]


async def test_twenty_writers_lose_none_of_four_hundred_counts(any_store):
    async def count():
        for _ in range(20):
            async with any_store() as work:
                await work.flags.set("n", str(int(await work.flags.get("n") or 0) + 1))

    await asyncio.gather(*(count() for _ in range(20)))

    async with any_store() as work:
        assert await work.flags.get("n") == "400"


@pytest.mark.long
async def test_two_processes_lose_none_of_their_counts(any_store, any_url):
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", COUNT, any_url, "40", stdout=DEVNULL, stderr=PIPE)
        for _ in range(2)
    ]
    for process in processes:
        _, complaint = await process.communicate()
        assert process.returncode == 0, complaint

    async with any_store() as work:
        assert await work.flags.get("n") == "80"


async def test_of_fifty_that_say_the_same_one_is_heard(any_store):
    said = await at_once(any_store, 50, lambda work, n: work.slack.say(Post("k", "notice", "#ops", str(n))))

    assert said.count(True) == 1


async def test_fifty_wishes_for_a_card_are_all_counted(any_store):
    await remember(any_store, an_account(), a_case())

    await at_once(any_store, 50, lambda work, n: work.slack.want_card("case-1", channel="#cs"))

    async with any_store() as work:
        assert (await work.slack.card("case-1")).wanted == 50


async def test_readers_go_on_while_a_writer_is_at_work(any_store):
    async def look():
        async with any_store.reading() as work:
            return len(await work.accounts.all())

    async with any_store() as work:
        await work.accounts.upsert([an_account()])
        seen = await asyncio.gather(*(look() for _ in range(12)))

    assert set(seen) == {0}
    assert await look() == 1


async def test_a_lock_of_another_process_is_waited_for(store, tmp_path):
    with closing(sqlite3.connect(tmp_path / "lookout.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(remember(store, an_account()))
        await asyncio.sleep(0.3)
        assert not writing.done()
        other.execute("ROLLBACK")
        await writing

    async with store() as work:
        assert await work.accounts.get("acme") == an_account()


@pytest.mark.long
async def test_what_a_killed_process_was_told_is_stored_is_there(store, sqlite_url):
    for _ in range(6):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", COUNT, sqlite_url, "100000", stdout=PIPE)
        for _ in range(random.randint(1, 25)):
            line = await process.stdout.readline()
        process.kill()
        rest = await process.stdout.read()
        told = [int(line) for line in (line + rest).split(b"\n")[:-1]]
        await process.wait()

        async with store() as work:
            assert int(await work.flags.get("n")) - max(told) in {0, 1}


async def test_whoever_waits_too_long_is_told_so_and_the_rest_goes_on(any_store, any_url):
    impatient = SqlStore(any_url, patience=0.1)
    async with any_store() as work:
        await work.accounts.upsert([an_account()])
        said = await asyncio.gather(*(remember(impatient, an_account("x")) for _ in range(3)), return_exceptions=True)
    await remember(impatient, an_account("y"))
    await impatient.close()

    assert [type(error) for error in said] == [Unavailable] * 3
    async with any_store() as work:
        assert {account.id for account in await work.accounts.all()} == {"acme", "y"}
