"""Slack's door over HTTP: what is not signed by Slack, or not shaped like Slack, never reaches a listener (A7-A9).

Bolt itself answers such requests with 500 and a traceback, some of them before it has looked at the signature.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

log = logging.getLogger(__name__)

WINDOW_SECONDS = 300
READ_SECONDS = 10.0
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNED = re.compile(r"v0=[0-9a-f]{64}")


def slack_endpoint(
    app: AsyncApp, *, signing_secret: str, clock: Callable[[], datetime]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler for `/slack/events`: signature, then shape, then Bolt."""

    async def on_slack(request: web.Request) -> web.StreamResponse:
        refused = await _refused(request, signing_secret, clock)
        if refused is not None:
            log.warning("a call to /slack/events was refused: %s", refused.phrase)
            return web.Response(status=refused, text=refused.phrase)
        body = (await request.read()).decode()
        asked = AsyncBoltRequest(body=body, query=request.query_string, headers=_single(request))
        return await to_aiohttp_response(await app.async_dispatch(asked))

    return on_slack


def signed(*, body: bytes, timestamp: str, signature: str, secret: str, now: datetime) -> bool:
    """Whether Slack signed these bytes within five minutes of `now` (docs.slack.dev: verifying-requests-from-slack)."""
    if not secret or not _SECONDS.fullmatch(timestamp) or not _SIGNED.fullmatch(signature):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        return False
    made = hmac.new(secret.encode(), b":".join((b"v0", timestamp.encode(), body)), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={made}", signature)


def readable(body: bytes, content_type: str) -> bool:
    """Whether this is a JSON object, or a form whose `payload`, if any, is one."""
    try:
        text = body.decode()
        if content_type == "application/json":
            return isinstance(json.loads(text), dict)
        form = parse_qs(text, max_num_fields=200)
        return bool(form) and ("payload" not in form or isinstance(json.loads(form["payload"][0]), dict))
    except (ValueError, RecursionError):
        return False


async def _refused(request: web.Request, secret: str, clock: Callable[[], datetime]) -> HTTPStatus | None:
    """Why this call is not let through, if it is not."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    try:
        async with asyncio.timeout(READ_SECONDS):
            body = await request.read()
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    stamps, signatures = request.headers.getall(TIMESTAMP, []), request.headers.getall(SIGNATURE, [])
    if len(stamps) != 1 or len(signatures) != 1:
        return HTTPStatus.UNAUTHORIZED
    if not signed(body=body, timestamp=stamps[0], signature=signatures[0], secret=secret, now=clock()):
        return HTTPStatus.UNAUTHORIZED
    return None if readable(body, request.content_type) else HTTPStatus.BAD_REQUEST


def _single(request: web.Request) -> dict[str, str | Sequence[str]]:
    """The headers without Bolt's own inner ones, which no caller may set."""
    return {key: value for key, value in request.headers.items() if not key.lower().startswith("x-slack-bolt-")}
