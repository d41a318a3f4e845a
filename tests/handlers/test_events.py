"""App Home is drawn for whoever opens it; a channel that invites Lookout is told what will come."""

from __future__ import annotations

import pytest

from handlers.blocks.home import closed_view, home_view
from handlers.people import GUEST, OUTSIDER
from scoring.briefs import Answer
from tests.fakes import BOT, TEAM, RecordingSlack, ScriptedDesk
from tests.handlers import samples
from tests.handlers.conftest import Hands, found
from tests.handlers.limits import view_faults


async def test_opening_app_home_shows_my_own_decisions_and_portfolio(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    await hands.event({"type": "app_home_opened", "user": "UDANA", "tab": "home"})

    (published,) = slack.bodies("views.publish")
    assert published["user_id"] == "UDANA"
    assert desk.requests("home")[0][0].person_id == "csm-dana"
    assert view_faults(published["view"]) == []


async def test_the_messages_tab_needs_no_picture(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    await hands.event({"type": "app_home_opened", "user": "UDANA", "tab": "messages"})

    assert desk.requests("home") == []


@pytest.mark.parametrize(("user", "why"), [("UEVIL", OUTSIDER), ("UGUEST", GUEST)])
async def test_who_may_not_use_lookout_reads_so_in_app_home_and_nothing_else(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk, user: str, why: str
) -> None:
    answer = await hands.event({"type": "app_home_opened", "user": user, "tab": "home"})

    assert answer.status == 200
    (published,) = slack.bodies("views.publish")
    assert (published["user_id"], published["view"]) == (user, closed_view(why))
    assert view_faults(published["view"]) == []
    assert not [block for block in published["view"]["blocks"] if block["type"] == "actions"]
    assert desk.asked == []


async def test_other_events_of_who_may_not_use_lookout_are_met_with_silence(
    hands: Hands, slack: RecordingSlack
) -> None:
    await hands.event({"type": "app_home_opened", "user": "UEVIL", "tab": "messages"})

    assert slack.bodies("views.publish") == []


async def test_a_channel_is_told_what_will_come_and_how_to_stop_it(hands: Hands, slack: RecordingSlack) -> None:
    await hands.event({"type": "member_joined_channel", "user": BOT, "channel": "C1", "team": TEAM})

    (posted,) = slack.bodies("chat.postMessage")
    assert posted["channel"] == "C1"
    assert "remove Lookout from this channel" in posted["text"]


async def test_a_channel_shared_with_outsiders_is_told_that_nothing_will_come(
    hands: Hands, slack: RecordingSlack
) -> None:
    await hands.event({"type": "member_joined_channel", "user": BOT, "channel": "CSHARED", "team": TEAM})

    assert "posts nothing about customers here" in slack.bodies("chat.postMessage")[0]["text"]


async def test_a_person_who_joins_is_not_greeted(hands: Hands, slack: RecordingSlack) -> None:
    answer = await hands.event({"type": "member_joined_channel", "user": "UDANA", "channel": "C1", "team": TEAM})

    assert answer.status == 200
    assert slack.told == []


async def test_app_home_changes_and_ends_the_absences_that_it_lists(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    desk.answers |= {"home": samples.AWAY_HOME, "end_absence": Answer(ok=True, text="You are there again.")}
    shown = home_view(samples.AWAY_HOME)
    for label in ("Plan an absence", "Change", "End"):
        await hands.press_in(shown, found(shown, label))

    assert [asked[1] for asked in desk.requests("absence_form")] == ["", "away-1"]
    assert [asked[0] for asked in desk.requests("end_absence")] == ["away-1"]
    assert "You are there again." in str(slack.bodies("views.publish")[-1]["view"])
