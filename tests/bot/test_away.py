"""Whoever is away says so in Slack: whole days in their own zone, and a colleague who is there and hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.loop.rights import Rights
from bot.loop.stand_in import StandIn
from scoring.cover import AbsenceSource
from scoring.errors import Refused
from scoring.roles import Staff
from tests.builders import a_contact, a_csm, an_absence
from tests.mail_world import BEN_ACTS, DANA, STRANGER, World, a_world

# The clock of the world stands on Friday, 20 November 2026; Dana lives in Berlin.
NEXT_WEEK = (date(2026, 11, 23), date(2026, 11, 27))
DAY = timedelta(days=1)


async def kept(world: World) -> list[tuple[str, str, str, str]]:
    async with world.store.reading() as work:
        found = [one for one in await work.absences.all() if one.lasts(world.now)]
    return [(one.person_id, one.cover_id, one.since.isoformat(), one.until.isoformat()) for one in found]


async def audited(world: World) -> list[tuple[str, str]]:
    async with world.store.reading() as work:
        return [(entry.actor, entry.action) for entry in await work.audit.newest(9) if "cover" in entry.action]


async def test_an_absence_is_two_days_on_the_persons_own_clock_and_the_cover_is_told(any_store: Any) -> None:
    world = await a_world(any_store)

    planned = await world.desk.plan_absence("", "csm-ben", NEXT_WEEK, DANA)

    assert planned.answer.text.startswith("You are away from 23 Nov to 27 Nov, and Ben Reyes covers")
    assert await kept(world) == [("csm-dana", "csm-ben", "2026-11-22T23:00:00+00:00", "2026-11-27T23:00:00+00:00")]
    assert await audited(world) == [("csm-dana", "cover planned")]
    [(who, told)] = await world.notices()
    assert (who, told.split(":")[0]) == ("UBEN", "Dana Reyes is away from 23 Nov to 27 Nov, and you cover")
    form = await world.desk.absence_form(DANA, "csm-dana:2026-11-23")
    assert (form.first, form.last, form.cover.id) == (*NEXT_WEEK, "csm-ben")


async def test_what_makes_no_absence_is_refused_with_what_to_choose_anew_and_keeps_nothing(store: Any) -> None:
    world = await a_world(store)
    week = {"since": world.now + 5 * DAY, "until": world.now + 9 * DAY}
    eve, gus = a_csm("csm-eve", email="eve@us.test", name="Eve"), a_csm("csm-gus", email="gus@us.test", left=True)
    await world.learn(eve, gus, a_contact("ken"), an_absence("eve-1", person_id="csm-eve", **week))
    before = await kept(world)
    plan, (first, last) = world.desk.plan_absence, NEXT_WEEK

    for cover, days, about, said in (
        ("csm-ben", (last, first), "last", "ends before it begins"),
        ("csm-ben", (date(2026, 11, 2), date(2026, 11, 3)), "last", "over already"),
        ("csm-ben", (first, date(2028, 1, 1)), "last", "at most a year"),
        ("csm-dana", NEXT_WEEK, "cover", "Nobody covers for themselves"),
        ("csm-eve", NEXT_WEEK, "cover", "Eve is away from 25 Nov to 29 Nov, too"),
        ("csm-gus", NEXT_WEEK, "cover", "marked as having left"),
        ("ken", NEXT_WEEK, "cover", "Choose a CSM"),
    ):
        refused = await plan("", cover, days, DANA)
        assert (refused.answer.ok, refused.about) == (False, about)
        assert said in refused.answer.text
    assert await kept(world) == before
    assert await audited(world) == []

    assert (await plan("", "csm-ben", NEXT_WEEK, DANA)).answer.ok
    again = await plan("", "csm-ben", (last, last + 3 * DAY), DANA)
    assert (again.answer.ok, again.about) == (False, "first")
    assert "change or end that absence" in again.answer.text


async def test_only_a_lead_enters_it_for_a_colleague_who_then_hears_of_it(store: Any) -> None:
    world = await a_world(store)
    await world.learn(a_csm("csm-lea", email="lea@us.test", name="Lea", slack_id="ULEA", lead=True))
    settled = replace(world.desk, rights=Rights(Staff.named(["ada@us.test"], [])))
    lea = replace(BEN_ACTS, person_id="csm-lea", slack_id="ULEA")

    refused = await settled.plan_absence("csm-dana", "csm-lea", NEXT_WEEK, BEN_ACTS)
    assert not refused.answer.ok
    assert "Only leads may plan somebody else's absence: Lea" in refused.answer.text
    with pytest.raises(Refused, match="Only a CSM"):
        await settled.absence_form(STRANGER)
    assert (await settled.absence_form(BEN_ACTS)).others is False
    assert (await settled.absence_form(lea)).others is True

    assert (await settled.plan_absence("csm-dana", "csm-ben", NEXT_WEEK, lea)).answer.ok
    assert {who for who, _ in await world.notices()} == {"UDANA", "UBEN"}
    with pytest.raises(Refused, match="somebody else's absence"):
        await settled.absence_form(BEN_ACTS, "csm-dana:2026-11-23")
    assert not (await settled.end_absence("csm-dana:2026-11-23", BEN_ACTS)).ok
    assert await audited(world) == [("csm-lea", "cover planned")]
    changeable = {
        who.person_id: [one.may_change for one in (await settled.absences(who))[0]] for who in (DANA, BEN_ACTS, lea)
    }
    assert changeable == {"csm-dana": [True], "csm-ben": [False], "csm-lea": [True]}


async def test_another_cover_in_the_middle_takes_over_from_now_on_and_the_first_is_told(store: Any) -> None:
    world = await a_world(store)
    await world.learn(a_csm("csm-eve", email="eve@us.test", name="Eve Odd", slack_id="UEVE"))
    today = world.now.date()
    assert (await world.desk.plan_absence("", "csm-ben", (today, today + 7 * DAY), DANA)).answer.ok
    sweep = StandIn(store, world.clock, world.wake)
    await sweep.run()
    assert (await world.draft()).from_id == "csm-ben"

    [brief] = (await world.later(hours=2).desk.absences(DANA))[0]
    changed = await world.desk.plan_absence("", "csm-eve", (today, today + 3 * DAY), DANA, absence_id=brief.id)
    await sweep.run()

    assert changed.answer.ok
    assert (await world.draft()).from_id == "csm-eve"
    assert [(who, cover) for who, cover, *_ in await kept(world)] == [("csm-dana", "csm-eve")]
    assert ("UBEN", "You do not cover for Dana Reyes from 20 Nov to 27 Nov any more.") in await world.notices()
    assert not (await world.desk.plan_absence("", "csm-ben", NEXT_WEEK, DANA, absence_id=brief.id)).answer.ok

    assert (await world.later(hours=1).desk.back(BEN_ACTS)).text == "You are not away. Nothing was changed."
    assert (await world.desk.back(DANA)).text.startswith("You are there again")
    await sweep.run()
    assert (await world.draft()).from_id == "csm-dana"
    assert not (await world.desk.back(DANA)).ok


async def test_what_a_slack_status_says_ends_with_the_status_alone(store: Any) -> None:
    world = await a_world(store)
    await world.learn(an_absence(source=AbsenceSource.SLACK))

    [brief] = (await world.desk.absences(DANA))[0]
    assert (brief.by_status, brief.may_change) == (True, False)
    assert "Clear the status" in (await world.desk.back(DANA)).text
    assert not (await world.desk.end_absence("away-1", DANA)).ok
    assert len(await kept(world)) == 1
