"""One request to a vendor over HTTPS, on a connection of its own, and whether any of it had left when it failed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bot.outreach.smtp import is_here, tls_context
from scoring.errors import InvalidInput

SECONDS = 45.0
LEAVES = "send_request_headers.started"
FAULTS = (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError)

NOT_HTTPS = "{setting} must begin with https://, or tokens would travel readable."


class NotReached(Exception):
    """Nothing of the request left: certain."""


class CutOff(Exception):
    """Some of the request left and no answer came: nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object that it holds; empty for anything else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Line:
    """Asks vendors. Redirects are not followed: they would carry tokens and mails where nobody sent them."""

    def __init__(self, *, seconds: float = SECONDS, ca_file: str = "") -> None:
        self._seconds = seconds
        self._tls = tls_context(ca_file)

    async def post(
        self,
        url: str,
        *,
        content: bytes = b"",
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post once. Raises `NotReached` while that is certain, then `CutOff`; any answer is given back as it is."""
        left = asyncio.Event()

        async def watch(event: str, _info: Mapping[str, Any]) -> None:
            if event.endswith(LEAVES):
                left.set()

        try:
            async with asyncio.timeout(self._seconds), httpx2.AsyncClient(verify=self._tls, timeout=None) as client:
                body = {"data": dict(form)} if form is not None else {"content": content}
                answer = await client.post(url, headers=dict(headers or {}), extensions={"trace": watch}, **body)
                return Answer(answer.status_code, answer.content)
        except FAULTS as fault:
            said = str(fault) or type(fault).__name__
            raise (CutOff(type(fault).__name__) if left.is_set() else NotReached(said)) from None


def private(url: str, setting: str) -> str:
    """The address of a vendor if nobody can listen in; `InvalidInput` with the setting's name otherwise."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or "")):
        return url.rstrip("/")
    raise InvalidInput(NOT_HTTPS.format(setting=setting))
