"""Brings what people do to the bot: as signed HTTP requests, in the encodings that Slack uses, or over the socket."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp

Json = dict[str, Any]

ACK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Ack:
    """What the bot answered within three seconds. `error` is what Slack would tell the person when it did not."""

    status: int = 0
    body: Any = ""
    seconds: float = 0.0
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was acknowledged in time."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing brought to the bot; `kind` is `events_api`, `slash_commands` or `interactive`."""

    kind: str
    payload: Json
    ack: Ack


class Courier(Protocol):
    """A way to the bot."""

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Hand it over and wait for the acknowledgement."""


def encode(kind: str, payload: Json) -> tuple[bytes, str]:
    """The body and content type in which Slack sends it over HTTP."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Slack's signature headers over the raw body."""
    digest = hmac.new(secret.encode(), b"v0:%d:%b" % (timestamp, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


class HttpCourier:
    """Posts to the bot's request URL. Signatures carry the workspace's time, which is also the bot's."""

    def __init__(
        self,
        url: str,
        signing_secret: str,
        session: Callable[[], aiohttp.ClientSession],
        *,
        timer: Callable[[], float] = time.time,
        patience: float = ACK_SECONDS,
    ) -> None:
        self.url = url
        self.patience = patience
        self.signing_secret = signing_secret
        self._session = session
        self._timer = timer

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Sign, post, wait as long as Slack does."""
        body, content_type = encode(kind, payload)
        headers = {"Content-Type": content_type} | sign(self.signing_secret, body, int(self._timer()))
        return await self.send(body, headers)

    async def send(self, body: bytes, headers: dict[str, str]) -> Ack:
        """Post these very bytes; also for forged and replayed requests."""
        began = time.monotonic()
        limit = aiohttp.ClientTimeout(total=self.patience)
        try:
            async with self._session().post(self.url, data=body, headers=headers, timeout=limit) as answer:
                text = await answer.text()
                status = answer.status
        except TimeoutError:
            return Ack(seconds=time.monotonic() - began, error="operation_timeout")
        except aiohttp.ClientError as error:
            return Ack(seconds=time.monotonic() - began, error=f"could not be reached ({type(error).__name__})")
        refused = "" if status == 200 else f"http_{status}"  # noqa: PLR2004 - HTTP's own number
        return Ack(status, _parsed(text), time.monotonic() - began, refused)


class Dispatcher:
    """Chooses the way (the socket once one is open, else HTTP) and records every delivery."""

    def __init__(self, http: HttpCourier, socket: Courier, is_connected: Callable[[], bool]) -> None:
        self.http = http
        self.socket = socket
        self.is_connected = is_connected
        self.deliveries: list[Delivery] = []
        self.watchers: list[Callable[[Delivery], Awaitable[None]]] = []

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Bring it and note what came back."""
        courier: Courier = self.socket if self.is_connected() else self.http
        ack = await courier.deliver(kind, payload)
        delivery = Delivery(kind, payload, ack)
        self.deliveries.append(delivery)
        for watcher in self.watchers:
            await watcher(delivery)
        return ack


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else ""
    except ValueError:
        return text
