"""The short-lived token with which a vendor lets us into one mailbox; it is asked for anew when it has run out.

Refresh token grant: RFC 6749, section 6. Everything here happens before a mail is handed over, so each failure is
certain: nothing was sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.loop.ports import Clock
from bot.outreach.line import Answer, CutOff, Line, NotReached
from bot.outreach.replies import one_line
from bot.outreach.seals import Secrets
from scoring.messages import Receipt

EARLY = timedelta(seconds=60)
AN_HOUR = 3600

ASK_AGAIN = "{vendor} no longer lets Lookout into {email} ({why}). Connect it again: lookout mailbox add {email}"
NOT_NOW = "{vendor} gave no token for {email} ({why})."
NO_RIGHT = "{vendor} lets Lookout into {email}, but not send from it: it asks for the right {wanted}."

Keep = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Where tokens are had. `scope` is asked for; one of `rights` must be given, where the vendor says what it gave."""

    vendor: str
    url: str
    client_id: str
    scope: str = ""
    rights: tuple[str, ...] = ()


class Tokens:
    """The tokens of one mailbox. `keep` gets a new refresh token when the vendor gives one in the place of ours."""

    def __init__(self, desk: TokenDesk, line: Line, *, email: str, secrets: Secrets, clock: Clock, keep: Keep) -> None:
        self._desk = desk
        self._line = line
        self._email = email
        self._secrets = secrets
        self._clock = clock
        self._keep = keep
        self._token = ""
        self._until: datetime | None = None

    async def current(self) -> str | Receipt:
        """A token that should still be good, or why there is none."""
        if self._until is not None and self._clock() < self._until:
            return self._token
        return await self.fresh()

    async def fresh(self) -> str | Receipt:
        """A new token, whatever we hold, or why there is none."""
        self._until = None
        try:
            answer = await self._line.post(self._desk.url, form=self._form(), headers={"Accept": "application/json"})
        except (NotReached, CutOff) as fault:
            return self._none(NOT_NOW, one_line(str(fault)))
        token = answer.data.get("access_token")
        if answer.status != 200 or not isinstance(token, str) or not token:  # noqa: PLR2004 - HTTP's own number
            return self._refused(answer)
        if not self._may_send(answer):
            return self._none(NO_RIGHT, "")
        await self._take(answer, token)
        return token

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._secrets.refresh_token,
            "client_id": self._desk.client_id,
            "client_secret": self._secrets.client_secret,
            "scope": self._desk.scope,
        }
        return {name: value for name, value in form.items() if value}

    async def _take(self, answer: Answer, token: str) -> None:
        seconds = answer.data.get("expires_in")
        lasts = timedelta(seconds=seconds if isinstance(seconds, int) and seconds > 0 else AN_HOUR)
        self._token, self._until = token, self._clock() + lasts - EARLY
        renewed = answer.data.get("refresh_token")
        if isinstance(renewed, str) and renewed and renewed != self._secrets.refresh_token:
            self._secrets = replace(self._secrets, refresh_token=renewed)
            await self._keep(renewed)

    def _may_send(self, answer: Answer) -> bool:
        given = answer.data.get("scope")
        if not isinstance(given, str) or not self._desk.rights:
            return True
        return any(
            scope.rpartition("/")[2] in self._desk.rights or scope in self._desk.rights for scope in given.split()
        )

    def _refused(self, answer: Answer) -> Receipt:
        """`invalid_grant` and its like (RFC 6749, 5.2) stay until a person acts; anything else may pass."""
        error = answer.data.get("error")
        why = one_line(error) if isinstance(error, str) and error else f"HTTP {answer.status}"
        return self._none(ASK_AGAIN if answer.status in {400, 401, 403} else NOT_NOW, why)

    def _none(self, text: str, why: str) -> Receipt:
        wanted = " or ".join(self._desk.rights)
        said = text.format(vendor=self._desk.vendor, email=self._email, why=why, wanted=wanted)
        return Receipt("deferred", said, cause="setup")
