"""What scoring must know of accounts besides their use: since when, which tier, how many seats, what was due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from scoring.model import Account, Milestone
from scoring.windows import LATER, Bools, Ints, Span, known

EPOCH_DAY = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH_DAY).days


def day_of(number: int) -> date:
    """The inverse of `day_number`."""
    return EPOCH_DAY + timedelta(days=int(number))


def later_or(day: date | None) -> int:
    """A day's number, or `LATER` where there is none."""
    return LATER if day is None else day_number(day)


@dataclass(frozen=True, slots=True)
class Roster:
    """One entry an account, in a fixed order; days count from 1970, `LATER` stands for never.

    `born` is the creation day, else the first day with use; `seats` 0 where unknown; `first_use` any use's first day;
    `by_id` the places in the order of the accounts' `ids`; `told_seats` are None where unknown.
    """

    accounts: tuple[Account, ...]
    born: Ints
    churned: Ints
    tier: Ints
    seats: Ints
    first_use: Ints
    by_id: Ints
    ids: npt.NDArray[np.object_]
    told_seats: npt.NDArray[np.object_]

    @classmethod
    def of(cls, accounts: Sequence[Account], first_use: Ints) -> Roster:
        """The roster of accounts; `first_use` is parallel to them, `LATER` where nothing was ever used."""
        tiers = {tier: place for place, tier in enumerate(sorted({account.tier for account in accounts}))}
        created = _ints(later_or(account.created_on) for account in accounts)
        return cls(
            accounts=tuple(accounts),
            born=np.where(created == LATER, first_use, created),
            churned=_ints(later_or(account.churned_on) for account in accounts),
            tier=_ints(tiers[account.tier] for account in accounts),
            seats=_ints(max(account.seats or 0, 0) for account in accounts),
            first_use=first_use,
            by_id=_ints(sorted(range(len(accounts)), key=lambda place: accounts[place].id)),
            ids=np.array([account.id for account in accounts], object),
            told_seats=np.array([account.seats for account in accounts], object),
        )

    def __len__(self) -> int:
        return len(self.accounts)

    def alive(self, day: int) -> Bools:
        """Who is a customer by the end of `day`: created by then, not churned on or before it."""
        return (self.born <= day) & (day < self.churned)

    def scored(self, day: int) -> Bools:
        """Who gets a score: like `alive`, and on the churn day itself too."""
        return (self.born <= day) & (day <= self.churned)


@dataclass(frozen=True, slots=True)
class Milestones:
    """Milestones by account place, as parallel entries; days count from 1970, `LATER` where there is none."""

    owner: Ints
    name: tuple[str, ...]
    due: Ints
    done: Ints
    started: Ints

    @classmethod
    def of(cls, milestones: Iterable[Milestone], places: Mapping[str, int]) -> Milestones:
        """The milestones of known accounts, in the order of due day and name."""
        rows = [(places[one.account_id], one) for one in milestones if one.account_id in places]
        rows.sort(key=lambda row: (row[0], later_or(row[1].due_on), row[1].name))
        return cls(
            owner=_ints(place for place, _ in rows),
            name=tuple(one.name for _, one in rows),
            due=_ints(later_or(one.due_on) for _, one in rows),
            done=_ints(later_or(one.done_on) for _, one in rows),
            started=_ints(later_or(one.started_on) for _, one in rows),
        )

    def counts(self, span: Span, accounts: int) -> tuple[Ints, Ints]:
        """How many milestones were due, and how many of those were done, by the end of each as-of day (R6)."""
        has_due = self.due < LATER
        due = known(self.due[has_due], self.owner[has_due], span, accounts)
        met = np.maximum(self.due, self.done)[has_due]
        return due, known(met, self.owner[has_due], span, accounts)

    def overdue(self, day: int) -> dict[int, tuple[str, ...]]:
        """By account place: the names of milestones due by `day` and not done by then, the oldest first (R6)."""
        found: dict[int, tuple[str, ...]] = {}
        for row in np.flatnonzero((self.due <= day) & (self.done > day)):
            owner = int(self.owner[row])
            found[owner] = (*found.get(owner, ()), self.name[row])
        return found


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)
