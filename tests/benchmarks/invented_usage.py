"""Usage of invented customers for measuring: weekdays and seasons, a few huge accounts, many small, some that fade."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from scoring.model import Account

NAMES = 40
LAST = date(2026, 6, 30)


@dataclass(frozen=True)
class Size:
    """How much: `events` is the wanted number of event rows over all days."""

    accounts: int
    days: int
    events: int
    seed: int = 1


def accounts(size: Size) -> list[Account]:
    """Accounts of three tiers, created over two years; the last of them within the days themselves."""
    chance = np.random.default_rng(size.seed)
    ages = chance.integers(1, 730, size.accounts)
    tiers = chance.choice(["free", "team", "enterprise"], size.accounts, p=[0.6, 0.3, 0.1])
    return [
        Account(f"account {n}", f"Account {n}", tier=str(tier), created_on=LAST - timedelta(days=int(age)))
        for n, (age, tier) in enumerate(zip(ages, tiers, strict=True))
    ]


def columns(size: Size) -> Iterator[dict[str, Any]]:
    """A day of events at a time, as columns for the usage store."""
    chance = np.random.default_rng(size.seed + 1)
    weight = chance.pareto(1.2, size.accounts) + 0.05
    fades = chance.random(size.accounts) < 0.2
    seats = np.maximum(1, (weight * 4).astype(int)).clip(max=2000)
    names = np.array([f"feature {n}" for n in range(NAMES)], object)
    labels = np.array([f"account {n}" for n in range(size.accounts)], object)
    for ago in range(size.days - 1, -1, -1):
        day = LAST - timedelta(days=ago)
        season = (0.25 if day.weekday() >= 5 else 1.0) * (1 + 0.3 * np.sin(day.timetuple().tm_yday / 58))
        rate = weight * np.where(fades, ago / size.days, 1.0)
        count = int(size.events / size.days * season)
        who = chance.choice(size.accounts, count, p=rate / rate.sum())
        person = (chance.power(2.0, count) * seats[who]).astype(int)
        moment = np.datetime64(day, "us") + chance.integers(0, 86_400_000_000, count).astype("timedelta64[us]")
        yield {
            "ts": moment,
            "account_id": labels[who],
            "user_id": [f"{account}-{one}" for account, one in zip(who.tolist(), person.tolist(), strict=True)],
            "name": names[np.minimum(chance.geometric(0.15, count) - 1, NAMES - 1)],
        }
