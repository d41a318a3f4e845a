"""Looks back from every day at once: how much, how many people, how many features, and when last.

Input is sparse: one row per account, key (a person or a feature) and day with uses. Output is dense: one matrix a
figure, as-of days down, accounts across. Nothing is expanded by the length of a window: sums are differences of running
sums, and a row counts as a distinct key from its day until the window leaves it or the key's next day takes over.
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
    def read(self) -> int:
        """How many days are read."""
        return self.last - self.start + 1

    @property
    def days(self) -> int:
        """How many as-of days there are."""
        return self.last - self.first + 1

    @property
    def lead(self) -> int:
        """How many days are read before the first as-of day."""
        return self.first - self.start


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

    def among(self, keys: npt.ArrayLike) -> Uses:
        """The rows of certain keys."""
        return self.only(np.isin(self.key, keys))


def daily(uses: Uses, span: Span, accounts: int, *, rows: bool = False) -> Ints:
    """Uses (or with `rows`, distinct keys) of each read day and account: a matrix of read days x accounts."""
    cell = (uses.day - span.start) * accounts + uses.account
    weights = None if rows else uses.n
    # Sums of whole numbers stay exact in floats far beyond any count of events.
    counts = np.bincount(cell, weights, minlength=span.read * accounts)
    return counts.astype(np.int64).reshape(span.read, accounts)


def window(per_day: Ints, span: Span, days: int, *, ago: int = 0) -> Ints:
    """Sums over the `days` days that end `ago` days before each as-of day (a window of days up to `LEAD`)."""
    running = np.zeros((span.read + 1, per_day.shape[1]), np.int64)
    np.cumsum(per_day, axis=0, out=running[1:])
    ends = np.arange(span.lead, span.read) + 1 - ago
    return running[np.maximum(ends, 0)] - running[np.maximum(ends - days, 0)]


def distinct(uses: Uses, span: Span, accounts: int, days: int) -> Ints:
    """How many keys each account used in the `days` days up to each as-of day."""
    day = uses.day - span.start
    following = np.full(len(day), span.read, np.int64)
    same = (uses.account[1:] == uses.account[:-1]) & (uses.key[1:] == uses.key[:-1])
    following[:-1][same] = day[1:][same]
    until = np.minimum(np.minimum(following, day + days), span.read)
    cells = (span.read + 1) * accounts
    change = np.bincount(day * accounts + uses.account, minlength=cells).astype(np.int64)
    change -= np.bincount(until * accounts + uses.account, minlength=cells)
    return np.cumsum(change.reshape(span.read + 1, accounts), axis=0)[span.lead : span.read]


def top_keys(uses: Uses, span: Span, accounts: int) -> Ints:
    """The most used key of each read day and account (the smaller key wins a tie), -1 where nothing was used."""
    best = np.full(span.read * accounts, -1, np.int64)
    cell = (uses.day - span.start) * accounts + uses.account
    np.maximum.at(best, cell, (uses.n << KEY_BITS) | (KEY_MASK - uses.key))
    return np.where(best < 0, -1, KEY_MASK - (best & KEY_MASK)).reshape(span.read, accounts)


def last_days(per_day: Ints, span: Span) -> Ints:
    """The last day with uses up to each as-of day, as days since `start`; -1 where there is none."""
    rows = np.where(per_day > 0, np.arange(span.read)[:, None], -1)
    return np.maximum.accumulate(rows, axis=0)[span.lead :]


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
class Block:
    """Everything the windows of some accounts need.

    `people` holds meaningful uses by person, `names` all uses by event name, `before` one entry an account;
    `first_people` pairs (account, first day) for each person ever seen; `first_logins` likewise for login events.
    """

    accounts: int
    people: Uses
    names: Uses
    before: Before
    first_people: tuple[Ints, Ints]
    first_logins: tuple[Ints, Ints]


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

    def put(self, part: Windows, places: Ints) -> None:
        """Write a block's figures into these, at the accounts' places."""
        for field in self.__dataclass_fields__:
            getattr(self, field)[:, places] = getattr(part, field)


def windows(block: Block, span: Span, names: Names) -> Windows:
    """All windows of a block of accounts on all as-of days (R4-R7, R10, R13)."""
    accounts = block.accounts
    volume = daily(block.people, span, accounts)
    user_days = daily(block.people, span, accounts, rows=True)
    meaningful = block.names.only(~np.isin(block.names.key, names.ignored))
    features = meaningful.among(names.features) if len(names.features) else meaningful
    logins = daily(block.names.among(names.logins), span, accounts)
    last = last_days(user_days, span)
    before = last < 0
    column = np.arange(accounts)
    return Windows(
        volume_14=window(volume, span, 14),
        volume_prior_14=window(volume, span, 14, ago=14),
        user_days_14=window(user_days, span, 14),
        user_days_90=window(user_days, span, 90),
        users_14=distinct(block.people, span, accounts, 14),
        users_28=distinct(block.people, span, accounts, 28),
        users_90=distinct(block.people, span, accounts, 90),
        features_28=distinct(features, span, accounts, 28),
        features_90=distinct(features, span, accounts, 90),
        known_users=known(block.first_people[1], block.first_people[0], span, accounts),
        last_day=np.where(before, block.before.day, last + span.start),
        last_person=np.where(before, block.before.person, top_keys(block.people, span, accounts)[last, column]),
        last_name=np.where(before, block.before.name, top_keys(meaningful, span, accounts)[last, column]),
        logins_14=window(logins, span, 14),
        logins_prior_14=window(logins, span, 14, ago=14),
        logins_known=known(block.first_logins[1], block.first_logins[0], span, accounts),
    )
