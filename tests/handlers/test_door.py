"""Who is let in, and what never gets as far as a listener: forged, old, malformed, outside, guests, bots."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from handlers import register
from handlers.blocks.alert_card import alert_card
from handlers.blocks.dismiss_modal import dismiss_modal
from handlers.edge import readable, signed, slack_endpoint
from handlers.notifier import slack_client
from handlers.people import BOT, CANNOT_CHECK, GUEST, OUTSIDER
from scoring.briefs import Answer
from scoring.errors import Refused
from tests.fakes import RecordingSlack, ScriptedDesk
from tests.handlers import samples
from tests.handlers.conftest import SECRET, Hands, body_of, found
from tests.thoroughness import examples

APPROVE = found(alert_card(samples.card()), "Approve & send")
STRANGERS = [
    ("UEVIL", OUTSIDER),
    ("UNKNOWN", OUTSIDER),
    ("UGUEST", GUEST),
    ("USINGLE", GUEST),
    ("UBOT", BOT),
    ("UGONE", BOT),
]


@pytest.mark.parametrize(("user", "reason"), STRANGERS)
async def test_whoever_is_no_member_is_refused_privately_and_nothing_happens(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk, user: str, reason: str
) -> None:
    answer = await hands.press(APPROVE, user)

    assert answer.status == 200
    assert desk.asked == []
    assert desk.turned == [user]
    (told,) = slack.bodies("response_url")
    assert (told["text"], told["response_type"]) == (reason, "ephemeral")


@pytest.mark.parametrize(("user", "reason"), STRANGERS)
async def test_a_command_of_no_member_is_refused_in_its_answer(
    hands: Hands, desk: ScriptedDesk, user: str, reason: str
) -> None:
    shown = body_of(await hands.command("acme", user=user))

    assert (shown["text"], shown["response_type"]) == (reason, "ephemeral")
    assert desk.asked == []


@pytest.mark.parametrize(("user", "reason"), STRANGERS)
async def test_a_window_of_no_member_is_refused_in_the_window(
    hands: Hands, desk: ScriptedDesk, user: str, reason: str
) -> None:
    shown = body_of(await hands.submit(dismiss_modal("case-1", "Acme Corp"), {}, user))

    assert shown["view"]["blocks"][0]["text"]["text"] == reason
    assert desk.asked == []


async def test_a_refusal_tells_an_outsider_nothing_about_the_account(hands: Hands, slack: RecordingSlack) -> None:
    await hands.press(APPROVE, "UEVIL")

    assert not any(word in json.dumps(slack.told) for word in ("Acme", "Kim", "Critical", "case-1"))


async def test_the_same_user_id_in_another_workspace_is_somebody_else(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    elsewhere = {"user": {"id": "UDANA", "team_id": "T0ELSEWHERE"}}
    await hands.payload(hands.click(APPROVE) | elsewhere)

    assert desk.asked == []
    assert slack.bodies("response_url")[0]["text"] == OUTSIDER


async def test_when_slack_does_not_say_who_it_is_nobody_gets_in(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    slack.order("users.info", "internal_error")
    await hands.press(APPROVE)

    assert desk.asked == []
    assert slack.bodies("response_url")[0]["text"] == CANNOT_CHECK


async def test_a_person_is_looked_up_once_in_five_minutes(hands: Hands, slack: RecordingSlack) -> None:
    await hands.press(APPROVE)
    await hands.press(APPROVE)

    assert len(slack.bodies("users.info")) == 1


async def test_an_unverified_address_is_nobodys(hands: Hands, desk: ScriptedDesk) -> None:
    await hands.press(APPROVE, "UBLANK")

    assert desk.requests("member") == [("UBLANK", "", "Europe/Berlin")]
    assert desk.requests("approve")[0][3].person_id == ""


@pytest.mark.parametrize(("user", "person"), [("UDANA", "csm-dana"), ("UOMAR", "csm-omar"), ("ULEA", "csm-lea")])
async def test_each_member_acts_under_their_own_name(hands: Hands, desk: ScriptedDesk, user: str, person: str) -> None:
    await hands.press(APPROVE, user)

    assert desk.requests("approve")[0][3].person_id == person


async def test_a_forged_signature_is_refused(hands: Hands, desk: ScriptedDesk) -> None:
    answer = await hands.send(
        urlencode({"payload": json.dumps(hands.click(APPROVE))}), **{"x-slack-signature": "v0=" + "0" * 64}
    )

    assert answer.status == 401
    assert desk.asked == []


async def test_a_replayed_click_has_no_second_effect(hands: Hands, slack: RecordingSlack, desk: ScriptedDesk) -> None:
    body = urlencode({"payload": json.dumps(hands.click(APPROVE))})
    await hands.send(body)
    desk.answers["approve"] = Answer(ok=False, text="You approved this at 10:00. Nothing more was sent.")
    await hands.send(body)

    first, second = desk.requests("approve")
    assert first == second
    assert slack.bodies("response_url")[0]["text"].startswith("You approved this")


async def test_a_busy_database_at_the_door_is_answered_too(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    desk.answers["member"] = Refused("Lookout is busy; nothing was changed. Try again in a moment.")
    await hands.press(APPROVE)

    assert desk.requests("approve") == []
    assert slack.bodies("response_url")[0]["text"].startswith("Lookout is busy")


# The door over HTTP


@pytest.fixture
async def url(slack: RecordingSlack, desk: ScriptedDesk) -> AsyncIterator[str]:
    """The real endpoint on a port of this machine; Bolt's own check is off, so that ours stands alone."""
    bolt = AsyncApp(client=slack_client("xoxb-test", slack.api_url), request_verification_enabled=False)
    register(bolt, desk, clock=lambda: samples.NOW)
    app = web.Application(client_max_size=1024**2)
    endpoint = slack_endpoint(bolt, signing_secret=SECRET, clock=lambda: datetime.now(UTC))
    app.router.add_post("/slack/events", endpoint)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/slack/events"))
    await server.close()


def headers_for(body: bytes, *, stamp: str = "", kind: str = "application/x-www-form-urlencoded") -> dict[str, str]:
    """What Slack would send with these bytes."""
    stamp = stamp or str(int(time.time()))
    made = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body.decode("utf-8", "replace")) or ""
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": made}


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of one call."""
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status


async def test_a_signed_click_comes_through_over_http(url: str, hands: Hands, desk: ScriptedDesk) -> None:
    body = urlencode({"payload": json.dumps(hands.click(APPROVE))}).encode()

    assert await post(url, body, headers_for(body)) == 200
    assert len(desk.requests("approve")) == 1


async def test_slack_can_check_the_address(url: str) -> None:
    body = b'{"type":"url_verification","challenge":"abc"}'

    assert await post(url, body, headers_for(body, kind="application/json")) == 200


@pytest.mark.parametrize("change", ["signature", "body", "timestamp"])
async def test_whatever_is_changed_after_signing_is_noticed(
    url: str, hands: Hands, desk: ScriptedDesk, change: str
) -> None:
    body = urlencode({"payload": json.dumps(hands.click(APPROVE))}).encode()
    headers = headers_for(body)
    if change == "signature":
        headers["X-Slack-Signature"] = "v0=" + "0" * 64
    elif change == "timestamp":
        headers["X-Slack-Request-Timestamp"] = str(int(headers["X-Slack-Request-Timestamp"]) - 1)
    else:
        body = body.replace(b"case-1", b"case-2")

    assert await post(url, body, headers) == 401
    assert desk.asked == []


@pytest.mark.parametrize("age", [301, -302, 3600])
async def test_an_old_or_future_request_is_refused(url: str, hands: Hands, desk: ScriptedDesk, age: int) -> None:
    body = urlencode({"payload": json.dumps(hands.click(APPROVE))}).encode()

    assert await post(url, body, headers_for(body, stamp=str(int(time.time()) - age))) == 401
    assert desk.asked == []


BAD_HEADERS = [
    {},
    {"X-Slack-Signature": "v0=" + "0" * 64},
    {"X-Slack-Request-Timestamp": "abc", "X-Slack-Signature": "v0=" + "0" * 64},
    {"X-Slack-Request-Timestamp": "NOW", "X-Slack-Signature": "v0=übung"},
    {"X-Slack-Request-Timestamp": "9" * 400, "X-Slack-Signature": "v0=" + "0" * 64},
    {"X-Slack-Request-Timestamp": "NOW", "X-Slack-Signature": ""},
]


@pytest.mark.parametrize("headers", BAD_HEADERS)
async def test_malformed_headers_are_refused_without_a_traceback(
    url: str, desk: ScriptedDesk, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    filled = {key: value.replace("NOW", str(int(time.time()))) for key, value in headers.items()}

    assert await post(url, b"payload={}", filled) == 401
    assert desk.asked == []
    assert "Traceback" not in caplog.text


async def test_a_doubled_signature_is_refused(url: str) -> None:
    body = b"payload=%7B%7D"
    pairs = [*headers_for(body).items(), ("X-Slack-Signature", "v0=" + "0" * 64)]
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=pairs) as answer:
        assert answer.status == 401


BAD_BODIES = [
    (b"", "form"),
    (b"payload=x", "form"),
    (b"payload=%5B1%5D", "form"),
    (b"payload=null", "form"),
    (b"\xff\xfe", "form"),
    (b"&".join([b"a=1"] * 500), "form"),
    (b"[", "json"),
    (b"[1]", "json"),
    (b"null", "json"),
    (b"[" * 50_000, "json"),
    (b'{"a":' * 50_000, "json"),
    (b'"text"', "json"),
]


@pytest.mark.parametrize(("body", "kind"), BAD_BODIES)
async def test_a_signed_body_of_no_known_shape_is_a_bad_request(
    url: str, body: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    stamp = str(int(time.time()))
    made = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    content = "application/json" if kind == "json" else "application/x-www-form-urlencoded"
    headers = {"Content-Type": content, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}

    assert await post(url, body, headers) == 400
    assert "Traceback" not in caplog.text


async def test_odd_but_well_formed_payloads_never_break_the_process(url: str, hands: Hands) -> None:
    for payload in ({}, {"type": "block_actions"}, {"type": "view_submission", "view": []}, {"type": 7, "user": "x"}):
        body = urlencode({"payload": json.dumps(payload)}).encode()
        assert await post(url, body, headers_for(body)) in {200, 404}
    good = urlencode({"payload": json.dumps(hands.click(APPROVE))}).encode()

    assert await post(url, good, headers_for(good)) == 200


async def test_a_body_over_a_mebibyte_and_a_packed_one_are_refused(url: str) -> None:
    large = b"payload=" + b"x" * 1024**2

    assert await post(url, large, headers_for(large)) == 413
    assert await post(url, b"x", headers_for(b"x") | {"Content-Encoding": "gzip"}) in {400, 415}


async def test_callers_cannot_use_bolts_inner_headers(url: str, hands: Hands, desk: ScriptedDesk) -> None:
    body = urlencode({"payload": json.dumps(hands.click(APPROVE))}).encode()
    inner = {"X-Slack-Bolt-Lazy-Only": "1", "X-Slack-Bolt-Lazy-Function-Name": "on_approve"}

    assert await post(url, body, headers_for(body) | inner) == 200
    assert len(desk.requests("approve")) == 1


async def test_two_hundred_clicks_at_once_are_all_answered(url: str, hands: Hands, desk: ScriptedDesk) -> None:
    body = urlencode({"payload": json.dumps(hands.click(APPROVE))}).encode()
    async with aiohttp.ClientSession() as session:

        async def one() -> int:
            async with session.post(url, data=body, headers=headers_for(body)) as answer:
                return answer.status

        assert set(await asyncio.gather(*(one() for _ in range(200)))) == {200}
    assert len(desk.requests("approve")) == 200


@given(
    body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""])
)
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_judged_without_an_exception(body: bytes, kind: str) -> None:
    assert readable(body, kind) in {True, False}


@given(stamp=st.text(max_size=20), signature=st.text(max_size=80))
def test_no_made_up_signature_passes(stamp: str, signature: str) -> None:
    assert not signed(body=b"x", timestamp=stamp, signature=signature, secret=SECRET, now=datetime.now(UTC))


def test_without_a_secret_nothing_is_signed() -> None:
    now = datetime.now(UTC)
    stamp = str(int(now.timestamp()))
    made = "v0=" + hmac.new(b"", f"v0:{stamp}:x".encode(), hashlib.sha256).hexdigest()

    assert not signed(body=b"x", timestamp=stamp, signature=made, secret="", now=now)


def test_a_signature_is_good_for_five_minutes() -> None:
    now = datetime.now(UTC)
    headers = headers_for(b"x", stamp=str(int(now.timestamp())))
    check = {"timestamp": headers["X-Slack-Request-Timestamp"], "signature": headers["X-Slack-Signature"]}

    assert signed(body=b"x", secret=SECRET, now=now + timedelta(seconds=299), **check)
    assert not signed(body=b"x", secret=SECRET, now=now + timedelta(seconds=302), **check)
