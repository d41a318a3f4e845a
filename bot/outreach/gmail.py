"""What Gmail's API is asked and answers: `users.messages.send` with the finished message.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send; errors:
https://developers.google.com/workspace/gmail/api/guides/handle-errors. The mailbox stands in the address of the
request, so Google refuses a token of anybody else; the copy in Sent is Gmail's own doing.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.outreach.by_api import Request
from bot.outreach.line import Answer

RIGHTS = ("gmail.send", "gmail.compose", "gmail.modify", "https://mail.google.com/")
PASSING = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"})
ADDRESS = ("invalid to header", "recipient address", "invalid recipient")
OK = 200


@dataclass(frozen=True, slots=True)
class Gmail:
    """Implements `Vendor`; `url` is where the API begins."""

    url: str
    name: str = "Gmail"

    def request(self, email: str, message: bytes) -> Request:
        """The message as base64url in JSON."""
        content = json.dumps({"raw": base64.urlsafe_b64encode(message).decode()}).encode()
        url = f"{self.url}/gmail/v1/users/{quote(email, safe='@')}/messages/send"
        return Request(url, content, {"Content-Type": "application/json"})

    def took(self, answer: Answer) -> bool:
        """Gmail gives the new message's id."""
        return answer.status == OK and bool(answer.data.get("id"))

    def why(self, answer: Answer) -> str:
        """Gmail's words."""
        return str(_error(answer).get("message", ""))

    def may_pass(self, answer: Answer) -> bool:
        """A limit, which Gmail answers as 403 or 429."""
        errors = _error(answer).get("errors")
        listed = errors if isinstance(errors, list) else []
        return any(isinstance(error, dict) and error.get("reason") in PASSING for error in listed)

    def about_address(self, answer: Answer) -> bool:
        """The recipient's address is none for Gmail."""
        return any(words in self.why(answer).lower() for words in ADDRESS)


def _error(answer: Answer) -> dict[str, Any]:
    error = answer.data.get("error")
    return error if isinstance(error, dict) else {}
