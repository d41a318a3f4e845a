"""A stand-in for a language model's service: real HTTP, scripted answers, everything recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

Behaviour = Callable[[web.Request, dict], Awaitable[web.StreamResponse]]


@dataclass
class Service:
    """Answers `POST /v1/chat/completions`: the script's next behaviour, the last one again and again."""

    script: list[Behaviour] = field(default_factory=list)
    requests: list[dict] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    most_at_once: int = 0
    _running: int = 0
    _runner: web.AppRunner | None = None
    url: str = ""

    async def start(self) -> Service:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def will(self, *behaviours: Behaviour) -> Service:
        self.script = list(behaviours)
        return self

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.raw.append(f"{request.path_qs}\n{dict(request.headers)}\n{text}")
        self.requests.append(json.loads(text))
        behaviour = self.script[min(len(self.requests), len(self.script)) - 1]
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            return await behaviour(request, self.requests[-1])
        finally:
            self._running -= 1


def completion(content: object, *, finish: str = "stop", refusal: object = None) -> dict:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def says(subject: str, body: str, facts_used: list[str] | None = None, **extra: object) -> Behaviour:
    return content(json.dumps({"subject": subject, "body": body, "facts_used": facts_used or [], **extra}))


def content(text: object, **kwargs: object) -> Behaviour:
    return sends(json.dumps(completion(text, **kwargs)).encode())


def sends(body: bytes, *, status: int = 200, kind: str = "application/json", headers: dict | None = None) -> Behaviour:
    async def answer(request: web.Request, data: dict) -> web.Response:
        return web.Response(body=body, status=status, content_type=kind, headers=headers)

    return answer


def error(status: int, message: str = "no", headers: dict | None = None) -> Behaviour:
    return sends(json.dumps({"error": {"message": message}}).encode(), status=status, headers=headers)


def hangs(seconds: float = 30.0) -> Behaviour:
    async def answer(request: web.Request, data: dict) -> web.Response:
        await asyncio.sleep(seconds)
        return web.Response(text="late")

    return answer


def cuts_the_line() -> Behaviour:
    async def answer(request: web.Request, data: dict) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"choices": [{"mess')
        request.transport.close()
        return response

    return answer


def drips(piece: bytes, times: int, pause: float) -> Behaviour:
    async def answer(request: web.Request, data: dict) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(times):
            await response.write(piece)
            await asyncio.sleep(pause)
        return response

    return answer
