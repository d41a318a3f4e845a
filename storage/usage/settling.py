"""Tells months and first days what came: who was active on which day, and since when each pair is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from storage.usage.column_files import SUFFIX, read_columns, write_columns
from storage.usage.columns import day_of
from storage.usage.daily import KINDS, Columns, Daily
from storage.usage.files import Files
from storage.usage.pairs import Firsts


class Settling:
    """One refresh's: `see` each changed day, then `finish`. Files that were written count only once they are booked.

    `states` names the files that count now, as the ledger does. Only one month's days are held at a time.
    """

    def __init__(self, files: Files, states: Mapping[str, str], generation: int) -> None:
        self._files = files
        self._states = dict(states)
        self._generation = generation
        self._firsts: list[Firsts] = []
        self._written: dict[str, str] = {}
        self._month = ""
        self._days: dict[int, Columns] = {}
        self.seen: set[int] = set()

    def see(self, day: int, daily: Daily) -> None:
        """Take in a day; best in the order of days, one month after the other."""
        if (month := day_of(day).isoformat()[:7]) != self._month:
            self._write_month()
            self._month = month
        self._firsts = self._firsts or [self._known(kind) for kind in KINDS]
        for known, found in zip(self._firsts, (daily.people, daily.names), strict=True):
            known.see(found, day)
        self._days[day] = daily.summary(day)
        self.seen.add(day)

    def finish(self) -> dict[str, str]:
        """Write what is not written yet; gives the new file of each state that changed."""
        self._write_month()
        if self._firsts:
            both = [known.columns(kind) for kind, known in zip(KINDS, self._firsts, strict=True)]
            self._write("firsts", "firsts", {**both[0], **both[1]})
        return self._written

    def _known(self, kind: str) -> Firsts:
        file = self._states.get("firsts", self._states.get("kept"))
        return Firsts.of_file(read_columns(self._files.path(file)), kind) if file else Firsts.none()

    def _write_month(self) -> None:
        if not self._days:
            return
        item = f"month:{self._month}"
        before = [self._without(self._states[item])] if item in self._states else []
        tables = [*before, *self._days.values()]
        self._write(item, self._month, {name: np.concatenate([table[name] for table in tables]) for name in tables[-1]})
        self._days = {}

    def _without(self, month: str) -> Columns:
        """What a month knew, but for the days that were seen anew."""
        old = read_columns(self._files.path(month))
        kept = ~np.isin(old["day"], [*self._days])
        return {name: column[kept] for name, column in old.items()}

    def _write(self, item: str, name: str, columns: Columns) -> None:
        self._written[item] = self._states[item] = f"states/{name}.{self._generation}{SUFFIX}"
        write_columns(self._files.path(self._states[item]), columns)
