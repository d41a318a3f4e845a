"""Puts roll-ups that were made elsewhere into the same day partitions that this machine makes of raw events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from scoring.counts import Counts
from storage.usage.column_files import write_columns
from storage.usage.columns import NAME, PERSON, Ints
from storage.usage.daily import Daily, rollup_name
from storage.usage.engine import Columns, Engine
from storage.usage.files import Files
from storage.usage.ledger import Ledger

EMPTY = "CREATE OR REPLACE TABLE rolled (day INTEGER, kind TINYINT, account INTEGER, key INTEGER, n BIGINT)"
ADD = "INSERT INTO rolled SELECT day, kind, account, key, n FROM part"
ROLLED = "SELECT account, key, n FROM rolled WHERE day = $day AND kind = $kind"
KEY_KINDS = ("user", "name")
Texts = tuple[Sequence[str], Ints]
"""Distinct texts, and which of them stands in each row."""


class Landing:
    """Some days at once: `add` rows as they come, then `book`; killed in between, nothing happened.

    Whoever lands holds the store's refresh lock, so that files not booked yet are not swept away.
    """

    def __init__(self, files: Files, ledger: Ledger, engine: Engine, days: Sequence[int], generation: int) -> None:
        self._files = files
        self._ledger = ledger
        self._engine = engine
        self._days = np.array(sorted(days), np.int64)
        self._generation = generation
        engine.run(EMPTY)

    def add(self, kind: int, *, day: Ints, account: Texts, key: Texts, n: Ints) -> None:
        """Rows of one roll-up (`PERSON` or `NAME`), each (day, account, key) once; other days' rows are left out."""
        columns: Columns = {
            "day": day,
            "kind": np.full(len(day), kind, np.int8),
            "account": self._numbers("account", account),
            "key": self._numbers(KEY_KINDS[kind], key),
            "n": n,
        }
        wanted = np.isin(day, self._days)
        with self._engine.lent("part", {name: column[wanted] for name, column in columns.items()}):
            self._engine.run(ADD)

    def _numbers(self, kind: str, texts: Texts) -> np.ndarray[Any, np.dtype[np.int32]]:
        distinct, places = texts
        with self._ledger.writing():
            keys = self._ledger.keys(kind, distinct, make=True)
        return np.fromiter((keys[text] for text in distinct), np.int32, len(distinct))[places]

    def book(self, newest: int, ignored: Collection[str], then: Callable[[], None]) -> None:
        """Write each day's file and let it count; `then` is booked in the same transaction.

        `newest` is the days' last instant, in microseconds since 1970; `ignored` names are no meaningful use.
        """
        booked: dict[int, tuple[str, int]] = {}
        keys = np.array([*self._ledger.keys("name", ignored).values()], np.int64)
        for day in self._days.tolist():
            daily = Daily.of(self._rolled(day, PERSON), self._rolled(day, NAME), keys)
            name = rollup_name(day, self._generation)
            write_columns(self._files.path(name), daily.columns())
            booked[day] = name, daily.uses()
        self._files.to_disk([name for name, _ in booked.values()])
        with self._ledger.writing():
            self._ledger.book_pulled(booked, newest)
            then()

    def _rolled(self, day: int, kind: int) -> Counts:
        found = self._engine.columns(ROLLED, {"day": day, "kind": kind})
        return Counts.of(found["account"], found["key"], found["n"])
