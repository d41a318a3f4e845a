"""A nursery of sweeps that die: gets warm once, then forks a real sweep for each line on its standard input.

A line is JSON: the address of the mail server, and the point at which the child kills itself (empty: it does not). The
child says `ready`, sweeps until nothing is due, and says `done` if it lives so long; the nursery says `gone` after it.
The first line is worked off by the nursery itself: whatever is made at the first use is then there for all children.
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
from pathlib import Path
from typing import Any

from bot.loop.restored import ANY_TIME
from bot.loop.send import Send
from bot.outreach.high_water import HighWaterFile
from bot.outreach.smtp import SmtpMailer, SmtpServer
from scoring.casework import OutreachState
from scoring.messages import Mail, Receipt
from storage.unit_of_work import SqlStore
from tests.builders import NOW
from tests.mail_world import RULES


def say(line: str) -> None:
    """One whole line at once: nursery and child share the pipe."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


@dataclass
class Fate:
    """Where this process dies, and in which part of the work it is."""

    die_at: str
    phase: str = "claim"

    def reached(self, point: str) -> None:
        if point == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class MortalStore:
    """The real store; dies around the commit of a chosen part."""

    store: SqlStore
    fate: Fate

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        phase = self.fate.phase
        async with self.store() as work:
            yield work
            self.fate.reached(f"before the {phase} is committed")
        self.fate.reached(f"after the {phase} is committed")
        self.fate.phase = "claim"

    def reading(self) -> Any:
        return self.store.reading()


@dataclass
class MortalMailer:
    """The real mailer; dies when the server's answer has come."""

    mailer: SmtpMailer
    fate: Fate

    async def send(self, mail: Mail) -> Receipt:
        receipt = await self.mailer.send(mail)
        self.fate.reached("after the answer")
        self.fate.phase = "record"
        return receipt


class Resending(Send):
    """The mistake that the test must be able to see: a stale claim is approved again "to be safe"."""

    async def recover(self) -> int:
        async with self._store() as work:
            stale = await work.outreach.stale_claims(ANY_TIME)
            for mail in stale:
                await work.outreach.move(mail.id, OutreachState.SENDING, OutreachState.APPROVED, claimed_at=None)
            return len(stale)


async def sweep(order: dict[str, Any], store: SqlStore) -> None:
    """One life: recover, then send what is due. The store has no connection yet, or none any more."""
    fate = Fate(order["die_at"], phase="recovery")
    mailer = SmtpMailer(SmtpServer("127.0.0.1", order["port"], tls="none"), domains=("us.test",), clock=lambda: NOW)
    kind = Resending if order.get("resend") else Send
    water = HighWaterFile(Path(order["mark"]))
    sending = kind(MortalStore(store, fate), MortalMailer(mailer, fate), clock=lambda: NOW, rules=RULES, water=water)
    say("ready")
    await sending.recover()
    fate.phase = "claim"
    while await sending.run():
        pass
    await store.close()
    say("done")


def main() -> None:
    """One sweep to get warm, then one child a line; no thread is left when a child is made."""
    order = json.loads(sys.stdin.readline())
    store = SqlStore(order["url"], patience=30.0)
    asyncio.run(sweep(order, store))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(sweep(json.loads(line), store))
            os._exit(0)
        say(f"born {child}")
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
