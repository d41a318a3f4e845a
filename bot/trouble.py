"""Tells whoever looks after Lookout of what it tripped over: in the log each time, where operators read once a day."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.loop.ports import Clock
from bot.loop.records import Store
from scoring.errors import LookoutError
from scoring.messages import Post

STUMBLED = (
    "Lookout tripped over the {kind} {item} ({fault}). All others go on; this one is tried again later, and no mail is "
    "sent twice. If more of the kind follow today, the log names them; it has the details to report."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Hears of single items that went wrong (`bot/loop/one_by_one.py`)."""

    store: Store
    clock: Clock
    ops_channel: str = ""

    async def told(self, kind: str, item_id: str, error: Exception) -> None:
        """Say it; the channel reads id and kind of error alone, because an error's words may hold a customer's."""
        if isinstance(error, LookoutError):
            log.error("left for later", kind=kind, item=item_id, reason=str(error))
        else:
            log.error("left for later", kind=kind, item=item_id, exc_info=error)
        if self.ops_channel:
            text = STUMBLED.format(kind=kind, item=item_id, fault=type(error).__name__)
            async with self.store() as work:
                await work.slack.say(Post(f"stumbled:{kind}:{self.clock().date()}", "notice", self.ops_channel, text))
