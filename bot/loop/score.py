"""Scores every account for a day and remembers the snapshots (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.loop.ports import UsageScores
from bot.loop.records import Store


@dataclass(frozen=True, slots=True)
class Score:
    """Usage in, one snapshot an account and day out; scoring a day again replaces its snapshots."""

    store: Store
    usage: UsageScores

    async def run(self, day: date) -> int:
        """Score a complete day; how many accounts got a snapshot. The database is free while the worker computes."""
        snapshots = await self.usage.score(day)
        async with self.store() as work:
            await work.snapshots.land(snapshots)
        return len(snapshots)

    async def sweep(self) -> date | None:
        """When events came in that no score has seen, score the newest scored day again; that day, else None (R9).

        Today is scored when it is over: a trigger must not see half a day.
        """
        if not await self.usage.dirty():
            return None
        async with self.store.reading() as work:
            newest = await work.snapshots.latest_day()
        if newest is not None:
            await self.run(newest)
        return newest
