"""The slow second opinion: every signal and score again, with plain sets and loops, one account and one day at a time.

It shares no code with the product but its nouns. A world is lists of values; nothing is incremental, nothing is clever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from statistics import median, median_low
from typing import Any

from scoring.config import ScoreConfig
from scoring.model import Account, Basis, Milestone, Reading


@dataclass
class Use:
    """`n` uses of a feature by a person on a day."""

    day: date
    account: str
    person: str
    name: str
    n: int = 1


@dataclass
class World:
    """Everything there is to know."""

    accounts: list[Account]
    uses: list[Use]
    milestones: list[Milestone] = field(default_factory=list)
    config: ScoreConfig = field(default_factory=ScoreConfig)

    def until(self, day: date) -> World:
        """The world as it was known at the end of a day: nothing later is in it."""

        def past(value: date | None) -> date | None:
            return value if value is not None and value <= day else None

        return World(
            accounts=[
                Account(
                    id=a.id,
                    name=a.name,
                    tier=a.tier,
                    seats=a.seats,
                    created_on=a.created_on,
                    churned_on=past(a.churned_on),
                )
                for a in self.accounts
            ],
            uses=[use for use in self.uses if use.day <= day],
            milestones=[
                Milestone(m.account_id, m.name, due_on=m.due_on, done_on=past(m.done_on), started_on=past(m.started_on))
                for m in self.milestones
            ],
            config=self.config,
        )


class Oracle:
    """Answers for one day; everything it looks at happened by then."""

    def __init__(self, world: World, day: date) -> None:
        self.world = world.until(day)
        self.day = day
        self.config = world.config
        self.used = {a.id: [u for u in self.world.uses if u.account == a.id and u.n > 0] for a in world.accounts}
        self.real = {
            key: [u for u in uses if u.name not in self.config.ignored_events] for key, uses in self.used.items()
        }
        self.accounts = {a.id: a for a in self.world.accounts}

    # -- who is there ----------------------------------------------------------------------------------------------

    def born(self, key: str) -> date | None:
        created = self.accounts[key].created_on
        return created or min((u.day for u in self.real[key]), default=None)

    def scored(self) -> list[str]:
        return [
            k for k, a in self.accounts.items() if self._there(k) and (a.churned_on is None or self.day <= a.churned_on)
        ]

    def alive(self, key: str, day: date | None = None) -> bool:
        day = day or self.day
        born, gone = self.born(key), self.accounts[key].churned_on
        return born is not None and born <= day and (gone is None or day < gone)

    def _there(self, key: str) -> bool:
        born = self.born(key)
        return born is not None and born <= self.day

    # -- windows ---------------------------------------------------------------------------------------------------

    def between(self, key: str, days: int, ago: int = 0, *, at: date | None = None) -> list[Use]:
        end = (at or self.day) - timedelta(days=ago)
        return [u for u in self.real[key] if end - timedelta(days=days) < u.day <= end]

    def user_days(self, key: str, days: int, at: date | None = None) -> int:
        return len({(u.day, u.person) for u in self.between(key, days, at=at)})

    def people(self, key: str, days: int) -> set[str]:
        return {u.person for u in self.between(key, days)}

    def features(self, key: str, days: int) -> set[str]:
        keep = self.config.key_features
        return {u.name for u in self.between(key, days) if not keep or u.name in keep}

    def last(self, key: str) -> date | None:
        return max((u.day for u in self.real[key]), default=None)

    def seats(self, key: str, at: date | None = None) -> int:
        known = {u.person for u in self.real[key] if u.day <= (at or self.day)}
        return self.accounts[key].seats or len(known)

    # -- usage ratio (R10, R11) ------------------------------------------------------------------------------------

    def ratio(self, key: str) -> tuple[Fraction | None, Basis]:
        born = self.born(key)
        assert born is not None
        age = (self.day - born).days
        lived = min(age + 1, 90)
        own_days, own = lived, self.user_days(key, 90)
        if self.config.baseline_excludes_window:
            own_days, own = max(lived - 14, 0), own - self.user_days(key, 14)
        share = min(Fraction(max(age - 30, 0), 60), Fraction(1))
        peers = self._newcomers(key, age) if share < 1 else None
        if share < 1 and peers is None:
            return None, Basis.NO_PEERS
        basis = Basis.OWN_HISTORY if share == 1 else Basis.BLENDED if share else Basis.NEW_ACCOUNTS
        seats = self.seats(key)
        if not self.real[key]:
            return None, basis
        usual = share * Fraction(own, seats * own_days) if share else Fraction(0)
        if share < 1:
            usual += (1 - share) * peers
        return (Fraction(self.user_days(key, 14), 14 * seats) / usual if usual else None), basis

    def _newcomers(self, key: str, age: int) -> Fraction | None:
        """A day's index (user-days a seat and day) of the middle account of this tier at the same age."""
        mine, found = self.born(key), []
        for other, account in self.accounts.items():
            born = self.born(other)
            if other == key or account.tier != self.accounts[key].tier or born is None or born > mine:
                continue
            then = born + timedelta(days=age)
            if self.alive(other, then) and self.seats(other, then) and any(u.day <= then for u in self.real[other]):
                found.append(Fraction(self.user_days(other, 14, then), 14 * self.seats(other, then)))
        return median_low(found) if len(found) >= self.config.min_benchmark_peers else None

    # -- cohort (R4, R5) -------------------------------------------------------------------------------------------

    def tenure(self, key: str) -> int:
        return bisect_right(self.config.tenure_groups, (self.day - self.born(key)).days)

    def peers(self, key: str) -> list[str]:
        everyone = [k for k in self.accounts if self.alive(k) and self.last(k)]
        if len(everyone) < self.config.min_benchmark_peers:
            return []
        same_age = [k for k in everyone if self.tenure(k) == self.tenure(key)]
        same = [k for k in same_age if self.accounts[k].tier == self.accounts[key].tier]
        return next((group for group in (same, same_age) if len(group) >= self.config.min_peers), everyone)

    def percentile(self, key: str, figure: Any) -> float | None:
        peers = self.peers(key)
        if not peers:
            return None
        own = figure(key)
        return sum(1.0 if figure(k) < own else 0.5 if figure(k) == own else 0.0 for k in peers) / len(peers)

    def vs_peers(self, key: str) -> float | None:
        def index(k: str) -> float:
            return self.user_days(k, 14) / (14.0 * self.seats(k))

        peers = self.peers(key) if self.last(key) else []
        if len(peers) < self.config.min_benchmark_peers or (middle := median(index(k) for k in peers)) == 0:
            return None
        return index(key) / middle

    # -- the four signals ------------------------------------------------------------------------------------------

    def own(self, key: str) -> dict[str, float]:
        if self.last(key) is None:
            return {}
        ratio, _ = self.ratio(key)
        features = len(self.features(key, 28)) / max(len(self.features(key, 90)), 1)
        people = len(self.people(key, 28)) / max(len(self.people(key, 90)), 1)
        found = {"engagement": 50 * (features + people)}
        if self.user_days(key, 14) == 0:
            found["activity"] = 0.0
        elif ratio is not None:
            found["activity"] = 100 * min(1.0, float(ratio))
        return found

    def cohort(self, key: str) -> dict[str, float]:
        if self.last(key) is None:
            return {}
        volume = self.percentile(key, lambda k: sum(u.n for u in self.between(k, 14)))
        if volume is None:
            return self.own(key)
        features = self.percentile(key, lambda k: len(self.features(k, 28)))
        people = self.percentile(key, lambda k: len(self.people(k, 28)))
        assert features is not None
        assert people is not None
        return {"activity": 100 * min(1, 2 * volume), "engagement": 50 * (min(1, 2 * features) + min(1, 2 * people))}

    def signals(self, key: str) -> dict[str, float]:
        found = dict(self.own(key) if self.config.reading is Reading.OWN else self.cohort(key))
        due = [m for m in self.world.milestones if m.account_id == key and m.due_on and m.due_on <= self.day]
        if due:
            found["milestones"] = 100 * sum(m.done_on is not None for m in due) / len(due)
        if last := self.last(key):
            found["recency"] = 100 * (60 - min(max((self.day - last).days, 1), 60)) / 59
        return found

    def score(self, key: str) -> float:
        signals = self.signals(key)
        weight = sum(self.config.weights[name] for name in signals)
        return sum(self.config.weights[name] * value for name, value in signals.items()) / weight if weight else 0.0

    # -- the person on whom it hangs (R25) -------------------------------------------------------------------------

    def power(self, key: str) -> dict[str, Any] | None:
        before = Counter[str]()
        for use in self.between(key, 28, ago=14):
            before[use.person] += use.n
        if not before:
            return None
        most = max(before.values())
        return {
            "candidates": {person for person, n in before.items() if n == most},
            "share": Fraction(most, before.total()),
            "users": len(before),
            "events": before.total(),
        }

    def person_ratio(self, key: str, person: str) -> Fraction:
        recent = sum(u.n for u in self.between(key, 14) if u.person == person)
        return Fraction(recent, 14) / Fraction(sum(u.n for u in self.between(key, 90) if u.person == person), 90)

    # -- journeys (R23) --------------------------------------------------------------------------------------------

    def stuck(self, key: str) -> set[tuple[str, int, int]]:
        """All (step, days, limit) at which an account waits longer than others needed."""
        if not self.alive(key):
            return set()
        found = set()
        for step, spans in self._spans().items():
            limit = self._limit([(end - start).days for start, end in spans.values() if end and start <= end])
            if key in spans:
                start, end = spans[key]
                waited = (self.day - start).days
                if end is None and waited > limit:
                    found.add((step, waited, limit))
        return found

    def _spans(self) -> dict[str, dict[str, tuple[date, date | None]]]:
        spans: dict[str, dict[str, tuple[date, date | None]]] = {}
        for before, after in self.config.journey.items():
            for key, uses in self.used.items():
                if start := min((u.day for u in uses if u.name == before), default=None):
                    end = min((u.day for u in uses if u.name == after), default=None)
                    spans.setdefault(after, {})[key] = (start, end)
        for one in self.world.milestones:
            if one.started_on and one.account_id in self.accounts:
                spans.setdefault(one.name, {})[one.account_id] = (one.started_on, one.done_on)
        return spans

    def _limit(self, took: list[int]) -> int:
        if len(took) < self.config.min_benchmark_peers:
            return self.config.journey_fallback_days
        took.sort()
        enough = next(days for place, days in enumerate(took, 1) if 100 * place >= 80 * len(took))
        return max(3, enough)
