"""While a CSM is away, the cover gets the card, signs the mail and may act; nothing changes its sender silently."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.loop import rota
from bot.loop.briefing import card_brief, decisions_waiting
from bot.loop.rights import Rights
from bot.loop.roll_call import RollCall
from bot.loop.rota import ByStatus
from bot.loop.second_look import SecondLook
from bot.loop.stand_in import StandIn
from handlers.blocks.alert_card import alert_card
from handlers.people import away_until
from scoring.casework import CaseState, OutreachState
from scoring.errors import InvalidInput, NotFound
from scoring.mail_plan import No, OtherSender, Yes
from scoring.messages import Presence
from scoring.opt_out import closed
from scoring.roles import Staff
from scoring.routing import Routing
from tests.alert_world import Fleet
from tests.builders import NOW, a_contact, a_csm, a_draft, an_absence, an_account, remember
from tests.mail_world import BEN_ACTS, DANA, World, a_world

UTC_DAY = timedelta(days=1)


def sweep(world: World) -> StandIn:
    return StandIn(world.store, world.clock, world.wake)


async def test_the_draft_changes_hands_the_card_says_so_and_both_hear_of_it(any_store: Any) -> None:
    world = await a_world(any_store)
    await world.learn(an_absence())

    assert await sweep(world).run() == 1
    assert await sweep(world).run() == 0
    draft = await world.draft()
    assert (draft.version, draft.from_id, draft.from_email, draft.body.splitlines()[-1]) == (
        2, "csm-ben", "ben@us.test", "Ben",
    )  # fmt: skip
    async with any_store.reading() as work:
        brief = await card_brief(work, "case-1", world.now)
        assert [line.account_id for line in await decisions_waiting(work, "csm-ben", world.now)] == ["acme"]
        assert await decisions_waiting(work, "csm-ben", world.now + timedelta(days=8)) == ()
    card = alert_card(brief)
    assert "Ben Reyes covering for Dana Reyes until" in card["text"]
    assert "<@UBEN>: please decide" in card["text"]
    assert "Ben Reyes covers for Dana Reyes: the mail now comes from Ben Reyes." in " ".join(await world.notes())
    assert ("UBEN", "You cover for Dana Reyes until 27 Nov: 1 card of theirs wait for a decision.") in [
        (who, text.split(". App")[0] + ".") for who, text in await world.notices()
    ]

    assert (await world.approve(BEN_ACTS)).ok
    await world.later(seconds=11).sweep().run()
    assert [(mail.from_email, mail.to_email) for mail in world.mailer.mails] == [("ben@us.test", "kim@acme.test")]


async def test_the_name_under_the_text_is_the_covers_also_above_the_line_to_opt_out(store: Any) -> None:
    world, line = await a_world(store), "You get this as a customer.\nReply stop to get no more."
    signed = "Hello Kim,\n\nshall we look at your reports?\n\nBest,\nDana Reyes\nCustomer Success"
    first = await world.draft()
    await world.learn(an_absence(), replace(first, id="v2", version=2, body=closed(signed, line)))

    await StandIn(store, world.clock, world.wake, line).run()

    assert (await world.draft()).body == closed(signed.replace("Dana Reyes", "Ben Reyes"), line)


@pytest.mark.parametrize("who", ["owner", "cover"])
async def test_a_mail_approved_before_a_cover_begins_or_ends_is_stopped_with_the_reason(store: Any, who: str) -> None:
    world = await a_world(store)
    if who == "owner":
        assert (await world.approve()).ok
        await world.learn(an_absence(since=world.now + timedelta(seconds=15)))
    else:
        await world.learn(an_absence(until=world.now + timedelta(seconds=15)))
        await sweep(world).run()
        assert (await world.approve(BEN_ACTS)).ok

    await world.later(seconds=16).sweep().run()

    assert world.mailer.mails == []
    mail, case = await world.mail(), await world.case()
    assert (mail.state, case.state) == (OutreachState.STOPPED, CaseState.OPEN)
    expected = {
        "owner": "Dana Reyes is away and Ben Reyes covers: the mail must come from Ben Reyes now.",
        "cover": "Ben Reyes does not cover for Dana Reyes any more: "
        "the mail must come from who acts for the account now.",
    }
    assert mail.error == expected[who]

    await sweep(world).run()
    assert (await world.draft()).from_id == ("csm-ben" if who == "owner" else "csm-dana")


async def test_that_somebody_else_must_send_it_is_a_reason_of_its_own_kind(store: Any) -> None:
    world = await a_world(store)

    async def verdict() -> Any:
        async with world.store.reading() as work:
            return await SecondLook(work, world.rules, await world.case(), await world.draft()).answer(world.now)

    await world.learn(an_absence(until=world.now + timedelta(hours=1)))
    away = await verdict()
    await sweep(world).run()
    while_covered = await verdict()
    world.later(hours=1)
    back = await verdict()
    await world.learn(a_contact(left=True))
    await sweep(world).run()
    gone = await verdict()

    assert [type(one) for one in (away, while_covered, back, gone)] == [OtherSender, Yes, OtherSender, No]
    assert (away.rule, back.rule) == ("R50", "R50")


async def test_a_cover_may_act_on_the_accounts_they_cover_and_no_longer(store: Any) -> None:
    world = await a_world(store)
    await world.learn(an_absence())
    await sweep(world).run()
    settled = replace_rights(world, Staff.named(["ada@us.test"], []))

    snoozed = await settled.snooze("case-1", world.now + UTC_DAY, "", BEN_ACTS)
    assert snoozed.ok
    world.later(days=8)
    refused = await settled.wake_up("case-1", BEN_ACTS)
    assert not refused.ok
    assert "Only Dana Reyes and leads may wake this card" in refused.text
    assert (await settled.wake_up("case-1", DANA)).ok


def replace_rights(world: World, staff: Staff) -> Any:
    return replace(world.desk, rights=Rights(staff))


async def test_a_new_card_goes_where_the_covers_cards_go_and_its_draft_is_theirs(store: Any) -> None:
    routing = Routing.from_settings("#cs-alerts", {"owner:csm-ben@us.test": "#cs-ben", "owner:ben@us.test": "#cs-ben"})
    fleet = Fleet(store, routing=routing)
    await remember(
        store, a_csm(), a_csm("csm-ben"), an_account(csm_id="csm-dana", arr=None), a_contact("kim-acme", "acme"),
        an_absence(since=NOW - 365 * UTC_DAY, until=NOW + 365 * UTC_DAY),
    )  # fmt: skip
    for day, score in enumerate((80, 30)):
        await fleet.day(day, {"acme": score})

    [case] = await fleet.cases()
    async with store.reading() as work:
        card, draft = await work.slack.card(case.id), await work.outreach.latest_draft(case.id)
    assert (case.csm_id, card.channel, card.mention, draft.from_id) == ("csm-dana", "#cs-ben", "UBEN", "csm-ben")


async def test_absences_are_planned_listed_and_ended_by_address(store: Any) -> None:
    world = await a_world(store)
    days = {"first": date(2026, 11, 23), "last": date(2026, 11, 27), "zone": world.rules.guard.zone, "at": world.now}
    async with store() as work:
        said = await rota.plan(work, "Dana@us.test", "ben@us.test", **days)
        assert said == "Dana Reyes is away from 2026-11-23 to 2026-11-27, and Ben Reyes covers. Id: csm-dana:2026-11-23"
        [absence] = await work.absences.all()
        assert (absence.since.isoformat(), absence.until.isoformat()) == (
            "2026-11-22T23:00:00+00:00",
            "2026-11-27T23:00:00+00:00",
        )  # fmt: skip - Dana lives in Berlin
        assert "csm-dana:2026-11-23  Dana Reyes away" in await rota.listing(work, world.rules.guard.zone, world.now)
        for who, by, more in (
            ("eve@us.test", "ben@us.test", {}),
            ("dana@us.test", "dana@us.test", {}),
            ("dana@us.test", "ben@us.test", {"last": date(2026, 11, 1)}),
            ("dana@us.test", "ben@us.test", {"first": date(2025, 11, 1), "last": date(2025, 11, 2)}),
        ):
            with pytest.raises(InvalidInput, match="Nothing was planned"):
                await rota.plan(work, who, by, **days | more)
        await rota.end(work, absence.id, world.now)
        assert [(entry.actor, entry.action) for entry in await work.audit.newest(2)] == [
            ("operator at the command line", "cover ended early"),
            ("operator at the command line", "cover planned"),
        ]
        assert await rota.listing(work, world.rules.guard.zone, world.now) == "Nobody is away or will be."
        with pytest.raises(NotFound):
            await rota.end(work, "nobody", world.now)


class Statuses:
    """A Slack that only knows statuses."""

    def __init__(self) -> None:
        self.profile: dict[str, Any] = {}

    async def presence(self, slack_id: str) -> Presence:
        return Presence(away_until=away_until({"profile": self.profile if slack_id == "UDANA" else {}}))


async def test_a_vacation_status_with_an_end_makes_a_cover_until_it_is_taken_away(store: Any) -> None:
    world = await a_world(store)
    slack = Statuses()
    calls = RollCall(store, slack, world.clock, ByStatus(Routing("#cs"), {"dana@us.test": "ben@us.test"}))  # type: ignore[arg-type]

    async def acting() -> list[tuple[str, str]]:
        await calls.run()
        async with store.reading() as work:
            return [(one.person_id, one.cover_id) for one in await work.absences.at(world.now)]

    ends = int((world.now + 3 * UTC_DAY).timestamp())
    slack.profile = {"status_emoji": ":palm_tree:", "status_expiration": 0}
    assert await acting() == []
    slack.profile = {"status_emoji": ":coffee:", "status_expiration": ends}
    assert await acting() == []
    slack.profile = {"status_emoji": ":palm_tree:", "status_expiration": ends}
    assert await acting() == [("csm-dana", "csm-ben")]
    world.later(days=1)
    slack.profile = {}
    assert await acting() == []


async def test_a_cover_who_left_covers_nobody(store: Any) -> None:
    world = await a_world(store)
    await world.learn(an_absence(), a_csm("csm-ben", left=True))

    assert await sweep(world).run() == 0
    assert (await world.draft()).from_id == a_draft().from_id
