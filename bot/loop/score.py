"""Scores every account for a day and remembers the snapshots (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from bot.loop.ports import UsageScores
from bot.loop.records import Store


@dataclass(frozen=True, slots=True)
class Score:
    """Usage in, one snapshot an account and day out; scoring a day again replaces its snapshots."""

    store: Store
    usage: UsageScores

    async def run(self, day: date, *, since: date | None = None) -> int:
        """Score a day, or each day from `since`; how many snapshots. The database is free while the worker computes.

        How far the data reaches is remembered with it, so that cards and answers can say how old they are (UX 16).
        """
        snapshots = await self.usage.score(day, since=since)
        newest = await self.usage.data_until()
        first = since or day
        for ahead in range((day - first).days + 1):
            # A day at a time: it appears as a whole, and a click waits for no more than that.
            async with self.store() as work:
                await work.snapshots.land(snapshots, day=first + timedelta(days=ahead))
        async with self.store() as work:
            await work.flags.set("data_until", newest.isoformat() if newest else None)
        return len(snapshots)
