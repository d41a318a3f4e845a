"""Sends batches of 100 events as fast as a server takes them, in a process of its own; prints events a second.

`python -m tests.benchmarks.ingestion_load ADDRESS KEY ROUND BATCHES CONNECTIONS`. Requests are made before the clock
starts and travel over plain sockets, so that the two cores are left to the server as far as can be.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

EVENTS = 100
# Like an SDK's: each event carries its library, its page, two properties.
CONTEXT = {
    "library": {"name": "analytics-python", "version": "2.3.4"},
    "page": {"path": "/reports", "title": "Reports"},
}


def events(number: int) -> list[dict[str, object]]:
    """One batch: unique message ids, 1,000 accounts, 20 features."""
    return [
        {
            "type": "track",
            "event": f"feature {(number + place) % 20}",
            "userId": f"user-{(number * EVENTS + place) % 20_000}",
            "messageId": f"{number:08d}-{place:03d}-4f0c-9d3a-2b1e",
            "timestamp": f"2026-11-20T09:{place % 60:02d}:{number % 60:02d}.{place:03d}Z",
            "properties": {"plan": "team", "seats": place},
            "context": CONTEXT | {"groupId": f"account-{(number + place) % 1000}"},
        }
        for place in range(EVENTS)
    ]


def requests(address: str, key: str, batches: range) -> list[bytes]:
    """Whole HTTP requests."""
    host = urlsplit(address).netloc
    auth = base64.b64encode(f"{key}:".encode()).decode()
    made = []
    for number in batches:
        body = json.dumps({"batch": events(number), "sentAt": "2026-11-20T10:00:00.000Z"}).encode()
        head = (
            f"POST /v1/batch HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {auth}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def work_off(address: str, waiting: Iterator[bytes]) -> int:
    """Send one after another over one connection; how many were accepted."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    accepted = 0
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        accepted += head.startswith(b"HTTP/1.1 200 ")
    writer.close()
    return accepted


async def main(address: str, key: str, turn: int, batches: int, connections: int) -> None:
    """One measurement."""
    waiting = iter(requests(address, key, range(turn * batches, (turn + 1) * batches)))
    began = time.perf_counter()
    accepted = sum(await asyncio.gather(*(work_off(address, waiting) for _ in range(connections))))
    took = time.perf_counter() - began
    sys.stdout.write(json.dumps({"accepted": accepted * EVENTS, "seconds": took}) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])))
