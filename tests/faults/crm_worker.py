"""Sweeps that tell a CRM and die: gets warm once, then forks a real sweep for each line on its standard input.

A line is JSON: the database, the CRM's address, which CRM, the time, and at which of its commits the child kills itself
(0: it does not). The child says `ready`, sweeps until nothing is due, and says `done` if it lives so long; then `gone`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.config import load
from bot.crm_parts import crm_parts
from bot.loop.crm import CrmLog
from storage.unit_of_work import SqlStore
from tests.crm_server import TOKEN


def say(line: str) -> None:
    """One whole line at once: nursery and child share the pipe."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


@dataclass
class MortalStore:
    """The real store; dies after so many commits, before that one or after it."""

    store: SqlStore
    left: int
    before: bool

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        self.left -= 1
        async with self.store() as work:
            yield work
            self._die(self.before)
        self._die(not self.before)

    def _die(self, here: bool) -> None:
        if here and self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def reading(self) -> Any:
        return self.store.reading()


async def sweep(order: dict[str, Any], store: SqlStore) -> None:
    """One life."""
    settings = load(LOOKOUT_CRM=order["crm"], LOOKOUT_CRM_URL=order["at"], LOOKOUT_CRM_TOKEN=TOKEN)
    parts = crm_parts(settings)
    assert parts is not None
    mortal = MortalStore(store, order["die_at"], order["before"])
    log = CrmLog(mortal, parts.told, lambda: datetime.fromisoformat(order["now"]))
    say("ready")
    await parts.told.reach()
    while await log.run():
        pass
    await parts.http.close()
    await store.close()
    say("done")


def main() -> None:
    """The first line, of an empty database, by ourselves to get warm; then a child a line, with its own connections."""
    order = json.loads(sys.stdin.readline())
    asyncio.run(sweep(order, SqlStore(order["url"])))
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            asyncio.run(sweep(order, SqlStore(order["url"], patience=30.0)))
            os._exit(0)
        say(f"born {child}")
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
