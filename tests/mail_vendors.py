"""Google's and Microsoft's mail APIs and token desks in one small server, which behaves as they do and keeps state."""

from __future__ import annotations

import asyncio
import base64
import binascii
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count
from typing import Any

from aiohttp import web

from bot.outreach.carriers import Vendors

CLIENT, CLIENT_SECRET = "lookout-app", "client-secret"
GMAIL_SEND = "https://www.googleapis.com/auth/gmail.send openid"
MAIL_SEND = "https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read"


@dataclass
class VendorServer:
    """Whose refresh tokens are good, what was taken, and what goes wrong next: `then` is one word for each request."""

    port: int = 0
    refresh: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    scope: str = ""
    renews: bool = False
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    then: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    on_token: str = ""
    seconds: float = 5.0
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def vendors(self) -> Vendors:
        """Where Lookout finds this server."""
        here = f"http://127.0.0.1:{self.port}"
        return Vendors(
            gmail=here,
            google_token=f"{here}/token",
            graph=f"{here}/v1.0",
            microsoft_token=f"{here}/{{tenant}}/oauth2/v2.0/token",
            seconds=self.seconds,
        )

    def application(self) -> web.Application:
        """The routes of both vendors."""
        app = web.Application()
        app.router.add_post("/token", self._google_token)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._microsoft_token)
        app.router.add_post("/gmail/v1/users/{user}/messages/send", self._gmail)
        app.router.add_post("/v1.0/users/{user}/sendMail", self._graph)
        return app

    async def _google_token(self, request: web.Request) -> web.StreamResponse:
        return await self._token(request, self.scope or GMAIL_SEND)

    async def _microsoft_token(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["tenant"] != "us.test" or "Mail.Send" not in (await request.post()).get("scope", ""):
            return web.json_response({"error": "invalid_request"}, status=400)
        return await self._token(request, self.scope or MAIL_SEND)

    async def _token(self, request: web.Request, scope: str) -> web.StreamResponse:
        form = await request.post()
        self.asked.append("token")
        if self.on_token == "500":
            return web.Response(status=500, text="<html>sorry</html>")
        if self.on_token == "hang":
            await asyncio.sleep(self.seconds * 2)
        if (form["grant_type"], form["client_id"], form["client_secret"]) != ("refresh_token", CLIENT, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        user = self.refresh.get(str(form["refresh_token"]))
        if user is None:
            return web.json_response({"error": "invalid_grant", "error_description": "revoked"}, status=400)
        token = f"access-{next(self._numbers)}"
        self.access[token] = user
        said: dict[str, Any] = {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": scope}
        if self.renews:
            renewed = f"renewed-{next(self._numbers)}"
            self.refresh = {renewed: user}
            said["refresh_token"] = renewed
        return web.json_response(said)

    async def _gmail(self, request: web.Request) -> web.StreamResponse:
        def refuse(status: int, message: str, reason: str) -> web.Response:
            errors = [{"message": message, "domain": "global", "reason": reason}]
            return web.json_response({"error": {"code": status, "message": message, "errors": errors}}, status=status)

        raw = base64.urlsafe_b64decode((await request.json())["raw"])
        accepted = web.json_response({"id": "18f", "threadId": "18f", "labelIds": ["SENT"]})
        return await self._take(request, raw, accepted, refuse)

    async def _graph(self, request: web.Request) -> web.StreamResponse:
        def refuse(status: int, message: str, code: str) -> web.Response:
            return web.json_response({"error": {"code": code, "message": message}}, status=status)

        if request.content_type != "text/plain":
            return refuse(400, "the body is not MIME", "ErrorMimeContentInvalid")
        try:
            raw = base64.b64decode(await request.read(), validate=True)
        except binascii.Error:
            return refuse(400, "Invalid base64 string for MIME content.", "ErrorMimeContentInvalidBase64String")
        return await self._take(request, raw, web.Response(status=202), refuse)

    async def _take(
        self, request: web.Request, raw: bytes, accepted: web.Response, refuse: Callable[[int, str, str], web.Response]
    ) -> web.StreamResponse:
        wrong = self.then.pop(0) if self.then else ""
        self.asked.append("send")
        user, owner = (
            request.match_info["user"],
            self.access.get(request.headers["Authorization"].removeprefix("Bearer ")),
        )
        message = email.message_from_bytes(raw, policy=email.policy.default)
        if owner is None or wrong == "401":
            return refuse(401, "Invalid Credentials", "authError")
        if owner != user:
            return refuse(403, f"Delegation denied for {user}", "forbidden")
        if message["From"].addresses[0].addr_spec != owner:
            return refuse(403, "may not send as this address", "ErrorSendAsDenied")
        if wrong.isdigit() or " " in wrong:
            status, _, reason = wrong.partition(" ")
            return refuse(int(status), reason or "no", reason or "no")
        self.taken.append((owner, message))
        return await self._answer(request, wrong, accepted)

    async def _answer(self, request: web.Request, wrong: str, accepted: web.Response) -> web.StreamResponse:
        """What goes wrong after the mail was taken."""
        if wrong == "drop" and request.transport is not None:
            request.transport.abort()
        if wrong == "hang":
            await asyncio.sleep(self.seconds * 2)
        return {"broken": web.Response(status=500), "odd": web.Response(text="<html>welcome to the hotel</html>")}.get(
            wrong, accepted
        )


@asynccontextmanager
async def vendor_server() -> AsyncIterator[VendorServer]:
    """The server on a free port, as long as it is needed."""
    server = VendorServer()
    runner = web.AppRunner(server.application(), shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
