"""Socket Mode: the bot dials in, gets `hello`, then envelopes that it must acknowledge, and now and then a goodbye."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import WSMsgType, web

from bot.demo.dispatch import ACK_SECONDS, Ack

Json = dict[str, Any]


class Sockets:
    """The open websockets; payloads go round robin over them, as Slack does."""

    def __init__(self, app_id: str, *, patience: float = ACK_SECONDS) -> None:
        self.app_id = app_id
        self.patience = patience
        self.tickets: set[str] = set()
        self.open: list[web.WebSocketResponse] = []
        self.waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0
        self._arrived = asyncio.Event()

    def ticket(self) -> str:
        """A one-use ticket for a websocket address."""
        ticket = secrets.token_urlsafe(12)
        self.tickets.add(ticket)
        return ticket

    @property
    def connected(self) -> bool:
        """Whether any socket is open."""
        return bool(self.open)

    async def wait_connected(self, seconds: float = 10.0) -> None:
        """Until the bot has dialled in."""
        await asyncio.wait_for(self._arrived.wait(), seconds)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One websocket for as long as it lives."""
        if request.query.get("ticket") not in self.tickets:
            raise web.HTTPForbidden
        self.tickets.discard(request.query["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open.append(socket)
        info = {"app_id": self.app_id}
        await socket.send_json({"type": "hello", "num_connections": len(self.open), "connection_info": info})
        self._arrived.set()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            self._forget(socket)
        return socket

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Send an envelope over the next socket and wait for its acknowledgement."""
        self._turn += 1
        socket = self.open[self._turn % len(self.open)]
        envelope, began = secrets.token_hex(12), time.monotonic()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting[envelope] = future
        content = {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": True}
        try:
            await socket.send_json(content)
            body = await asyncio.wait_for(future, self.patience)
        except (TimeoutError, ConnectionError):
            return Ack(seconds=time.monotonic() - began, error="operation_timeout")
        finally:
            self.waiting.pop(envelope, None)
        return Ack(200, body, time.monotonic() - began)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Say goodbye on every socket; the bot has to dial in again."""
        self._arrived.clear()
        leaving, self.open = self.open, []
        for socket in leaving:
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
            await socket.close()

    async def close(self) -> None:
        """Close every socket without a word."""
        for socket in list(self.open):
            await socket.close()

    def _acknowledged(self, text: str) -> None:
        answer = json.loads(text) if text.startswith("{") else {}
        future = self.waiting.get(answer.get("envelope_id", ""))
        if future is not None and not future.done():
            future.set_result(answer.get("payload") or "")

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self.open:
            self.open.remove(socket)
        if not self.open:
            self._arrived.clear()
