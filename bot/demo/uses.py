"""Turns habits and fates into usage: who used which feature how often on a day, as columns."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bot.demo.fates import CHAMPION, Fate, Kind, after_mail
from bot.demo.names import FEATURES

SATURDAY = 5
WEEKEND = 0.04
CHAMPION_RATE = 30.0
BESIDE_CHAMPION = 1.4
FAVOURITES = 2
FEWEST_FEATURES = 6
WORKDAY_BEGINS, WORKDAY_MINUTES = 8, 600
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Habits:
    """How an account uses the product when all is well: uses a workday and the favourite features, person by person."""

    account_id: str
    people: tuple[str, ...]
    rates: tuple[float, ...]
    favourites: tuple[tuple[int, ...], ...]

    def warmth(self, days: int) -> float:
        """The share of usual use `days` after a mail that helped."""
        return after_mail(days)


def habits_of(account_id: str, people: Sequence[str], fate: Fate, *, keenness: float, dice: random.Random) -> Habits:
    """Habits drawn for one account. Where a champion will leave, that person did more than half of everything."""
    rates = [keenness * dice.uniform(3.5, 5.0) for _ in people]
    if fate.kind is Kind.CHAMPION_LEAVES:
        rates = [BESIDE_CHAMPION] * len(people)
        rates[CHAMPION] = CHAMPION_RATE
    # Who uses it little uses all of it: accounts that are well stay clear of the alert line.
    varied = fate.kind is Kind.HEALTHY and keenness > 1
    breadth = dice.randint(FEWEST_FEATURES, len(FEATURES)) if varied else len(FEATURES)
    known = dice.sample(range(len(FEATURES)), breadth)
    favourites = tuple(_two_of(known, number) for number in range(len(people)))
    return Habits(account_id, tuple(people), tuple(rates), favourites)


def _two_of(known: Sequence[int], number: int) -> tuple[int, ...]:
    """Neighbours in the list, going round: six people together use everything that the account knows."""
    return tuple(known[(FAVOURITES * number + place) % len(known)] for place in range(FAVOURITES))


def columns(work: Iterable[tuple[Habits, date, Sequence[float]]], *, seed: int, zone: ZoneInfo) -> dict[str, Any]:
    """The events of many (account, day, share of usual use per person), as the usage store's columns."""
    ids: list[str] = []
    accounts: list[str] = []
    users: list[str] = []
    names: list[str] = []
    instants: list[int] = []
    counts: list[int] = []
    for habits, day, shares in work:
        for person, feature, n, second in _day(habits, day, shares, seed=seed):
            ids.append(f"{day}/{habits.people[person]}/{feature}")
            accounts.append(habits.account_id)
            users.append(habits.people[person])
            names.append(FEATURES[feature])
            instants.append(_midnight(day, zone) + second * MICROSECONDS)
            counts.append(n)
    return {
        "event_id": ids,
        "ts": np.array(instants, np.int64).astype("datetime64[us]"),
        "account_id": accounts,
        "user_id": users,
        "name": names,
        "n": np.array(counts, np.int32),
    }


def _day(habits: Habits, day: date, shares: Sequence[float], *, seed: int) -> Iterable[tuple[int, int, int, int]]:
    """(person, feature, uses, second of the day) of one account on one day."""
    number = sum(map(ord, habits.account_id))
    dice = np.random.default_rng([seed, number, len(habits.account_id), day.toordinal()])
    usual = np.array(habits.rates)
    if day.weekday() >= SATURDAY:
        uses = dice.poisson(usual * WEEKEND)
    else:
        # Workdays resemble each other: what is well must not look like a fall by mere chance.
        uses = np.maximum(0, np.rint(usual).astype(int) + dice.integers(-1, 2, len(usual)))
    keep = dice.random(len(usual))
    split = dice.dirichlet(np.full(FAVOURITES, 2.0), len(usual))
    minutes = dice.integers(0, WORKDAY_MINUTES, (len(usual), FAVOURITES))
    for person in map(int, np.flatnonzero(uses)):
        share = shares[person]
        if share <= 0 or keep[person] > max(share, 0.25) * 2:
            continue
        for place, feature in enumerate(habits.favourites[person]):
            n = round(uses[person] * share * split[person][place])
            if n:
                yield person, feature, n, (WORKDAY_BEGINS * 60 + int(minutes[person][place])) * 60


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp()) * MICROSECONDS
