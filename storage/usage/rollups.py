"""Reads the roll-ups back as sorted columns of numbers, by range of accounts, for the windows of scoring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from threading import RLock

import numpy as np
import numpy.typing as npt

from storage.usage.columns import PERSON, day_of
from storage.usage.engine import Engine
from storage.usage.files import Files
from storage.usage.ledger import Ledger

Ints = npt.NDArray[np.int64]
RANGE_ROWS = 3_000_000
"""Rows of people that are read at once: each reading opens every day of the span, so that many small ones are slow."""

COUNT_ROWS = """
SELECT account, count(*) AS rows FROM read_parquet($files) WHERE kind = $kind GROUP BY account ORDER BY account
"""
USES = """
SELECT account, key, day, n FROM read_parquet($files)
WHERE kind = $kind AND account BETWEEN $low AND $high ORDER BY account, key, day
"""
FIRSTS = "SELECT account, key, day FROM read_parquet($files) WHERE kind = $kind ORDER BY account, key"
BEFORE = """
SELECT account, max(day) AS day, arg_max(person, day) AS person, arg_max(name, day) AS name
FROM read_parquet($files) GROUP BY account ORDER BY account
"""
BEGINNINGS = """
SELECT account, day, users FROM read_parquet($files) JOIN born USING (account)
WHERE day BETWEEN born.first AND born.last ORDER BY account, day
"""


class Rollups:
    """Columns are numpy integers: `account`, `key` (a person or event name) and so on are the store's numbers.

    Days count from 1970-01-01. Everything is as of the store's last refresh.
    """

    def __init__(self, files: Files, ledger: Ledger, engine: Engine, lock: RLock) -> None:
        self._files = files
        self._ledger = ledger
        self._engine = engine
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

    def ranges(self, first: int, last: int, kind: int = PERSON) -> Iterator[tuple[int, int]]:
        """Account numbers from..to that together cover all accounts, each with some `RANGE_ROWS` rows of people."""
        found = self._query(COUNT_ROWS, self._rollups(first, last), kind=kind)
        accounts, rows = found["account"], np.cumsum(found["rows"])
        part = rows // RANGE_ROWS
        cuts = np.flatnonzero(np.diff(part)) + 1
        lows = [0, *(int(accounts[cut]) for cut in cuts)]
        yield from zip(lows, [*(low - 1 for low in lows[1:]), np.iinfo(np.int32).max], strict=True)

    def uses(self, kind: int, first: int, last: int, accounts: tuple[int, int]) -> dict[str, Ints]:
        """`account, key, day, n` of some days, sorted by account, key, day; of `PERSON` only what counts as use."""
        low, high = accounts
        return self._query(USES, self._rollups(first, last), kind=kind, low=low, high=high)

    def firsts(self, kind: int) -> dict[str, Ints]:
        """`account, key, day`: the first day of every person or event name of an account."""
        return self._query(FIRSTS, self._states("firsts"), kind=kind)

    def before(self, day: date) -> dict[str, Ints]:
        """`account, day, person, name`: each account's last active day before `day`, the first of a month.

        With the person and the event name used most on it.
        """
        months = self._states("month:", before=f"month:{day.isoformat()[:7]}")
        return self._query(BEFORE, months)

    def beginnings(self, accounts: Ints, first: Ints, last: Ints) -> dict[str, Ints]:
        """`account, day, users`: distinct active users a day, of each account between its own `first` and `last`."""
        with self._lock, self._engine.lent("born", {"account": accounts, "first": first, "last": last}):
            return self._query(BEGINNINGS, self._states("month:"))

    def _rollups(self, first: int, last: int) -> list[str]:
        with self._lock:
            return [day.rollup for day in self._ledger.days(first, last) if day.rollup]

    def _states(self, prefix: str, *, before: str = "~") -> list[str]:
        with self._lock:
            states = self._ledger.states()
        return [file for item, file in states.items() if item.startswith(prefix) and item < before]

    def _query(self, query: str, files: list[str], **values: object) -> dict[str, Ints]:
        """Rows as 64-bit integers; no files, no rows."""
        if not files:
            columns = ("account", "key", "day", "n", "rows", "users", "person", "name")
            return {column: np.zeros(0, np.int64) for column in columns}
        paths = [str(self._files.path(file)) for file in files]
        with self._lock:
            found = self._engine.columns(query, {"files": paths, **values})
        return {name: column.astype(np.int64) for name, column in found.items()}


def month_start(day: int) -> date:
    """The first day of the month that holds a day."""
    return day_of(day).replace(day=1)
