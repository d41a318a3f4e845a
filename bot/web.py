"""The web server: events from products come in, Slack may call, and operators ask whether all is well.

Answers are chosen so that SDKs repeat only what can succeed later: 400, 401, 413 and 415 are final, 503 is to be
sent again. A 200 is given when the events are on disk. No answer shows the inside of the program.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Protocol

import structlog
from aiohttp import BasicAuth, web

from bot.connectors import posthog, segment
from bot.intake.envelope import Parsed, opened
from bot.loop.ports import Clock
from scoring.arrivals import Arrival
from scoring.errors import InvalidInput, Unavailable

# Segment's SDKs send up to 500 KB, RudderStack's 4 MB, PostHog's 6 MB; counted after inflation.
LARGEST_BODY = 10 * 1024 * 1024
RETRY_AFTER_S = 5
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

WRONG_KEY = "The write key is missing or wrong. Set it to one of LOOKOUT_WRITE_KEYS."
TOO_LARGE = f"The body is larger than {LARGEST_BODY // 2**20} MB. Send smaller batches."
BAD_ENCODING = "Content-Encoding must be gzip or absent."
BAD_BODY = "The body could not be read; it may be damaged or not be gzip. Nothing was taken."
NOTHING_USABLE = "None of the events can be used. Nothing was taken."

REFUSALS = {
    401: ("unauthorized", WRONG_KEY),
    413: ("too_large", TOO_LARGE),
    415: ("unsupported_encoding", BAD_ENCODING),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ready = Callable[[], Awaitable[Mapping[str, bool]]]
log = structlog.get_logger(__name__)


class Accepts(Protocol):
    """Where events are kept."""

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Return when all of it is on disk, or raise `Unavailable`."""


def application(
    door: Accepts,
    *,
    keys: Sequence[str],
    clock: Clock,
    zone: tzinfo,
    slack: Handler | None = None,
    ready: Ready | None = None,
) -> web.Application:
    """The routes of one bot. `keys` are the write keys (none: nobody may send events); `slack` answers Slack's calls
    at `/slack/events`; `ready` names the parts that must work and whether they do.
    """  # noqa: D205 - one sentence
    events = EventRoutes(door, keys=keys, clock=clock, zone=zone)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[courteous])
    app.router.add_post("/v1/{call:batch|track|identify|group|page|screen|alias}", events.on_segment)
    app.router.add_post("/batch/", events.on_posthog)
    app.router.add_post("/batch", events.on_posthog)
    app.router.add_get("/livez", _on_livez)
    app.router.add_get("/readyz", _on_readyz(ready))
    if slack is not None:
        app.router.add_post("/slack/events", slack)
    return app


class EventRoutes:
    """Checks who sends, reads what was sent, and answers when it is kept."""

    def __init__(self, door: Accepts, *, keys: Sequence[str], clock: Clock, zone: tzinfo) -> None:
        self._door = door
        self._keys = [_digest(key) for key in keys if key]
        self._clock = clock
        self._zone = zone

    async def on_segment(self, request: web.Request) -> web.Response:
        """Segment's and RudderStack's calls; the key comes as the user name of Basic auth, or in the body."""
        self._check_encoding(request)
        key = _basic_user(request)
        if key:
            self._check(key)
        body = opened(await request.read())
        if not key:
            self._check(segment.write_key(body))
        call = request.match_info["call"]
        return await self._take(segment.parse(body, call=call, received=self._clock(), zone=self._zone))

    async def on_posthog(self, request: web.Request) -> web.Response:
        """PostHog's batches; the key comes in the body."""
        self._check_encoding(request)
        body = opened(await request.read())
        self._check(posthog.write_key(body))
        return await self._take(posthog.parse(body, received=self._clock(), zone=self._zone))

    def _check(self, key: str) -> None:
        """Compare with every key in the same time, whichever it is."""
        given = _digest(key)
        if not sum(hmac.compare_digest(given, known) for known in self._keys):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="lookout"'})

    @staticmethod
    def _check_encoding(request: web.Request) -> None:
        if request.headers.get("Content-Encoding", "identity").lower() not in {"gzip", "identity"}:
            raise web.HTTPUnsupportedMediaType

    async def _take(self, parsed: Parsed) -> web.Response:
        await self._door.accept(parsed.arrivals)
        rejected = [{"index": one.index, "reason": one.reason} for one in parsed.rejected]
        if not rejected:
            return web.json_response({"success": True})
        log.warning("events_rejected", count=len(rejected), first=rejected[0]["reason"])
        if parsed.arrivals or parsed.ignored:
            return web.json_response({"success": True, "rejected": rejected})
        return web.json_response(_fault("invalid_events", NOTHING_USABLE) | {"rejected": rejected}, status=400)


@web.middleware
async def courteous(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request an id, and each refusal a body that SDKs and people can read."""
    given = request.headers.get("X-Request-Id", "")
    request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    response = await _answered(request, handler)
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    if response.status >= web.HTTPInternalServerError.status_code:
        log.warning("request_failed", path=request.path, status=response.status, request_id=request_id)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPClientError as refusal:
        if refusal.status not in REFUSALS:
            raise
        return _refusal(refusal.status, *REFUSALS[refusal.status], headers=refusal.headers)
    except web.RequestPayloadError:
        return _refusal(400, "invalid_body", BAD_BODY)
    except InvalidInput as fault:
        return _refusal(400, "invalid_body", str(fault))
    except Unavailable as fault:
        return _refusal(503, "unavailable", str(fault), headers={"Retry-After": str(RETRY_AFTER_S)})


def _refusal(status: int, code: str, text: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    kept = {name: value for name, value in (headers or {}).items() if name in {"WWW-Authenticate", "Retry-After"}}
    return web.json_response(_fault(code, text), status=status, headers=kept)


def _fault(code: str, text: str) -> dict[str, object]:
    """Segment's SDKs read `code` and `message`, PostHog's read `detail`."""
    return {"success": False, "code": code, "message": text, "detail": text}


def _digest(key: str) -> bytes:
    """Equally long for every key, so that comparing them tells nothing."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


def _basic_user(request: web.Request) -> str:
    try:
        return str(BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8").login)
    except ValueError:
        return ""


async def _on_livez(_request: web.Request) -> web.Response:
    return web.json_response({"ok": True})


def _on_readyz(ready: Ready | None) -> Handler:
    async def on_readyz(_request: web.Request) -> web.Response:
        parts = dict(await ready()) if ready is not None else {}
        return web.json_response(parts, status=200 if all(parts.values()) else 503)

    return on_readyz
