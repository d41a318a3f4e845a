"""Does the work of a sweep item by item, so that one mail, card or account that Lookout trips over stops no other.

Such an item rests, longer each time, and is tried again; what it was is told to whoever looks after Lookout. What was
begun for it was rolled back with its transaction; a mail that was claimed keeps its claim, and is never sent again by
itself (R54). What concerns everything (no lead, a database or a Slack that is away) ends the sweep as ever.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from bot.loop.lead import LeadLost
from scoring.errors import SlackRefused, Unavailable

RESTS = (60.0, 300.0, 900.0, 3600.0)
A_DAY = 86400.0

OF_ALL = (LeadLost, SlackRefused, Unavailable)

Item = TypeVar("Item")
Done = TypeVar("Done")
Told = Callable[[str, str, Exception], Awaitable[None]]
"""Hears of each fault: what kind of item it was, which one, and the error."""


async def raised(_kind: str, _item_id: str, error: Exception) -> None:
    """Raise it: where nobody is there to be told, nothing is kept quiet."""
    raise error


@dataclass(slots=True)
class OneByOne:
    """One for all sweeps of a process. `ticks` counts seconds and never jumps."""

    told: Told = raised
    ticks: Callable[[], float] = time.monotonic
    _rests: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    async def each(
        self, kind: str, items: Mapping[str, Item], do: Callable[[Item], Awaitable[Done | None]]
    ) -> list[Done]:
        """Do it for each item by its id, one after another; what came of those that went well."""
        done = [await self.one(kind, item_id, partial(do, item)) for item_id, item in items.items()]
        return [result for result in done if result is not None]

    async def one(self, kind: str, item_id: str, do: Callable[[], Awaitable[Done | None]]) -> Done | None:
        """Do it for one item; None where it rests, or went wrong just now."""
        if self.rests(kind, item_id):
            return None
        try:
            done = await do()
        except OF_ALL:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this item's; everything is told
            self._rest(kind, item_id)
            await self.told(kind, item_id, error)
            return None
        self._rests.pop((kind, item_id), None)
        return done

    def rests(self, kind: str, item_id: str) -> bool:
        """Whether an item went wrong a short while ago."""
        _, until = self._rests.get((kind, item_id), (0, float("-inf")))
        return self.ticks() < until

    def _rest(self, kind: str, item_id: str) -> None:
        """Longer each time; what nobody asked for any more is forgotten after a day."""
        now = self.ticks()
        times, _ = self._rests.get((kind, item_id), (0, now))
        self._rests = {key: (tried, until) for key, (tried, until) in self._rests.items() if now < until + A_DAY}
        self._rests[kind, item_id] = (times + 1, now + RESTS[min(times, len(RESTS) - 1)])
