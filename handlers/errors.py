"""The one place where an error becomes a sentence: known ones as they stand, unknown ones with a reference (UX 38)."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from handlers import payloads
from handlers.middleware import JSON_TYPE, refuse
from handlers.reply import Reply
from scoring.errors import LookoutError

log = logging.getLogger(__name__)

UNKNOWN = (
    "Something broke on our side, and I cannot say whether your click took effect. Look at the card: it shows what is "
    "true. If it did not change, press again. Reference {reference}."
)
ErrorListener = Callable[..., Awaitable[BoltResponse | None]]


def error_listener(reference: Callable[[], str]) -> ErrorListener:
    """The listener for Bolt's `app.error`; `reference` makes the ids by which an operator finds the log line."""

    async def on_error(
        error: Exception, body: dict[str, Any], context: AsyncBoltContext, response: BoltResponse | None
    ) -> BoltResponse | None:
        text = sentence(error, reference)
        reply, place = context.get("reply"), payloads.place(body)
        if not isinstance(reply, Reply):
            return None if response is None else BoltResponse(status=200, body="")
        if response is None:  # acknowledged already: only a message can still reach the person
            await reply.tell(text)
            return None
        return _beside_field(body, text) or await refuse(place, reply, text)

    return on_error


def sentence(error: Exception, reference: Callable[[], str]) -> str:
    """What the person reads. An unknown error is logged with its traceback under the reference that they see."""
    if isinstance(error, LookoutError):
        return str(error)
    known_as = reference()
    log.error("a listener failed, reference %s", known_as, exc_info=error)
    return UNKNOWN.format(reference=known_as)


def _beside_field(body: dict[str, Any], text: str) -> BoltResponse | None:
    """A failed submit keeps the window open with everything typed in it (UX 36)."""
    if body.get("type") != "view_submission":
        return None
    view = body.get("view")
    values = view.get("state", {}).get("values", {}) if isinstance(view, dict) else {}
    if not values:
        return None
    errors = {"response_action": "errors", "errors": {list(values)[-1]: text}}
    return BoltResponse(status=200, body=json.dumps(errors), headers=JSON_TYPE)
