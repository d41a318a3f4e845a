"""A nursery of lives that end too early: gets warm once, then forks a real process for each line on its standard input.

A line is JSON: where the servers are, what time it is, which sweeps this life runs, and at which point it kills itself
(empty: it does not). The child says `ready`, sweeps until nothing is due, and says `done` if it lives so long; the
nursery says `gone` after it. Lines that are called warm are worked off by the nursery itself: whatever is made at the
first use is then there for all children.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.crm.http import Access, CrmHttp
from bot.crm.mapping import HUBSPOT, read_mapping
from bot.inbound.imap_server import ImapServer
from bot.inbound.watch import Watch
from bot.loop.crm import CrmLog
from bot.loop.follow_up import Follow
from bot.loop.lead import Alone
from bot.loop.restored import ANY_TIME
from bot.loop.returns import Returns
from bot.loop.second_look import MailRules
from bot.loop.send import Send
from bot.outreach.high_water import HighWaterFile
from bot.outreach.hubspot import HubSpot
from bot.outreach.smtp import SmtpMailer, SmtpServer
from prompts.library import Library
from prompts.writer import DraftWriter
from scoring.casework import OutreachState
from scoring.config import PolicyConfig
from scoring.guardrails import Rules
from scoring.messages import Mail, Receipt
from storage.unit_of_work import SqlStore
from tests.crm_server import TOKEN
from tests.imap_server import PASSWORD, USER

POLICY = PolicyConfig(automatic_hold_minutes=1, high_value_tiers=frozenset({"gold"}))
RULES = MailRules(Rules(ZoneInfo("UTC"), policy=POLICY), domains=("us.test",))
COMMITS = {
    "_unknown": "the recovery",
    "_claim": "the claim",
    "_deliver": "the fate of the mail",
    "take": "the answer",
    "have_read": "the mark",
    "_announce": "the plan",
    "_drop": "the dropping",
    "_take": "the follow-up",
    "_fill": "the jobs",
    "account": "the link",
    "_contact": "the link",
    "_owner": "the link",
    "_try": "the try",
}
"""Which part of the work is committed, by the function of ours that opens the transaction."""


library = cache(Library.load)


def say(line: str) -> None:
    """One whole line at once: nursery and child share the pipe."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


@dataclass
class Fate:
    """Where this process dies."""

    die_at: str
    told: bool = False

    def reached(self, point: str) -> None:
        if point == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class MortalStore:
    """The real store; dies before or after the commit of a chosen part."""

    store: SqlStore
    fate: Fate

    def __call__(self) -> AbstractAsyncContextManager[Any]:
        caller = sys._getframe(1).f_code.co_name
        part = "the record" if caller == "_try" and self.fate.told else COMMITS.get(caller, caller)
        self.fate.told = False
        return self._transaction(part)

    @asynccontextmanager
    async def _transaction(self, part: str) -> AsyncIterator[Any]:
        async with self.store() as work:
            yield work
            self.fate.reached(f"before {part}")
        self.fate.reached(f"after {part}")

    def reading(self) -> Any:
        return self.store.reading()


@dataclass
class MortalMailer:
    """The real mailer; dies when the server's answer has come."""

    mailer: SmtpMailer
    fate: Fate

    async def send(self, mail: Mail) -> Receipt:
        receipt = await self.mailer.send(mail)
        self.fate.reached("after the mail server's answer")
        return receipt


@dataclass
class MortalCrm:
    """The real client of a CRM; dies when the CRM's answer has come. `forgetful`: it never looks what is there."""

    crm: Any
    fate: Fate
    forgetful: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.crm, name)

    async def find(self, entry: Any) -> str | None:
        found = None if self.forgetful else await self.crm.find(entry)
        self.fate.told = found is not None
        return found

    async def log(self, entry: Any) -> str:
        made = await self.crm.log(entry)
        self.fate.reached("after the CRM's answer")
        self.fate.told = True
        return made


class Resending(Send):
    """A mistake that the test must see: a claim that was left is approved again "to be safe"."""

    async def recover(self) -> int:
        async with self._store() as work:
            stale = await work.outreach.stale_claims(ANY_TIME)
            for mail in stale:
                await work.outreach.move(mail.id, OutreachState.SENDING, OutreachState.APPROVED, claimed_at=None)
            return len(stale)


class Hasty(Returns):
    """A mistake that the test must see: a letter is crossed off before it was taken in."""

    async def take(self, arrival: Any, mark: Any = None) -> bool:
        await self.have_read(mark)
        return await Returns.take(self, arrival)


@dataclass
class Life:
    """The four sweeps over one store, at one instant."""

    order: dict[str, Any]
    store: Any
    fate: Fate
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = datetime.fromisoformat(self.order["now"])

    def clock(self) -> datetime:
        return self.now

    def is_broken(self, how: str) -> bool:
        return self.order.get("broken") == how

    async def send(self) -> None:
        server = SmtpServer("127.0.0.1", self.order["smtp"], tls="none")
        mailer = SmtpMailer(server, domains=("us.test",), clock=self.clock)
        kind = Resending if self.is_broken("resending") else Send
        water = HighWaterFile(Path(self.order["mark"]))
        sending = kind(self.store, MortalMailer(mailer, self.fate), clock=self.clock, rules=RULES, water=water)
        await sending.recover()
        while await sending.run():
            pass

    async def returns(self) -> None:
        server = ImapServer("127.0.0.1", self.order["imap"], USER, PASSWORD, tls="none")

        async def inboxes() -> list[ImapServer]:
            return [server]

        kind = Hasty if self.is_broken("hasty") else Returns
        taking = kind(self.store, self.clock, ZoneInfo("UTC"), frozenset({"us.test"}))
        watch = Watch(inboxes, taking, Alone(), self.clock)
        while (mark := await taking.read_up_to(server.name)) is None or mark.uid < self.order["uid"]:
            await watch.run()
            await asyncio.sleep(0.01)
        await watch.stop()

    async def follow(self) -> None:
        writer = DraftWriter(library(), api_key="", model="m", links={}, product_name="Orbit")
        await Follow(self.store, writer, RULES, self.clock).run()

    async def crm(self) -> None:
        http = CrmHttp("HubSpot", self.order["crm"], Access(TOKEN), "/oauth/v1/token")
        told = HubSpot(http, read_mapping(None, HUBSPOT))
        crm = MortalCrm(told, self.fate, self.is_broken("forgetful"))
        log = CrmLog(self.store, crm, self.clock)
        while await log.run():
            pass
        await http.close()


async def live(order: dict[str, Any], store: SqlStore) -> None:
    """One life; its sweeps run side by side, as they do in the product."""
    fate = Fate(order["die_at"])
    life = Life(order, MortalStore(store, fate), fate)
    say("ready")
    await asyncio.gather(*(getattr(life, sweep)() for sweep in order["sweeps"]))
    await store.close()
    say("done")


def main() -> None:
    """Some lives to get warm, which nobody ends, then one child a line; no thread is left when a child is made."""
    store = None
    for line in sys.stdin:
        order = json.loads(line)
        store = store or SqlStore(order["url"], patience=30.0)
        if order["warm"]:
            asyncio.run(live(order, store))
            gc.collect()
            gc.freeze()
            continue
        child = os.fork()
        if child == 0:
            gc.disable()
            asyncio.run(live(order, store))
            os._exit(0)
        say(f"born {child}")
        os.waitpid(child, 0)
        say("gone")
    os._exit(0)


if __name__ == "__main__":
    main()
