"""A town of customers who answer, the servers around it, and the process whose lives are cut short there."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from scoring.casework import CaseState
from scoring.crm import CrmThing
from scoring.replies import ReadUpTo
from storage.unit_of_work import SqlStore
from tests.builders import NOW, a_case, a_contact, a_csm, a_draft, a_snapshot, an_account, an_outreach, remember
from tests.crm_server import CrmServer, crm_server
from tests.imap_server import USER, MailServer, an_imap_server
from tests.inbound.mails import OURS, report
from tests.mail_sink import Sink, running

PATIENCE = 120.0
ROOT = Path(__file__).parents[2]
STEP = timedelta(seconds=20)
MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)
ALL = ("send", "returns", "follow", "crm")


def around(*parts: str) -> tuple[str, ...]:
    """The points before and after these commits."""
    return tuple(f"{when} {part}" for part in parts for when in ("before", "after"))


POINTS = {
    "send": (
        *around("the recovery", "the claim", "the fate of the mail"),
        *(
            "at the recipient",
            "when the text came",
            "before the mail server's answer",
            "after the mail server's answer",
        ),
    ),
    "returns": around("the answer", "the mark"),
    "follow": around("the plan", "the dropping", "the follow-up"),
    "crm": (
        *around("the jobs", "the link", "the try", "the record"),
        *("before the CRM takes it", "before the CRM's answer", "after the CRM's answer"),
    ),
}
SWEEP_OF = {point: sweep for sweep, points in POINTS.items() for point in points}


@dataclass
class Victim:
    """Who works just now, and at which point a server kills it."""

    pid: int = 0
    kill_at: str = ""

    def reached(self, point: str) -> bool:
        if point == self.kill_at and self.pid:
            self.kill_at = ""
            self.die()
            return True
        return False

    def die(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)


class DeadlySink(Sink):
    """A mail server that kills who talks to it where the test wants."""

    def __init__(self, victim: Victim) -> None:
        super().__init__()
        self.victim = victim

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        self.victim.reached("at the recipient")
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.victim.reached("when the text came")
        answer = await super().handle_DATA(server, session, envelope)
        self.victim.reached("before the mail server's answer")
        return answer


class DeadlyCrm(CrmServer):
    """A CRM that kills who tells it something, before it takes it in or before it answers."""

    victim: Victim = Victim()

    async def handle(self, request):
        written = request.method == "POST" and request.path.endswith(("/emails", "/notes"))
        if written and self.victim.reached("before the CRM takes it"):
            return self._failure(500)
        answer = await super().handle(request)
        if written:
            self.victim.reached("before the CRM's answer")
        return answer


@dataclass
class Town:
    """Everything outside of Lookout, its database, and the nursery of lives; `kills` counts them by their point."""

    store: SqlStore
    process: asyncio.subprocess.Process
    victim: Victim
    sink: DeadlySink
    imap: MailServer
    crm: CrmServer
    order: dict[str, Any]
    now: datetime = NOW
    kills: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    letters: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    upcoming: int = 0
    customers: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(20261122))

    async def line(self) -> str:
        said = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert said, "the nursery died"
        return said.decode().strip()

    async def ask(self, sweeps: tuple[str, ...], die_at: str = "", *, warm: bool = False) -> None:
        more = {"warm": warm, "sweeps": sweeps, "die_at": die_at, "now": self.now.isoformat(), "uid": self.upcoming}
        self.process.stdin.write(json.dumps(self.order | more).encode() + b"\n")

    async def get_warm(self) -> None:
        """Lives of all sweeps in the nursery itself: mails leave, and then there are letters."""
        for _ in range(2):
            await self.ask(ALL, warm=True)
            while await self.line() != "done":
                pass
            await self.write(3)

    async def life(self, *sweeps: str, point: str = "", after: float | None = None) -> bool:
        """One life, killed at a point or after a time; whether it was killed. The clock goes on a little."""
        self.victim.kill_at = point
        await self.ask(sweeps or ALL, point)
        lines: list[str] = []
        killer = None
        while "gone" not in lines:
            lines.append(await self.line())
            if lines[-1].startswith("born"):
                self.victim.pid = int(lines[-1].split()[1])
            if lines[-1] == "ready" and after is not None:
                killer = asyncio.get_running_loop().call_later(after, self.victim.die)
        if killer is not None:
            killer.cancel()
        self.victim.pid, self.victim.kill_at = 0, ""
        self.now += STEP
        self.lives += 1
        killed = "done" not in lines
        self.kills[point or "at random"] += killed
        return killed

    async def approve(self, count: int) -> None:
        """New customers, each with a mail that was approved and is due; the CRM knows them all, we know half of it."""
        names = [f"n{number:03d}" for number in range(self.customers, self.customers + count)]
        self.customers += count
        drafts = [
            a_draft(f"d-{name}", f"c-{name}", account_id=name, to_id=f"kim-{name}", to_email=f"kim@{name}.test")
            for name in names
        ]
        for name in names:
            company = self.crm.put("companies", f"5{name[1:]}", name=name.title(), domain=f"{name}.test")
            self.crm.put("contacts", f"6{name[1:]}", email=f"kim@{name}.test", associatedcompanyid=company)
        await remember(
            self.store,
            *(an_account(name, arr=1_000) for name in names),
            *(a_contact(f"kim-{name}", name, email=f"kim@{name}.test", timezone="UTC") for name in names),
            *(a_snapshot(name, score=52.0, last_feature="report_builder") for name in names),
            *(a_case(f"c-{name}", name, state=CaseState.APPROVED) for name in names),
            *drafts,
            *(
                an_outreach(
                    f"o-{draft.account_id}", draft.case_id, account_id=draft.account_id, draft_id=draft.id,
                    content_hash=draft.content_hash, approved_by="csm-dana", to_id=draft.to_id, to_email=draft.to_email,
                    approved_at=self.now, not_before=self.now,
                )
                for draft in drafts
            ),
        )  # fmt: skip
        async with self.store() as work:
            for name in names:
                await work.slack.want_card(f"c-{name}", channel="#cs")
            known = {name: f"5{name[1:]}" for name in names[::2]}
            await work.crm.keep_links("HubSpot", CrmThing.ACCOUNT, known)
            await work.crm.keep_links("HubSpot", CrmThing.PERSON, {f"kim-{n}": f"6{n[1:]}" for n in known})

    def arrived(self) -> dict[str, str]:
        """Message-ID → customer, of each mail that the mail server took."""
        found = [(MESSAGE_ID.search(one.original_content), one.rcpt_tos[0]) for one in self.sink.taken]
        return {match[1].decode(): to.partition("@")[2].split(".")[0] for match, to in found if match}

    async def write(self, count: int, *, fresh: int = 1) -> None:
        """Letters come in: answers, automatic ones, a bounce, one that comes twice, and one that concerns nobody.

        `fresh` customers answer for the first time; whoever has answered once answers again and again.
        """
        mails = list(self.arrived().items())
        silent = [customer for _, customer in mails if customer not in self.answered]
        self.answered.update(self.dice.sample(silent, min(fresh, len(silent))))
        first = [(message_id, customer) for message_id, customer in mails if customer in self.answered]
        letters: list[bytes] = []
        for message_id, customer in [*first[-fresh:], *self.dice.choices(mails, k=count)][:count] if mails else []:
            kind = "answer" if customer in self.answered else "bounce" if self.dice.random() < 0.04 else "auto"
            letters.append(self._letter(kind, customer, message_id))
        letters += letters[-1:]
        await self.imap.deliver(
            *letters, _mail("auto", "stranger", "<nobody@else.test>", "<own@else.test>"), at=self.now
        )
        self.upcoming = await self.imap.upcoming()

    def _letter(self, kind: str, customer: str, about: str) -> bytes:
        own = f"<{kind}-{len(self.letters)}@{customer}.test>"
        self.letters[own] = about
        return _mail(kind, customer, about, own)

    async def read_anew(self) -> None:
        """The mailbox moves: its numbers mean nothing any more, and all of it is read again."""
        async with self.store() as work:
            await work.replies.have_read(ReadUpTo(USER, 1, 1))

    async def a_week_goes_by(self) -> None:
        """Seven days and an hour later, with the scores of the day before."""
        self.now += timedelta(days=7, hours=1)
        day = (self.now - timedelta(days=1)).date()
        names = [f"n{number:03d}" for number in range(self.customers)]
        known = {"score": 52.0, "last_feature": "report_builder"}
        await remember(self.store, *(a_snapshot(name, day=day, **known) for name in names))


def _mail(kind: str, customer: str, about: str, own: str) -> bytes:
    if kind == "bounce":
        text = report(lost=f"kim@{customer}.test")
        text = re.sub(rb"<199407\S+>", own.encode(), text, count=1)
        return text.replace(OURS.encode(), about.encode())
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Kim <kim@{customer}.test>", USER, "Re: A hand with your reports?"
    mail["Message-ID"], mail["In-Reply-To"] = own, about
    if kind == "auto":
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("Thursday at ten suits me." if kind == "answer" else "I am away until Monday.")
    return mail.as_bytes()


@asynccontextmanager
async def a_town(store: SqlStore, url: str, **more: Any) -> AsyncIterator[Town]:
    """Servers, Dana, and a warm nursery."""
    victim = Victim()
    async with AsyncExitStack() as servers:
        sink = await servers.enter_async_context(running(sink=DeadlySink(victim)))
        imap = await servers.enter_async_context(an_imap_server())
        crm = await servers.enter_async_context(crm_server(kind=DeadlyCrm))
        crm.victim, crm.page, crm.owners = victim, 100, {"701": "dana@us.test"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.conversation_worker",
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        mark = str(Path(url.partition("///")[2]).with_name("newest_mail"))
        order = {"url": url, "mark": mark, "smtp": sink.port, "imap": imap.port, "crm": crm.url} | more
        town = Town(store, process, victim, sink, imap, crm, order)
        try:
            await remember(store, a_csm())
            await town.approve(2)
            await town.get_warm()
            yield town
        finally:
            process.stdin.close()
            await process.wait()
