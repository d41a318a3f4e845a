"""The local Slack keeps Slack's word: seen by the real SDK, the real signature check and a real Bolt app."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.dispatch import encode, sign
from bot.demo.faults import Fault
from bot.demo.slack import LocalSlack
from tests.demo.tiny_app import CARD, MODAL, over_a_socket, over_http, text

WAYS = pytest.mark.parametrize("connect", [over_http, over_a_socket], ids=["http", "socket"])


async def refused(call) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def until(true) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is awaited happens in the app under test
            await asyncio.sleep(0.01)


@given(st.dictionaries(st.text(), st.text()), st.from_regex(r"\A[0-9a-f]{8,64}\Z"))
def test_the_sdk_accepts_our_signature_over_any_body(payload: dict[str, str], secret: str) -> None:
    body, _ = encode("slash_commands", payload)
    now = int(time.time())
    headers = sign(secret, body, now)
    assert SignatureVerifier(secret).is_valid_request(body, headers)
    assert not SignatureVerifier(secret + "x").is_valid_request(body, headers)


async def test_the_sdk_posts_updates_and_deletes_a_message(slack: LocalSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="#cs-alerts", text="Acme fades", blocks=CARD)
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Acme is well")
    [message] = slack.messages("#cs-alerts")
    assert message.text == "Acme is well"
    assert message.blocks == []
    assert message.edited_ts > message.ts

    await client.chat_delete(channel=posted["channel"], ts=posted["ts"])
    assert slack.messages("#cs-alerts") == []


async def test_blocks_in_a_form_body_are_read_too(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.api_call("chat.postMessage", data={"channel": "#cs-alerts", "blocks": json.dumps(CARD)})
    assert slack.messages("#cs-alerts")[0].blocks[0]["type"] == "header"


async def test_slack_says_no_in_its_own_words(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.add_channel("elsewhere", with_bot=False)
    slack.add_channel("attic").is_archived = True
    ana, vera = slack.workspace.user("ana"), slack.workspace.user("vera")
    post, channel = client.chat_postMessage, slack.channel("#cs-alerts").id
    posted = await post(channel="#cs-alerts", text="x")
    theirs = slack.workspace.post(slack.channel("#cs-alerts"), ana.id, text="hello")
    stranger = AsyncWebClient(token="xoxb-wrong", base_url=slack.api_url)

    assert await refused(stranger.auth_test()) == "invalid_auth"
    assert await refused(post(channel="#nowhere", text="x")) == "channel_not_found"
    assert await refused(post(channel="#elsewhere", text="x")) == "not_in_channel"
    assert await refused(post(channel="#attic", text="x")) == "is_archived"
    assert await refused(post(channel="#cs-alerts")) == "no_text"
    assert await refused(client.chat_update(channel=channel, ts="1.0", text="x")) == "message_not_found"
    assert await refused(client.chat_update(channel=channel, ts=posted["ts"], text="x" * 4001)) == "msg_too_long"
    assert await refused(client.chat_update(channel=channel, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_postEphemeral(channel=channel, user=vera.id, text="x")) == "user_not_in_channel"
    assert await refused(client.users_lookupByEmail(email="vera@elsewhere.test")) == "users_not_found"
    assert await refused(client.api_call("chat.sing")) == "unknown_method"


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "section", "text": text("x" * 3001)}],
        [{"type": "section", "text": text("")}],
        [{"type": "section", "fields": [text("x")] * 11}],
        [{"type": "header", "text": text("mrkdwn is refused")}],
        [{"type": "divider"}] * 51,
        [{"type": "alert", "text": text("only in modals")}],
        [{"type": "actions", "elements": [{"type": "button", "text": text("x" * 76, plain=True)}]}],
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
        [{"type": "carrot"}],
        [{"type": "section", "text": text("👩‍👩‍👧‍👦" * 300)}],
        ["text"],
    ],
)
async def test_blocks_beyond_the_limits_are_refused(slack: LocalSlack, client: AsyncWebClient, blocks) -> None:
    assert await refused(client.chat_postMessage(channel="#cs-alerts", text="x", blocks=blocks)) == "invalid_blocks"
    assert slack.messages("#cs-alerts") == []


async def test_people_and_channels_are_listed_in_pages(slack: LocalSlack, client: AsyncWebClient) -> None:
    names = []
    async for page in await client.users_list(limit=2):
        names += [member["name"] for member in page["members"]]
    assert names == ["lookout", "ana", "ben", "vera"]
    channels = (await client.conversations_list(types="public_channel", exclude_archived=True))["channels"]
    assert {channel["name"]: channel["is_ext_shared"] for channel in channels} == {"cs-alerts": False, "partners": True}
    vera = (await client.users_info(user=slack.workspace.user("vera").id))["user"]
    assert vera["is_stranger"]
    opened = await client.conversations_open(users=slack.workspace.user("ana").id)
    await client.chat_postMessage(channel=opened["channel"]["id"], text="hi")
    assert [message.text for message in slack.messages("ana")] == ["hi"]


async def test_a_trigger_opens_one_window_within_three_seconds(slack: LocalSlack, client: AsyncWebClient) -> None:
    ana = slack.workspace.user("ana").id
    ticket = slack.triggers.give(ana)
    await client.views_open(trigger_id=ticket, view=MODAL)
    assert await refused(client.views_open(trigger_id=ticket, view=MODAL)) == "exchanged_trigger_id"
    assert await refused(client.views_open(trigger_id="1.2", view=MODAL)) == "invalid_trigger_id"
    old = slack.triggers.give(ana)
    slack.triggers.timer = lambda: time.monotonic() + 3.1
    assert await refused(client.views_open(trigger_id=old, view=MODAL)) == "expired_trigger_id"


async def test_a_stale_hash_and_a_fourth_window_are_refused(slack: LocalSlack, client: AsyncWebClient) -> None:
    ana = slack.workspace.user("ana").id
    opened = await client.views_open(trigger_id=slack.triggers.give(ana), view=MODAL)
    view_id, first = opened["view"]["id"], opened["view"]["hash"]
    await client.views_update(view_id=view_id, hash=first, view=MODAL)
    assert await refused(client.views_update(view_id=view_id, hash=first, view=MODAL)) == "hash_conflict"
    for _ in range(2):
        await client.views_push(trigger_id=slack.triggers.give(ana), view=MODAL)
    ticket = slack.triggers.give(ana)
    assert await refused(client.views_push(trigger_id=ticket, view=MODAL)) == "push_limit_reached"


async def test_one_message_a_second_and_channel_when_asked_for() -> None:
    async with LocalSlack(strict_rate=True) as slack:
        slack.add_channel("cs-alerts")
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        await client.chat_postMessage(channel="#cs-alerts", text="1")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="#cs-alerts", text="2")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "1"


async def test_faults_come_in_the_order_in_which_they_were_ordered(slack: LocalSlack, client: AsyncWebClient) -> None:
    for fault in (Fault.busy(7), Fault.code("internal_error"), Fault.broken(503), Fault.bad_json()):
        slack.faults.order("chat.postMessage", fault)
    for status in (429, 200):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="#cs-alerts", text="x")
        assert caught.value.response.status_code == status
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await client.chat_postMessage(channel="#cs-alerts", text="x")
    assert len(slack.messages("#cs-alerts")) == 1
    await client.chat_postMessage(channel="#cs-alerts", text="well again")
    assert [call.status for call in slack.calls_of("chat.postMessage")] == [429, 200, 503, 200, 200]


@pytest.mark.parametrize("after", [True, False])
async def test_a_dropped_connection_leaves_the_work_done_or_not(slack: LocalSlack, client, after: bool) -> None:
    slack.faults.order("chat.postMessage", Fault.dropped(after_accepting=after))
    with pytest.raises(Exception, match=r"disconnected|reset"):
        await client.chat_postMessage(channel="#cs-alerts", text="x")
    assert len(slack.messages("#cs-alerts")) == int(after)


async def test_a_hang_outlasts_the_clients_patience(slack: LocalSlack, client: AsyncWebClient) -> None:
    client.timeout = 0.1
    slack.faults.order("chat.postMessage", Fault.hanging(0.3))
    with pytest.raises(TimeoutError):
        await client.chat_postMessage(channel="#cs-alerts", text="x")


@WAYS
async def test_a_click_reaches_bolt_and_the_message_changes(slack: LocalSlack, client: AsyncWebClient, connect) -> None:
    async with connect(slack):
        await client.chat_postMessage(channel="#cs-alerts", text="Acme", blocks=CARD)
        ack = await slack.click("#cs-alerts", "Approve & send", user="ana")
        assert ack.ok
        ana = slack.workspace.user("ana").id
        await until(lambda: slack.messages("#cs-alerts")[0].words == f"Sent\nSent by <@{ana}>")


@WAYS
async def test_a_window_is_filled_refused_and_accepted(slack: LocalSlack, client: AsyncWebClient, connect) -> None:
    async with connect(slack) as app:
        await client.chat_postMessage(channel="#cs-alerts", text="Acme", blocks=CARD)
        await slack.click("#cs-alerts", "edit", user="ana")
        await until(lambda: slack.modal("ana"))

        await slack.submit("ana", {"Body": "Hello"})
        assert slack.modal("ana").errors == {"why": "Please complete this required field."}
        await slack.submit("ana", {"Body": "A discount", "Reason": "Right"})
        assert "discount" in slack.modal("ana").errors["body"]
        await slack.submit("ana", {"Body": "Hello Dana", "Who": slack.workspace.user("ben").id})
        assert slack.modal("ana") is None
        [values] = app.heard
        assert values["body"]["body"]["value"] == "Hello Dana"
        assert values["why"]["why"]["selected_option"]["value"] == "right"
        assert values["who"]["who"]["selected_user"] == slack.workspace.user("ben").id


@WAYS
async def test_closing_a_window_tells_the_bot_that_asked(slack: LocalSlack, client: AsyncWebClient, connect) -> None:
    async with connect(slack) as app:
        await client.chat_postMessage(channel="#cs-alerts", text="Acme", blocks=CARD)
        await slack.click("#cs-alerts", "edit", user="ana")
        await until(lambda: slack.modal("ana"))
        await slack.close("ana")
        assert slack.modal("ana") is None
        await until(lambda: app.heard == ["closed"])


@WAYS
async def test_menus_commands_and_home_work_both_ways(slack: LocalSlack, client: AsyncWebClient, connect) -> None:
    async with connect(slack):
        await client.chat_postMessage(channel="#cs-alerts", text="Acme", blocks=CARD)
        await slack.click("#cs-alerts", "snooze", user="ana", value="Monday")
        await until(lambda: slack.messages("#cs-alerts", seen_by="ana")[-1].text == "Snoozed: monday")
        await slack.click("#cs-alerts", "more", user="ana", value="dismiss")
        await until(lambda: slack.messages("#cs-alerts")[-1].thread_ts)
        await slack.command("/health Acme Ltd", user="ben", channel="#cs-alerts")
        assert slack.messages("#cs-alerts", seen_by="ben")[-1].text == "You asked for Acme Ltd"
        assert "You asked" not in slack.messages("#cs-alerts", seen_by="ana")[-1].text
        await slack.open_home("ana")
        await until(lambda: slack.home("ana"))


async def test_a_bot_that_dials_in_again_after_a_goodbye_keeps_working(slack: LocalSlack) -> None:
    async with over_a_socket(slack):
        await slack.sockets.disconnect()
        await slack.sockets.wait_connected()
        ack = await slack.command("/health acme", user="ana")
        assert ack.ok


async def test_a_forged_request_is_refused_by_bolt(slack: LocalSlack) -> None:
    async with over_http(slack):
        slack.http.signing_secret = "guessed"
        ack = await slack.command("/health acme", user="ana")
        assert ack.error == "http_401"


async def test_a_bot_that_is_away_is_an_error_for_the_person(slack: LocalSlack) -> None:
    slack.request_url = "http://127.0.0.1:9/slack/events"
    ack = await slack.command("/health acme", user="ana")
    assert ack.error.startswith("could not be reached")


async def test_a_response_url_works_five_times_within_thirty_minutes(slack: LocalSlack) -> None:
    user, channel = slack.workspace.user("ana"), slack.channel("#cs-alerts")
    url, late = slack.urls.give(user, channel), slack.urls.give(user, channel)

    async def use(address: str) -> int:
        async with slack._session.post(address, json={"text": "hi"}) as answer:
            return answer.status

    assert [await use(url) for _ in range(6)] == [200] * 5 + [404]
    slack.urls.timer = lambda: time.monotonic() + 1801
    assert await use(late) == 404
    assert len(slack.messages("#cs-alerts", seen_by="ana")) == 5
    assert slack.messages("#cs-alerts", seen_by="ben") == []


async def test_a_stranger_clicks_with_the_team_they_belong_to(slack: LocalSlack, client: AsyncWebClient) -> None:
    async with over_http(slack):
        await client.chat_postMessage(channel="#partners", text="Acme", blocks=CARD)
        await slack.click("#partners", "approve", user="vera")
    assert slack.deliveries[-1].payload["user"]["team_id"] == "T0OTHER"
    assert slack.deliveries[-1].payload["team"]["id"] == slack.workspace.team_id


async def test_who_is_pinged_is_told_apart_from_words_that_look_like_it(slack: LocalSlack) -> None:
    channel = slack.channel("#cs-alerts")
    quiet = slack.workspace.post(channel, "U1", text="&lt;!channel&gt;", blocks=[
        {"type": "header", "text": text("<!channel>", plain=True)}
    ])  # fmt: skip
    loud = slack.workspace.post(channel, "U1", text="x", blocks=[{"type": "section", "text": text("<!channel> hi")}])
    assert quiet.pings == []
    assert loud.pings == ["!channel"]
