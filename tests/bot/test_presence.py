"""A CSM whose Slack account is deactivated loses their rights by the next look, and their cards go to the lead."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.loop.briefing import card_brief, decisions_waiting
from bot.loop.rights import Rights
from bot.loop.roll_call import RollCall
from handlers.blocks.alert_card import alert_card
from scoring.casework import CaseState, OutreachState
from scoring.errors import SlackRefused
from scoring.messages import Presence
from scoring.roles import Staff
from scoring.routing import Routing
from tests.builders import a_csm, an_account
from tests.mail_world import BEN_ACTS, DANA, World, a_world


@dataclass
class People:
    """A Slack that knows who is deactivated, and may be down."""

    off: set[str] = field(default_factory=set)
    down: bool = False
    asked: list[str] = field(default_factory=list)

    async def presence(self, slack_id: str) -> Presence:
        self.asked.append(slack_id)
        if self.down:
            raise SlackRefused("ratelimited")
        return Presence(deactivated=slack_id in self.off)


async def a_team(store: Any) -> tuple[World, People, RollCall]:
    world, slack = await a_world(store), People()
    await world.learn(a_csm("csm-lea", email="lea@us.test", name="Lea", slack_id="ULEA", lead=True))
    return world, slack, RollCall(store, slack, world.clock, routing=Routing("#cs"))  # type: ignore[arg-type]


async def test_a_deactivated_account_loses_its_rights_and_the_lead_gets_its_cards(any_store: Any) -> None:
    world, slack, calls = await a_team(any_store)
    assert (await world.approve()).ok
    slack.off = {"UDANA"}

    await calls.run()
    await calls.run()
    await world.later(seconds=11).sweep().run()

    assert world.mailer.mails == []
    mail, case = await world.mail(), await world.case()
    assert (mail.state, case.state) == (OutreachState.STOPPED, CaseState.OPEN)
    assert mail.error == "The person who approved it is no longer with us."
    for rights in (Rights(), Rights(Staff.named(["ada@us.test"], []))):
        refused = await replace(world.desk, rights=rights).snooze("case-1", world.now + timedelta(days=1), "", DANA)
        assert not refused.ok
    async with any_store.reading() as work:
        assert "no owner yet" in alert_card(await card_brief(work, "case-1", world.now))["text"]
        assert await decisions_waiting(work, "csm-lea", world.now) == ()
        [line] = await decisions_waiting(work, "csm-lea", world.now, leads=True)
        assert (line.case_id, line.text.startswith("No owner. ")) == ("case-1", True)
        rows = [(one.actor, one.detail) for one in await work.audit.newest(99) if one.action == "switched off in Slack"]
        assert rows == [("lookout", "csm-dana")]
    told = [text for who, text in await world.notices() if who == "ULEA" and "deactivated" in text]
    assert ["1 card of theirs has no owner now" in text for text in told] == [True]


async def test_whoever_an_import_gives_the_account_to_has_the_card_at_once(store: Any) -> None:
    world, slack, calls = await a_team(store)
    slack.off = {"UDANA"}
    await calls.run()
    await world.learn(an_account(csm_id="csm-ben"))

    settled = replace(world.desk, rights=Rights(Staff.named(["ada@us.test"], [])))
    assert (await settled.snooze("case-1", world.now + timedelta(days=1), "", BEN_ACTS)).ok
    assert (await settled.wake_up("case-1", BEN_ACTS)).ok
    async with store.reading() as work:
        [line] = await decisions_waiting(work, "csm-ben", world.now)
        assert "No owner" not in line.text
        assert await decisions_waiting(work, "csm-lea", world.now, leads=True) == ()
        assert "owner Ben Reyes" in alert_card(await card_brief(work, "case-1", world.now))["text"]


async def test_no_import_gives_the_rights_back_but_an_active_account_does(store: Any) -> None:
    world, slack, calls = await a_team(store)
    slack.off = {"UDANA"}
    await calls.run()

    await world.learn(a_csm())
    assert not (await world.approve()).ok

    slack.off = set()
    slack.down = True
    await calls.run()
    assert not (await world.approve()).ok, "when Slack does not say, nothing changes"

    slack.down = False
    await calls.run()
    assert (await world.approve()).ok


async def test_of_a_large_team_everybody_is_looked_at_in_turn_and_never_too_many_at_once(store: Any) -> None:
    world, slack, calls = await a_team(store)
    await world.learn(*(a_csm(f"csm-{n}", email=f"c{n}@us.test", slack_id=f"U{n}") for n in range(200)))
    for _ in range(3):
        before = len(slack.asked)
        await calls.run()
        assert len(slack.asked) - before == 90
        world.later(minutes=10)
    assert len(set(slack.asked)) == 203


async def test_whom_an_import_calls_gone_no_slack_account_brings_back(store: Any) -> None:
    world, slack, calls = await a_team(store)
    slack.off = {"UDANA"}
    await calls.run()
    await world.learn(a_csm(left=True))

    slack.off = set()
    await calls.run()

    assert not (await world.approve()).ok
