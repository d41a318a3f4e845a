"""Looks back from a day: how much, how many people, how many features, and when last; the words for it.

Input is sparse: the rows of a day, one for each account and key (a person or a feature) with uses. Output is dense: one
matrix a figure, as-of days down, accounts across.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
LEAD = 90
"""Days before an as-of day that its windows read, itself included."""
NEVER = -(1 << 40)
LATER = 1 << 40
KEY_BITS = 32
KEY_MASK = (1 << KEY_BITS) - 1


@dataclass(frozen=True, slots=True)
class Span:
    """As-of days `first` to `last`, both included; uses are read from `start` on. Days count from 1970-01-01."""

    start: int
    first: int
    last: int

    @property
    def days(self) -> int:
        """How many as-of days there are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Uses:
    """Rows of a roll-up, sorted by account, key, day; `account` is a place in the block, `day` counts from 1970."""

    account: Ints
    key: Ints
    day: Ints
    n: Ints

    def only(self, keep: Bools) -> Uses:
        """The rows that `keep` marks, in the same order."""
        return Uses(self.account[keep], self.key[keep], self.day[keep], self.n[keep])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every account with each key (a person, a feature) it ever used, sorted by both, and the first day of that.

    `owner` is the account's place. Rows of a day name pairs by their place in here.
    """

    owner: Ints
    key: Ints
    first: Ints

    def bounds(self, accounts: int) -> Ints:
        """Where the pairs of each of so many accounts begin, and where the last ones end."""
        return np.searchsorted(self.owner, np.arange(accounts + 1))


@dataclass(frozen=True, slots=True)
class Rows:
    """The uses of one day: which pairs, in ascending order, and how often."""

    pair: npt.NDArray[Any]
    n: npt.NDArray[Any]

    def among(self, wanted: Bools | None) -> Rows:
        """The rows of some pairs; None: of all."""
        return self if wanted is None else self.only(wanted[self.pair])

    def only(self, keep: Bools) -> Rows:
        """The rows that `keep` marks."""
        return self if keep.all() else Rows(self.pair[keep], self.n[keep])


def starts(owner: npt.NDArray[Any]) -> Ints:
    """The places where another owner begins."""
    another = np.ones(len(owner), np.bool_)
    np.not_equal(owner[1:], owner[:-1], out=another[1:])
    return np.flatnonzero(another)


def stretches(values: npt.NDArray[Any], bounds: Ints) -> Ints:
    """The sum of each stretch of `values`, between one of the `bounds` and the next."""
    so_far = np.zeros(len(values) + 1, np.int32 if values.dtype == np.bool_ else np.int64)
    np.cumsum(values, out=so_far[1:])
    return np.diff(so_far[bounds]).astype(np.int64, copy=False)


def known(first_days: Ints, owner: Ints, span: Span, accounts: int) -> Ints:
    """How many of some things (each with an `owner` and a first day) were there by the end of each as-of day."""
    place = np.maximum(first_days - span.first, 0)
    seen = place < span.days
    change = np.bincount(place[seen] * accounts + owner[seen], minlength=span.days * accounts)
    return np.cumsum(change.reshape(span.days, accounts), axis=0).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Before:
    """Each account's last active day before `Span.start` (`NEVER`: none), with its top user and feature."""

    day: Ints
    person: Ints
    name: Ints


@dataclass(frozen=True, slots=True)
class Names:
    """Event names by their numbers: no meaningful use, key features (empty: all), logins (R13)."""

    ignored: Ints
    features: Ints
    logins: Ints


@dataclass(slots=True)
class Windows:
    """One matrix a figure, as-of days x accounts; days count from 1970-01-01, `NEVER` where there is none."""

    volume_14: Ints
    volume_prior_14: Ints
    user_days_14: Ints
    user_days_90: Ints
    users_14: Ints
    users_28: Ints
    users_90: Ints
    features_28: Ints
    features_90: Ints
    known_users: Ints
    last_day: Ints
    last_person: Ints
    last_name: Ints
    logins_14: Ints
    logins_prior_14: Ints
    logins_known: Ints

    @classmethod
    def empty(cls, days: int, accounts: int) -> Windows:
        """Nothing used by anyone."""
        values: dict[str, Any] = {
            field: np.full((days, accounts), NEVER if field == "last_day" else 0, np.int64)
            for field in cls.__dataclass_fields__
        }
        return cls(**values)
