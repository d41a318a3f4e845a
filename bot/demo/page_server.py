"""Serves the demo's page: its files, what a person sees right now, a stream of changes, and what they do.

The page works on this machine alone: requests for other host names (DNS rebinding) and writes from other sites are
refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any, Protocol

from aiohttp import web

from bot.demo.dispatch import Ack
from bot.demo.mailbox import Mailbox
from bot.demo.slack import LocalSlack
from bot.demo.slack_objects import Channel, User, View
from bot.demo.web_api import ApiError

Json = dict[str, Any]

PAGE = files("bot.demo") / "page"
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]"}
NO_COMMAND = "Slash commands start with a slash, such as /health acme."
OUTSIDER = "People from other workspaces cannot use this workspace's slash commands."


class Stage(Protocol):
    """What the page shows around Slack: the demo's date, the way on, and what is going on."""

    def as_json(self) -> Json:
        """`day`, `now` (seconds), `zone`, `busy` (a sentence or ""), `commands`."""

    async def next_day(self) -> None:
        """Move on; returns once the new morning's messages stand."""


class PageServer:
    """Adds the page's routes to a local Slack."""

    def __init__(self, slack: LocalSlack, *, mailbox: Mailbox | None = None, stage: Stage | None = None) -> None:
        self.slack = slack
        self.mailbox = mailbox
        self.stage = stage
        self._changes = asyncio.Condition()
        self._version = 0
        self._tasks: set[asyncio.Task[None]] = set()
        slack.workspace.on_change.append(self.changed)
        if mailbox is not None:
            mailbox.on_change.append(self.changed)
        slack.web.middlewares.append(_guard)
        slack.web.router.add_get("/", self._index)
        slack.web.router.add_get("/page/{name}", self._file)
        slack.web.router.add_get("/demo/state", self._state)
        slack.web.router.add_get("/demo/stream", self._stream)
        slack.web.router.add_get("/demo/mails", self._mails)
        slack.web.router.add_post("/demo/act/{what}", self._act)

    def changed(self) -> None:
        """Tell every open page to look again."""
        self._version += 1
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._changes:
            self._changes.notify_all()

    async def _index(self, _: web.Request) -> web.Response:
        return _page_file("index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return _page_file(request.match_info["name"])

    async def _state(self, request: web.Request) -> web.Response:
        people = [user for user in self.slack.workspace.users.values() if not user.is_bot]
        wanted = request.query.get("user")
        return web.json_response(self.state(next((user for user in people if user.id == wanted), people[0])))

    async def _mails(self, _: web.Request) -> web.Response:
        letters = self.mailbox.letters if self.mailbox is not None else []
        return web.json_response([letter.as_json() for letter in letters])

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        seen = -1
        with suppress(ConnectionError):  # the page was closed
            while True:
                if seen != self._version:
                    seen = self._version
                    await stream.write(f"data: {seen}\n\n".encode())
                async with self._changes:
                    await self._changes.wait_for(lambda: seen != self._version)  # noqa: B023 - read at once
        return stream

    def state(self, user: User) -> Json:
        """Everything that one person can see."""
        space = self.slack.workspace
        stack = space.stacks.get(user.id, [])
        home = space.homes.get(user.id)
        return {
            "version": self._version,
            "team": space.name,
            "me": user.id,
            "bot": space.bot.id,
            "users": [one.as_json(space.team_id) for one in space.users.values()],
            "channels": [self._channel(c, user) for c in space.channels.values() if user.id in c.members],
            "modal": self._view(stack[-1]) | {"depth": len(stack)} if stack else None,
            "home": self._view(home) if home else None,
            "mails": [letter.as_json() for letter in self.mailbox.letters] if self.mailbox else [],
            "stage": self.stage.as_json() if self.stage else None,
        }

    def _channel(self, channel: Channel, user: User) -> Json:
        seen = [m for m in channel.messages if m.visible_to in ("", user.id)]
        shown = [message.as_json() | {"ephemeral": bool(message.visible_to)} for message in seen]
        return channel.as_json(self.slack.workspace.bot.id) | {"messages": shown}

    @staticmethod
    def _view(view: View) -> Json:
        return {"id": view.id, "hash": view.hash, "values": view.values, "errors": view.errors} | view.body

    async def _act(self, request: web.Request) -> web.Response:
        body = await request.json()
        doing = ACTS.get(request.match_info["what"])
        if doing is None:
            raise web.HTTPNotFound
        try:
            ack = await doing(self, self.slack.workspace.user(body["user"]), body)
        except (ApiError, KeyError, ValueError) as error:
            return web.json_response({"ok": False, "error": str(error.args[0])}, status=400)
        return web.json_response({"ok": ack.ok, "error": ack.error})

    async def click(self, user: User, body: Json) -> Ack:
        """An element of a message, a modal or Home."""
        hands, raw = self.slack.hands, body.get("value")
        if "view" in body:
            view = self._open_view(user, body["view"])
            hands.fill(view, body.get("values") or {})
            return await hands.act_in_view(view, body["action_id"], raw, user=user, block_id=body["block_id"])
        channel = self.slack.workspace.channels[body["channel"]]
        message = self.slack.workspace.message(channel, body["ts"])
        if message is None or message.visible_to not in ("", user.id):
            raise KeyError("this message is gone")
        return await hands.act_on_message(
            channel, message, body["action_id"], raw, user=user, block_id=body["block_id"]
        )

    async def say(self, user: User, body: Json) -> Ack:
        """A line of the composer: a slash command, or a message to colleagues."""
        line, channel = str(body["text"]).strip(), self.slack.workspace.channels[body["channel"]]
        if not line.startswith("/"):
            self.slack.workspace.post(channel, user.id, text=_escaped(line), thread_ts=str(body.get("thread") or ""))
            return Ack(200)
        if user.team_id != self.slack.workspace.team_id:
            return Ack(error=OUTSIDER)
        if line == "/":
            return Ack(error=NO_COMMAND)
        return await self.slack.hands.command(line, user=user, channel=channel)

    async def submit(self, user: User, body: Json) -> Ack:
        """The top modal."""
        return await self.slack.hands.submit(self._open_view(user, body["view"]), body["values"], user=user)

    async def close(self, user: User, body: Json) -> Ack:
        """Close the top modal."""
        await self.slack.hands.close(self._open_view(user, body["view"]), user=user)
        return Ack(200)

    async def home(self, user: User, _: Json) -> Ack:
        """Look at App Home."""
        return await self.slack.hands.open_home(user)

    async def next_day(self, _: User, __: Json) -> Ack:
        """Move the demo to the next morning."""
        if self.stage is not None:
            await self.stage.next_day()
            self.changed()
        return Ack(200)

    def _open_view(self, user: User, view_id: str) -> View:
        for view in self.slack.workspace.views():
            if view.id == view_id and view.user == user.id:
                return view
        raise KeyError("this window is gone")


Act = Callable[[PageServer, User, Json], Awaitable[Ack]]
ACTS: dict[str, Act] = {
    "click": PageServer.click,
    "say": PageServer.say,
    "submit": PageServer.submit,
    "close": PageServer.close,
    "home": PageServer.home,
    "next-day": PageServer.next_day,
}


@web.middleware
async def _guard(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Only this machine's names, and only pages that we served, may read or act."""
    if request.path == "/" or request.path.startswith(("/page", "/demo")):
        host = (request.host or "").rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        if host not in LOCAL_NAMES:
            raise web.HTTPForbidden(text="This page answers on localhost only.")
        origin = request.headers.get("Origin")
        if request.method == "POST" and (origin not in (None, f"http://{request.host}") or not _is_json(request)):
            raise web.HTTPForbidden(text="Not from another site.")
    return await handler(request)


def _is_json(request: web.Request) -> bool:
    return request.content_type == "application/json"


def _page_file(name: str) -> web.Response:
    kind = TYPES.get(name.rpartition(".")[2])
    file = PAGE / name
    if kind is None or "/" in name or not file.is_file():
        raise web.HTTPNotFound
    return web.Response(body=file.read_bytes(), content_type=kind, charset="utf-8", headers=HEADERS)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
