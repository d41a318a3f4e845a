"""A real Bolt app with a recording Slack behind it, and hands that press what a person would press."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from handlers import register
from handlers.notifier import slack_client
from tests.fakes import TEAM, RecordingSlack, ScriptedDesk, a_user
from tests.handlers import samples

Json = dict[str, Any]
SECRET = "a-signing-secret"


@dataclass(slots=True)
class Hands:
    """Sends signed requests through the real app, as Slack would after a person acted."""

    app: AsyncApp
    slack: RecordingSlack
    secret: str = SECRET
    answers: list[BoltResponse] = field(default_factory=list)

    async def send(
        self, body: str, content_type: str = "application/x-www-form-urlencoded", **headers: str
    ) -> BoltResponse:
        """Sign and dispatch one body."""
        stamp = str(int(time.time()))
        signature = SignatureVerifier(self.secret).generate_signature(timestamp=stamp, body=body) or ""
        signed = {"content-type": content_type, "x-slack-request-timestamp": stamp, "x-slack-signature": signature}
        asked = AsyncBoltRequest(body=body, headers=signed | headers)  # type: ignore[arg-type]
        self.answers.append(await self.app.async_dispatch(asked))
        await listeners_done()
        return self.answers[-1]

    async def payload(self, payload: Json) -> BoltResponse:
        """Deliver an interactive payload."""
        return await self.send(urlencode({"payload": json.dumps(payload)}))

    def click(self, element: Json, user: str = "UDANA", **more: Any) -> Json:
        """The payload of a press on a button or a choice in a menu (`chosen` is the option) in a message."""
        chosen = more.pop("chosen", None)
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": "b1", "action_ts": "1.0"}
        action |= {"selected_option": chosen} if chosen else {"value": element.get("value", "")}
        return {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "channel": {"id": "C1"},
            "container": {"type": "message", "channel_id": "C1", "message_ts": "1.0"},
            "trigger_id": "trigger-1",
            "response_url": self.slack.response_url(),
            "actions": [action],
        } | more

    async def press(self, element: Json, user: str = "UDANA", **more: Any) -> BoltResponse:
        """Press it in a message."""
        return await self.payload(self.click(element, user, **more))

    async def press_in(self, view: Json, element: Json, user: str = "UDANA") -> BoltResponse:
        """Press it in a window or in App Home: there is no channel and no response_url."""
        shown = view | {"id": "V1", "root_view_id": "V1", "state": {"values": {}}}
        payload = self.click(element, user) | {"view": shown, "container": {"type": "view", "view_id": "V1"}}
        return await self.payload({k: v for k, v in payload.items() if k not in {"channel", "response_url"}})

    async def submit(self, view: Json, values: Json, user: str = "UDANA", **more: Any) -> BoltResponse:
        """Submit a window; `values` are by action id, the rest is as the window opened."""
        state: Json = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                element = block["element"]
                state[block["block_id"]] = {element["action_id"]: values.get(element["action_id"], _untouched(element))}
        shown = view | {"id": "V1", "root_view_id": "V1", "hash": "h", "state": {"values": state}}
        who = {"user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "trigger_id": "trigger-1"}
        return await self.payload({"type": "view_submission", "view": shown} | who | more)

    async def command(self, text: str, user: str = "UDANA", **more: str) -> BoltResponse:
        """Type `/health text`."""
        form = {"command": "/health", "text": text, "user_id": user, "team_id": TEAM, "channel_id": "C1"}
        return await self.send(urlencode(form | {"response_url": self.slack.response_url(), "trigger_id": "t"} | more))

    async def event(self, event: Json, **more: Any) -> BoltResponse:
        """Deliver an event."""
        body = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": event} | more
        return await self.send(json.dumps(body), "application/json")


async def listeners_done() -> None:
    """Wait for what listeners do after they acknowledged: Bolt does not."""
    running = [
        task for task in asyncio.all_tasks() if "run_ack_function" in getattr(task.get_coro(), "__qualname__", "")
    ]
    if running:
        await asyncio.wait(running, timeout=10)


def _untouched(element: Json) -> Json:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value")}
    if kind == "radio_buttons":
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind == "users_select":
        return {"type": kind, "selected_user": element.get("initial_user")}
    if kind == "datepicker":
        return {"type": kind, "selected_date": element.get("initial_date")}
    return {"type": kind, "selected_date_time": element.get("initial_date_time")}


def body_of(answer: BoltResponse) -> Json:
    """What an acknowledgement says."""
    return json.loads(answer.body) if answer.body else {}


def found(message: Json, label: str) -> Json:
    """The element with this label in a message or view."""
    for block in message["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if element.get("text", {}) and isinstance(element["text"], dict) and element["text"]["text"] == label:
                return dict(element)
    raise LookupError(label)


def menu_of(message: Json, label: str) -> tuple[Json, Json]:
    """The overflow menu and its option with this label."""
    menu = next(e for b in message["blocks"] for e in b.get("elements", []) if e["type"] == "overflow")
    return menu, next(option for option in menu["options"] if option["text"]["text"] == label)


@pytest.fixture
async def slack() -> AsyncIterator[RecordingSlack]:
    """A Slack with an owner (Dana), another CSM (Omar), an admin (Lea), a guest, a bot and a stranger."""
    made = await RecordingSlack().start()
    for user in (
        a_user("UDANA", "Dana Reyes"),
        a_user("UOMAR", "Omar Haddad"),
        a_user("ULEA", "Lea Admin"),
        a_user("UGUEST", "Gus Guest", is_restricted=True),
        a_user("USINGLE", "Sue Single", is_ultra_restricted=True),
        a_user("UBOT", "Beep", is_bot=True),
        a_user("UGONE", "Gone Person", deleted=True),
        a_user("UEVIL", "Eve Elsewhere", team_id="T0ELSEWHERE", is_stranger=True),
        a_user("UBLANK", "Bea Blank", is_email_confirmed=False),
    ):
        made.users[user["id"]] = user
    made.channels = {
        "C1": {"id": "C1", "name": "cs-alerts"},
        "CSHARED": {"id": "CSHARED", "name": "with-acme", "is_ext_shared": True},
        "D1": {"id": "D1", "is_im": True},
    }
    yield made
    await made.stop()


@pytest.fixture
def desk() -> ScriptedDesk:
    """A desk that knows Dana, Omar and Lea, and the sample case."""
    made = ScriptedDesk(members={"dana@us.test": "csm-dana", "omar@us.test": "csm-omar", "lea@us.test": "csm-lea"})
    made.answers |= {
        "card": samples.card(),
        "draft": (samples.card(), samples.DRAFT),
        "health": samples.HEALTH_BRIEF,
        "health_of": samples.HEALTH_BRIEF,
        "home": samples.HOME,
        "worst": samples.LINES,
        "absence_form": samples.AWAY_FORM,
    }
    return made


@pytest.fixture
async def hands(slack: RecordingSlack, desk: ScriptedDesk) -> Hands:
    """Hands on the real app."""
    app = AsyncApp(client=slack_client("xoxb-test", slack.api_url), signing_secret=SECRET)
    register(app, desk, clock=lambda: samples.NOW, reference=lambda: "ref-1")
    return Hands(app, slack)
