"""Who may press what, from the click to its private answer: signed requests through the real bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack_objects import Message, View
from handlers.ids import Action
from tests.builders import a_csm, remember
from tests.journeys.conftest import Venue, opened_venue

TEAM = {
    "LOOKOUT_ADMINS": ("ada@us.test",),
    "LOOKOUT_TEAM_LEADS": ("S0LEADS",),
}


@pytest.fixture
async def team(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Venue]:
    """Dana owns Acme, Ben is another CSM, Lea leads by user group, Ada is the admin, Vic only watches."""
    async with opened_venue(tmp_path / "home", sqlite_url, **TEAM) as venue:
        for name in ("lea", "ada", "vic"):
            venue.slack.add_user(name, name.title(), email=f"{name}@us.test", tz="UTC", user_id=f"U{name.upper()}")
        venue.slack.workspace.groups["S0LEADS"] = ["ULEA"]
        await remember(venue.app.store, a_csm("csm-lea", name="Lea Lead", slack_id="ULEA", timezone="UTC"))
        await venue.case()
        yield venue


def private(venue: Venue, user: str) -> list[str]:
    return [m.text for m in venue.slack.messages("#cs-alerts", seen_by=user) if m.visible_to]


def labels(card: Message) -> set[str]:
    return {e["action_id"] for block in card.blocks for e in block.get("elements", []) if "action_id" in e}


async def use_home(venue: Venue, user: str, action: Action) -> None:
    await venue.slack.open_home(user)
    await venue.until(lambda: venue.slack.home(user))
    await venue.slack.click(venue.slack.home(user), action.value, user=user)


async def is_paused(venue: Venue) -> bool:
    async with venue.app.store.reading() as work:
        return await work.flags.get("paused") is not None


async def leave(venue: Venue) -> None:
    """Let what was approved leave, if anything was."""
    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.app.send.run()


async def test_whoever_may_not_approve_is_told_who_may_and_nothing_leaves(team: Venue) -> None:
    before = labels(team.card())
    for user in ("ben", "vic"):
        await team.slack.click("#cs-alerts", Action.APPROVE.value, user=user)
    await leave(team)

    assert team.letters == []
    assert labels(team.card()) == before
    await team.until(lambda: private(team, "ben") and private(team, "vic"))
    [told] = private(team, "ben")
    assert told == (
        "Nothing was changed and nothing was sent. Only Dana Reyes and leads may approve this mail. Leads: "
        "the Slack user group S0LEADS and ada@us.test."
    )
    [told] = private(team, "vic")
    assert "Only a CSM whom Lookout knows" in told

    await team.slack.click("#cs-alerts", Action.EDIT.value, user="ben")
    await team.until(lambda: len(private(team, "ben")) > 1)
    async with team.app.store.reading() as work:
        rows = [link.entry async for link in work.audit.chain() if link.entry.action == "refused"]
    assert [(row.actor, row.account_id, row.case_id, row.detail) for row in rows] == [
        ("csm-ben", "acme", "case-1", "approve this mail"),
        ("UVIC", "acme", "case-1", "approve this mail"),
        ("csm-ben", "acme", "case-1", "edit this draft"),
    ]


async def test_a_lead_by_user_group_may_approve_any_account_until_they_leave_the_group(team: Venue) -> None:
    group = team.slack.workspace.groups.pop("S0LEADS")
    await team.slack.click("#cs-alerts", Action.APPROVE.value, user="lea")
    await team.until(lambda: private(team, "lea"))
    assert "Only Dana Reyes and leads" in private(team, "lea")[0], "a group that Slack does not tell about has nobody"

    team.slack.workspace.groups["S0LEADS"] = group
    await team.slack.click("#cs-alerts", Action.APPROVE.value, user="lea")
    await leave(team)
    await team.until(lambda: team.letters)

    assert [letter.recipients for letter in team.letters] == [("kim@acme.test",)]
    async with team.app.store.reading() as work:
        assert (await work.outreach.latest_of("case-1")).approved_by == "csm-lea"


async def test_every_csm_may_stop_all_sending_and_only_leads_let_it_go_on(team: Venue) -> None:
    await use_home(team, "ben", Action.PAUSE)
    await team.slack.click(team.slack.home("ben"), Action.RESUME.value, user="ben")
    assert await is_paused(team)

    team.slack.workspace.users["UADA"].is_email_confirmed = False
    await use_home(team, "ada", Action.RESUME)
    assert await is_paused(team), "an address that Slack has not confirmed gives no role"

    team.slack.workspace.users["UADA"].is_email_confirmed = True
    team.clock.move_to(team.clock() + timedelta(minutes=6))
    await use_home(team, "ada", Action.RESUME)
    assert not await is_paused(team)


def button(view: View, label: str) -> str:
    """The action of a button in a window or in App Home, by its label."""
    return next(
        e["action_id"]
        for b in view.body["blocks"]
        for e in b.get("elements", [])
        if isinstance(e.get("text"), dict) and e["text"]["text"] == label
    )


def home(team: Venue, user: str) -> str:
    """What stands in App Home."""
    view = team.slack.home(user)
    return str(view.body) if view else ""


async def test_whoever_goes_away_enters_it_in_slack_and_app_home_lets_them_end_it(team: Venue) -> None:
    sweep = next(sweep for sweep in team.app.schedule.sweeps if sweep.name == "cover")
    days = {"first": "2026-11-24", "last": "2026-11-27"}
    await team.slack.command("/health away", user="vic", channel="#cs-alerts")
    assert team.slack.modal("vic") is None

    await team.slack.command("/health away", user="dana", channel="#cs-alerts")
    await team.slack.submit("dana", days | {"cover": "UDANA"})
    assert "Nobody covers for themselves" in str(team.slack.modal("dana").errors)
    await team.slack.submit("dana", days | {"cover": "UBEN"})
    assert team.slack.modal("dana") is None
    await team.until(lambda: any("Ben Reyes covers" in text for text in private(team, "dana")))

    await sweep.run()
    await team.until(lambda: "Ben Reyes covering for Dana Reyes until" in team.card().text)
    await team.slack.open_home("dana")
    await team.until(lambda: "You are away until 27 Nov; Ben Reyes covers." in home(team, "dana"))
    shown = team.slack.home("dana")
    await team.slack.click(shown, button(shown, "End"), user="dana")
    await team.until(lambda: "You are there again" in home(team, "dana"))

    await use_home(team, "lea", Action.AWAY)
    await team.until(lambda: team.slack.modal("lea"))
    await team.slack.submit("lea", days | {"who": "UDANA", "cover": "UBEN"})
    await team.until(lambda: "Dana Reyes is away until 27 Nov" in home(team, "lea"))


async def test_only_leads_hand_an_account_over_and_nobody_else_gets_the_window(team: Venue) -> None:
    async def choose(user: str) -> None:
        menu = next(e for b in team.card().blocks for e in b.get("elements", []) if e.get("type") == "overflow")
        option = next(o for o in menu["options"] if "ssign" in o["text"]["text"])
        await team.slack.click("#cs-alerts", Action.MORE.value, user=user, value=option["value"])

    await choose("dana")
    await team.slack.click("#cs-alerts", Action.EDIT.value, user="ben")
    await team.until(lambda: private(team, "dana") and private(team, "ben"))
    assert "Only leads may give this account to somebody else" in private(team, "dana")[0]
    assert "Only Dana Reyes and leads may edit this draft" in private(team, "ben")[0]
    assert (team.slack.modal("dana"), team.slack.modal("ben")) == (None, None)

    await choose("lea")
    await team.slack.submit("lea", {"person": "UBEN"})
    async with team.app.store.reading() as work:
        assert (await work.cases.get("case-1")).csm_id == "csm-ben"


async def test_whose_slack_account_is_switched_off_owns_no_card_by_the_next_look_and_the_lead_sees_it(
    team: Venue,
) -> None:
    sweep = next(sweep for sweep in team.app.schedule.sweeps if sweep.name == "roll call")
    await team.slack.open_home("lea")
    await team.until(lambda: home(team, "lea"))
    assert "No owner" not in home(team, "lea")

    team.slack.workspace.users["UDANA"].deleted = True
    await sweep.run()

    await team.until(lambda: "no owner yet" in team.card().text)
    await team.slack.open_home("lea")
    await team.until(lambda: "No owner. " in home(team, "lea"))
