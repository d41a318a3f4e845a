"""The door of the local Slack's Web API: reads a call as slack_sdk sends it, checks the token, answers like Slack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.demo.faults import Fault, Faults
from bot.demo.workspace import Workspace
from handlers.scopes import METHOD_SCOPES, needed

Json = dict[str, Any]
Method = Callable[[Json], Json]

BUNDLED = ("blocks", "view", "metadata", "attachments")


class ApiError(Exception):
    """Slack's way to say no: `ok: false` with a code, and what to put beside it."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass(slots=True)
class Call:
    """One call of the bot as it arrived, and what was answered (`status` 0: the connection was dropped)."""

    method: str
    arguments: Json
    at: float
    status: int = 200
    answer: Json = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether Slack said yes."""
        return bool(self.answer.get("ok"))


class WebApi:
    """Answers `/api/{method}`; every call is kept in `calls`."""

    def __init__(
        self, workspace: Workspace, methods: dict[str, Method], *, bot_token: str, app_token: str, strict_rate: bool
    ) -> None:
        self.workspace = workspace
        self.methods = methods
        self.bot_token = bot_token
        self.app_token = app_token
        self.strict_rate = strict_rate
        self.faults = Faults()
        self.calls: list[Call] = []
        self._posted: dict[str, float] = {}
        self.scopes: set[str] = set(needed())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, with the fault that was ordered for it."""
        name = request.match_info["method"]
        arguments, token = await _read(request)
        call = Call(name, arguments, asyncio.get_running_loop().time())
        self.calls.append(call)
        fault = self.faults.take(name)
        if fault is not None and fault.hang:
            await asyncio.sleep(fault.hang)
        if fault is None or fault.after:
            call.answer = self._answer(call, token)
        return self._respond(request, call, fault)

    def _answer(self, call: Call, token: str) -> Json:
        method = self.methods.get(call.method)
        wanted = self.app_token if call.method == "apps.connections.open" else self.bot_token
        if method is None:
            return {"ok": False, "error": "unknown_method", "req_method": call.method}
        if token != wanted:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        asked = METHOD_SCOPES.get(call.method, frozenset())
        if asked and not asked & self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": ",".join(sorted(asked))}
        if self._too_fast(call):
            call.status = 429
            return {"ok": False, "error": "ratelimited"}
        try:
            return {"ok": True} | method(call.arguments)
        except ApiError as error:
            return {"ok": False, "error": error.code} | error.more

    def _too_fast(self, call: Call) -> bool:
        """Slack takes one message a second and channel."""
        if not self.strict_rate or call.method != "chat.postMessage":
            return False
        channel = str(call.arguments.get("channel"))
        if call.at - self._posted.get(channel, -1.0) < 1.0:
            return True
        self._posted[channel] = call.at
        return False

    def _respond(self, request: web.Request, call: Call, fault: Fault | None) -> web.StreamResponse:
        if fault is not None and fault.drop:
            call.status = 0
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPServiceUnavailable
        if fault is not None and fault.garbage:
            return web.Response(text='{"ok": tru', content_type="application/json")
        headers = {"x-oauth-scopes": ",".join(sorted(self.scopes))}
        if fault is not None and not fault.after:
            call.status = fault.status
            if not fault.error:
                return web.Response(status=fault.status, text="<html>upstream error</html>", content_type="text/html")
            call.answer = {"ok": False, "error": fault.error}
        if call.status == 429:  # noqa: PLR2004 - HTTP's own number
            headers["Retry-After"] = str(fault.retry_after if fault else 1)
        return web.json_response(call.answer, status=call.status, headers=headers)


async def _read(request: web.Request) -> tuple[Json, str]:
    """The arguments (JSON, form or query; blocks in a form are JSON texts) and the token."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json()
        arguments |= body if isinstance(body, dict) else {}
    else:
        arguments |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    for key in BUNDLED:
        if isinstance(arguments.get(key), str):
            arguments[key] = _parsed(arguments[key])
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else str(arguments.get("token", ""))
    arguments.pop("token", None)
    return arguments, token


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
