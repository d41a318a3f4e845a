"""How Lookout speaks to Slack: at its pace, once, with every refusal understood, and never where outsiders read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from handlers import slack_errors
from handlers.notifier import Pacer, SlackNotifier, slack_client
from handlers.scopes import needed
from scoring.errors import SlackRefused
from scoring.messages import SlackReceipt
from tests.fakes import RecordingSlack, a_user
from tests.handlers import samples
from tests.handlers.conftest import found
from tests.handlers.limits import message_faults

RECEIPT = SlackReceipt("C1", "1700000000.000001")


@dataclass
class Watch:
    """A clock of seconds that only moves when somebody sleeps."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def notifier(slack: RecordingSlack, watch: Watch) -> SlackNotifier:
    client = slack_client("xoxb-test", slack.api_url.rstrip("/"))
    client.timeout = 1
    return SlackNotifier(client, seconds=watch.seconds, sleep=watch.sleep)


async def refused(calling: Any) -> SlackRefused:
    """The refusal that a call ends in."""
    with pytest.raises(SlackRefused) as caught:
        await calling
    return caught.value


async def test_a_card_is_posted_once_to_the_channel_of_that_name(
    notifier: SlackNotifier, slack: RecordingSlack
) -> None:
    receipt = await notifier.post_card("#cs-alerts", samples.card(), mention="UDANA")

    (posted,) = slack.bodies("chat.postMessage")
    assert receipt == SlackReceipt("C1", "1700000000.000001")
    assert posted["channel"] == "C1"
    assert posted["text"].split("\n")[1].startswith("<@UDANA>: please decide.")
    assert message_faults(posted) == []


async def test_nothing_is_unfurled_marked_up_or_linked_by_slack(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    await notifier.post_card("C1", samples.card())
    await notifier.notice("C1", "acme.io is down")

    for posted in slack.bodies("chat.postMessage"):
        quiet = {key: str(posted[key]).lower() for key in ("unfurl_links", "unfurl_media", "mrkdwn", "link_names")}
        assert set(quiet.values()) <= {"false", "0"}


async def test_metadata_holds_an_opaque_id_and_nothing_else(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    await notifier.post_card("C1", samples.card())

    assert slack.bodies("chat.postMessage")[0]["metadata"] == {
        "event_type": "lookout_case",
        "event_payload": {"id": "case-1"},
    }


async def test_an_update_always_carries_its_blocks(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    await notifier.update_card(RECEIPT, samples.CARDS["sent"])

    (updated,) = slack.bodies("chat.update")
    assert (updated["channel"], updated["ts"]) == ("C1", RECEIPT.ts)
    assert updated["blocks"]
    assert found(updated, "View mail")


async def test_a_note_goes_into_the_thread_and_is_not_broadcast(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    await notifier.note(RECEIPT, "Omar edited the draft. <!channel> stays letters.")

    (posted,) = slack.bodies("chat.postMessage")
    assert posted["thread_ts"] == RECEIPT.ts
    assert "reply_broadcast" not in posted
    assert posted["text"] == "Omar edited the draft. &lt;!channel&gt; stays letters."


async def test_a_digest_reaches_a_person_directly(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    await notifier.digest("UDANA", samples.DIGEST)

    assert slack.bodies("chat.postMessage")[0]["channel"] == "UDANA"
    assert slack.bodies("conversations.info") == []


async def test_a_storm_notice_brings_its_two_buttons_and_another_none(
    notifier: SlackNotifier, slack: RecordingSlack
) -> None:
    await notifier.notice("C1", "31 accounts worsened.", storm=True)
    await notifier.notice("C1", "The mail server is back.")

    storm, other = slack.bodies("chat.postMessage")
    assert [e["text"]["text"] for e in storm["blocks"][-1]["elements"]] == ["Release", "Drop"]
    assert [block["type"] for block in other["blocks"]] == ["section"]


async def test_one_message_a_second_goes_to_a_channel(notifier: SlackNotifier, watch: Watch) -> None:
    for _ in range(3):
        await notifier.update_card(RECEIPT, samples.card())
    await notifier.notice("UDANA", "another place does not wait")

    assert watch.slept == [1.0, 1.0]


async def test_messages_that_come_together_queue_up_behind_each_other() -> None:
    watch = Watch()
    pacer = Pacer(watch.seconds, watch.sleep)
    watch.sleep = lambda seconds: _note(watch, seconds)  # type: ignore[method-assign]
    pacer.sleep = watch.sleep
    await asyncio.gather(*(pacer.turn("C1") for _ in range(4)))

    assert watch.slept == [1.0, 2.0, 3.0]


async def _note(watch: Watch, seconds: float) -> None:
    watch.slept.append(seconds)


async def test_a_layout_that_slack_refuses_is_posted_as_plain_paragraphs_once(
    notifier: SlackNotifier, slack: RecordingSlack
) -> None:
    slack.order("chat.postMessage", "invalid_blocks")
    await notifier.post_card("C1", samples.card())

    first, second = slack.bodies("chat.postMessage")
    assert {block["type"] for block in second["blocks"]} == {"section", "actions", "context"}
    assert second["text"] == first["text"]
    assert found(second, "Approve & send") == found(first, "Approve & send")


async def test_a_plain_layout_that_is_refused_too_ends_the_matter(
    notifier: SlackNotifier, slack: RecordingSlack
) -> None:
    slack.order("chat.update", "invalid_blocks", "invalid_blocks")
    refusal = await refused(notifier.update_card(RECEIPT, samples.card()))

    assert (refusal.code, refusal.permanent) == ("invalid_blocks", True)
    assert len(slack.bodies("chat.update")) == 2


async def test_a_dropped_connection_is_never_posted_again_by_itself(
    notifier: SlackNotifier, slack: RecordingSlack
) -> None:
    async def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    slack.order("chat.postMessage", drop)
    refusal = await refused(notifier.post_card("C1", samples.card()))

    assert refusal.ambiguous
    assert not refusal.permanent
    assert len(slack.bodies("chat.postMessage")) == 1


async def test_a_slack_that_hangs_is_given_up_and_nobody_knows(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.json_response({"ok": True})

    slack.order("chat.postMessage", hang)
    refusal = await refused(notifier.post_card("C1", samples.card()))

    assert (refusal.ambiguous, refusal.permanent) == (True, False)


@pytest.mark.parametrize(
    ("header", "wait"),
    [("1", 1.0), ("30", 30.0), ("999999", 600.0), ("", None), ("abc", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
async def test_being_told_to_wait_is_passed_on(
    notifier: SlackNotifier, slack: RecordingSlack, header: str, wait: float | None
) -> None:
    async def busy(_: web.Request) -> web.StreamResponse:
        headers = {"Retry-After": header} if header else {}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    slack.order("chat.postMessage", busy)
    refusal = await refused(notifier.notice("C1", "hello"))

    assert (refusal.code, refusal.permanent, refusal.ambiguous) == ("ratelimited", False, False)
    assert refusal.retry_after == wait


ODD_ANSWERS = [
    web.Response(text="<html>bad gateway</html>", content_type="text/html"),
    web.Response(text="<html>down</html>", content_type="text/html", status=503),
    web.Response(text='{"ok": tru', content_type="application/json"),
    web.Response(text="{}", content_type="application/json"),
    web.Response(text="[]", content_type="application/json"),
    web.Response(text="null", content_type="application/json"),
    web.Response(text="plain"),
    web.Response(text='{"ok": true}', content_type="application/json"),
    web.Response(text='{"ok": false}', content_type="application/json"),
    web.Response(text='{"ok": false, "error": 7}', content_type="application/json", status=500),
]


@pytest.mark.parametrize("number", range(len(ODD_ANSWERS)))
async def test_an_answer_that_is_no_answer_leaves_the_matter_open(
    notifier: SlackNotifier, slack: RecordingSlack, number: int
) -> None:
    async def odd(_: web.Request) -> web.StreamResponse:
        given = ODD_ANSWERS[number]
        return web.Response(text=given.text, status=given.status, content_type=given.content_type)

    slack.order("chat.postMessage", odd)
    refusal = await refused(notifier.notice("C1", "hello"))

    assert (refusal.permanent, refusal.ambiguous) == (False, True)


@pytest.mark.parametrize(
    ("code", "permanent", "ambiguous"),
    [
        *((code, True, False) for code in sorted(slack_errors.PERMANENT)),
        *((code, False, True) for code in sorted(slack_errors.AMBIGUOUS)),
        ("ratelimited", False, False),
        ("message_limit_exceeded", False, False),
        ("something_new", False, False),
    ],
)
async def test_each_code_means_what_the_table_says(
    notifier: SlackNotifier, slack: RecordingSlack, code: str, permanent: bool, ambiguous: bool
) -> None:
    slack.order("chat.postMessage", code)
    refusal = await refused(notifier.notice("C1", "hello"))

    assert (refusal.code, refusal.permanent, refusal.ambiguous) == (code, permanent, ambiguous)


async def test_a_slack_that_is_not_there_certainly_got_nothing(watch: Watch) -> None:
    nobody = SlackNotifier(slack_client("xoxb", "http://127.0.0.1:9/api/"), seconds=watch.seconds, sleep=watch.sleep)
    refusal = await refused(nobody.notice("UDANA", "hello"))

    assert (refusal.permanent, refusal.ambiguous) == (False, False)


async def test_names_are_looked_up_once_over_all_pages_and_kept_as_ids(
    notifier: SlackNotifier, slack: RecordingSlack
) -> None:
    first = {"ok": True, "channels": [{"id": "C7", "name": "Other"}], "response_metadata": {"next_cursor": "more"}}
    slack.order("conversations.list", first)
    await notifier.notice("#cs-alerts", "one")
    slack.channels["C1"]["name"] = "renamed"
    await notifier.notice("cs-alerts", "two")
    await notifier.notice("#other", "three")

    assert [body["channel"] for body in slack.bodies("chat.postMessage")] == ["C1", "C1", "C7"]
    assert [body.get("cursor") for body in slack.bodies("conversations.list")] == [None, "more"]


async def test_an_unknown_channel_is_asked_for_again_only_after_a_minute(
    notifier: SlackNotifier, slack: RecordingSlack, watch: Watch
) -> None:
    for _ in range(3):
        refusal = await refused(notifier.notice("#nowhere", "hello"))
        assert (refusal.code, refusal.permanent) == ("channel_not_found", True)
    watch.at += 61
    slack.channels["C9"] = {"id": "C9", "name": "nowhere"}
    await notifier.notice("#nowhere", "hello")

    assert len(slack.bodies("conversations.list")) == 2


@pytest.mark.parametrize("target", ["CSHARED", "#with-acme"])
async def test_nothing_about_customers_is_posted_where_outsiders_read(
    notifier: SlackNotifier, slack: RecordingSlack, target: str
) -> None:
    for calling in (
        notifier.post_card(target, samples.card()),
        notifier.digest(target, samples.DIGEST),
        notifier.notice(target, "hello"),
        notifier.note(SlackReceipt("CSHARED", "1.1"), "hello"),
    ):
        assert (await refused(calling)).code == slack_errors.SHARED
    assert slack.bodies("chat.postMessage") == []


async def test_a_card_is_taken_down_when_its_channel_becomes_shared(
    notifier: SlackNotifier, slack: RecordingSlack, watch: Watch
) -> None:
    await notifier.update_card(RECEIPT, samples.card())
    slack.channels["C1"]["is_ext_shared"] = True
    watch.at += 601
    assert (await refused(notifier.update_card(RECEIPT, samples.card()))).code == slack_errors.SHARED

    assert "Acme" in str(slack.bodies("chat.update")[0])
    assert "Acme" not in str(slack.bodies("chat.update")[1])


async def test_a_colleague_is_found_by_mail_with_their_zone(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    assert await notifier.user_by_email("dana@us.test") == ("UDANA", "Europe/Berlin")
    assert await notifier.user_by_email("omar@us.test") == ("UOMAR", "Europe/Berlin")
    assert len(slack.bodies("auth.test")) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"is_restricted": True},
        {"deleted": True},
        {"team_id": "T0X", "is_stranger": True},
        {"is_email_confirmed": False},
    ],
)
async def test_guests_strangers_and_unknown_or_unconfirmed_addresses_are_nobody(
    notifier: SlackNotifier, slack: RecordingSlack, more: dict[str, Any]
) -> None:
    slack.users["UX"] = a_user("UX", **more)

    assert await notifier.user_by_email("x@us.test") is None
    assert await notifier.user_by_email("nobody@us.test") is None


async def test_a_directory_that_fails_is_not_taken_for_nobody(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    slack.order("users.lookupByEmail", "missing_scope")

    assert (await refused(notifier.user_by_email("dana@us.test"))).code == "missing_scope"


def test_it_is_what_the_loop_asks_for() -> None:
    from bot.loop.ports import Notifier

    made: Notifier = SlackNotifier(slack_client("xoxb"))

    assert made


# --- whether we are let in at all


@pytest.mark.parametrize("code", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_a_token_that_slack_does_not_know_any_more_is_told_apart_from_a_closed_channel(
    notifier: SlackNotifier, slack: RecordingSlack, code: str
) -> None:
    slack.order("auth.test", code)
    slack.order("chat.postMessage", "not_in_channel")

    assert (await refused(notifier.reach())).revoked
    assert not (await refused(notifier.notice("C1", "Hello."))).revoked


async def test_a_scope_that_was_taken_away_shuts_us_out_as_well(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    async def with_scopes(names: str) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response({"ok": True, "team_id": "T0HOME"}, headers={"x-oauth-scopes": names})

        slack.order("auth.test", answer)
        await notifier.reach()

    await with_scopes(",".join(needed()))
    refusal = await refused(with_scopes(",".join(needed() - {"chat:write"})))
    assert (refusal.code, refusal.revoked) == ("missing_scope", True)


async def test_a_slack_that_is_down_is_not_one_that_shut_us_out(notifier: SlackNotifier, slack: RecordingSlack) -> None:
    slack.order("auth.test", "internal_error")

    assert not (await refused(notifier.reach())).revoked
