"""Sends one approved mail through a vendor's API out of the sender's own mailbox, and says what is certain (R54).

The vendor gets the finished message, so Message-ID and text stay as they were approved. Without a token, without a
connection, or with a clear no, nothing was sent. Once the request has left, an ending without an answer, an error of
the vendor (5xx) or an answer that says nothing is `unknown`: neither vendor promises that it took nothing then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.loop.ports import Clock
from bot.outreach.line import Answer, CutOff, Line, NotReached
from bot.outreach.message import ready
from bot.outreach.replies import one_line
from bot.outreach.tokens import Tokens
from scoring.messages import Mail, Receipt

UNAUTHORIZED, TOO_MANY = 401, 429
CERTAIN = range(400, 500)
# The vendor waited for us (408) or for another request (409): what it did with ours is not said.
NOT_CERTAIN = frozenset({408, 409})
THE_MAIL = frozenset({400, 413, 422})

OTHER_SENDER = "{address} is not the address of the mailbox {email}, so nothing is sent in its name."
NOT_REACHED = "{vendor} could not be reached: {why}."
CUT_OFF = "The connection ended before {vendor} answered ({why})."
NO_ANSWER = "{vendor} gave an answer that says neither yes nor no (HTTP {status})."
SAID = "{vendor} answered {status}: {why}"
NOT_LET_IN = "{vendor} does not let Lookout into {email} (HTTP 401)."


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted to send one message."""

    url: str
    content: bytes
    headers: dict[str, str]


class Vendor(Protocol):
    """What differs between vendors; no input or output."""

    @property
    def name(self) -> str:
        """What people call it."""

    def request(self, email: str, message: bytes) -> Request:
        """What to post so that `message` leaves from the mailbox `email`."""

    def took(self, answer: Answer) -> bool:
        """Whether the mail was certainly accepted."""

    def why(self, answer: Answer) -> str:
        """The vendor's own words about a no."""

    def may_pass(self, answer: Answer) -> bool:
        """Whether a no is only about how much was asked for lately."""

    def about_address(self, answer: Answer) -> bool:
        """Whether a no is about the recipient's address."""


class ApiMailer:
    """Implements the loop's `Mailer` for one mailbox. `InvalidInput` is never raised; nothing is tried twice."""

    def __init__(
        self, vendor: Vendor, tokens: Tokens, line: Line, *, email: str, domains: Collection[str], clock: Clock
    ) -> None:
        self._vendor = vendor
        self._tokens = tokens
        self._line = line
        self._email = email
        self._domains = domains
        self._clock = clock

    async def send(self, mail: Mail) -> Receipt:
        """Hand the mail over once. A 401 is a no before anything was sent: then a new token is tried, once."""
        letter = ready(mail, self._clock(), domains=self._domains)
        if isinstance(letter, Receipt):
            return letter
        if letter.sender.lower() != self._email.lower():
            return Receipt("refused", OTHER_SENDER.format(address=letter.sender, email=self._email), cause="setup")
        request = self._vendor.request(letter.sender, letter.message.as_bytes())
        answer = await self._hand_over(request, await self._tokens.current())
        if isinstance(answer, Answer) and answer.status == UNAUTHORIZED:
            answer = await self._hand_over(request, await self._tokens.fresh())
        return answer if isinstance(answer, Receipt) else self._read(answer)

    async def reach(self) -> Receipt:
        """Get a token and look at what it allows, for `lookout doctor`; nothing is sent."""
        token = await self._tokens.fresh()
        return token if isinstance(token, Receipt) else Receipt("sent", f"{self._vendor.name} lets us in")

    async def _hand_over(self, request: Request, token: str | Receipt) -> Answer | Receipt:
        if isinstance(token, Receipt):
            return token
        headers = request.headers | {"Authorization": f"Bearer {token}"}
        try:
            return await self._line.post(request.url, content=request.content, headers=headers)
        except NotReached as fault:
            why = one_line(str(fault))
            return Receipt("deferred", NOT_REACHED.format(vendor=self._vendor.name, why=why), cause="setup")
        except CutOff as fault:
            return Receipt("unknown", CUT_OFF.format(vendor=self._vendor.name, why=fault))

    def _read(self, answer: Answer) -> Receipt:
        vendor, status = self._vendor, answer.status
        if vendor.took(answer):
            return Receipt("sent", f"{vendor.name} accepted it")
        if status not in CERTAIN or status in NOT_CERTAIN:
            return Receipt("unknown", NO_ANSWER.format(vendor=vendor.name, status=status))
        if status == UNAUTHORIZED:
            return Receipt("deferred", NOT_LET_IN.format(vendor=vendor.name, email=self._email), cause="setup")
        detail = SAID.format(vendor=vendor.name, status=status, why=one_line(vendor.why(answer)) or "no reason")
        if status == TOO_MANY or vendor.may_pass(answer):
            return Receipt("deferred", detail)
        if status in THE_MAIL:
            return Receipt("refused", detail, cause="address" if vendor.about_address(answer) else "")
        return Receipt("deferred", detail, cause="setup")
