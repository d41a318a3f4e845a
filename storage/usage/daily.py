"""Works out a day: who used what how often, from its events; then what months and first days must know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.carried import DayUse, Used
from scoring.windows import KEY_BITS, KEY_MASK
from storage.usage.column_files import SUFFIX
from storage.usage.columns import Ints, day_of

Columns = Mapping[str, npt.NDArray[Any]]
KINDS = ("person", "name")
"""The two roll-ups, in the order of `PERSON` and `NAME`."""
MOST_CELLS = 1 << 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each account used each key (a person, or an event name) on a day, sorted by `code`: both in one."""

    code: Ints
    n: Ints

    @classmethod
    def of(cls, account: npt.NDArray[Any], key: npt.NDArray[Any], n: npt.NDArray[Any]) -> Self:
        """Counted rows; rows of the same account and key are added up, and what comes to nothing is left out."""
        code, once = coded(account, key), bool((n == 1).all())
        if len(code) and (code[1:] < code[:-1]).any():
            # Most events count once each: then nothing needs to come along.
            order = None if once else np.argsort(code)
            code, n = (np.sort(code), n) if order is None else (code[order], n[order])
        starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]]) if len(code) else np.zeros(0, np.int64)
        if once or not len(code):
            return cls(code[starts], np.diff(np.r_[starts, len(code)]))
        total = np.add.reduceat(n, starts, dtype=np.int64)
        used = total > 0
        return cls(code[starts][used], total[used])

    @classmethod
    def none(cls) -> Self:
        """Nobody used anything."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def at_least(self, other: Counts) -> Counts:
        """Of each pair the larger count of the two."""
        code, n = np.concatenate([self.code, other.code]), np.concatenate([self.n, other.n])
        order = np.lexsort((n, code))
        code, n = code[order], n[order]
        last = np.append(code[1:] != code[:-1], True)[: len(code)]
        return Counts(code[last], n[last])

    def only(self, keep: npt.NDArray[np.bool_]) -> Counts:
        """The rows that `keep` marks."""
        return Counts(self.code[keep], self.n[keep])

    @property
    def account(self) -> Ints:
        """Each row's account."""
        return self.code >> KEY_BITS

    @property
    def key(self) -> Ints:
        """Each row's key."""
        return self.code & KEY_MASK

    def edges(self) -> Ints:
        """Where each account begins."""
        account = self.account
        return np.flatnonzero(np.r_[True, account[1:] != account[:-1]]) if len(account) else account

    def top(self, edges: Ints) -> Ints:
        """The most used key of each account, the smaller one winning a tie."""
        if not len(edges):
            return edges
        best = np.maximum.reduceat((self.n << KEY_BITS) | (KEY_MASK - self.key), edges)
        return KEY_MASK - (best & KEY_MASK)


def coded(account: npt.NDArray[Any], key: npt.NDArray[Any]) -> Ints:
    """Account and key in one number that sorts by both."""
    code: Ints = (account.astype(np.int64) << KEY_BITS) | key
    return code


@dataclass(frozen=True, slots=True)
class Daily:
    """A day's two roll-ups: uses that count, by person; all uses, by event name."""

    people: Counts
    names: Counts

    @classmethod
    def of_events(cls, events: Columns, ignored: Ints) -> Self:
        """From the columns `account, person, name, n` of a day's events; `ignored` names are no meaningful use."""
        names = Counts.of(events["account"], events["name"], events["n"])
        if len(ignored):
            counts = ~np.isin(events["name"], ignored)
            events = {name: column[counts] for name, column in events.items()}
        return cls(Counts.of(events["account"], events["person"], events["n"]), names)

    @classmethod
    def none(cls) -> Self:
        """A day without events."""
        return cls(Counts.none(), Counts.none())

    @classmethod
    def of_file(cls, columns: Columns) -> Self:
        """The inverse of `columns`."""
        people, names = (
            Counts(coded(columns[f"{kind}_account"], columns[kind]), columns[f"{kind}_n"].astype(np.int64))
            for kind in KINDS
        )
        return cls(people, names)

    def at_least(self, other: Daily) -> Daily:
        """Of each use the larger count of the two: what is left of a day, beside what was once known of it."""
        return Daily(self.people.at_least(other.people), self.names.at_least(other.names))

    def columns(self) -> Columns:
        """What its file holds."""
        return {
            name: values
            for kind, part in zip(KINDS, (self.people, self.names), strict=True)
            for name, values in ((f"{kind}_account", part.account), (kind, part.key), (f"{kind}_n", part.n))
        }

    def use(self, day: int, ignored: Ints) -> DayUse:
        """What windows that are carried on from day to day take in."""
        people, names = (Used(part.code, part.n) for part in (self.people, self.names))
        return DayUse(people, names, self.summary(day, ignored))

    def uses(self) -> int:
        """All uses, meaningful or not."""
        return int(self.names.n.sum())

    def summary(self, day: int, ignored: Ints) -> Columns:
        """`account, day, users, person, name` of each active account: how many people, who and what most."""
        edges = self.people.edges()
        account = self.people.account[edges]
        meaningful = self.names.only(~np.isin(self.names.key, ignored)) if len(ignored) else self.names
        name_edges = meaningful.edges()
        named = np.zeros(int(max(account.max(initial=0), meaningful.account.max(initial=0))) + 1, np.int64)
        named[meaningful.account[name_edges]] = meaningful.top(name_edges)
        return {
            "account": account,
            "day": np.full(len(edges), day),
            "users": np.diff(np.r_[edges, len(self.people.code)]),
            "person": self.people.top(edges),
            "name": named[account],
        }


def rollup_name(day: int, generation: int) -> str:
    """The file of a day's roll-ups."""
    return f"rollups/{day_of(day)}.{generation}{SUFFIX}"


class Places:
    """Where a pair of account and key stands in a sorted list of codes, mostly by looking into a table."""

    def __init__(self, codes: Ints) -> None:
        self._codes = codes
        width = int((codes & KEY_MASK).max(initial=0)) + 1
        cells = (int(codes[-1] >> KEY_BITS) + 1) * width if len(codes) else 0
        # A cell for each account and event name; people are too many for that, but mostly belong to one account.
        self._width = width if cells <= MOST_CELLS + 4 * len(codes) else 0
        index = self._index(codes)
        self._table = np.zeros(int(index.max(initial=0)) + 1, np.int32)
        self._table[index] = np.arange(len(codes))

    def find(self, wanted: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The place of each code, and whether there is one."""
        if not len(self._codes):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
        place = self._table[np.minimum(self._index(wanted), len(self._table) - 1)].astype(np.int64)
        known = self._codes[place] == wanted
        if not known.all():
            missed = np.flatnonzero(~known)
            place[missed] = np.minimum(np.searchsorted(self._codes, wanted[missed]), len(self._codes) - 1)
            known[missed] = self._codes[place[missed]] == wanted[missed]
        return place, known

    def _index(self, codes: Ints) -> Ints:
        key = codes & KEY_MASK
        return key + (codes >> KEY_BITS) * self._width if self._width else key


class Firsts:
    """The first day of each pair of account and key; pairs that are new wait in a small list of their own."""

    def __init__(self, code: Ints, day: Ints) -> None:
        self._code, self._day, self._places = code, day, Places(code)
        self._new_code, self._new_day = code[:0], day[:0]

    @classmethod
    def none(cls) -> Self:
        """Nobody was ever seen."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    @classmethod
    def of_file(cls, columns: Columns, kind: str) -> Self:
        """The pairs of one of `KINDS`."""
        return cls(coded(columns[f"{kind}_account"], columns[kind]), columns[f"{kind}_day"].astype(np.int64))

    def columns(self, kind: str) -> Columns:
        """The inverse of `of_file`."""
        self._merge()
        return {f"{kind}_account": self._code >> KEY_BITS, kind: self._code & KEY_MASK, f"{kind}_day": self._day}

    def see(self, found: Counts, day: int) -> None:
        """Take in one day's pairs, in whatever order days come."""
        place, known = self._places.find(found.code)
        self._day[place[known]] = np.minimum(self._day[place[known]], day)
        if not known.all():
            self._see_new(found.code[~known], day)

    def _see_new(self, code: Ints, day: int) -> None:
        place = np.searchsorted(self._new_code, code)
        known = np.append(self._new_code, -1)[place] == code
        self._new_day[place[known]] = np.minimum(self._new_day[place[known]], day)
        self._new_code = np.insert(self._new_code, place[~known], code[~known])
        self._new_day = np.insert(self._new_day, place[~known], day)
        if len(self._new_code) > len(self._code) // 8:
            self._merge()

    def _merge(self) -> None:
        if len(self._new_code):
            place = np.searchsorted(self._code, self._new_code)
            merged = np.insert(self._code, place, self._new_code), np.insert(self._day, place, self._new_day)
            Firsts.__init__(self, *merged)
