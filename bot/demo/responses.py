"""The `response_url` of a click or a command: five uses within thirty minutes, also where the bot may not post."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.demo.block_kit import faults_of
from bot.demo.elements import complete
from bot.demo.slack_objects import Channel, Message, User
from bot.demo.workspace import Workspace

Json = dict[str, Any]

MOST_USES = 5
SECONDS = 30 * 60


@dataclass(slots=True)
class Url:
    """One `response_url`: for whom, where, about which message, and how often it was used."""

    user: User
    channel: Channel
    message: Message | None
    since: float
    uses: int = 0


class ResponseUrls:
    """Gives them out and answers what is posted to them."""

    def __init__(
        self, workspace: Workspace, address: Callable[[], str], *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.workspace = workspace
        self.address = address
        self.timer = timer
        self.given: dict[str, Url] = {}

    def give(self, user: User, channel: Channel, message: Message | None = None) -> str:
        """A fresh address."""
        name = secrets.token_urlsafe(12)
        self.given[name] = Url(user, channel, message, self.timer())
        return f"{self.address()}/response/{name}"

    async def handle(self, request: web.Request) -> web.Response:
        """One use; beyond five, or after thirty minutes, it is gone."""
        url = self.given.get(request.match_info["name"])
        if url is None or url.uses >= MOST_USES or self.timer() - url.since > SECONDS:
            return web.Response(status=404, text="used_url" if url else "invalid_url")
        url.uses += 1
        body = await request.json()
        if body.get("blocks") and faults_of(body["blocks"], "message"):
            return web.Response(status=400, text="invalid_blocks")
        if not (body.get("text") or body.get("blocks") or body.get("delete_original")):
            return web.Response(status=400, text="no_text")
        self.show(body, user=url.user, channel=url.channel, message=url.message)
        return web.Response(text="ok")

    def show(self, body: Any, *, user: User, channel: Channel, message: Message | None = None) -> None:
        """Show an answer: to the person alone unless `in_channel`; or change or remove the original."""
        answer: Json = body if isinstance(body, dict) else {"text": str(body)}
        if answer.get("delete_original") and message is not None:
            if message in channel.messages:
                channel.messages.remove(message)
        elif answer.get("replace_original") and message is not None:
            message.text, message.blocks = answer.get("text") or "", complete(answer.get("blocks") or [])
            message.edited_ts = self.workspace.ts()
        elif answer.get("text") or answer.get("blocks"):
            public = answer.get("response_type") == "in_channel"
            thread = message.thread_ts if message is not None else ""
            self.workspace.post(
                channel,
                self.workspace.bot.id,
                text=answer.get("text") or "",
                blocks=answer.get("blocks"),
                thread_ts=str(answer.get("thread_ts") or thread),
                visible_to="" if public else user.id,
            )
        self.workspace.changed()
