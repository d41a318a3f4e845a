"""The sweep that tells the CRM is killed again and again: every mail stands there once, and none is missing."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from scoring.casework import CaseState, OutreachState
from scoring.crm import CrmState
from tests.builders import NOW, a_case, a_contact, a_csm, a_draft, an_account, an_outreach, remember
from tests.crm_server import CrmServer, crm_server

MAILS, KILLS = 10, 14
PATIENCE = 60.0
ROOT = Path(__file__).parents[2]


class DeadlyServer(CrmServer):
    """Kills who asks it: before it takes something in, or when it has and did not answer yet."""

    victim, kill = 0, ""

    async def handle(self, request):
        writes = request.method == "PATCH" or (request.method == "POST" and request.path.endswith("emails"))
        if writes and self.kill == "before":
            return self._strike()
        answer = await super().handle(request)
        return self._strike() if writes and self.kill == "after" else answer

    def _strike(self):
        os.kill(self.victim, signal.SIGKILL)
        self.kill = ""
        return self._failure(500)


async def a_world(store, server, crm):
    """Ten accounts, each with its record there, and each with a mail that left."""
    for number in range(MAILS):
        name = f"acme{number}"
        kind, domain = ("companies", "domain") if crm == "hubspot" else ("Account", "Website")
        server.put(kind, str(500 + number), **{domain: f"{name}.test"})
        await remember(
            store,
            an_account(name),
            a_csm(),
            a_contact(f"kim{number}", name),
            a_case(f"case-{number}", name, state=CaseState.CONTACTED),
            a_draft(f"draft-{number}", f"case-{number}", account_id=name),
            an_outreach(
                f"mail-{number}", f"case-{number}", account_id=name, draft_id=f"draft-{number}",
                state=OutreachState.SENT, sent_at=NOW,
            ),
        )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
async def test_no_mail_stands_there_twice_and_none_is_missing(store, migrated_sqlite, tmp_path, crm):
    dice = random.Random(7)
    async with crm_server(kind=DeadlyServer) as server:
        server.page = 100
        await a_world(store, server, crm)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.crm_worker",
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip

        async def life(number, *, mortal):
            """One sweep, an hour after the one before; whether it was killed."""
            server.kill = dice.choice(["", "", "before", "after"]) if mortal else ""
            die_at = dice.randrange(1, 8) if mortal and not server.kill else 0
            order = {"url": store.url.render_as_string(), "at": server.url, "crm": crm, "die_at": die_at}
            order |= {"now": (NOW + timedelta(hours=number + 1)).isoformat(), "before": dice.random() < 0.5}
            process.stdin.write(json.dumps(order).encode() + b"\n")
            lines = []
            while "gone" not in lines:
                lines.append((await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().strip())
                assert lines[-1], "the nursery died"
                if lines[-1].startswith("born"):
                    server.victim = int(lines[-1].split()[1])
            return "done" not in lines

        empty = {"url": f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'empty.db')}", "before": False}
        empty |= {"at": server.url, "crm": crm, "die_at": 0, "now": NOW.isoformat()}
        process.stdin.write(json.dumps(empty).encode() + b"\n")
        while (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).strip() != b"done":
            pass
        killed = sum([await life(number, mortal=True) for number in range(KILLS)])
        for number in range(KILLS, KILLS + 3):
            assert not await life(number, mortal=False)
        process.stdin.close()
        await process.wait()

        records = server.written("emails" if crm == "hubspot" else "Task")
        told = Counter(str(one.get("about") or one.get("WhatId")) for one in records)
    assert killed >= MAILS // 2
    assert len(told) == MAILS
    assert set(told.values()) == {1}
    async with store.reading() as work:
        assert await work.crm.counts() == {CrmState.DONE: MAILS}
