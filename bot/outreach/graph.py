"""What Microsoft Graph is asked and answers: `sendMail` with the finished message.

https://learn.microsoft.com/graph/api/user-sendmail, with the message in MIME; errors:
https://learn.microsoft.com/graph/errors. The mailbox stands in the address of the request, so Microsoft refuses a
token of anybody else; the copy in Sent Items is Exchange's own doing.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.outreach.by_api import Request
from bot.outreach.line import Answer

SCOPE = "https://graph.microsoft.com/Mail.Send offline_access"
RIGHTS = ("Mail.Send",)
ADDRESS = frozenset({"ErrorInvalidRecipients"})
PASSING = frozenset({"ErrorMessageSubmissionBlocked", "ApplicationThrottled", "ErrorExceededMessageLimit"})
ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Graph:
    """Implements `Vendor`; `url` is where the API begins, with its version."""

    url: str
    name: str = "Microsoft"

    def request(self, email: str, message: bytes) -> Request:
        """The message as base64, said to be text."""
        url = f"{self.url}/users/{quote(email, safe='@')}/sendMail"
        return Request(url, base64.b64encode(message), {"Content-Type": "text/plain"})

    def took(self, answer: Answer) -> bool:
        """Only 202 means that Exchange has it."""
        return answer.status == ACCEPTED

    def why(self, answer: Answer) -> str:
        """Microsoft's code and words."""
        error = _error(answer)
        return ": ".join(str(error[name]) for name in ("code", "message") if error.get(name))

    def may_pass(self, answer: Answer) -> bool:
        """A limit on what one mailbox may send."""
        return _error(answer).get("code") in PASSING

    def about_address(self, answer: Answer) -> bool:
        """The recipient's address is none for Exchange."""
        return _error(answer).get("code") in ADDRESS


def _error(answer: Answer) -> dict[str, Any]:
    error = answer.data.get("error")
    return error if isinstance(error, dict) else {}
