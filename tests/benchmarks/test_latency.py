"""How long people wait for an answer in Slack while a big world is scored (`make bench`; size by `BENCH`).

The real bot runs in a process of its own and scores 29 days of 10,000 accounts, as on its first morning. Meanwhile four
people approve 200 mails, each of which is let through, and ask `/health` 200 times, by signed requests over HTTP.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo.dispatch import Ack
from bot.demo.slack import LocalSlack
from handlers.ids import Action, Ref
from scoring.casework import Draft
from scoring.model import Account
from storage.packed import PackedSnapshots
from storage.unit_of_work import SqlStore
from tests.benchmarks import stored_usage
from tests.builders import a_case, a_contact, a_csm, a_draft, a_snapshot, remember
from tests.copies import Copies, copies
from tests.mail_sink import running

SIZE = stored_usage.SIZES[os.environ.get("BENCH", "S")]
ACCOUNTS = 10_000
CALLS = 200
PEOPLE = 4
PAUSE = 0.05
"""Seconds between two calls of one of the people who are there at once."""
MOST_MS = {"click": 500, "/health": 500}
MORNING = datetime.combine(stored_usage.LAST + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=9)


def names() -> tuple[Account, ...]:
    """10,000 accounts of one CSM, whatever the size: the first of them are those with usage."""
    made = stored_usage.accounts(replace(SIZE, accounts=ACCOUNTS))
    return tuple(replace(account, csm_id="csm-dana") for account in made)


async def remember_everything(store: SqlStore) -> list[Draft]:
    """The accounts, two days of scores for each, and a case with a draft for 200 of them.

    Yesterday is one of the days: without fresh scores no mail would be let through, and refusing is less work.
    """
    accounts = names()
    drafts = [
        a_draft(
            f"d-{n}", f"c-{n}", account_id=account.id, to_id=f"kim-{n}", to_email=f"kim@{n}.test", created_at=MORNING
        )
        for n, account in enumerate(accounts[:CALLS])
    ]
    async with store() as work:
        await work.accounts.upsert(accounts)
    await remember(
        store,
        a_csm(timezone="UTC"),
        *(a_contact(draft.to_id, draft.account_id, email=draft.to_email, timezone="UTC") for draft in drafts),
        *(a_case(draft.case_id, draft.account_id, opened_at=MORNING - timedelta(hours=2)) for draft in drafts),
        *drafts,
    )
    for ago in (8, 1):
        day = stored_usage.LAST - timedelta(days=ago)
        async with store() as work:
            await work.snapshots.land(PackedSnapshots(a_snapshot(one.id, day, 50.0) for one in accounts))
    return drafts


async def approve(slack: LocalSlack, template: dict[str, Any], draft: Draft) -> Ack:
    """What Slack sends when somebody presses Approve & send on the card of this draft."""
    ref = Ref(case=draft.case_id, version=draft.version, fingerprint=draft.content_hash)
    action = template["actions"][0] | {"action_id": Action.APPROVE.value, "value": ref.pack()}
    return await slack.dispatcher.deliver("interactive", template | {"actions": [action]})


async def a_click(slack: LocalSlack) -> dict[str, Any]:
    """The payload of one click, as Slack makes it: on the first card that was posted."""
    async with asyncio.timeout(120):
        while not any(Action.APPROVE.value in str(m.blocks) for m in slack.messages("#cs-alerts")):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    await slack.click("#cs-alerts", Action.APPROVE.value, user="dana")
    return slack.dispatcher.deliveries[-1].payload


async def scored(store: SqlStore) -> bool:
    async with store.reading() as work:
        return await work.flags.get("day_done") is not None


async def calls(world: Copies, store: SqlStore, drafts: list[Draft]) -> dict[str, list[Ack]]:
    """Both kinds of calls, by some people at once, while the bot scores."""
    template = await a_click(world.slack)
    found: dict[str, list[Ack]] = {"click": [], "/health": []}
    waiting = list(enumerate(drafts[1:] + drafts[:1]))

    async def person() -> None:
        while not await scored(store) and waiting:
            n, draft = waiting.pop(0)
            found["click"].append(await approve(world.slack, template, draft))
            await asyncio.sleep(PAUSE)
            asked = f"/health Account {(n * 47) % ACCOUNTS + 1}" + ("x" if n % 10 == 0 else "")
            found["/health"].append(await world.slack.command(asked, user="dana", channel="#cs-alerts"))
            await asyncio.sleep(PAUSE)

    await asyncio.gather(*(person() for _ in range(PEOPLE)))
    assert {len(acks) for acks in found.values()} == {CALLS}, "scoring ended before the calls; choose a bigger size"
    return found


async def approved(store: SqlStore, drafts: list[Draft]) -> int:
    """How many of the mails people have approved."""
    async with store.reading() as work:
        return len([draft for draft in drafts if await work.outreach.latest_of(draft.case_id)])


def told(found: dict[str, list[Ack]]) -> dict[str, float]:
    """The 99th percentile of each kind, in milliseconds; says it."""
    worst = {}
    for kind, acks in found.items():
        times = sorted(ack.seconds * 1000 for ack in acks)
        worst[kind] = times[int(len(times) * 0.99) - 1]
        middle = statistics.median(times)
        sys.stdout.write(f"\n{len(times)} x {kind}: median {middle:.0f} ms, p99 {worst[kind]:.0f} ms")
        sys.stdout.write(f", most {times[-1]:.0f} ms; load {os.getloadavg()[0]:.1f}")
    sys.stdout.write("\n")
    return worst


@pytest.mark.benchmark
async def test_people_are_answered_within_half_a_second_while_ten_thousand_accounts_are_scored(
    sqlite_url: str, store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored_usage.make(tmp_path / "home", SIZE)
    drafts = await remember_everything(store)
    async with running() as sink, copies(sqlite_url, tmp_path, sink.port, start=MORNING) as world:
        copy = await world.start()
        world.slack.http.url = f"http://127.0.0.1:{copy.port}/slack/events"
        async with store() as work:
            for draft in drafts:
                await work.slack.want_card(draft.case_id, channel="#cs-alerts")
        found = await calls(world, store, drafts)
    with capsys.disabled():
        worst = told(found)
    assert all(ack.ok for acks in found.values() for ack in acks)
    assert await approved(store, drafts) == CALLS
    assert {kind for kind, most in MOST_MS.items() if worst[kind] > most} == set()
