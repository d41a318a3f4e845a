"""Plays that write by themselves: shadow says what live does, within caps, never where a person must (R40-R44)."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from scoring.automatic import Fate, Mode
from scoring.casework import CaseState, OutreachKind, OutreachState
from scoring.config import PolicyConfig
from scoring.follow_up import FollowUpState
from scoring.model import Band
from tests.alert_world import Scribe
from tests.builders import a_contact, a_ticket, remember
from tests.conftest import opened
from tests.fleet_mail import FIRST, OPEN_HANDED, Fleet
from tests.mail_world import Postman

NAMES = [f"a{n}" for n in range(8)]
STEADY = dict.fromkeys(NAMES, 80.0)
FALLS: list[dict[str, Any]] = [{"a1": 64.0, "a2": 63.0, "a6": 62.0}, {"a3": 61.0, "a4": 30.0}, {"a5": 62.0, "a1": 40.0}]


async def a_fleet(store: Any, mode: Mode, **more: Any) -> Fleet:
    """Eight standard accounts that were well on the first day, every play in one mode."""
    fleet = await (await Fleet(store, **more).settle({name: {} for name in NAMES})).switch(mode)
    await fleet.day(0, STEADY)
    await fleet.pass_time(18)
    return fleet


async def three_days(fleet: Fleet) -> None:
    """Some fall each day; one opens a ticket and one recovers while its mail waits to leave."""
    scores = dict(STEADY)
    for number, falls in enumerate(FALLS, 1):
        scores |= falls
        await fleet.day(number, scores)
        if number == 1:
            await remember(fleet.store, a_ticket("t", "a2", opened_at=fleet.now + timedelta(minutes=5)))
        if number == 3:
            await fleet.change({"a5": {"complex": True}})
        await fleet.pass_time(18)


def told(intended: Any) -> tuple[Any, ...]:
    """What of a planned mail a customer would meet, and what kept it."""
    names = ("day", "play", "account_id", "to_id", "to_email", "from_email", "subject", "body", "leaves_at")
    return tuple(getattr(intended, name) for name in names)


@pytest.mark.slow
async def test_shadow_says_exactly_what_live_does_on_the_same_data(tmp_path):
    kept: dict[Mode, Fleet] = {}
    for mode in (Mode.LIVE, Mode.SHADOW):
        async with opened(f"sqlite+aiosqlite:///{tmp_path / mode}.db") as store:
            fleet = kept[mode] = await a_fleet(store, mode)
            await three_days(fleet)
            planned = await fleet.intended(mode)
            if mode is Mode.LIVE:
                log = {told(one) for one in planned}
                mails = [await mail_of(fleet, one) for one in planned]
                sent = {mail.account_id for mail in mails if mail.state is OutreachState.SENT}
                stopped = {mail.account_id: mail.error for mail in mails if mail.state is OutreachState.STOPPED}
                continue
            assert {told(one) for one in planned} == log
            assert {one.account_id for one in planned if one.fate is Fate.WOULD_SEND} == sent
            assert {one.account_id: one.reason for one in planned if one.fate is Fate.WOULD_STOP} == stopped

    assert (sent, set(stopped)) == ({"a1", "a3", "a6"}, {"a2", "a5"})
    assert "ticket" in stopped["a2"]
    assert "complex" in stopped["a5"]
    assert len(kept[Mode.LIVE].mailer.mails) == 3
    assert kept[Mode.SHADOW].mailer.mails == []


async def mail_of(fleet: Fleet, intended: Any) -> Any:
    async with fleet.store.reading() as work:
        case = await work.cases.get(intended.id)
        assert case is not None, "the case of a live mail has its id"
        return await work.outreach.latest_of(case.id)


def reachable(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Everything that can be got at from an object: fields, attributes, closures, bound methods, containers.

    Not what runs beside it: from an event loop, which locks know, one gets to every module of the process.
    """
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | type | AbstractEventLoop | None):
        return
    seen.add(id(thing))
    yield thing
    nearby: list[Any] = []
    nearby += [getattr(thing, field.name) for field in fields(thing)] if is_dataclass(thing) else []
    nearby += list(vars(thing).values()) if hasattr(thing, "__dict__") else []
    nearby += [getattr(thing, "__self__", None)]
    nearby += [cell.cell_contents for cell in getattr(thing, "__closure__", None) or ()]
    nearby += list(thing.values()) if isinstance(thing, dict) else []
    nearby += list(thing) if isinstance(thing, list | tuple | set | frozenset) else []
    for near in nearby:
        yield from reachable(near, seen)


async def test_shadow_cannot_send_neither_a_mail_server_nor_the_outbox_is_in_its_reach(store):
    fleet = await a_fleet(store, Mode.SHADOW, mailer=Postman())
    stage = fleet.by_itself.shadow

    near = [type(thing).__name__ for thing in reachable(stage, {id(fleet)})]
    assert {"Planner", "StoredBook"} <= set(near)
    assert not [thing for thing in reachable(stage, {id(fleet)}) if callable(getattr(thing, "send", None))]
    async with store() as work:
        for table in ("outreach", "drafts", "cases"):
            await work.outreach._db.run(
                text(
                    f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'shadow wrote'); END"
                )
            )
    await fleet.day(1, STEADY | {"a1": 64.0})
    await fleet.pass_time(18)

    (one,) = await fleet.intended(Mode.SHADOW)
    assert (one.fate, one.account_id) == (Fate.WOULD_SEND, "a1")
    (said,) = await fleet.posts("shadow")
    assert said.target == "#ops"
    assert said.body.startswith("score_drop\nShadow, nothing was sent.")
    assert one.body in said.body
    assert await fleet.outreach() == []


async def test_off_by_default_nothing_is_planned_and_the_digest_says_why(store):
    fleet = await a_fleet(store, Mode.OFF)
    await fleet.day(1, STEADY | {"a1": 64.0})
    await fleet.pass_time(18)

    assert await fleet.intended(Mode.LIVE) + await fleet.intended(Mode.SHADOW) == []
    async with store.reading() as work:
        (decision,) = await work.cases.decisions_of("a1")
    assert (decision.action, decision.rule) == ("mail", "R40")
    assert "an automatic mail where that is switched on" in decision.reason


async def test_a_live_mail_waits_for_its_digest_leaves_in_working_hours_and_gets_its_card(store):
    fleet = await a_fleet(store, Mode.LIVE)
    await fleet.change({"a1": {"timezone": "America/New_York"}})
    await remember(store, a_contact("kim-a1", "a1", timezone="America/New_York"))
    await fleet.day(1, STEADY | {"a1": 64.0})

    (one,) = await fleet.intended(Mode.LIVE)
    assert one.leaves_at == datetime(2026, 3, 4, 14, 0, tzinfo=UTC), "nine in New York, after the CSM's digest at 8:30"
    await fleet.day(
        1,
        {},
    )
    assert len(await fleet.intended(Mode.LIVE)) == 1, "a day that is done again plans nothing anew"
    await fleet.pass_time(7)
    assert fleet.mailer.mails == []
    await fleet.pass_time(6)

    (mail,) = await fleet.outreach()
    assert (mail.kind, mail.state, mail.approved_by) == (OutreachKind.AUTOMATIC, OutreachState.SENT, "lookout")
    async with store.reading() as work:
        case, card = await work.cases.get(mail.case_id), await work.slack.card(mail.case_id)
    assert (case.state, card.channel) == (CaseState.CONTACTED, "#cs-alerts")
    assert card.not_before > one.leaves_at
    assert any("wrote to kim-a1@a1.test by itself" in post.body for post in await fleet.posts("note"))


async def test_a_mail_that_no_digest_has_shown_for_an_hour_does_not_leave_by_itself(store):
    """An outage over the morning, or a Slack that takes nothing: nobody could have stopped the mail (R44)."""
    fleet = await a_fleet(store, Mode.LIVE)
    fleet.slack_away = True
    await fleet.day(1, STEADY | {"a1": 64.0})
    await fleet.pass_time(6)
    assert (fleet.now.hour, fleet.mailer.mails) == (12, [])

    await fleet.show_digests(fleet.now)
    await fleet.pass_time(0.9, step=0.9)
    assert fleet.mailer.mails == []
    await fleet.pass_time(0.1, step=0.1)
    assert len(fleet.mailer.mails) == 1

    await fleet.day(2, STEADY | {"a2": 64.0})
    await fleet.pass_time(48)
    (missed,) = [one for one in await fleet.intended(Mode.LIVE) if one.account_id == "a2"]
    assert (await mail_of(fleet, missed)).state is OutreachState.STOPPED
    assert len(fleet.mailer.mails) == 1


@pytest.mark.parametrize("switch", ["off", "paused"])
async def test_what_is_queued_does_not_leave_when_it_is_switched_off(store, switch):
    fleet = await a_fleet(store, Mode.LIVE)
    await fleet.day(1, STEADY | {"a1": 64.0})
    if switch == "off":
        await fleet.switch(Mode.OFF)
    else:
        async with store() as work:
            await work.flags.set("paused", "dana")
    await fleet.pass_time(18)

    assert fleet.mailer.mails == []
    (planned,) = await fleet.intended(Mode.LIVE)
    expected = OutreachState.STOPPED if switch == "off" else OutreachState.APPROVED
    assert (await mail_of(fleet, planned)).state is expected


@pytest.mark.parametrize(("mode", "became"), [(Mode.LIVE, FollowUpState.QUEUED), (Mode.OFF, FollowUpState.CANCELLED)])
async def test_the_follow_up_of_an_automatic_mail_leaves_by_itself_only_while_its_play_may(store, mode, became):
    """Nobody read the first one either, so the play's switch holds for the second, too (R44)."""
    fleet = await a_fleet(store, Mode.LIVE)
    await fleet.day(1, STEADY | {"a1": 64.0})
    await fleet.pass_time(18)
    await fleet.switch(mode)
    await fleet.day(9, STEADY | {"a1": 64.0})
    await fleet.pass_time(30)

    (planned,) = await fleet.intended(Mode.LIVE)
    async with store.reading() as work:
        assert (await work.follow_ups.of_case(planned.id)).state is became
    assert len(fleet.mailer.mails) == (2 if mode is Mode.LIVE else 1)


async def test_an_account_that_gets_worse_after_an_automatic_mail_is_a_persons(store):
    """Its card was for nobody to decide; Critical and Churning are a person's at once (R40)."""
    fleet = await a_fleet(store, Mode.LIVE)
    await fleet.day(1, STEADY | {"a1": 64.0})
    await fleet.pass_time(18)
    await fleet.day(3, STEADY | {"a1": 30.0})
    await fleet.pass_time(18)

    (planned,) = await fleet.intended(Mode.LIVE)
    async with store.reading() as work:
        case, sent = await work.cases.get(planned.id), await work.outreach.latest_of(planned.id)
        draft = await work.outreach.latest_draft(planned.id)
    assert (case.state, case.severity, case.due_at is None) == (CaseState.OPEN, Band.CRITICAL, False)
    assert (draft.id != sent.draft_id, "closed" in draft.note) == (True, False), "what left is not proposed again"
    told = [post for post in await fleet.posts("notice") if post.target == "UDANA"]
    assert ["A1 is Critical now, and only automatic mail went there so far" in post.body for post in told] == [True]


async def test_the_caps_hold_per_day_per_person_and_per_account(store):
    policy = PolicyConfig(**OPEN_HANDED, automatic_per_day=3)
    fleet = Fleet(store, policy=policy)
    same = {"contact": {"email": "shared@two.test"}}
    await (await fleet.settle({name: same if name in {"a0", "a1"} else {} for name in NAMES})).switch(Mode.LIVE)
    await fleet.day(0, STEADY)
    await fleet.day(1, STEADY | dict.fromkeys(NAMES, 64.0) | {"a0": 61.0, "a1": 61.5, "a2": 62.0})
    await fleet.pass_time(30)

    planned = await fleet.intended(Mode.LIVE)
    assert len(planned) == 3, "three a day"
    assert [one.account_id for one in planned][:2] == ["a0", "a2"], "the riskiest first; one mail for a shared address"
    for number, score in enumerate([80.0, 80.0, 64.0, 80.0, 80.0, 62.0], 2):
        await fleet.day(number, STEADY | {"a0": score})
    assert [one.account_id for one in await fleet.intended(Mode.LIVE)].count("a0") == 1


@pytest.mark.long
async def test_no_automatic_mail_reaches_whom_a_person_must_write_to_whatever_changes_meanwhile(tmp_path):
    """Generated worlds: value, tickets, renewals, flags and scores change between planning and sending (R40)."""
    reached = stopped = 0
    for seed in range(2):
        chance = Random(seed)
        async with opened(f"sqlite+aiosqlite:///{tmp_path / str(seed)}.db") as store:
            fleet, names = Fleet(store, mailer=Watching(), pen=Scribe()), [f"g{n}" for n in range(24)]
            fleet.mailer.fleet = fleet
            await (await fleet.settle({name: drawn(chance) for name in names})).switch(Mode.LIVE)
            await fleet.day(0, dict.fromkeys(names, 85.0))
            for number in range(1, 4):
                await fleet.day(
                    number, {name: chance.choice([85.0, 85.0, 68.0, 64.0, 63.0, 61.0, 50.0, 25.0]) for name in names}
                )
                await fleet.change({name: drawn(chance) for name in chance.sample(names, 10)})
                asking = chance.sample(names, 4)
                at = {"priority": "urgent", "opened_at": fleet.now}
                await remember(store, *(a_ticket(f"t-{name}-{number}", name, **at) for name in asking))
                await fleet.pass_time(18)
            reached += len(fleet.mailer.mails)
            stopped += sum(
                [(await mail_of(fleet, one)).state is OutreachState.STOPPED for one in await fleet.intended(Mode.LIVE)]
            )
    assert reached > 5
    assert stopped > 3, "the world did change under queued mails"


def drawn(chance: Random) -> dict[str, Any]:
    """What may change about an account from one day to the next."""
    return {
        "arr": chance.choice([10, 500, 800, 1_000, 1_200, 5_000_000]),
        "complex": chance.random() < 0.1,
        "renewal_on": FIRST + timedelta(days=chance.choice([30, 400, 400, 400, 400, 400])),
    }


class Watching(Postman):
    """A mail server that looks at whom it is asked to write to, at that moment."""

    fleet: Any = None

    async def send(self, mail: Any) -> Any:
        async with self.fleet.store.reading() as work:
            account_id = mail.to_email.partition("@")[2].removesuffix(".test")
            account = await work.accounts.get(account_id)
            everybody = await work.accounts.all()
            day = await work.snapshots.latest_day()
            (snapshot,) = await work.snapshots.of(account_id, day, day)
            tickets = await work.accounts.open_tickets(account_id)
        dearest = sorted((one.arr for one in everybody if one.arr), reverse=True)
        assert account.arr < dearest[len(dearest) // 5], "high value"
        assert not account.complex
        assert not tickets
        assert (account.renewal_on - self.fleet.now.date()).days > 90
        assert snapshot.health.band.rank <= Band.MONITOR.rank
        return await super().send(mail)
