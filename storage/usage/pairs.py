"""Knows pairs of account and key (a person, an event name) by tables: where each stands, and on which day it came."""

from __future__ import annotations

from typing import Self

import numpy as np

from scoring.counts import Active, Counts, Whole
from scoring.walk import DayRows
from scoring.windows import KEY_BITS, KEY_MASK, Pairs, Rows, starts
from storage.usage.columns import Ints
from storage.usage.daily import Columns, Daily, coded

MOST_CELLS = 1 << 20
MOST_NOTED = 1 << 18
ROOM = 1.25
"""How much longer a table is made than it must be, because numbers grow."""


class Places:
    """Where each pair stands in a list of pairs, mostly by looking into a table."""

    def __init__(self, keys: Ints, pairs: Pairs) -> None:
        """`keys` are the store's numbers of the accounts, ascending; `pairs` names accounts by their place in those."""
        self._accounts = len(keys)
        self._owner_of = np.full(int(keys.max(initial=0)) + 2, len(keys), np.int32)
        self._owner_of[keys] = np.arange(len(keys))
        self._owner = np.append(pairs.owner, -1).astype(np.int32)
        self._codes = coded(pairs.owner, pairs.key)
        self._width = _width(pairs.owner, pairs.key)
        cells, places = pairs.owner * self._width + pairs.key, np.arange(len(pairs.key))
        self._table = np.full(int(cells.max(initial=0)) + 2, -1, np.int32)
        self._table[cells] = places
        self._alone = bool((self._table[cells] == places).all())

    def find(self, counts: Counts) -> Rows:
        """A day's counts by the place of their pairs; accounts that nobody knows are left out."""
        owner = np.repeat(self.owners(counts.account), counts.rows)
        cells = owner * np.int64(self._width) + counts.key if self._width else counts.key
        place = self._table.take(cells, mode="clip")
        exact = self._width and int(counts.key.max(initial=0)) < self._width
        known = place >= 0 if exact else self._owner.take(place) == owner
        if known.all():
            return Rows(place, counts.n)
        if not self._alone:
            missed = np.flatnonzero(~known)
            wanted = coded(owner[missed], counts.key[missed])
            place[missed] = np.minimum(np.searchsorted(self._codes, wanted), len(self._codes) - 1)
            known[missed] = self._codes[place[missed]] == wanted
        return Rows(place[known], counts.n[known])

    def owners(self, account: Whole) -> Whole:
        """The place of each account, behind all others where nobody knows it."""
        return self._owner_of.take(account, mode="clip")

    def active(self, found: Active) -> Active:
        """A day's active accounts by their place."""
        owner = self.owners(found.account)
        known = owner < self._accounts
        parts = (owner, found.users, found.uses, found.person, found.name)
        return Active(*parts) if known.all() else Active(*(part[known] for part in parts))


def placed(daily: Daily, people: Places, names: Places) -> DayRows:
    """A day as the windows read it."""
    return DayRows(people.find(daily.people), names.find(daily.names), people.active(daily.active))


class Firsts:
    """The first day of each pair.

    A table remembers pairs that came, so that a glance drops most of a day. Two that share a cell push each other out:
    then one is only noted again. What was noted is merged when it is as long as what is known.
    """

    def __init__(self, code: Ints, day: Ints) -> None:
        self._code, self._day = code, day
        self._latest = int(day.max(initial=0))
        self._noted: list[tuple[Ints, Ints]] = []
        self._waiting = 0
        self._remember()

    @classmethod
    def none(cls) -> Self:
        """Nobody was ever seen."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    @classmethod
    def of_file(cls, columns: Columns, kind: str) -> Self:
        """The pairs of a `person` or a `name`."""
        return cls(coded(columns[f"{kind}_account"], columns[kind]), columns[f"{kind}_day"].astype(np.int64))

    def columns(self, kind: str) -> Columns:
        """The inverse of `of_file`."""
        self._merge()
        return {f"{kind}_account": self._code >> KEY_BITS, kind: self._code & KEY_MASK, f"{kind}_day": self._day}

    def see(self, found: Counts, day: int) -> None:
        """Take in one day's pairs, in whatever order days come."""
        owner = np.repeat(found.account.astype(np.int32, copy=False), found.rows)
        cells = self._cells(owner, found.key)
        key = found.key
        if day >= self._latest:
            fresh, self._latest = np.flatnonzero(self._table.take(cells, mode="clip") != owner), day
            owner, cells, key = owner[fresh], cells[fresh], key[fresh]
        if not len(key):
            return
        self._noted.append((coded(owner, key), np.full(len(key), day)))
        self._waiting += len(key)
        if cells.max() < len(self._table) - 1 and self._waiting < MOST_NOTED + len(self._code):
            self._table[cells] = owner
        else:
            self._merge()
            self._remember()

    def _merge(self) -> None:
        if self._noted:
            code = np.concatenate([self._code, *(code for code, _ in self._noted)])
            day = np.concatenate([self._day, *(day for _, day in self._noted)])
            order = np.argsort(code, kind="stable")
            code, first = code[order], starts(code[order])
            self._code, self._day = code[first], np.minimum.reduceat(day[order], first)
            self._noted.clear()
            self._waiting = 0

    def _remember(self) -> None:
        """Make the table anew; its last cell stays empty, for all that lies behind it."""
        owner, key = self._code >> KEY_BITS, self._code & KEY_MASK
        self._width = _width(owner, key)
        cells = self._cells(owner, key)
        self._table = np.full(int(ROOM * cells.max(initial=0)) + 2, -1, np.int32)
        self._table[cells] = owner

    def _cells(self, owner: Whole, key: Whole) -> Whole:
        """Within a cell an account stands for one pair only."""
        return owner * np.int64(self._width) + key if self._width else key


def _width(owner: Ints, key: Ints) -> int:
    """How many cells of a table an account has: one for each event name; people mostly belong to one account: none."""
    width = int(ROOM * key.max(initial=0)) + 1
    return width if (int(owner.max(initial=0)) + 1) * width <= MOST_CELLS + 4 * len(key) else 0
