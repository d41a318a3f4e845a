"""A tiny Bolt app with one of everything, to try the local Slack and its page on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack

HOSTILE = "<!channel> *Acme* <https://evil.example|x> <img src=x onerror=alert(1)>"


def text(words: str, *, plain: bool = False) -> dict[str, Any]:
    return {"type": "plain_text" if plain else "mrkdwn", "text": words}


def button(words: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": text(words, plain=True), "action_id": action_id, "value": "v1", **more}


def options(*names: str) -> list[dict[str, Any]]:
    return [{"text": text(name, plain=True), "value": name.lower()} for name in names]


CONFIRM = {
    "title": text("Send this mail?", plain=True),
    "text": text("To *dana@acme.example* as you."),
    "confirm": text("Send", plain=True),
    "deny": text("Not yet", plain=True),
}
CARD = [
    {"type": "header", "text": text("Acme: at risk", plain=True)},
    {
        "type": "section",
        "text": text("*Usage fell* by 42 %"),
        "fields": [text("*Owner*\nAna"), text("*Renewal*\n2 Dec")],
        "accessory": {"type": "overflow", "action_id": "more", "options": options("Assign", "Dismiss")},
    },
    {
        "type": "actions",
        "elements": [
            button("Approve & send", "approve", style="primary", confirm=CONFIRM),
            button("Edit", "edit"),
            {"type": "static_select", "action_id": "snooze", "placeholder": text("Snooze", plain=True)}
            | {"options": options("Tomorrow", "Monday")},
        ],
    },
    {"type": "context", "elements": [text("data until 06:00")]},
]
FIELD = {"type": "plain_text_input", "action_id": "body", "multiline": True, "max_length": 200}
MODAL = {
    "type": "modal",
    "callback_id": "draft",
    "title": text("Edit draft", plain=True),
    "submit": text("Save", plain=True),
    "close": text("Cancel", plain=True),
    "notify_on_close": True,
    "blocks": [
        {"type": "input", "block_id": "body", "label": text("Body", plain=True), "element": FIELD},
        {"type": "input", "block_id": "why", "label": text("Reason", plain=True)}
        | {"element": {"type": "radio_buttons", "action_id": "why", "options": options("Right", "Wrong")}},
        {"type": "input", "block_id": "who", "label": text("Who", plain=True), "optional": True}
        | {"element": {"type": "users_select", "action_id": "who"}},
    ],
}


def tiny_app(slack: LocalSlack) -> AsyncApp:
    app = AsyncApp(
        client=AsyncWebClient(token=slack.bot_token, base_url=slack.api_url),
        token=slack.bot_token,
        signing_secret=slack.signing_secret,
    )
    app.heard = []  # type: ignore[attr-defined]

    @app.action("approve")
    async def approve(ack: Any, body: Any, client: Any) -> None:
        await ack()
        blocks = [{"type": "section", "text": text(f"Sent by <@{body['user']['id']}>")}]
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**where, text="Sent", blocks=blocks)

    @app.action("edit")
    async def edit(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("snooze")
    async def snooze(ack: Any, action: Any, respond: Any) -> None:
        await ack()
        await respond(text=f"Snoozed: {action['selected_option']['value']}", replace_original=False)

    @app.action("more")
    async def more(ack: Any, action: Any, body: Any, client: Any) -> None:
        await ack()
        where = {"channel": body["channel"]["id"], "thread_ts": body["message"]["ts"]}
        await client.chat_postMessage(**where, text=f"Chose {action['selected_option']['value']}")

    @app.view("draft")
    async def draft(ack: Any, view: Any) -> None:
        words = view["state"]["values"]["body"]["body"]["value"]
        if "discount" in words:
            await ack(response_action="errors", errors={"body": "No promises: 'discount' is not in the facts."})
            return
        app.heard.append(view["state"]["values"])  # type: ignore[attr-defined]
        await ack()

    @app.view_closed("draft")
    async def closed(ack: Any, view: Any) -> None:
        app.heard.append("closed")  # type: ignore[attr-defined]
        await ack()

    @app.command("/health")
    async def health(ack: Any, command: Any) -> None:
        await ack(f"You asked for {command['text']}")

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        blocks = [{"type": "section", "text": text(HOSTILE)}, {"type": "actions", "elements": [button("Edit", "edit")]}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    return app


@asynccontextmanager
async def over_http(slack: LocalSlack) -> AsyncIterator[AsyncApp]:
    """The tiny app, taking Slack's requests over HTTP."""
    app = tiny_app(slack)
    runner = web.AppRunner(app.web_app("/slack/events"), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield app
    finally:
        await runner.cleanup()


@asynccontextmanager
async def over_a_socket(slack: LocalSlack) -> AsyncIterator[AsyncApp]:
    """The tiny app, dialled in by Socket Mode."""
    app = tiny_app(slack)
    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=app.client, ping_interval=1)
    await handler.connect_async()
    await slack.sockets.wait_connected()
    try:
        yield app
    finally:
        await handler.close_async()
