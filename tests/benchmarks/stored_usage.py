"""Invented usage of any size, written as the usage store keeps it after an import: one event file a day.

Weekdays and a season, a few huge accounts and many small ones, every fifth fades away. Columns come from numpy and go
to Parquet as they are, so that a hundred million events take minutes, not hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from scoring.config import ScoreConfig
from scoring.model import Account
from scoring.roster import day_number
from storage.usage.engine import Columns, Engine
from storage.usage.local import UsageStore

LAST = date(2026, 6, 30)
NAMES = 40
WRITE = """
SELECT uuid() AS event, make_timestamp(us) AS ts, day, account, person, name, n FROM made
ORDER BY account, person, name, ts
"""


@dataclass(frozen=True)
class Size:
    """`events` is the number of event rows over all `days`."""

    accounts: int
    days: int
    events: int


S = Size(2_000, 180, 2_000_000)
M = Size(10_000, 180, 20_000_000)
L = Size(10_000, 180, 96_000_000)
SIZES = {"S": S, "M": M, "L": L}


def accounts(size: Size) -> tuple[Account, ...]:
    """Accounts of three tiers, created over two years; the last of them within the days themselves."""
    chance = np.random.default_rng(1)
    ages = chance.integers(1, 730, size.accounts)
    tiers = chance.choice(["free", "team", "enterprise"], size.accounts, p=[0.6, 0.3, 0.1])
    return tuple(
        Account(f"account {n}", f"Account {n}", tier=str(tier), created_on=LAST - timedelta(days=int(age)))
        for n, (age, tier) in enumerate(zip(ages, tiers, strict=True), 1)
    )


class World:
    """The same chances for every day; `day(ago)` gives that day's events as columns of the store's own numbers."""

    def __init__(self, size: Size) -> None:
        chance = np.random.default_rng(2)
        self._size = size
        self._weight = chance.pareto(1.2, size.accounts) + 0.05
        self._fades = chance.random(size.accounts) < 0.2
        self._seats = np.maximum(1, (self._weight * 4).astype(np.int64)).clip(max=2000)
        self._first_seat = np.cumsum(self._seats) - self._seats + 1
        self._names = np.diff(np.r_[0, 1 - 0.85 ** np.arange(1, NAMES + 1)])
        self._names /= self._names.sum()

    @property
    def people(self) -> int:
        """How many there are."""
        return int(self._seats.sum())

    def day(self, ago: int, burst: float = 1) -> Columns:
        """The events of the day `ago` days before `LAST`."""
        size, day = self._size, LAST - timedelta(days=ago)
        chance = np.random.default_rng([3, ago])
        season = (0.3 if day.weekday() >= 5 else 1.28) * (1 + 0.3 * np.sin(day.timetuple().tm_yday / 58))
        rate = self._weight * np.where(self._fades, ago / size.days, 1.0)
        wanted = int(size.events / size.days * season * burst)
        who = np.repeat(np.arange(size.accounts), chance.multinomial(wanted, rate / rate.sum()))
        seat = (np.sqrt(chance.random(wanted)) * self._seats[who]).astype(np.int64)
        return {
            "us": day_number(day) * 86_400_000_000 + chance.integers(0, 86_400_000_000, wanted),
            "day": np.full(wanted, day_number(day), np.int32),
            "account": (who + 1).astype(np.int32),
            "person": (self._first_seat[who] + seat).astype(np.int32),
            "name": (chance.choice(NAMES, wanted, p=self._names) + 1).astype(np.int32),
            "n": np.ones(wanted, np.int32),
        }


def make(home: Path, size: Size, *, burst: float = 1) -> None:
    """A usage store that holds the events and no roll-ups yet; the last day holds `burst` times its share."""
    world = World(size)
    store = UsageStore(home, ZoneInfo("UTC"), ScoreConfig())
    ledger, engine = store._ledger, Engine(home, memory="1GB", threads=2)
    with ledger.writing():
        for kind, label, count in (
            ("account", "account", size.accounts),
            ("user", "person", world.people + 1),
            ("name", "feature", NAMES),
        ):
            rows = ((n, f"{label} {n}") for n in range(1, count + 1))
            ledger._db.executemany(f"INSERT INTO {kind} VALUES (?, ?)", rows)
        ledger.book_batch("made", file=None, rows=size.events, newest=day_number(LAST) * 86_400_000_000)
    files = {}
    for ago in range(size.days - 1, -1, -1):
        day = day_number(LAST) - ago
        files[day] = f"days/{LAST - timedelta(days=ago)}.1.parquet"
        with engine.lent("made", world.day(ago, burst if ago == 0 else 1)):
            engine.write(WRITE, store._files.path(files[day]))
    with ledger.writing():
        ledger.book_days(files)
    engine.close()
    store.close()
