"""Who used what how often on one day, sorted by account: what each day of the usage store comes down to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.windows import KEY_BITS, KEY_MASK, Bools, Ints, starts, stretches

NARROW = 1 << 31
Whole = npt.NDArray[Any]
"""Whole numbers in whatever type they were read in."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each account used each key (a person, or an event name), sorted by both.

    `account` holds each account once, `rows` how many keys it used; `key` and `n` hold an entry for each of those.
    """

    account: Whole
    rows: Whole
    key: Whole
    n: Whole

    @classmethod
    def of(cls, account: Whole, key: Whole, n: Whole | None = None) -> Self:
        """Counted rows; rows of the same account and key are added up, and what comes to nothing is left out.

        Without `n` each row counts once.
        """
        if not len(key):
            return cls.none()
        bits = int(key.max()).bit_length()
        # Half as wide is twice as fast to sort.
        kind = np.int32 if (int(account.max()) + 1) << bits <= NARROW else np.int64
        code: Whole = np.left_shift(account, bits, dtype=kind, casting="same_kind")
        code |= key.astype(kind, copy=False)
        if (code[1:] < code[:-1]).any():
            if n is None:
                code.sort()
            else:
                order = np.argsort(code)
                code, n = code[order], n[order]
        first = starts(code)
        total: Whole = np.diff(first, append=len(code)) if n is None else np.add.reduceat(n, first, dtype=np.int64)
        code = code[first]
        if n is not None:
            code, total = code[total > 0], total[total > 0]
        return cls.sorted(code >> bits, code & ((1 << bits) - 1), total)

    @classmethod
    def sorted(cls, owner: Whole, key: Whole, n: Whole) -> Self:
        """From rows that are sorted and name each pair once; `owner` is each row's account."""
        edges = starts(owner)
        return cls(owner[edges], np.diff(edges, append=len(owner)), key, n)

    @classmethod
    def none(cls) -> Self:
        """Nobody used anything."""
        return cls(*(np.zeros(0, np.int64) for _ in range(4)))

    def codes(self) -> Ints:
        """Account and key of each row in one number that sorts by both."""
        owner: Ints = np.repeat(self.account.astype(np.int64) << KEY_BITS, self.rows)
        return owner | self.key

    def bounds(self) -> Ints:
        """Where each account begins, and where the last one ends."""
        return np.concatenate([[0], np.cumsum(self.rows, dtype=np.int64)])

    def totals(self) -> Ints:
        """The uses of each account."""
        return stretches(self.n, self.bounds())

    def only(self, keep: Bools) -> Counts:
        """The rows that `keep` marks."""
        if keep.all():
            return self
        return Counts.sorted(np.repeat(self.account, self.rows)[keep], self.key[keep], self.n[keep])

    def at_least(self, other: Counts) -> Counts:
        """Of each pair the larger count of the two."""
        code, n = np.concatenate([self.codes(), other.codes()]), np.concatenate([self.n, other.n])
        order = np.lexsort((n, code))
        code, n = code[order], n[order]
        last = np.append(code[1:] != code[:-1], True)[: len(code)]
        return Counts.sorted(code[last] >> KEY_BITS, code[last] & KEY_MASK, n[last])

    def top(self) -> Ints:
        """The most used key of each account, the smaller one winning a tie."""
        if not len(self.account):
            return np.zeros(0, np.int64)
        # One maximum finds count and key together: the count in the high bits.
        codes = self.n.astype(np.int64) << KEY_BITS
        codes -= self.key
        return -np.maximum.reduceat(codes, self.bounds()[:-1]) & KEY_MASK


@dataclass(frozen=True, slots=True)
class Active:
    """The accounts with meaningful use on a day: by how many people, how often, and who and what most (-1: nothing)."""

    account: Whole
    users: Whole
    uses: Whole
    person: Whole
    name: Whole

    @classmethod
    def of(cls, people: Counts, names: Counts) -> Self:
        """From the meaningful uses by person and by event name."""
        name = np.full(int(max(people.account.max(initial=0), names.account.max(initial=0))) + 1, -1, np.int64)
        name[names.account] = names.top()
        return cls(people.account, people.rows, people.totals(), people.top(), name[people.account])
