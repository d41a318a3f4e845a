"""Reads the roll-ups back as sorted columns of numbers, day by day, for the windows of scoring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.carried import LEAVES, NAMES, PEOPLE, Carried, DayUse, LastUse, PairSums
from scoring.windows import LEAD
from storage.usage.column_files import read_columns
from storage.usage.columns import NAME, PERSON, Ints, day_number, day_of
from storage.usage.daily import KINDS, Daily, coded
from storage.usage.files import Files
from storage.usage.ledger import Ledger
from storage.usage.shelf import Shelf


class Rollups:
    """Columns are numpy integers: `account`, `key` (a person or event name) and so on are the store's numbers.

    Days count from 1970-01-01. Everything is as of the store's last refresh.
    """

    def __init__(self, files: Files, ledger: Ledger, lock: RLock) -> None:
        self._files = files
        self._ledger = ledger
        self._lock = lock

    def account_keys(self, ids: Sequence[str]) -> Ints:
        """The number of each account, -1 where no event ever named it."""
        with self._lock:
            keys = self._ledger.keys("account", ids)
        return np.array([keys.get(one, -1) for one in ids], np.int64)

    def name_keys(self, names: Iterable[str]) -> dict[str, int]:
        """The numbers of those event names that ever came."""
        with self._lock:
            return self._ledger.keys("name", set(names))

    def texts(self, kind: str, keys: Iterable[int]) -> dict[int, str]:
        """The ids behind numbers; `kind` is `user` or `name`."""
        with self._lock:
            return self._ledger.texts(kind, set(keys))

    def days(self) -> tuple[date, date] | None:
        """The first and the last day that hold events."""
        with self._lock:
            days = [day.day for day in self._ledger.days()]
        return (day_of(days[0]), day_of(days[-1])) if days else None

    def kept_from(self) -> date | None:
        """The first day whose usage was never deleted; None when all there was is held."""
        with self._lock:
            day = self._ledger.kept_from()
        return None if day is None else day_of(day)

    def each(self, first: int, last: int) -> Iterator[Daily]:
        """The roll-ups of every day from `first` to `last`, empty where nothing was used."""
        with self._lock:
            files = {day.day: day.rollup for day in self._ledger.days(first, last) if day.rollup}
        for day in range(first, last + 1):
            yield Daily.of_file(self._read(files[day])) if day in files else Daily.none()

    def carried(self, day: int) -> Carried:
        """What the windows hold at the end of a day: carried on from where they stood last, else looked back for."""
        with self._lock:
            days = self._ledger.days()
        shelf, files = Shelf(self._files, days), {one.day: one.rollup for one in days if one.rollup}

        def use(day: int) -> DayUse:
            # Of one moment of the ledger: what comes into a window leaves it as the same.
            daily = Daily.of_file(self._read(files[day])) if day in files else Daily.none()
            return daily.use(day)

        found = shelf.newest(day)
        if found is not None and found.day == day:
            return found
        if found is None:
            found = looked_back(self, day)
        while found.day < day:
            found.step(use(found.day + 1), {width: use(found.day + 1 - width) for width in LEAVES})
        shelf.keep(found)
        return found

    def firsts(self, kind: int) -> dict[str, Ints]:
        """`account, key, day`: the first day of every person or event name of an account, sorted by both."""
        name = KINDS[kind]
        empty = dict.fromkeys((f"{name}_account", name, f"{name}_day"), np.zeros(0, np.int64))
        found = [self._read(file) for file in self._states("firsts")] or [empty]
        account, key, day = (found[0][column].astype(np.int64) for column in empty)
        return {"account": account, "key": key, "day": day}

    def before(self, day: date) -> dict[str, Ints]:
        """`account, day, person, name`: each account's last active day before `day`, the first of a month.

        With the person and the event name used most on it.
        """
        names = ("account", "day", "person", "name")
        tables = [self._read(file) for file in self._states("month:", before=f"month:{day.isoformat()[:7]}")]
        empty = np.zeros(0, np.int64)
        months = {name: np.concatenate([empty, *(table[name] for table in tables)], dtype=np.int64) for name in names}
        order = np.lexsort((months["day"], months["account"]))
        account = months["account"][order]
        latest = order[np.r_[account[1:] != account[:-1], True][: len(account)]]
        return {name: column[latest] for name, column in months.items()}

    def beginnings(self, accounts: Ints, first: Ints, last: Ints) -> dict[str, Ints]:
        """`account, day, users`: distinct active users a day, of each account between its own `first` and `last`."""
        parts = []
        for file in self._states("month:"):
            month = self._read(file)
            if not len(month["day"]):
                continue
            size = int(max(accounts.max(initial=0), month["account"].max())) + 1
            starts, ends = np.full(size, 1), np.zeros(size, np.int64)
            # Most accounts began long before the month, or after it: their rows are not looked at one by one.
            near = (first <= int(month["day"].max())) & (last >= int(month["day"].min()))
            starts[accounts[near]], ends[accounts[near]] = first[near], last[near]
            rows = np.flatnonzero((starts <= ends)[month["account"]])
            account, day = month["account"][rows], month["day"][rows]
            wanted = rows[(starts[account] <= day) & (day <= ends[account])]
            parts.append([month[name][wanted] for name in ("account", "day", "users")])
        empty = [np.zeros(0, np.int64)] * 3
        joined = (np.concatenate(columns, dtype=np.int64) for columns in zip(empty, *parts, strict=True))
        return dict(zip(("account", "day", "users"), joined, strict=True))

    def _states(self, prefix: str, *, before: str = "~") -> list[str]:
        with self._lock:
            states = self._ledger.states()
        return [file for item, file in sorted(states.items()) if item.startswith(prefix) and item < before]

    def _read(self, file: str) -> dict[str, npt.NDArray[Any]]:
        return read_columns(self._files.path(file))


def looked_back(rollups: Any, day: int) -> Carried:
    """What the windows hold at the end of a day, from the roll-ups of all the days that they span."""
    pairs = (rollups.firsts(kind) for kind in (PERSON, NAME))
    people, names = (coded(firsts["account"], firsts["key"]) for firsts in pairs)
    lead = month_start(day - LEAD + 1)
    before = rollups.before(lead)
    last = LastUse(*(before[name] for name in ("account", "day", "person", "name")))
    found = Carried(day, PairSums.none(PEOPLE, people), PairSums.none(NAMES, names), last)
    first = day_number(lead)
    for one, daily in enumerate(rollups.each(first, day), first):
        found.look_back(daily.use(one), one)
    return found


def month_start(day: int) -> date:
    """The first day of the month that holds a day."""
    return day_of(day).replace(day=1)
