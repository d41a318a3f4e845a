"""The vendors' own SDKs, pointed at our server: what they send is counted, once."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import aiohttp
import pytest
import rudderstack.analytics.client as rudder
from posthog import Posthog
from segment.analytics.client import Client as Segment

from tests.bot.ingestion import KEY, Venue

NAMES = ("Report built", "Report shared", "Login")
SPACE = UUID(int=7)


def expected(events: int, accounts: int = 5, users: int = 50) -> Counter[tuple[str, str, str]]:
    return Counter((f"acme-{n % accounts}", f"u{n % users}", NAMES[n % len(NAMES)]) for n in range(events))


def send_with_segment(url: str, events: int, *, compressed: bool = False) -> list[Exception]:
    faults: list[Exception] = []
    client = Segment(KEY, host=url, gzip=compressed, on_error=lambda fault, _: faults.append(fault), thread=2)
    for n in range(events):
        client.track(
            f"u{n % 50}", NAMES[n % len(NAMES)], context={"groupId": f"acme-{n % 5}"}, message_id=f"segment-{n}"
        )  # fmt: skip
    client.shutdown()
    return faults


def send_with_rudderstack(url: str, events: int) -> list[Exception]:
    faults: list[Exception] = []
    client = rudder.Client(KEY, host=url, on_error=lambda fault, _: faults.append(fault))
    for n in range(events):
        client.track(
            f"u{n % 50}", NAMES[n % len(NAMES)], context={"groupId": f"acme-{n % 5}"}, message_id=f"rudder-{n}"
        )  # fmt: skip
    client.shutdown()
    return faults


def send_with_posthog(url: str, events: int) -> list[Exception]:
    faults: list[Exception] = []
    client = Posthog(KEY, host=url, gzip=True, on_error=lambda fault, _: faults.append(fault), flush_interval=0.1)
    for n in range(events):
        client.capture(
            NAMES[n % len(NAMES)],
            distinct_id=f"u{n % 50}",
            groups={"company": f"acme-{n % 5}"},
            uuid=str(uuid5(SPACE, str(n))),
        )
    client.shutdown()
    return faults


@pytest.mark.slow
async def test_ten_thousand_events_are_counted_once_and_sent_again_change_nothing(venue: Venue) -> None:
    assert await asyncio.to_thread(send_with_segment, venue.url, 10_000) == []
    first = await venue.drain.run()

    assert first.uses == 10_000
    assert venue.counted() == expected(10_000)

    assert await asyncio.to_thread(send_with_segment, venue.url, 10_000) == []
    again = await venue.drain.run()

    assert again.uses == 0
    assert venue.counted() == expected(10_000)


@pytest.mark.parametrize("send", [send_with_segment, send_with_rudderstack, send_with_posthog])
async def test_each_sdks_events_are_counted_once(venue: Venue, send: Callable[[str, int], list[Exception]]) -> None:
    for _ in range(2):
        assert await asyncio.to_thread(send, venue.url, 300) == []
        await venue.drain.run()

    assert venue.counted() == expected(300)


async def test_segments_gzip_is_understood(venue: Venue) -> None:
    assert await asyncio.to_thread(lambda: send_with_segment(venue.url, 300, compressed=True)) == []
    await venue.drain.run()

    assert venue.counted() == expected(300)


async def test_events_are_counted_the_same_on_postgres(any_venue: Venue) -> None:
    for _ in range(2):
        assert await asyncio.to_thread(send_with_segment, any_venue.url, 300) == []
        await any_venue.drain.run()

    assert any_venue.counted() == expected(300)


async def test_segments_identify_and_group_introduce_people_and_accounts(venue: Venue) -> None:
    def talk() -> None:
        client = Segment(KEY, host=venue.url)
        client.group("u1", "acme", {"name": "Acme", "plan": "gold", "seats": 12, "website": "acme.com"})
        client.identify("u1", {"name": "Dana Doe", "email": "dana@acme.com", "jobTitle": "COO"})
        client.track("u1", "Report built")
        client.track("sam@acme.com", "Report built")
        client.shutdown()

    await asyncio.to_thread(talk)
    drained = await venue.drain.run()

    assert (drained.uses, drained.told, drained.new_accounts, drained.unknown) == (2, 2, ["acme"], [])
    async with venue.store() as work:
        account, person = await work.accounts.get("acme"), await work.accounts.person("u1")
    assert account is not None
    assert person is not None
    assert (account.name, account.tier, account.seats, account.domain) == ("Acme", "gold", 12, "acme.com")
    assert (person.name, person.email, person.title, person.account_id) == ("Dana Doe", "dana@acme.com", "COO", "acme")
    assert venue.counted() == {("acme", "u1", "Report built"): 1, ("acme", "sam@acme.com", "Report built"): 1}


async def test_posthogs_groups_and_persons_do_too(venue: Venue) -> None:
    def talk() -> None:
        client = Posthog(KEY, host=venue.url, flush_interval=0.1)
        client.group_identify("company", "acme", {"name": "Acme", "plan": "gold"})
        client.set(distinct_id="u1", properties={"email": "dana@acme.com"})
        client.capture("Report built", distinct_id="u1", groups={"company": "acme"})
        client.shutdown()

    await asyncio.to_thread(talk)
    await venue.drain.run()

    async with venue.store() as work:
        account, person = await work.accounts.get("acme"), await work.accounts.person("u1")
    assert account is not None
    assert person is not None
    assert (account.name, account.tier, person.email) == ("Acme", "gold", "dana@acme.com")
    assert venue.counted() == {("acme", "u1", "Report built"): 1}


async def test_a_wrong_key_reaches_the_sdks_error_handler_at_once(venue: Venue) -> None:
    faults: list[Any] = []
    client = Segment("wrong", host=venue.url, on_error=lambda fault, _: faults.append(fault))
    client.track("u1", "Report built")
    await asyncio.to_thread(client.shutdown)

    (fault,) = faults
    assert (fault.status, fault.code) == (401, "unauthorized")


async def test_the_same_events_hours_later_with_another_sending_time_change_nothing(venue: Venue) -> None:
    """An SDK that was offline repeats its queue: same ids, new sentAt, so another corrected time."""
    events = [
        {"type": "track", "event": "x", "userId": "u", "messageId": f"m{n}", "timestamp": "2026-11-20T23:59:58Z",
         "context": {"groupId": "acme"}}
        for n in range(20)
    ]  # fmt: skip
    headers = {"Content-Encoding": "gzip", "Authorization": aiohttp.encode_basic_auth(KEY, "")}
    async with aiohttp.ClientSession(venue.url) as session:
        for hours in range(3):
            sent = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=7 * hours)
            raw = gzip.compress(json.dumps({"batch": events, "sentAt": sent.isoformat()}).encode())
            async with session.post("/v1/batch", data=raw, headers=headers) as answer:
                assert answer.status == 200
            await venue.drain.run()

    assert venue.counted() == {("acme", "u", "x"): 20}
