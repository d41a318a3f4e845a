"""Deletes words that a team no longer wants to keep: answers, drafts, shadow's log, what was said in Slack (J11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.loop.erase_records import ForgettingStore
from bot.loop.ports import Clock

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class OldTexts:
    """A sweep over texts; facts (who, when, what became of it) stay."""

    store: ForgettingStore
    clock: Clock
    keep_days: int

    async def run(self) -> int:
        """Delete what is too old, in short transactions; how many texts that were."""
        before, done = self.clock() - timedelta(days=self.keep_days), 0
        while True:
            async with self.store() as work:
                gone = await work.old_texts.forget(before, AT_ONCE)
            done += gone
            if not gone:
                return done
