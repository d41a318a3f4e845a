"""Doubles that several tests share: a Slack that records what it is told, and a desk that says what a test scripts."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from handlers.ports import Actor
from scoring.briefs import Answer, AwayForm, CardBrief, Choice, Edited, HealthBrief, HomeBrief, Line, Planned
from scoring.casework import Draft, Verdict
from scoring.errors import NotFound
from scoring.roles import Deed

Json = dict[str, Any]
TEAM = "T0HOME"
BOT = "U0LOOKOUT"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API, or a post to a response_url (`method` is `response_url` then)."""

    method: str
    body: Json


def a_user(user_id: str, name: str = "", **more: Any) -> Json:
    """Slack's user object of a full member of the workspace."""
    name = name or user_id.title()
    profile = {"real_name": name, "email": f"{user_id[1:].lower()}@us.test"} | more.pop("profile", {})
    known = {"id": user_id, "team_id": TEAM, "real_name": name, "tz": "Europe/Berlin", "is_email_confirmed": True}
    return known | {"profile": profile} | more


@dataclass(slots=True)
class RecordingSlack:
    """A local Web API: keeps every call, answers like Slack, or with what a test ordered for a method."""

    users: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    ordered: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    server: TestServer | None = None
    posted: int = 0

    async def start(self) -> RecordingSlack:
        """Listen on a free port of this machine."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._on_call)
        app.router.add_post("/response/{key}", self._on_response)
        self.server = TestServer(app)
        await self.server.start_server()
        return self

    async def stop(self) -> None:
        """Close the port."""
        if self.server is not None:
            await self.server.close()

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` would be."""
        return str(self.server.make_url("/api/")) if self.server else ""

    def response_url(self, key: str = "one") -> str:
        """A place to answer a click."""
        return str(self.server.make_url(f"/response/{key}")) if self.server else ""

    def order(self, method: str, *answers: Any) -> None:
        """Let the next calls of a method be answered so: a dict, an error code, or a function of the request."""
        self.ordered[method].extend(answers)

    def bodies(self, method: str) -> list[Json]:
        """What was said with one method, oldest first."""
        return [call.body for call in self.calls if call.method == method]

    @property
    def told(self) -> list[Json]:
        """Every message that somebody could read."""
        said = {"chat.postMessage", "chat.update", "chat.postEphemeral", "response_url"}
        return [call.body for call in self.calls if call.method in said]

    async def _on_call(self, request: web.Request) -> web.StreamResponse:
        method, body = request.match_info["method"], await _read(request)
        self.calls.append(Call(method, body))
        if self.ordered[method]:
            answer = self.ordered[method].popleft()
            if isinstance(answer, str):
                return web.json_response({"ok": False, "error": answer})
            return await answer(request) if callable(answer) else web.json_response(answer)
        return web.json_response(self._answer(method, body))

    async def _on_response(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(Call("response_url", await request.json()))
        if self.ordered["response_url"]:
            return web.Response(status=self.ordered["response_url"].popleft())
        return web.Response(text="ok")

    def _answer(self, method: str, body: Json) -> Json:  # noqa: PLR0911 - one line a method
        if method == "auth.test":
            return {
                "ok": True,
                "team_id": TEAM,
                "user_id": BOT,
                "bot_id": "B0LOOKOUT",
                "team": "home",
                "user": "lookout",
            }
        if method == "users.info":
            user = self.users.get(body.get("user", ""))
            return {"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"}
        if method == "users.lookupByEmail":
            found = (u for u in self.users.values() if u["profile"].get("email") == body.get("email"))
            user = next(found, None)
            return {"ok": True, "user": user} if user else {"ok": False, "error": "users_not_found"}
        if method == "conversations.info":
            channel = self.channels.get(body.get("channel", ""))
            return {"ok": True, "channel": channel} if channel else {"ok": False, "error": "channel_not_found"}
        if method == "conversations.list":
            return {"ok": True, "channels": list(self.channels.values()), "response_metadata": {"next_cursor": ""}}
        if method == "chat.postMessage":
            self.posted += 1
            return {"ok": True, "channel": body["channel"], "ts": f"1700000000.{self.posted:06d}"}
        if method in {"chat.update", "chat.postEphemeral"} or method.startswith("views."):
            return {"ok": True}
        return {"ok": False, "error": "unknown_method"}


async def _read(request: web.Request) -> Json:
    """The arguments as slack_sdk sends them: JSON, or a form whose nested values are JSON texts."""
    if request.content_type == "application/json":
        return dict(await request.json())
    form = dict(request.query) | {key: str(value) for key, value in (await request.post()).items()}
    for key in ("blocks", "view", "metadata"):
        if key in form:
            form[key] = json.loads(form[key])
    return form


@dataclass(slots=True)
class ScriptedDesk:
    """A desk that does nothing: it keeps what it was asked and gives the answer that a test put in its place.

    An exception as an answer is raised.
    """

    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)
    turned: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def requests(self, name: str) -> list[tuple[Any, ...]]:
        """With what one thing was asked for, oldest first."""
        return [arguments for asked, arguments in self.asked if asked == name]

    def _ask(self, name: str, *arguments: Any, otherwise: Any = None) -> Any:
        self.asked.append((name, arguments))
        answer = self.answers.get(name, Answer(ok=True) if otherwise is None else otherwise)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def member(self, slack_id: str, email: str, timezone: str) -> str:
        self._ask("member", slack_id, email, timezone)
        return self.members.get(email, "")

    async def may(self, deed: Deed, case_id: str, actor: Actor) -> str:
        return str(self.answers.get("may", ""))

    async def turned_away(self, slack_id: str) -> None:
        self.turned.append(slack_id)

    async def approve(self, case_id: str, draft_version: int, content_hash: str, actor: Actor) -> Answer:
        return self._ask("approve", case_id, draft_version, content_hash, actor)

    async def confirm(self, outreach_id: str, actor: Actor) -> Answer:
        return self._ask("confirm", outreach_id, actor)

    async def undo(self, outreach_id: str, actor: Actor) -> Answer:
        return self._ask("undo", outreach_id, actor)

    async def arrived(self, outreach_id: str, actor: Actor) -> Answer:
        return self._ask("arrived", outreach_id, actor)

    async def answered_elsewhere(self, case_id: str, actor: Actor) -> Answer:
        return self._ask("answered_elsewhere", case_id, actor)

    async def send_again(self, outreach_id: str, actor: Actor) -> Answer:
        return self._ask("send_again", outreach_id, actor)

    async def draft(self, case_id: str) -> tuple[CardBrief, Draft | None] | None:
        return self._ask("draft", case_id, otherwise=False) or None

    async def edit(self, case_id: str, base_version: int, subject: str, body: str, actor: Actor) -> Edited:
        return self._ask("edit", case_id, base_version, subject, body, actor, otherwise=Edited(Answer(ok=True)))

    async def snooze(self, case_id: str, until: Any, reason: str, actor: Actor) -> Answer:
        return self._ask("snooze", case_id, until, reason, actor)

    async def wake_up(self, case_id: str, actor: Actor) -> Answer:
        return self._ask("wake_up", case_id, actor)

    async def assign(self, case_id: str, slack_id: str, email: str, actor: Actor) -> Answer:
        return self._ask("assign", case_id, slack_id, email, actor)

    async def dismiss(self, case_id: str, verdict: Verdict, note: str, actor: Actor) -> Answer:
        return self._ask("dismiss", case_id, verdict, note, actor)

    async def open_case(self, account_id: str, actor: Actor) -> Answer:
        return self._ask("open_case", account_id, actor)

    async def card(self, case_id: str) -> CardBrief | None:
        return self._ask("card", case_id, otherwise=False) or None

    async def shown_at(self, case_id: str) -> str:
        return self._ask("shown_at", case_id, otherwise=False) or ""

    async def health(self, query: str) -> HealthBrief | Choice:
        return self._ask("health", query, otherwise=Choice(query, (), exact=False))

    async def health_of(self, account_id: str) -> HealthBrief:
        return self._ask("health_of", account_id, otherwise=NotFound("That account no longer exists."))

    async def worst(self, actor: Actor, limit: int = 5) -> tuple[Line, ...]:
        return self._ask("worst", actor, limit, otherwise=())

    async def home(self, actor: Actor, page: int = 1) -> HomeBrief:
        return self._ask("home", actor, page)

    async def stop_follow_up(self, case_id: str, actor: Actor) -> Answer:
        return self._ask("stop_follow_up", case_id, actor)

    async def promote(self, play: str, actor: Actor) -> Answer:
        return self._ask("promote", play, actor)

    async def absence_form(self, actor: Actor, absence_id: str = "") -> AwayForm:
        return self._ask("absence_form", actor, absence_id)

    async def plan_absence(
        self, who_id: str, cover_id: str, days: tuple[date, date], actor: Actor, *, absence_id: str = ""
    ) -> Planned:
        planned = Planned(Answer(ok=True, text="You are away."))
        return self._ask("plan_absence", who_id, cover_id, days, actor, absence_id, otherwise=planned)

    async def end_absence(self, absence_id: str, actor: Actor) -> Answer:
        return self._ask("end_absence", absence_id, actor)

    async def back(self, actor: Actor) -> Answer:
        return self._ask("back", actor)

    async def pause(self, actor: Actor, *, paused: bool) -> Answer:
        return self._ask("pause", actor, paused)

    async def storm(self, actor: Actor, *, release: bool) -> Answer:
        return self._ask("storm", actor, release)
