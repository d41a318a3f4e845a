"""Two copies of the bot on one database: one leads; when it is killed, the other does its work, once (E10)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.run import free_port
from bot.demo.slack import LocalSlack
from bot.leader import LEADING, PASSIVE
from scoring.casework import OutreachState
from storage.unit_of_work import SqlStore
from tests.builders import TODAY
from tests.copies import KEY, copies
from tests.mail_sink import Sink, running
from tests.mail_world import approved_mails
from tests.own_time import own_seconds

MAILS = 6


async def states(store: SqlStore) -> Counter[OutreachState]:
    async with store.reading() as work:
        found = [await work.outreach.get(f"o-n{n:03d}") for n in range(MAILS)]
    return Counter(mail.state for mail in found if mail is not None)


async def until(true: Any, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)


async def take_events(port: int) -> int:
    batch = [
        {"type": "track", "event": "opened", "userId": f"u{n}", "messageId": f"m{n}", "context": {"groupId": "n001"}}
        for n in range(10)
    ]
    headers = {"Authorization": aiohttp.encode_basic_auth(KEY, "")}
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/v1/batch"
        async with session.post(url, json={"batch": batch}, headers=headers) as answer:
            return answer.status


async def ask_health(slack: LocalSlack, port: int) -> str:
    slack.http.url = f"http://127.0.0.1:{port}/slack/events"
    ack = await slack.command("/health n001", user="dana", channel="#cs-alerts")
    return str(ack)


@pytest.mark.long
async def test_the_second_copy_takes_over_within_seconds_of_kill_9_and_sends_what_waits_once(
    any_url: str, any_store: SqlStore, tmp_path: Path
) -> None:
    async with any_store() as work:
        await work.flags.set("day_done", (TODAY - timedelta(days=1)).isoformat())
        await work.flags.set("first_run", (TODAY - timedelta(days=1)).isoformat())
    dying = asyncio.Event()
    sink = Sink()

    async def first_one_hangs(_server: object) -> None:
        if len(sink.taken) == 1:
            dying.set()
            await asyncio.sleep(3600)

    sink.before_answer = first_one_hangs
    async with running(sink=sink), copies(any_url, tmp_path, sink.port) as world:
        first = await world.start()
        second = await world.start()
        await first.says(LEADING)
        await second.says(PASSIVE)
        assert LEADING not in second.log

        # A passive copy answers people and takes events.
        await approved_mails(any_store, range(MAILS))
        assert "N001: 45" in await ask_health(world.slack, second.port)
        assert await take_events(second.port) == 200
        await asyncio.wait_for(dying.wait(), 30)
        await first.kill()
        killed = own_seconds()
        await second.says(LEADING, seconds=20)
        took = own_seconds() - killed

        async def only_the_interrupted_one_is_open() -> bool:
            return await states(any_store) == {OutreachState.SENT: MAILS - 1, OutreachState.SENDING: 1}

        await until(only_the_interrupted_one_is_open, 30)
        assert set(Counter(mail["Message-ID"] for mail in sink.messages()).values()) == {1}
        assert len(sink.taken) == MAILS
        assert took < 12

        async def inbox_is_empty() -> bool:
            async with any_store.reading() as work:
                return await work.inbox.backlog() == 0

        await until(inbox_is_empty, 30)


@pytest.mark.long
async def test_a_copy_that_ends_in_order_is_followed_at_once(sqlite_url: str, store: SqlStore, tmp_path: Path) -> None:
    async with copies(sqlite_url, tmp_path, free_port()) as world:
        first = await world.start()
        second = await world.start()
        await second.says(PASSIVE)
        async with store.reading() as work:
            leading = await work.flags.holder("leader")
        first.process.terminate()
        await second.says(LEADING, seconds=20)
        async with store.reading() as work:
            assert await work.flags.holder("leader") != leading
