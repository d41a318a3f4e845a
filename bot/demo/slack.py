"""A small Slack on this machine: the bot talks to it over HTTP or Socket Mode as to the real one.

    async with LocalSlack(request_url="http://127.0.0.1:8080/slack/events") as slack:
        ana = slack.add_user("ana", "Ana Ruiz", email="ana@lookout.test")
        slack.add_channel("cs-alerts")
        await slack.command("/health acme", user="ana", channel="#cs-alerts")

It keeps Slack's limits and answers with Slack's errors, can fail on order (`slack.faults`), and records every call
(`slack.calls`) and every delivery (`slack.deliveries`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
from aiohttp import web

from bot.demo.chat_methods import Chat
from bot.demo.dispatch import Ack, Delivery, Dispatcher, HttpCourier
from bot.demo.elements import walk
from bot.demo.faults import Faults
from bot.demo.interactions import Interactions
from bot.demo.responses import ResponseUrls
from bot.demo.slack_objects import Channel, Message, User, View
from bot.demo.sockets import Sockets
from bot.demo.team_methods import Team
from bot.demo.view_methods import Triggers, Views
from bot.demo.web_api import Call, WebApi
from bot.demo.workspace import Workspace

Json = dict[str, Any]

BODY_LIMIT = 4 * 1024 * 1024


class LocalSlack:
    """The whole of it: a server, a workspace, and people's hands. Use as an async context manager."""

    def __init__(
        self,
        *,
        request_url: str = "",
        signing_secret: str = "local-signing-secret",  # noqa: S107 - the local Slack's own, no secret
        bot_token: str = "xoxb-local",  # noqa: S107
        app_token: str = "xapp-local",  # noqa: S107
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        host: str = "127.0.0.1",
        port: int = 0,
        strict_rate: bool = False,
    ) -> None:
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.host, self.port = host, port
        self.workspace = Workspace(clock)
        self.triggers = Triggers()
        self.views = Views(self.workspace, self.triggers)
        self.sockets = Sockets(self.workspace.app_id)
        self.http = HttpCourier(request_url, signing_secret, lambda: self._session, timer=lambda: clock().timestamp())
        self.dispatcher = Dispatcher(self.http, self.sockets, lambda: self.sockets.connected)
        self.urls = ResponseUrls(self.workspace, lambda: self.address)
        self.hands = Interactions(
            self.workspace, self.dispatcher, views=self.views, triggers=self.triggers, urls=self.urls
        )
        methods = Chat(self.workspace).methods | self.views.methods | Team(self.workspace, self._socket_url).methods
        self.api = WebApi(self.workspace, methods, bot_token=bot_token, app_token=app_token, strict_rate=strict_rate)
        self.web = web.Application(client_max_size=BODY_LIMIT)
        self.web.router.add_route("*", "/api/{method}", self.api.handle)
        self.web.router.add_get("/link", self.sockets.handle)
        self.web.router.add_post("/response/{name}", self.urls.handle)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(self.web, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
        except OSError:
            await self.__aexit__()
            raise
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.sockets.close()
        await self._session.close()
        await self._runner.cleanup()

    @property
    def address(self) -> str:
        """`http://host:port`."""
        return f"http://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` must be."""
        return f"{self.address}/api/"

    @property
    def request_url(self) -> str:
        """Where the bot takes Slack's requests; may be set once its port is known."""
        return self.http.url

    @request_url.setter
    def request_url(self, url: str) -> None:
        self.http.url = url

    @property
    def faults(self) -> Faults:
        """Order faults here."""
        return self.api.faults

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far."""
        return self.api.calls

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything brought to the bot so far."""
        return self.dispatcher.deliveries

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    def add_user(self, name: str, real_name: str = "", **more: str) -> User:
        """Let somebody in: `email`, `tz`, `team_id` (another team is an outsider), `user_id`."""
        return self.workspace.add_user(name, real_name, **more)

    def add_channel(self, name: str, **more: bool) -> Channel:
        """Make a channel with everyone present: `with_bot`, `shared`, `private`."""
        return self.workspace.add_channel(name, **more)

    def channel(self, name: str) -> Channel:
        """A channel by `#name` or id, or the bot's direct message with a person."""
        return self.workspace.channel(name)

    def messages(self, channel: str, *, seen_by: str = "") -> list[Message]:
        """A channel's messages, oldest first; ephemeral ones only for the person `seen_by`."""
        reader = self.workspace.user(seen_by).id if seen_by else ""
        return [m for m in self.channel(channel).messages if m.visible_to in ("", reader)]

    def modal(self, user: str) -> View | None:
        """The window on top for a person."""
        stack = self.workspace.stacks.get(self.workspace.user(user).id)
        return stack[-1] if stack else None

    def home(self, user: str) -> View | None:
        """A person's App Home."""
        return self.workspace.homes.get(self.workspace.user(user).id)

    async def command(self, line: str, *, user: str, channel: str = "") -> Ack:
        """Type a slash command; without a channel, in the person's direct message with the bot."""
        return await self.hands.command(line, user=self.workspace.user(user), channel=self.channel(channel or user))

    async def click(self, where: str | Message | View, what: str, *, user: str, value: Any = None) -> Ack:
        """Use an element, named by its action id or its label.

        `where`: a channel's name (its newest message that has the element), a message, or a view.
        `value`: what to choose in a menu or a picker.
        """
        person = self.workspace.user(user)
        if isinstance(where, View):
            block_id, action_id = _named(where.body["blocks"], what)
            return await self.hands.act_in_view(where, action_id, value, user=person, block_id=block_id)
        message = where if isinstance(where, Message) else self._holding(where, what, person)
        block_id, action_id = _named(message.blocks, what)
        channel = self.workspace.channels[message.channel]
        return await self.hands.act_on_message(channel, message, action_id, value, user=person, block_id=block_id)

    async def submit(self, user: str, values: Json | None = None) -> Ack:
        """Fill in (by block id, action id or label) and submit the person's top window."""
        view = self.modal(user)
        if view is None:
            raise KeyError(f"{user} has no window open")
        return await self.hands.submit(view, values or {}, user=self.workspace.user(user))

    async def close(self, user: str) -> None:
        """Close the person's top window."""
        view = self.modal(user)
        if view is not None:
            await self.hands.close(view, user=self.workspace.user(user))

    async def open_home(self, user: str) -> Ack:
        """Open the App Home."""
        return await self.hands.open_home(self.workspace.user(user))

    async def event(self, event: Json) -> Ack:
        """Send any event."""
        return await self.hands.event(event)

    def _holding(self, channel: str, what: str, person: User) -> Message:
        for message in reversed(self.channel(channel).messages):
            if message.visible_to in ("", person.id) and _named(message.blocks, what) != ("", what):
                return message
        raise KeyError(f"no message in {channel} offers {what!r}")

    def _socket_url(self) -> str:
        return f"ws://{self.host}:{self.port}/link?ticket={self.sockets.ticket()}"


def _named(blocks: list[Json], what: str) -> tuple[str, str]:
    """(block id, action id) of the element with that action id, label or value; `("", what)` when there is none."""
    for block, element in walk(blocks):
        text = element.get("text") or {}
        if what in (element["action_id"], text.get("text"), element.get("accessibility_label")):
            return block["block_id"], element["action_id"]
    return "", what
