"""Works out a day: who used what how often, from its events; then what months and first days must know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.windows import KEY_BITS, KEY_MASK
from storage.usage.column_files import SUFFIX
from storage.usage.columns import Ints, day_of

Columns = Mapping[str, npt.NDArray[Any]]
KINDS = ("person", "name")
"""The two roll-ups, in the order of `PERSON` and `NAME`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each account used each key (a person, or an event name) on a day, sorted by `code`: both in one."""

    code: Ints
    n: Ints

    @classmethod
    def of(cls, account: npt.NDArray[Any], key: npt.NDArray[Any], n: npt.NDArray[Any]) -> Self:
        """Counted rows; rows of the same account and key are added up, and what comes to nothing is left out."""
        code = coded(account, key)
        if len(code) and (code[1:] < code[:-1]).any():
            order = np.argsort(code)
            code, n = code[order], n[order]
        starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]]) if len(code) else np.zeros(0, np.int64)
        total = np.add.reduceat(n, starts, dtype=np.int64) if len(code) else np.zeros(0, np.int64)
        used = total > 0
        return cls(code[starts][used], total[used])

    @classmethod
    def none(cls) -> Self:
        """Nobody used anything."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

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

    def columns(self) -> Columns:
        """What its file holds."""
        return {
            name: values
            for kind, part in zip(KINDS, (self.people, self.names), strict=True)
            for name, values in ((f"{kind}_account", part.account), (kind, part.key), (f"{kind}_n", part.n))
        }

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


@dataclass(slots=True)
class Firsts:
    """The first day of each pair of account and key, sorted by `code`."""

    code: Ints
    day: Ints

    def see(self, found: Counts, day: int) -> None:
        """Take in one day's pairs, in whatever order days come."""
        place = np.searchsorted(self.code, found.code)
        known = np.zeros(len(place), np.bool_)
        if len(self.code):
            at = np.minimum(place, len(self.code) - 1)
            known = self.code[at] == found.code
            self.day[at[known]] = np.minimum(self.day[at[known]], day)
        if not known.all():
            self.code = np.insert(self.code, place[~known], found.code[~known])
            self.day = np.insert(self.day, place[~known], day)

    @classmethod
    def of_file(cls, columns: Columns, kind: str) -> Self:
        """The pairs of one of `KINDS`."""
        return cls(coded(columns[f"{kind}_account"], columns[kind]), columns[f"{kind}_day"].astype(np.int64))

    def columns(self, kind: str) -> Columns:
        """The inverse of `of_file`."""
        return {f"{kind}_account": self.code >> KEY_BITS, kind: self.code & KEY_MASK, f"{kind}_day": self.day}

    @classmethod
    def none(cls) -> Self:
        """Nobody was ever seen."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))
