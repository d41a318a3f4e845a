"""Keeps what the windows held at the end of some days, so that the next day's scores need not look back ninety.

Nothing here is believed unless it was made of exactly the roll-ups that count now, and nothing is missed: without a
file, all of it is worked out again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from os import getpid

import numpy as np

from scoring.carried import NAMES, PEOPLE, Carried, LastUse, PairSums
from scoring.windows import KEY_BITS, KEY_MASK, LEAD
from storage.usage.column_files import SUFFIX, read_columns, write_columns
from storage.usage.columns import Ints, day_number, day_of
from storage.usage.daily import Columns, coded
from storage.usage.engine import DamagedFile
from storage.usage.files import Files
from storage.usage.ledger import Day

FOLDER = "carried"
LAYOUT = "1"
"""What a file holds; another word, and none is believed."""
MOST_STEPS = 20
"""Days further back than this are not carried on from: looking back anew costs no more."""
NEWEST = 2
WEEKLY = 2
"""Kept are the newest days, and of the weeks before one each: late events seldom re-open older ones."""


class Shelf:
    """The files of one usage store; `days` are all the days that hold events, as the ledger knows them now."""

    def __init__(self, files: Files, days: Sequence[Day]) -> None:
        self._files = files
        self._days = days

    def newest(self, day: int) -> Carried | None:
        """What was carried to a day or shortly before it, if it is still true."""
        for kept in sorted(self._kept(), reverse=True):
            if day - MOST_STEPS <= kept <= day and (found := self._read(kept)) is not None:
                return found
        return None

    def keep(self, carried: Carried) -> None:
        """Put it there, and take away what is too old to be of use. A file that a power cut damages is not believed."""
        folder = self._files.path(FOLDER)
        folder.mkdir(exist_ok=True)
        carried.forget()
        draft = folder / f"{getpid()}.part"
        write_columns(draft, _columns(carried, self._stamp(carried.day)))
        draft.replace(self._files.path(_name(carried.day)))
        kept = sorted(self._kept(), reverse=True)
        weekly = [day for day in kept[NEWEST:] if day % 7 == 0][:WEEKLY]
        for day in {*kept[NEWEST:]} - {*weekly}:
            self._files.path(_name(day)).unlink(missing_ok=True)

    def _kept(self) -> list[int]:
        files = self._files.path(FOLDER).glob(f"*{SUFFIX}")
        return [day_number(date.fromisoformat(file.stem)) for file in files]

    def _read(self, day: int) -> Carried | None:
        try:
            columns = read_columns(self._files.path(_name(day)))
        except DamagedFile:
            self._files.set_aside(_name(day))
            return None
        return _carried(day, columns) if columns["stamp"].tolist() == [self._stamp(day)] else None

    def _stamp(self, day: int) -> int:
        """A number that only these roll-ups give: of every day, because the last use may lie far back."""
        told = hashlib.sha256(LAYOUT.encode())
        for one in self._days:
            if one.day <= day:
                told.update(f"{one.day} {one.rollup} {one.uses}\n".encode())
            if day - LEAD < one.day <= day and one.rollup:
                # Names are given again where an old ledger was restored; two files are not written at one instant.
                told.update(f"{self._files.written(one.rollup)}\n".encode())
        return int.from_bytes(told.digest()[:7])


def _name(day: int) -> str:
    return f"{FOLDER}/{day_of(day)}{SUFFIX}"


def _columns(carried: Carried, stamp: int) -> Columns:
    last = carried.last
    columns: dict[str, Ints] = {
        "stamp": np.array([stamp]),
        "last_account": last.account,
        "last_day": last.day,
        "last_person": last.person,
        "last_name": last.name,
    }
    for kind, pairs in (("person", carried.people), ("name", carried.names)):
        columns |= {f"{kind}_account": pairs.code >> KEY_BITS, kind: pairs.code & KEY_MASK, f"{kind}_last": pairs.last}
        columns |= {f"{kind}_{name}": values for name, values in pairs.sums.items()}
    return columns


def _carried(day: int, columns: Columns) -> Carried:
    wide = {name: values.astype(np.int64) for name, values in columns.items()}
    people, names = (
        PairSums(
            windows,
            coded(wide[f"{kind}_account"], wide[kind]),
            wide[f"{kind}_last"],
            {name: wide[f"{kind}_{name}"] for name in windows},
        )
        for kind, windows in (("person", PEOPLE), ("name", NAMES))
    )
    last = LastUse(*(wide[f"last_{name}"] for name in ("account", "day", "person", "name")))
    return Carried(day, people, names, last)
