"""Works out a day: who used what how often, from its events; and what a file of that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.carried import DayUse, Used
from scoring.counts import Active, Counts
from scoring.windows import KEY_BITS
from storage.usage.column_files import SUFFIX
from storage.usage.columns import Ints, day_of

Columns = Mapping[str, npt.NDArray[Any]]
KINDS = ("person", "name")
"""The two roll-ups, in the order of `PERSON` and `NAME`."""


@dataclass(frozen=True, slots=True)
class Daily:
    """A day's two roll-ups (uses that count, by person; all uses, by event name), and what they come to by account."""

    people: Counts
    names: Counts
    active: Active

    @classmethod
    def of(cls, people: Counts, names: Counts, ignored: Ints) -> Self:
        """From both counts; `ignored` names are no meaningful use."""
        counted = names.only(~np.isin(names.key, ignored)) if len(ignored) else names
        return cls(people, names, Active.of(people, counted))

    @classmethod
    def of_events(cls, events: Columns, ignored: Ints) -> Self:
        """From the columns `account, person, name` of a day's events, and `n` unless each counts once."""
        names = Counts.of(events["account"], events["name"], events.get("n"))
        if len(ignored):
            counts = ~np.isin(events["name"], ignored)
            events = {name: column[counts] for name, column in events.items()}
        return cls.of(Counts.of(events["account"], events["person"], events.get("n")), names, ignored)

    @classmethod
    def none(cls) -> Self:
        """A day without events."""
        return cls.of(Counts.none(), Counts.none(), np.zeros(0, np.int64))

    @classmethod
    def of_file(cls, columns: Columns) -> Self:
        """The inverse of `columns`."""
        people, names = (
            Counts(columns[f"{kind}_account"], columns[f"{kind}_rows"], columns[kind], columns[f"{kind}_n"])
            for kind in KINDS
        )
        top = Active(people.account, people.rows, columns["uses"], columns["top_person"], columns["top_name"])
        return cls(people, names, top)

    def at_least(self, other: Daily, ignored: Ints) -> Daily:
        """Of each use the larger count of the two: what is left of a day, beside what was once known of it."""
        return Daily.of(self.people.at_least(other.people), self.names.at_least(other.names), ignored)

    def columns(self) -> Columns:
        """What its file holds."""
        counted = {
            name: values
            for kind, part in zip(KINDS, (self.people, self.names), strict=True)
            for name, values in (
                (f"{kind}_account", part.account), (f"{kind}_rows", part.rows), (kind, part.key), (f"{kind}_n", part.n)
            )
        }  # fmt: skip
        top = {"uses": self.active.uses, "top_person": self.active.person, "top_name": self.active.name}
        return {**counted, **top}

    def use(self, day: int) -> DayUse:
        """What windows that are carried on from day to day take in."""
        people, names = (Used(part.codes(), part.n) for part in (self.people, self.names))
        return DayUse(people, names, self.summary(day))

    def uses(self) -> int:
        """All uses, meaningful or not."""
        return int(self.names.n.sum())

    def summary(self, day: int) -> Columns:
        """`account, day, users, person, name` of each active account, which months keep."""
        active = self.active
        return {
            "account": active.account,
            "day": np.full(len(active.account), day),
            "users": active.users,
            "person": active.person,
            "name": active.name,
        }


def coded(account: npt.NDArray[Any], key: npt.NDArray[Any]) -> Ints:
    """Account and key in one number that sorts by both."""
    code: Ints = (account.astype(np.int64) << KEY_BITS) | key
    return code


def rollup_name(day: int, generation: int) -> str:
    """The file of a day's roll-ups."""
    return f"rollups/{day_of(day)}.{generation}{SUFFIX}"
