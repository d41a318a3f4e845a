"""The sender is killed again and again at work: no customer gets a mail twice, and none is lost in silence (D1)."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scoring.casework import CaseState, Outreach, OutreachState
from storage.unit_of_work import SqlStore
from tests.mail_sink import Sink, running
from tests.mail_world import approved_mails

KILLS, MAILS = 210, 240
PATIENCE = 120.0
ROOT = Path(__file__).parents[2]
IN_THE_WORKER = (
    "before the claim is committed",
    "after the claim is committed",
    "after the answer",
    "before the record is committed",
    "after the record is committed",
    "before the recovery is committed",
    "after the recovery is committed",
)
MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)
IN_THE_SERVER = ("at the recipient", "when the text came", "before the answer")


class SyncedSink(Sink):
    """Writes what it takes to the disk before it says 250; kills the sender where the test wants."""

    def __init__(self, ledger: Path) -> None:
        super().__init__()
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.victim, self.kill_at = 0, ""

    def reached(self, point: str) -> None:
        if point == self.kill_at and self.victim:
            os.kill(self.victim, signal.SIGKILL)
            self.kill_at = ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        self.reached("at the recipient")
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.reached("when the text came")
        answer = await super().handle_DATA(server, session, envelope)
        found = MESSAGE_ID.search(envelope.original_content)
        os.write(self.ledger, found[1] + b"\n")
        os.fsync(self.ledger)
        self.reached("before the answer")
        return answer


@dataclass
class Nursery:
    """The process that bears sweeps, and what became of them."""

    process: asyncio.subprocess.Process
    order: dict[str, Any]
    kills: Counter[str] = field(default_factory=Counter)

    async def line(self) -> str:
        said = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert said, "the nursery died"
        return said.decode().strip()

    async def get_warm(self) -> None:
        """One sweep that lives, in the nursery itself."""
        self.process.stdin.write(json.dumps(self.order | {"die_at": ""}).encode() + b"\n")
        while await self.line() != "done":
            pass

    async def life(self, sink: SyncedSink, point: str = "", after: float | None = None) -> bool:
        """One sweep, killed at a point or after a time; whether it was killed."""
        sink.kill_at = point if point in IN_THE_SERVER else ""
        order = self.order | {"die_at": point if point in IN_THE_WORKER else ""}
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        lines: list[str] = []
        killer = None
        while "gone" not in lines:
            lines.append(await self.line())
            if lines[-1].startswith("born"):
                sink.victim = int(lines[-1].split()[1])
            if lines[-1] == "ready" and after is not None:
                killer = asyncio.get_running_loop().call_later(after, _kill, sink)
        if killer is not None:
            killer.cancel()
        sink.victim = 0
        killed = "done" not in lines
        self.kills[point or "at random"] += killed
        return killed


def _kill(sink: SyncedSink) -> None:
    if sink.victim:
        os.kill(sink.victim, signal.SIGKILL)


@asynccontextmanager
async def nursery(url: str, port: int, **more: Any) -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.sending_worker",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        mark = str(Path(url.partition("///")[2]).with_name("newest_mail"))
        yield Nursery(process, {"url": url, "port": port, "mark": mark} | more)
    finally:
        process.stdin.close()
        await process.wait()


async def every_mail(store: SqlStore, count: int) -> list[Outreach]:
    async with store.reading() as work:
        found = [await work.outreach.get(f"o-n{n:03d}") for n in range(count)]
    return [mail for mail in found if mail is not None]


@pytest.mark.slow
async def test_two_hundred_deaths_make_no_duplicate_and_no_silent_loss(store, sqlite_url, tmp_path, capsys) -> None:
    await approved_mails(store, range(1))
    chance = random.Random(20261120)
    sink = SyncedSink(tmp_path / "ledger")
    async with running(sink=sink) as server, nursery(sqlite_url, server.port) as births:
        await births.get_warm()
        await approved_mails(store, range(1, MAILS))
        named = [*IN_THE_WORKER, *IN_THE_SERVER] * 8
        chance.shuffle(named)
        for point in named:
            if point.endswith("recovery is committed"):
                await births.life(sink, "after the claim is committed")
            await births.life(sink, point)
        while births.kills.total() < KILLS:
            await births.life(sink, after=chance.uniform(0.0, 0.15))
        assert not await births.life(sink), "the last sweep lives and finishes"

    mails = await every_mail(store, MAILS)
    delivered = Counter((tmp_path / "ledger").read_text().split())
    by_state = Counter(mail.state for mail in mails)
    unknown = [mail for mail in mails if mail.state is OutreachState.UNCERTAIN]
    arrived = sum(delivered[mail.message_id] for mail in unknown)
    with capsys.disabled():
        states = ", ".join(f"{count} {state}" for state, count in by_state.items())
        sys.stdout.write(
            f"\n{births.kills.total()} kills, {MAILS} mails: {states}; {arrived} uncertain ones had arrived\n"
        )

    assert births.kills.total() >= 200
    assert all(births.kills[point] for point in named), "every point was met"
    assert [message_id for message_id, times in delivered.items() if times > 1] == []
    assert set(by_state) == {OutreachState.SENT, OutreachState.UNCERTAIN}
    assert [m.id for m in mails if m.state is OutreachState.SENT and not delivered[m.message_id]] == []
    assert set(delivered) <= {mail.message_id for mail in mails}
    assert 0 < arrived < len(unknown), "resending would have hurt somebody, and forgetting would have lost somebody"
    await _everything_is_told(store, sqlite_url, mails)


async def _everything_is_told(store: SqlStore, url: str, mails: list[Outreach]) -> None:
    """Each case follows its mail, each move has its audit row, and the file is sound."""
    ends = {OutreachState.SENT: CaseState.CONTACTED, OutreachState.UNCERTAIN: CaseState.APPROVED}
    async with store.reading() as work:
        assert await work.flags.get("paused") is None, "a death is no restored backup"
        for mail in mails:
            case = await work.cases.get(mail.case_id)
            assert case is not None
            assert case.state is ends[mail.state]
            actions = [entry.action for entry in await work.audit.of_case(mail.case_id)]
            assert actions == ["sending", mail.state.value]
    with sqlite3.connect(url.partition("///")[2]) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
async def test_the_loop_would_see_a_sweep_that_resends_stale_claims(store, sqlite_url, tmp_path) -> None:
    sink = SyncedSink(tmp_path / "ledger")
    async with running(sink=sink) as server, nursery(sqlite_url, server.port, resend=True) as births:
        await births.get_warm()
        await approved_mails(store, range(3))
        await births.life(sink, "after the answer")
        await births.life(sink)

    assert max(Counter((tmp_path / "ledger").read_text().split()).values()) == 2
