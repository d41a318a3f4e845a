"""What a Spark job scored, kept for the loop: the bot then computes nothing itself, it waits for the job's results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.loop.records import Store
from scoring.errors import Unavailable
from scoring.model import Snapshot
from storage.packed import PackedSnapshots

LANDED = "landed_usage"
NOT_YET = (
    "No Spark job has scored {day} yet; no card and no digest is made of it. LOOKOUT_WAREHOUSE_TABLE is set without "
    "LOOKOUT_WAREHOUSE_URL, so scores come from Spark: run bot/scoring_run/on_spark.py each morning."
)
ONLY_SPARK = (
    "LOOKOUT_WAREHOUSE_TABLE is set without LOOKOUT_WAREHOUSE_URL, so scores come from Spark: submit "
    "bot/scoring_run/on_spark.py, or set the URL to have a warehouse asked."
)


@dataclass(frozen=True, slots=True)
class LandedScores:
    """Implements the loop's `UsageScores` by what jobs put into the database."""

    store: Store

    async def score(self, day: date, *, since: date | None = None) -> PackedSnapshots:
        """The snapshots of a day, or of each day from `since`; a day that jobs left out has none.

        Raises:
            Unavailable: neither the day nor a later one has been scored, so it may still come.
        """
        first = since or day
        async with self.store.reading() as work:
            latest = await work.snapshots.latest_day()
            if since is None and (latest is None or latest < day):
                raise Unavailable(NOT_YET.format(day=day))
            found: list[Snapshot] = []
            for ahead in range((day - first).days + 1):
                found += (await work.snapshots.on(first + timedelta(days=ahead))).values()
        return PackedSnapshots(found)

    async def data_until(self) -> datetime | None:
        """When the last day that holds events ends."""
        newest = (await self._told()).get("newest")
        return None if newest is None else datetime.fromisoformat(newest)

    async def volume(self, days: int, until: date) -> list[int]:
        """Uses a day over all accounts, oldest first (R35); of the days that the last job counted."""
        uses = (await self._told()).get("uses", {})
        return [uses.get((until - timedelta(days=ago)).isoformat(), 0) for ago in reversed(range(days))]

    async def dirty(self) -> bool:
        """Nothing comes in between two jobs."""
        return False

    def close(self) -> None:
        """There is nothing to let go of."""

    async def _told(self) -> dict[str, Any]:
        async with self.store.reading() as work:
            stored = await work.flags.get(LANDED)
        found: dict[str, Any] = json.loads(stored) if stored else {}
        return found


async def land(store: Store, snapshots: Sequence[Snapshot], uses: Mapping[date, int], newest: datetime | None) -> None:
    """Keep what a job found: a day's snapshots, how much was used a day lately, how far the events reach."""
    reach = newest.isoformat() if newest else None
    told = {"uses": {day.isoformat(): count for day, count in uses.items()}, "newest": reach}
    async with store() as work:
        await work.snapshots.land(snapshots)
        await work.flags.set(LANDED, json.dumps(told))
        await work.flags.set("data_until", reach)
