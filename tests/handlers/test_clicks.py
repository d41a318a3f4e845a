"""Every button of every picture, pressed through the real app by people with different rights."""

from __future__ import annotations

import asyncio

import pytest

from handlers import actions, middleware
from handlers.blocks.alert_card import alert_card
from handlers.blocks.digest import digest_card
from handlers.blocks.health import choice_list, health_card
from handlers.blocks.home import home_view
from handlers.blocks.notice import notice
from handlers.blocks.windows import case_modal
from handlers.ids import OUTDATED
from handlers.ports import Actor
from handlers.reply import CANNOT_TELL, NO_CHANNEL, NOT_HERE, SHARED_CHANNEL
from scoring.briefs import Answer
from scoring.errors import Refused
from tests.fakes import RecordingSlack, ScriptedDesk
from tests.handlers import samples
from tests.handlers.conftest import Hands, found, menu_of
from tests.handlers.limits import message_faults, view_faults
from tests.own_time import own_seconds

CARD = alert_card(samples.card())
DANA = Actor("UDANA", "Dana Reyes", "T0HOME", "csm-dana", "Europe/Berlin")
FASTER = "Omar Haddad approved this at 10:02. Nothing more was sent."


async def test_approving_hands_over_exactly_the_text_on_the_card(hands: Hands, desk: ScriptedDesk) -> None:
    answer = await hands.press(found(CARD, "Approve & send"))

    assert answer.status == 200
    assert desk.requests("approve") == [("case-1", 1, samples.DRAFT.content_hash, DANA)]


async def test_a_click_that_the_card_itself_answers_says_nothing_more(hands: Hands, slack: RecordingSlack) -> None:
    await hands.press(found(CARD, "Approve & send"))

    assert slack.told == []


async def test_the_loser_of_a_race_is_told_privately_who_was_faster(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["approve"] = Answer(ok=False, text=FASTER)
    await hands.press(found(CARD, "Approve & send"), "UOMAR")

    (told,) = slack.bodies("response_url")
    assert told["response_type"] == "ephemeral"
    assert told["replace_original"] is False
    assert told["text"] == FASTER


async def test_fifty_clicks_at_once_all_get_an_answer_in_time(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["approve"] = Answer(ok=False, text=FASTER)
    started = own_seconds()
    answers = await asyncio.gather(*(hands.press(found(CARD, "Approve & send"), "UOMAR") for _ in range(50)))

    assert {answer.status for answer in answers} == {200}
    assert own_seconds() - started < 3
    assert len(desk.requests("approve")) == 50


@pytest.mark.parametrize("label", ["Approve & send", "Edit", "Snooze"])
async def test_a_copy_of_a_card_does_what_was_pressed_and_then_loses_its_buttons(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack, label: str
) -> None:
    desk.answers |= {"shown_at": "2.0", "card": samples.card(), "draft": (samples.card(), samples.DRAFT)}
    await hands.press(found(CARD, label))

    (copy,) = [body for body in slack.bodies("response_url") if body.get("replace_original")]
    assert "copy of a card" in copy["text"]
    assert "actions" not in {block["type"] for block in copy["blocks"]}


@pytest.mark.parametrize(
    ("shown", "container"),
    [
        ("1.0", {}),
        ("", {}),
        ("2.0", {"is_ephemeral": True}),
        ("2.0", {"message_ts": ""}),
    ],
    ids=["the card itself", "no receipt yet", "shown to one person", "no message"],
)
async def test_whatever_is_no_copy_keeps_its_buttons(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack, shown: str, container: dict[str, object]
) -> None:
    desk.answers["shown_at"] = shown
    where = {"type": "message", "channel_id": "C1", "message_ts": "1.0"} | container
    await hands.press(found(CARD, "Approve & send"), container=where)

    assert slack.bodies("response_url") == []


async def test_handlers_never_touch_the_card_itself(hands: Hands, slack: RecordingSlack) -> None:
    for label in ("Approve & send", "Edit", "Snooze"):
        await hands.press(found(CARD, label))

    assert slack.bodies("chat.update") == []


@pytest.mark.parametrize(
    ("state", "label", "asked", "arguments"),
    [
        ("approved", "Undo", "undo", ("mail-1",)),
        ("uncertain", "It arrived", "arrived", ("mail-1",)),
        ("uncertain", "Send again", "send_again", ("mail-1",)),
        ("sent", "They answered elsewhere", "answered_elsewhere", ("case-1",)),
        ("snoozed", "Wake now", "wake_up", ("case-1",)),
        ("follow_up_due", "Stop follow-up", "stop_follow_up", ("case-1",)),
        ("leaves_by_itself", "Stop", "undo", ("mail-1",)),
    ],
)
async def test_each_button_makes_its_one_call(
    hands: Hands, desk: ScriptedDesk, state: str, label: str, asked: str, arguments: tuple[str, ...]
) -> None:
    await hands.press(found(alert_card(samples.CARDS[state]), label))

    assert desk.requests(asked) == [(*arguments, DANA)]


@pytest.mark.parametrize(
    ("label", "title"),
    [("Edit", "Edit the mail"), ("Snooze", "Snooze"), ("Assign…", "Assign"), ("Dismiss…", "Dismiss")],
)
async def test_what_needs_words_opens_a_window(hands: Hands, slack: RecordingSlack, label: str, title: str) -> None:
    if label.endswith("…"):
        menu, option = menu_of(CARD, label)
        await hands.press(menu, chosen=option)
    else:
        await hands.press(found(CARD, label))

    (opened,) = slack.bodies("views.open")
    assert opened["trigger_id"] == "trigger-1"
    assert opened["view"]["title"]["text"] == title
    assert view_faults(opened["view"]) == []


async def test_the_editor_opens_with_the_newest_draft_in_it(hands: Hands, slack: RecordingSlack) -> None:
    await hands.press(found(CARD, "Edit"))

    inputs = [block["element"] for block in slack.bodies("views.open")[0]["view"]["blocks"] if block["type"] == "input"]
    assert [element["initial_value"] for element in inputs] == [samples.DRAFT.subject, samples.DRAFT.body]


async def test_an_editor_that_comes_too_late_gives_a_button_to_try_again(hands: Hands, slack: RecordingSlack) -> None:
    slack.order("views.open", "trigger_expired")
    await hands.press(found(CARD, "Edit"))
    (told,) = slack.bodies("response_url")
    await hands.press(found(told, "Open"))

    assert "Nothing was changed" in told["text"]
    assert len(slack.bodies("views.open")) == 2


async def test_a_draft_that_is_not_written_yet_cannot_be_edited(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["draft"] = (samples.CARDS["writing"], None)
    await hands.press(found(CARD, "Edit"))

    assert slack.bodies("response_url")[0]["text"] == actions.NO_DRAFT


@pytest.mark.parametrize("label", ["Edit", "Snooze"])
async def test_a_card_whose_account_is_gone_says_so(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack, label: str
) -> None:
    desk.answers["draft"] = desk.answers["card"] = False
    await hands.press(found(CARD, label))

    assert slack.bodies("response_url")[0]["text"] == actions.CASE_GONE


async def test_the_sent_mail_can_be_read_in_full(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    desk.answers["draft"] = (samples.CARDS["sent"], samples.DRAFT)
    await hands.press(found(alert_card(samples.CARDS["sent"]), "View mail"))

    assert "+1 555 0100" in str(slack.bodies("views.open")[0]["view"])


async def test_a_refusal_by_a_rule_is_told_as_it_stands(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["approve"] = Refused("Nothing was sent. Kim asked not to be written to.")
    answer = await hands.press(found(CARD, "Approve & send"))

    assert answer.status == 200
    assert slack.bodies("response_url")[0]["text"] == "Nothing was sent. Kim asked not to be written to."


@pytest.mark.parametrize("fails", [False, True])
async def test_work_that_takes_long_is_acknowledged_meanwhile_and_answered_when_done(
    hands: Hands, slack: RecordingSlack, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    done = asyncio.Event()

    async def approve(*_: object) -> Answer:
        await done.wait()
        if fails:
            raise Refused(FASTER)
        return Answer(ok=False, text=FASTER)

    monkeypatch.setattr(ScriptedDesk, "approve", approve)
    monkeypatch.setattr(middleware, "ACK_SECONDS", 0.05)
    pressing = asyncio.create_task(hands.press(found(CARD, "Approve & send")))
    async with asyncio.timeout(2):
        while not hands.answers:  # noqa: ASYNC110 - Bolt polls too
            await asyncio.sleep(0.01)
    assert (hands.answers[0].status, slack.told) == (200, [])

    done.set()
    await pressing
    assert [told["text"] for told in slack.bodies("response_url")] == [FASTER]


async def test_an_unknown_failure_is_answered_at_once_with_a_reference(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answers["approve"] = RuntimeError("secret detail")
    started = own_seconds()
    answer = await hands.press(found(CARD, "Approve & send"))

    assert answer.status == 200
    assert own_seconds() - started < 1
    assert "Reference ref-1" in slack.bodies("response_url")[0]["text"]
    assert "secret detail" not in str(slack.told)
    assert "ref-1" in caplog.text


async def test_where_the_response_url_is_used_up_the_answer_comes_into_the_channel(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["approve"] = Answer(ok=False, text=FASTER)
    slack.order("response_url", 404)
    await hands.press(found(CARD, "Approve & send"))

    (told,) = slack.bodies("chat.postEphemeral")
    assert (told["channel"], told["user"], told["text"]) == ("C1", "UDANA", FASTER)


async def test_where_nothing_else_works_the_answer_comes_as_a_direct_message(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["approve"] = Answer(ok=False, text=FASTER)
    slack.order("response_url", 404)
    slack.order("chat.postEphemeral", "user_not_in_channel")
    await hands.press(found(CARD, "Approve & send"))

    assert slack.bodies("chat.postMessage")[0]["channel"] == "UDANA"


async def test_an_answer_that_reaches_nobody_still_acknowledges_the_click(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["approve"] = Answer(ok=False, text=FASTER)
    slack.order("response_url", 500)
    slack.order("chat.postEphemeral", "internal_error")
    slack.order("chat.postMessage", "internal_error")
    answer = await hands.press(found(CARD, "Approve & send"))

    assert answer.status == 200


async def test_a_button_of_another_release_shows_the_newest_card(hands: Hands, slack: RecordingSlack) -> None:
    answer = await hands.press({"type": "button", "action_id": "approve_v0", "value": '{"c":"case-1"}'})

    assert answer.status == 200
    told = slack.bodies("response_url")
    assert told[0]["text"] == OUTDATED
    assert found(told[1], "Approve & send")


@pytest.mark.parametrize(
    "value", ["", "x", "[1]", "null", '{"zz":1}', '{"c":7}', '{"c":"case-1","v":"1"}', '{"v":true}', "[" * 50_000]
)
async def test_a_forged_value_changes_nothing(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack, value: str
) -> None:
    answer = await hands.press({"type": "button", "action_id": "card.approve", "value": value})

    assert answer.status == 200
    assert desk.requests("approve") == []
    assert slack.bodies("response_url")[0]["text"] == OUTDATED


async def test_a_line_shows_health_beside_the_message(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    await hands.press(found(choice_list(samples.CHOICE), "Show"))

    assert desk.requests("health_of") == [("acme",)]
    assert slack.bodies("response_url")[0]["text"].startswith("Acme Corp: 34, Critical")


async def test_a_line_to_decide_on_opens_the_same_card_in_a_window(hands: Hands, slack: RecordingSlack) -> None:
    await hands.press(found(digest_card(samples.DIGEST), "Decide"))

    view = slack.bodies("views.open")[0]["view"]
    assert found(view, "Approve & send")["value"] == found(CARD, "Approve & send")["value"]


async def test_acting_in_a_window_shows_the_outcome_in_it(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    window = case_modal(samples.card())
    desk.answers["card"] = samples.CARDS["approved"]
    await hands.press_in(window, found(window, "Approve & send"))

    (updated,) = slack.bodies("views.update")
    assert updated["view_id"] == "V1"
    assert found(updated["view"], "Undo")


async def test_a_window_opened_from_a_window_lies_on_top_of_it(hands: Hands, slack: RecordingSlack) -> None:
    window = case_modal(samples.card())
    await hands.press_in(window, found(window, "Edit"))

    assert len(slack.bodies("views.push")) == 1


async def test_a_failure_in_a_window_is_told_in_the_window(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    window = case_modal(samples.card())
    desk.answers["approve"] = Refused("Nothing was sent: <all> sending is paused.")
    await hands.press_in(window, found(window, "Approve & send"))

    (updated,) = slack.bodies("views.update")
    assert updated["view"]["blocks"][0]["text"]["text"] == "Nothing was sent: <all> sending is paused."


async def test_a_line_in_app_home_opens_a_window(hands: Hands, slack: RecordingSlack) -> None:
    home = home_view(samples.HOME)
    await hands.press_in(home, found(home, "Details"))
    await hands.press_in(home, found(home, "Decide"))

    assert [body["view"]["title"]["text"] for body in slack.bodies("views.open")] == ["Health", "Decide"]


async def test_app_home_turns_its_pages(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    home = home_view(samples.HOME)
    await hands.press_in(home, found(home, "Next"))
    await hands.press_in(home, found(home, "Previous"))

    assert [arguments[1] for arguments in desk.requests("home")] == [3, 1]
    assert {body["user_id"] for body in slack.bodies("views.publish")} == {"UDANA"}


async def test_pausing_shows_at_once_what_was_decided(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    desk.answers["pause"] = Answer(ok=False, text="Only a lead can pause all sending. Ask Lea Admin.")
    home = home_view(samples.HOME)
    await hands.press_in(home, found(home, "Pause all sending"), "UOMAR")

    assert desk.requests("pause")[0][1] is True
    assert "Ask Lea Admin" in str(slack.bodies("views.publish")[0]["view"])


@pytest.mark.parametrize(("label", "release"), [("Release", True), ("Drop", False)])
async def test_a_storm_is_settled_once_and_its_buttons_vanish(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk, label: str, release: bool
) -> None:
    storm = notice("31 accounts worsened.", storm=True)
    await hands.press(found(storm, label), "ULEA")

    assert desk.requests("storm")[0][1] is release
    (replaced,) = slack.bodies("response_url")
    assert replaced["replace_original"] is True
    assert "Lea Admin" in replaced["text"]
    assert not [block for block in replaced["blocks"] if block["type"] == "actions"]


async def test_what_shadow_would_have_sent_carries_the_button_that_lets_the_play_send(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    desk.answers["promote"] = Answer(ok=False, text="Only admins may let Lookout send by itself: Lea Admin.")
    await hands.press(found(notice("The play would have sent this.", promote="stuck"), "Promote stuck"))

    assert desk.requests("promote") == [("stuck", DANA)]
    assert "Only admins" in slack.bodies("response_url")[0]["text"]


async def test_a_storm_that_somebody_else_settled_keeps_its_notice(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    desk.answers["storm"] = Answer(ok=False, text="Dana Reyes released them at 10:02.")
    await hands.press(found(notice("Held.", storm=True), "Drop"))

    assert [body["replace_original"] for body in slack.bodies("response_url")] == [False]


async def test_a_case_can_be_asked_for(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    from dataclasses import replace

    desk.answers["open_case"] = Answer(ok=True, text="The card is on its way to #cs-alerts.")
    await hands.press(found(health_card(replace(samples.HEALTH_BRIEF, case=None)), "Open a case"))

    assert desk.requests("open_case") == [("acme", DANA)]
    assert slack.bodies("response_url")[0]["text"] == "The card is on its way to #cs-alerts."


async def test_sharing_shows_the_health_to_the_channel_with_who_shared_it(hands: Hands, slack: RecordingSlack) -> None:
    await hands.press(found(health_card(samples.HEALTH_BRIEF), "Share here"))

    (posted,) = slack.bodies("chat.postMessage")
    assert posted["channel"] == "C1"
    assert posted["text"].endswith("Shared by Dana Reyes")
    assert message_faults(posted) == []


@pytest.mark.parametrize(
    ("channel", "reason"),
    [("CSHARED", SHARED_CHANNEL), ("CUNKNOWN", CANNOT_TELL), ("D1", NO_CHANNEL)],
)
async def test_sharing_is_refused_where_outsiders_may_read(
    hands: Hands, slack: RecordingSlack, channel: str, reason: str
) -> None:
    await hands.press(found(health_card(samples.HEALTH_BRIEF), "Share here"), channel={"id": channel})

    assert slack.bodies("chat.postMessage") == []
    assert slack.bodies("response_url")[0]["text"] == reason


async def test_sharing_where_the_bot_is_not_invited_says_how_to_invite_it(hands: Hands, slack: RecordingSlack) -> None:
    slack.order("chat.postMessage", "not_in_channel")
    await hands.press(found(health_card(samples.HEALTH_BRIEF), "Share here"))

    assert slack.bodies("response_url")[0]["text"] == NOT_HERE


async def test_a_link_is_only_acknowledged(hands: Hands, slack: RecordingSlack) -> None:
    answer = await hands.press({"type": "button", "action_id": "link", "value": ""})

    assert answer.status == 200
    assert slack.told == []


@pytest.mark.parametrize("missing", ["channel", "container", "team", "trigger_id", "response_url"])
async def test_a_click_works_on_ids_alone(hands: Hands, desk: ScriptedDesk, missing: str) -> None:
    payload = hands.click(found(CARD, "Approve & send"))
    del payload[missing]
    answer = await hands.payload(payload)

    assert answer.status == 200
    assert len(desk.requests("approve")) == 1
