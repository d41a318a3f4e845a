"""Keeps the day partitions as the warehouse has them: all days first, then what is new, late or lost.

Late events are found by comparing the counts of the last days with ours, so that a day is read again only if it
changed. Each group of days is booked by itself: a pull that was killed goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from storage.usage.columns import day_number
from storage.usage.engine import Engine
from storage.usage.files import Files
from storage.usage.landing import Landing
from storage.usage.ledger import Ledger
from storage.usage.midnights import MOST_DAYS
from storage.usage.source import Source
from storage.usage.warehouse import Held, Warehouse

MOST_ACCOUNTS = 1_000
ALWAYS_AGAIN = 2
"""The newest days we hold are read again even if their counts look alike: they were still filling."""
NOTHING = Held(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pull:
    """One run; the caller holds the store's refresh lock. `most` events are asked for at once."""

    files: Files
    ledger: Ledger
    engine: Engine
    source: Source
    generation: int
    most: int

    def run(self, warehouse: Warehouse, until: date | None) -> int:
        """Pull up to a day, without one all there is; how many days were read."""
        last = self._last()
        end = None if until is None else day_number(until)
        held = {**self._lost(warehouse), **self._new_or_late(warehouse, last, end)}
        ours = {day.day: day.uses for day in self.ledger.days()}
        if any(one.uses < ours.get(day, 0) for day, one in held.items()):
            with self.ledger.writing():
                self.ledger.unsettle()
        for group in groups(held, ours.keys() - held.keys(), self.most):
            self._land(warehouse, group, held)
        if end is not None and self.ledger.days():
            with self.ledger.writing():
                self._note(end)
        return len(held)

    def _last(self) -> int | None:
        """The last day that was pulled; what was pulled from another source, or by other settings, is forgotten."""
        noted = json.loads(self.ledger.remembered("pulled", "{}"))
        if noted.get("source") == self.source.fingerprint:
            return int(noted["last"])
        with self.ledger.writing():
            self.ledger.forget_pulled()
            self.ledger.note("pulled", "{}")
        return None

    def _note(self, day: int) -> None:
        noted = json.loads(self.ledger.remembered("pulled", "{}"))
        told = {"source": self.source.fingerprint, "last": max(day, noted.get("last", day))}
        self.ledger.note("pulled", json.dumps(told))

    def _new_or_late(self, warehouse: Warehouse, last: int | None, end: int | None) -> dict[int, Held]:
        """Days after the last one pulled, and those shortly before it whose counts are not what we hold."""
        start = None if last is None else last - self.source.reread
        found = dict(_all_held(warehouse, start, end))
        if last is None or start is None:
            return found
        ours = {day.day: day.uses for day in self.ledger.days(start + 1, last)}
        gone = {day: NOTHING for day, uses in ours.items() if uses and day not in found}
        return gone | {
            day: held for day, held in found.items() if day > last - ALWAYS_AGAIN or held.uses != ours.get(day, 0)
        }

    def _lost(self, warehouse: Warehouse) -> dict[int, Held]:
        """Days that we held once: their files were damaged, or what counts as use has changed."""
        lost = self.ledger.lost()
        found: dict[int, Held] = {}
        while lost:
            reach = [day for day in lost if day < lost[0] + MOST_DAYS]
            held = warehouse.held(reach[0], reach[-1])
            found |= {day: held.get(day, NOTHING) for day in reach}
            lost = lost[len(reach) :]
        return found

    def _land(self, warehouse: Warehouse, group: Sequence[int], held: Mapping[int, Held]) -> None:
        landing = Landing(self.files, self.ledger, self.engine, group, self.generation)
        first, last = group[0], group[-1]
        for accounts in self._blocks(warehouse, group, held):
            for kind, rows in warehouse.roll_ups(first, last, accounts):
                landing.add(kind, **rows)
        newest = max(held[day].newest for day in group)
        landing.book(newest, warehouse.ignored, lambda: self._note(last))

    def _blocks(
        self, warehouse: Warehouse, group: Sequence[int], held: Mapping[int, Held]
    ) -> Iterator[list[str] | None]:
        """All accounts at once where that is not too much, else some accounts at a time."""
        if sum(held[day].events for day in group) <= self.most:
            yield None
            return
        yield from blocks(warehouse.accounts(group[0], group[-1]), self.most)


def _all_held(warehouse: Warehouse, after: int | None, end: int | None) -> Iterator[tuple[int, Held]]:
    """Every later day that holds events, up to `end`; long times without any are skipped."""
    while (first := warehouse.next_day(after)) is not None and (end is None or first <= end):
        after = first + MOST_DAYS - 1 if end is None else min(first + MOST_DAYS - 1, end)
        yield from warehouse.held(first, after).items()
        if after == end:
            return


def groups(held: Mapping[int, Held], kept: Collection[int], most: int) -> Iterator[list[int]]:
    """Days in order, as many as hold `most` events together and have none between them that is `kept` as it is."""
    group: list[int] = []
    events = 0
    for day in sorted(held):
        full = events + held[day].events > most or (group and day >= group[0] + MOST_DAYS)
        if group and (full or any(between in kept for between in range(group[-1] + 1, day))):
            yield group
            group, events = [], 0
        group.append(day)
        events += held[day].events
    if group:
        yield group


def blocks(accounts: Mapping[str, int], most: int) -> Iterator[list[str]]:
    """Accounts that hold `most` events together, and are few enough to be named in one question."""
    block: list[str] = []
    events = 0
    for account in sorted(accounts):
        if block and (events + accounts[account] > most or len(block) == MOST_ACCOUNTS):
            yield block
            block, events = [], 0
        block.append(account)
        events += accounts[account]
    if block:
        yield block
