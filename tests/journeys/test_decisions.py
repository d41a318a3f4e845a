"""What a team lives through on one card: approve, undo, edit, snooze, assign, dismiss, and who was faster."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.demo.dispatch import sign
from bot.demo.slack_objects import Message
from handlers.ids import Action
from tests.builders import an_account
from tests.journeys.conftest import Venue
from tests.own_time import own_seconds

HOSTILE = "<!channel> *Acme* <https://evil|x>"


def button(message: Message, action: Action) -> dict[str, Any]:
    found = [e for b in message.blocks for e in b.get("elements", []) if e.get("action_id") == action.value]
    assert found, f"no {action.value} in {message.text}"
    return dict(found[0])


def private(venue: Venue, user: str) -> list[str]:
    """What only this person can see."""
    seen = [m for m in venue.slack.messages("#cs-alerts", seen_by=user) if m.visible_to]
    return [m.text for m in seen]


async def test_one_click_sends_exactly_the_draft_and_the_card_says_who(either_way: Venue) -> None:
    venue = either_way
    await venue.case()

    await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="dana")
    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.until(lambda: venue.letters)
    await venue.until(lambda: "Sent by" in venue.card().text)

    [letter] = venue.letters
    assert letter.recipients == ("kim@acme.test",)
    assert "shall we look at your reports together?" in letter.body
    assert "Dana" in venue.card().text
    assert not any(
        e.get("action_id") == Action.APPROVE.value for b in venue.card().blocks for e in b.get("elements", [])
    )


async def test_undo_within_ten_seconds_sends_nothing(venue: Venue) -> None:
    await venue.case()
    await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="dana")
    await venue.until(
        lambda: any(e.get("action_id") == Action.UNDO.value for b in venue.card().blocks for e in b.get("elements", []))
    )

    await venue.slack.click("#cs-alerts", Action.UNDO.value, user="dana")
    venue.clock.move_to(venue.clock() + timedelta(seconds=30))
    await venue.until(
        lambda: any(
            e.get("action_id") == Action.APPROVE.value for b in venue.card().blocks for e in b.get("elements", [])
        )
    )
    await venue.app.send.run()

    assert venue.letters == []


async def test_fifty_approvals_at_once_send_one_mail_and_everybody_is_answered_in_time(venue: Venue) -> None:
    await venue.case()
    card = venue.card()

    async def press(user: str) -> tuple[float, int]:
        began = own_seconds()
        ack = await venue.slack.click(card, Action.APPROVE.value, user=user)
        return own_seconds() - began, ack.status

    answers = await asyncio.gather(*(press("dana" if n % 2 else "ben") for n in range(50)))
    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.until(lambda: venue.letters)
    await venue.app.send.run()
    await venue.until(lambda: len(private(venue, "dana") + private(venue, "ben")) >= 49)

    assert {status for _, status in answers} == {200}
    assert max(seconds for seconds, _ in answers) < 3
    assert len(venue.letters) == 1
    losers = [text for text in private(venue, "dana") + private(venue, "ben") if "approved" in text]
    assert len(losers) == 49


async def test_clicks_are_answered_within_three_seconds_while_scoring_runs(venue: Venue) -> None:
    await venue.case()
    scoring = asyncio.create_task(venue.app.daily.score.run(venue.clock().date()))
    began = own_seconds()

    ack = await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="dana")

    assert ack.status == 200
    assert own_seconds() - began < 3
    await scoring


async def test_a_stranger_from_another_workspace_is_refused_in_private(venue: Venue) -> None:
    await venue.case()

    await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="vera")
    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.app.send.run()

    assert venue.letters == []
    [text] = private(venue, "vera")
    assert "nothing was sent" in text


@pytest.mark.parametrize("fault", ["forged", "old", "unsigned"])
async def test_a_forged_or_replayed_request_is_refused(venue: Venue, fault: str) -> None:
    await venue.case()
    element = button(venue.card(), Action.APPROVE)
    payload = {
        "type": "block_actions",
        "team": {"id": venue.slack.workspace.team_id},
        "user": {"id": "UDANA", "team_id": venue.slack.workspace.team_id},
        "actions": [element | {"block_id": "b", "action_ts": "1"}],
        "response_url": "http://127.0.0.1:9/",
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    at = int(venue.clock().timestamp()) - (400 if fault == "old" else 0)
    headers = sign("wrong" if fault == "forged" else venue.slack.signing_secret, body, at)
    if fault == "unsigned":
        headers = {}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    async with (
        aiohttp.ClientSession() as session,
        session.post(venue.slack.request_url, data=body, headers=headers) as answer,
    ):
        assert answer.status == 401

    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.app.send.run()
    assert venue.letters == []


async def test_a_card_from_before_an_edit_cannot_send_the_old_text(venue: Venue) -> None:
    await venue.case()
    old = deepcopy(venue.card())
    stale = button(old, Action.APPROVE)
    await venue.slack.click("#cs-alerts", Action.EDIT.value, user="ben")
    modal = venue.slack.modal("ben")
    assert modal is not None
    fields = {
        b["element"]["action_id"]: b["element"]["initial_value"] for b in modal.body["blocks"] if b["type"] == "input"
    }
    changed = {name: value.replace("look at", "walk through") for name, value in fields.items()}
    await venue.slack.submit("ben", changed)
    await venue.until(lambda: button(venue.card(), Action.APPROVE)["value"] != stale["value"])

    await venue.slack.click(old, Action.APPROVE.value, user="dana")
    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.app.send.run()

    assert venue.letters == []
    assert "edited" in private(venue, "dana")[0] or "changed" in private(venue, "dana")[0]


async def test_an_account_with_a_hostile_name_pings_nobody_and_reads_literally(venue: Venue) -> None:
    await venue.case(account=an_account(name=HOSTILE))
    await venue.slack.command("/health " + HOSTILE, user="dana", channel="#cs-alerts")
    await venue.slack.open_home("dana")
    assert [line for line in _everything(venue) if "Acme" in line] != []
    assert _risky_texts(venue) == []


def _everything(venue: Venue) -> list[str]:
    return [m.text for c in venue.slack.workspace.channels.values() for m in c.messages]


def _risky_texts(venue: Venue) -> list[str]:
    """Texts in which Slack would read a control sequence: top-level text and mrkdwn, never plain_text."""

    def marked_up(node: Any) -> list[str]:
        if isinstance(node, list):
            return [text for value in node for text in marked_up(value)]
        if not isinstance(node, dict):
            return []
        own = [node["text"]] if node.get("type") == "mrkdwn" else []
        return own + [text for value in node.values() for text in marked_up(value)]

    messages = [m for c in venue.slack.workspace.channels.values() for m in c.messages]
    home = venue.slack.home("dana")
    texts = [m.text for m in messages] + [t for m in messages for t in marked_up(m.blocks)]
    texts += marked_up(home.body) if home else []
    return [text for text in texts if "<!channel>" in text or "<https://evil" in text]
