"""Knows whether an answer would have been seen by now: which mailboxes are read, and when each was last (R53).

It lives in memory on purpose: after a start nothing was read yet, so what came while Lookout was down is read before
anything leaves by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.loop.records import UnitOfWork

# A mailbox is looked at once a minute, however quiet it is (`bot/inbound/watch.py`).
FRESH_SECONDS = 300.0


class Hearing(StrEnum):
    """Whether answers to a sender's mails are seen: yes, not just now, or never, because nobody reads where they go."""

    YES = "yes"
    NOT_NOW = "not now"
    NEVER = "never"


@dataclass(slots=True)
class Ears:
    """`shared` is the mailbox in which everybody's answers arrive, if there is one; `silent`: none can be missed."""

    shared: str = ""
    silent: bool = False
    ticks: Callable[[], float] = time.monotonic
    _read: dict[str, float] = field(default_factory=dict)

    def note(self, mailbox: str) -> None:
        """Everything that is in this mailbox now was looked at."""
        self._read[mailbox] = self.ticks()

    async def hear(self, work: UnitOfWork, sender: str) -> Hearing:
        """Whether an answer to a mail of this sender would have been seen."""
        if self.silent:
            return Hearing.YES
        own = await work.mailboxes.of(sender)
        names = {self.shared, own.email.strip().casefold() if own and own.is_read else ""} - {""}
        if not names:
            return Hearing.NEVER
        since = self.ticks() - FRESH_SECONDS
        return Hearing.YES if all(self._read.get(name, since) > since for name in names) else Hearing.NOT_NOW
