"""kill -9 at any moment: what was answered with 200 is there once, what was not may be sent again."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from tests.bot.ingestion import KEY, ingestion, usage_of

ROOT = Path(__file__).parent.parent.parent
AUTH = {"Authorization": aiohttp.encode_basic_auth(KEY, "")}


class Server:
    """The server's process."""

    def __init__(self, url: str, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("ingestion_server.py")), url, str(home)],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def batch(number: int) -> list[dict[str, object]]:
    return [
        {"type": "track", "event": f"f{number}", "userId": f"u{n}", "messageId": f"{number}-{n}",
         "context": {"groupId": "acme"}}
        for n in range(20)
    ]  # fmt: skip


async def send(session: aiohttp.ClientSession, number: int, acked: set[int]) -> bool:
    try:
        async with session.post("/v1/batch", json={"batch": batch(number)}, headers=AUTH) as answer:
            if answer.status == 200:
                acked.add(number)
                return True
    except (aiohttp.ClientError, ConnectionError):
        return False
    return False


async def send_until_the_server_dies(address: str, numbers: range, acked: set[int]) -> None:
    async with aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(10)) as session:
        waiting = iter(numbers)

        async def worker() -> None:
            for number in waiting:
                if not await send(session, number, acked):
                    return

        await asyncio.gather(*(worker() for _ in range(4)))


@pytest.mark.long
async def test_nothing_that_was_answered_with_200_is_lost_or_counted_twice(sqlite_url: str, tmp_path: Path) -> None:
    chance, acked = random.Random(11), set[int]()
    for life in range(4):
        server = await asyncio.to_thread(Server, sqlite_url, tmp_path)
        sending = asyncio.create_task(
            send_until_the_server_dies(server.address, range(life * 1_000, life * 1_000 + 1_000), acked)
        )
        await asyncio.sleep(chance.uniform(0.15, 0.6))
        await asyncio.to_thread(server.kill)
        await sending
    assert len(acked) > 20

    async with ingestion(sqlite_url, tmp_path) as venue:
        await venue.drain.run()
        async with aiohttp.ClientSession(venue.url) as session:
            again = set[int]()
            for number in sorted(acked)[::7]:
                assert await send(session, number, again)
        await venue.drain.run()
    found = usage_of(tmp_path)

    lost = {number for number in acked if any(found["acme", f"u{n}", f"f{number}"] == 0 for n in range(20))}
    assert lost == set()
    assert set(found.values()) == {1}
    # What was not acknowledged is there as a whole or not at all.
    assert set(Counter(name for _, _, name in found).values()) == {20}
