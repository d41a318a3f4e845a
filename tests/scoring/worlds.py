"""Small worlds for tests: a stand-in for the usage store's roll-ups that is made from a plain list of uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from bot.scoring_run.book import Book
from scoring.carried import Carried
from scoring.counts import Counts
from scoring.day_columns import Texts
from scoring.frame import Frame
from scoring.model import Snapshot
from scoring.roster import day_number, day_of
from storage.usage.daily import Daily
from storage.usage.rollups import looked_back
from tests.scoring.oracle import Use, World

PERSON, NAME = 0, 1


class ListedRollups:
    """What the usage store would read back, computed from a list."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.numbers = {
            "account": _numbered(use.account for use in world.uses),
            "user": _numbered(use.person for use in world.uses),
            "name": _numbered(use.name for use in world.uses),
        }

    def account_keys(self, ids: Sequence[str]) -> Any:
        return np.array([self.numbers["account"].get(one, -1) for one in ids], np.int64)

    def name_keys(self, names: Iterable[str]) -> dict[str, int]:
        return {name: self.numbers["name"][name] for name in names if name in self.numbers["name"]}

    def texts(self, kind: str, keys: Iterable[int]) -> dict[int, str]:
        return {number: text for text, number in self.numbers[kind].items() if number in set(keys)}

    def kept_from(self) -> None:
        """Nothing was ever deleted."""

    def _rows(self, kind: int) -> list[tuple[int, int, int, int]]:
        total: dict[tuple[int, int, int], int] = defaultdict(int)
        for use in self.world.uses:
            if kind == PERSON and use.name in self.world.config.ignored_events:
                continue
            key = self.numbers["user"][use.person] if kind == PERSON else self.numbers["name"][use.name]
            total[self.numbers["account"][use.account], key, day_number(use.day)] += use.n
        return sorted((*cell, n) for cell, n in total.items() if n > 0)

    def each(self, first: int, last: int) -> Iterator[Daily]:
        counted = [self._rows(kind) for kind in (PERSON, NAME)]
        ignored = np.array(sorted(self.name_keys(self.world.config.ignored_events).values()), np.int64)
        for day in range(first, last + 1):
            yield Daily.of(*(self._counts(rows, day) for rows in counted), ignored)

    def _counts(self, rows: list[tuple[int, int, int, int]], day: int) -> Counts:
        found = _columns([row for row in rows if row[2] == day], "account", "key", "day", "n")
        return Counts.of(found["account"], found["key"], found["n"])

    def firsts(self, kind: int) -> Any:
        found: dict[tuple[int, int], int] = {}
        for account, key, day, _ in self._rows(kind):
            found[account, key] = min(day, found.get((account, key), day))
        return _columns(sorted((*pair, day) for pair, day in found.items()), "account", "key", "day")

    def carried(self, day: int) -> Carried:
        return looked_back(self, day)

    def before(self, day: date) -> Any:
        rows = []
        meaningful = {k for n, k in self.numbers["name"].items() if n not in self.world.config.ignored_events}
        for account in sorted(set(self.numbers["account"].values())):
            people = [row for row in self._rows(PERSON) if row[0] == account and row[2] < day_number(day)]
            if people:
                last = max(row[2] for row in people)
                names = [row for row in self._rows(NAME) if row[0] == account and row[1] in meaningful]
                top = [max((r for r in rs if r[2] == last), key=lambda r: (r[3], -r[1]))[1] for rs in (people, names)]
                rows.append((account, last, *top))
        return _columns(rows, "account", "day", "person", "name")

    def beginnings(self, accounts: Any, first: Any, last: Any) -> Any:
        bounds = dict(zip(accounts.tolist(), zip(first.tolist(), last.tolist(), strict=True), strict=True))
        users: dict[tuple[int, int], int] = defaultdict(int)
        for account, _, day, _ in self._rows(PERSON):
            if account in bounds and bounds[account][0] <= day <= bounds[account][1]:
                users[account, day] += 1
        return _columns(sorted((*cell, n) for cell, n in users.items()), "account", "day", "users")


def frames(world: World, first: date, last: date) -> list[Frame]:
    """The product's answer over a span of days."""
    book = Book.open(ListedRollups(world), world.accounts, world.milestones, config=world.config)
    return [Frame.of(run) for run in book.runs(first, last)]


def snapshots(world: World, first: date, last: date) -> dict[tuple[str, date], Snapshot]:
    """The product's snapshots by account and day."""
    texts, found = texts_of(world), {}
    for frame in frames(world, first, last):
        for day in range(frame.run.span.first, frame.run.span.last + 1):
            for one in frame.snapshots(day_of(day), texts):
                found[one.health.account_id, one.health.day] = one
    return found


def texts_of(world: World) -> Texts:
    """What the numbers of people and event names stand for."""
    numbers = ListedRollups(world).numbers
    return Texts(*({number: text for text, number in numbers[kind].items()} for kind in ("user", "name")))


def every_day(account: str, first: date, days: int, **more: Any) -> list[Use]:
    """One use on each of `days` days."""
    return [
        Use(first + timedelta(days=n), account, more.get("person", "ann"), more.get("name", "report"), more.get("n", 1))
        for n in range(days)
    ]


def _numbered(texts: Iterable[str]) -> dict[str, int]:
    return {text: number for number, text in enumerate(sorted(set(texts)), 1)}


def _columns(rows: list[Any], *names: str) -> Any:
    table = np.array(rows, np.int64).reshape(len(rows), len(names))
    return {name: table[:, place] for place, name in enumerate(names)}
