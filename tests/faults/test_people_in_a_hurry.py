"""People who leave, come back hours later, ask too often or approve too fast: nothing is lost or slips through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.loop.haste import CARDS_AN_HOUR, QUICKLY
from handlers.ids import Action
from scoring.casework import CaseState, OutreachState
from tests.alert_world import Fleet
from tests.builders import a_csm
from tests.journeys.conftest import Venue, opened_venue
from tests.mail_world import BEN_ACTS, DANA, Actor, World, a_world, many_cases


@pytest.fixture
async def venue(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Venue]:
    async with opened_venue(tmp_path / "home", sqlite_url) as made:
        await made.case()
        yield made


async def test_an_editor_left_open_for_two_hours_loses_no_word_and_overwrites_nobody(venue: Venue) -> None:
    await venue.slack.click("#cs-alerts", Action.EDIT.value, user="ben")
    await venue.until(lambda: venue.slack.modal("ben"))
    venue.clock.move_to(venue.clock() + timedelta(hours=2))
    dana = Actor("csm-dana", "UDANA")
    assert (await venue.app.desk.edit("case-1", 1, "Dana was faster", "Hello Kim, from Dana", dana)).answer.ok

    await venue.slack.submit("ben", {"subject": "Ben's subject", "body": "Two hours of Ben's work"})

    kept = str(venue.slack.modal("ben").body)
    assert "Two hours of Ben's work" in kept
    assert "Hello Kim, from Dana" in kept
    await venue.slack.submit("ben", {"subject": "Ben's subject", "body": "Two hours of Ben's work"})
    async with venue.app.store.reading() as work:
        drafts = await work.outreach.drafts("case-1")
    assert [(d.version, d.body) for d in drafts][1:] == [(2, "Hello Kim, from Dana"), (3, "Two hours of Ben's work")]


async def test_a_mail_whose_approver_left_before_it_went_is_stopped_and_asked_for_again(store: Any) -> None:
    world = await a_world(store)
    assert (await world.approve(BEN_ACTS)).ok
    await world.learn(a_csm("csm-ben", left=True))
    await world.later(seconds=11).sweep().run()

    mail = await world.mail()
    assert (mail.state, world.mailer.mails) == (OutreachState.STOPPED, [])
    assert mail.error == "The person who approved it is no longer with us."
    assert (await world.case()).state is CaseState.OPEN
    assert (await world.approve(DANA)).ok
    await world.later(seconds=11).sweep().run()
    assert len(world.mailer.mails) == 1


async def test_who_asks_for_many_cards_is_told_when_to_ask_for_the_next(store: Any) -> None:
    names = [f"n{number:02d}" for number in range(CARDS_AN_HOUR + 2)]
    fleet = await Fleet(store).settle(*names)
    await fleet.day(0, dict.fromkeys(names, 90))
    first = Actor("csm-0", "UONE")

    async def ask(name: str, who: Actor = first) -> Any:
        return await fleet.on_request.open_case(name, who)

    begun = fleet.now
    answers = [await ask(name) for name in names[:CARDS_AN_HOUR]]
    fleet.now += timedelta(minutes=59)
    refused = await ask(names[-1])
    by_another = await ask(names[-2], Actor("csm-1", "UTWO"))
    fleet.now = begun + timedelta(hours=1)
    again = await ask(names[-1])

    assert all(answer.ok for answer in answers)
    assert not refused.ok
    assert refused.text == (
        f"You asked for {CARDS_AN_HOUR} cards within the last hour, so none was opened for {names[-1].title()}, and "
        "nothing was sent. You can ask for the next one at 11:00."
    )
    assert (by_another.ok, again.ok) == (True, True)
    assert len(await fleet.cases()) == CARDS_AN_HOUR + 2


async def shown(world: World, *cases: str) -> None:
    """Slack has just posted these cards."""
    async with world.store() as work:
        for case in cases:
            await work.slack.card_done(case, posted=1, channel="C1", ts=f"{world.now.timestamp()}", at=world.now)


async def test_mails_approved_faster_than_read_are_counted_and_the_third_brings_a_word(store: Any) -> None:
    world = await a_world(store)
    await many_cases(world, 5)
    cases = [f"case-n{number}" for number in range(5)]
    await shown(world, *cases)
    said = [(await world.later(seconds=1).approve(case_id=case)).text for case in cases[:3]]
    slowly = (await world.later(seconds=30).approve(case_id=cases[3])).text
    by_another = (await world.later(seconds=1).approve(BEN_ACTS, cases[4])).text

    async with store.reading() as work:
        counted = [entry.case_id for entry in await work.audit.newest(99) if entry.action == QUICKLY]
    assert sorted(counted) == cases[:3]
    assert said[:2] == ["", ""]
    assert said[2].startswith("You approved 3 mails today within two seconds each.")
    assert (slowly, by_another) == ("", "")
