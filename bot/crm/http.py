"""Talks to a CRM's web API: keeps the token fresh, and says of each failure what is certain and what is not.

It never repeats a request that changes something: whether that is safe is decided by who knows what the request does
(R52). Questions wait out a 429 a few times. Redirects are not followed, and a token is never sent in the clear except
to this machine (J6).
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from scoring.errors import CrmRefused, InvalidInput

SECONDS = 20.0
QUESTIONS_WAIT = (1.0, 5.0, 15.0)
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 86_400.0
DETAIL = 300

NOT_A_URL = "LOOKOUT_CRM_URL is no web address like https://api.hubapi.com."
IN_THE_CLEAR = "LOOKOUT_CRM_URL begins with http://, so the token could be read on its way. Use https://."
UNREACHABLE = "{name} cannot be reached ({fault})."
SILENT = "{name} did not answer in time, so nobody knows whether it took what we sent ({fault})."
SIGNED_OUT = "{name} does not let Lookout in: its token is wrong or has run out. Set LOOKOUT_CRM_TOKEN anew."
NOT_REFRESHED = "{name} gave no new token ({detail}). Check LOOKOUT_CRM_CLIENT_ID, its secret and the refresh token."
FORBIDDEN = "{name} says that Lookout's user may not do this ({detail}). Give it the missing right."
BUSY = "{name} asks us to wait."
BROKEN = "{name} has a fault of its own (status {status})."
REFUSED = "{name} refused it: {detail}"
UNREADABLE = "{name} answered something that is no JSON (status {status})."


@dataclass(frozen=True, slots=True)
class Access:
    """How we sign in: a token that we were given, or what gets one."""

    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    @property
    def renewable(self) -> bool:
        """Whether we can get a new token by ourselves."""
        return bool(self.client_id and self.client_secret)

    @property
    def given(self) -> bool:
        """Whether there is any way in."""
        return bool(self.token) or self.renewable


@dataclass(slots=True)
class CrmHttp:
    """One CRM's API. `token_path` is where tokens are renewed; `limit_codes` are 403s that mean “too many requests”."""

    name: str
    url: str
    access: Access
    token_path: str
    limit_codes: frozenset[str] = frozenset()
    seconds: float = SECONDS
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _client: httpx2.AsyncClient | None = field(default=None, repr=False)
    _token: str = field(default="", repr=False)
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def __post_init__(self) -> None:
        check_url(self.url)
        self._token = self.access.token

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def ask(self, path: str, params: Any = None, *, json: Any = None) -> Any:
        """The answer to a question (a GET, or a POST where `json` is given); it may be asked again."""
        for wait in QUESTIONS_WAIT:
            try:
                return await self.tell("GET" if json is None else "POST", path, params=params, json=json)
            except CrmRefused as refusal:
                if refusal.code != "busy":
                    raise
                await self.pause(min(refusal.retry_after or wait, LONGEST_PAUSE))
        return await self.tell("GET" if json is None else "POST", path, params=params, json=json)

    async def tell(self, method: str, path: str, *, params: Any = None, json: Any = None) -> Any:
        """Send one request, once; its JSON, or None for an empty answer.

        A 401 was certainly not acted on, so after a new token the same request goes out again.

        Raises:
            CrmRefused: anything but success; `ambiguous` where it may have been acted on.
        """
        if not self._token:
            await self._renew("")
        used = self._token
        answer = await self._send(method, path, params=params, json=json, token=used)
        if answer.status_code == httpx2.codes.UNAUTHORIZED and self.access.renewable:
            await self._renew(used)
            answer = await self._send(method, path, params=params, json=json, token=self._token)
        return self._read(answer)

    async def _renew(self, used: str) -> None:
        """Get a new token, unless somebody just did."""
        async with self._renewing:
            if self._token != used:
                return
            if not self.access.renewable:
                raise CrmRefused("signed out", SIGNED_OUT.format(name=self.name), setup=True)
            form = {
                "grant_type": "refresh_token" if self.access.refresh_token else "client_credentials",
                "client_id": self.access.client_id,
                "client_secret": self.access.client_secret,
            }
            if self.access.refresh_token:
                form["refresh_token"] = self.access.refresh_token
            answer = await self._send("POST", self.token_path, form=form)
            token = _parsed(answer).get("access_token") if answer.is_success else None
            if not isinstance(token, str) or not token:
                if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR or answer.status_code == _TOO_MANY:
                    self._read(answer)
                detail = NOT_REFRESHED.format(name=self.name, detail=f"status {answer.status_code}")
                raise CrmRefused("signed out", detail, setup=True)
            self._token = token

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        token: str = "",
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return await self._connected().request(
                method, path, params=params, json=json, data=form, headers=headers | {"Accept": "application/json"}
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as fault:
            text = UNREACHABLE.format(name=self.name, fault=type(fault).__name__)
            raise CrmRefused("unreachable", text) from None
        except httpx2.HTTPError as fault:
            text = SILENT.format(name=self.name, fault=type(fault).__name__)
            raise CrmRefused("silent", text, ambiguous=True) from None

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            # No proxy or password file of this machine has a say, and no redirect leads a token elsewhere.
            timeout = httpx2.Timeout(self.seconds, connect=min(self.seconds, 5.0))
            self._client = httpx2.AsyncClient(
                base_url=self.url, timeout=timeout, follow_redirects=False, trust_env=False, verify=_trusted(self.url)
            )
        return self._client

    def _read(self, answer: httpx2.Response) -> Any:
        """What a success says, or the refusal that another status is."""
        status = answer.status_code
        if answer.is_success:
            if not answer.content:
                return None
            try:
                return answer.json()
            except ValueError:
                text = UNREADABLE.format(name=self.name, status=status)
                raise CrmRefused("unreadable", text, ambiguous=True) from None
        code, detail = _fault(answer)
        if status == _TOO_MANY or code in self.limit_codes:
            raise CrmRefused("busy", BUSY.format(name=self.name), retry_after=_retry_after(answer))
        if status == httpx2.codes.UNAUTHORIZED:
            raise CrmRefused("signed out", SIGNED_OUT.format(name=self.name), setup=True)
        if status == httpx2.codes.FORBIDDEN:
            raise CrmRefused("forbidden", FORBIDDEN.format(name=self.name, detail=detail), setup=True)
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR or status == httpx2.codes.REQUEST_TIMEOUT:
            raise CrmRefused("broken", BROKEN.format(name=self.name, status=status), ambiguous=True)
        gone = status == httpx2.codes.NOT_FOUND
        raise CrmRefused(code or str(status), REFUSED.format(name=self.name, detail=detail), permanent=True, gone=gone)


_TOO_MANY = httpx2.codes.TOO_MANY_REQUESTS


def check_url(url: str) -> None:
    """Refuse an address that is none, or to which a token would go readable; this machine is excepted."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput(NOT_A_URL)
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise InvalidInput(IN_THE_CLEAR)


def _trusted(url: str) -> ssl.SSLContext | bool:
    """Whose certificates count: the usual ones; nobody's where no TLS is spoken, for reading all takes long."""
    return True if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parsed(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _fault(answer: httpx2.Response) -> tuple[str, str]:
    """The vendor's own code and words: HubSpot answers an object, Salesforce a list of them."""
    try:
        found = answer.json()
    except ValueError:
        return "", f"status {answer.status_code}"
    first = found[0] if isinstance(found, list) and found else found
    if not isinstance(first, Mapping):
        return "", f"status {answer.status_code}"
    code = str(first.get("errorCode") or first.get("category") or "")
    text = str(first.get("message") or "") or f"status {answer.status_code}"
    return code, "".join(letter if letter.isprintable() else " " for letter in text)[:DETAIL]


def _retry_after(answer: httpx2.Response) -> float | None:
    """Seconds, where the answer names them in a way that we understand."""
    given = answer.headers.get("Retry-After", "")
    return min(float(given), LONGEST_RETRY_AFTER) if given.isascii() and given.isdigit() else None
