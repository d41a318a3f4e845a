"""Turns scores into the rows that are stored, with the names of people and features in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from scoring.day_columns import Texts
from scoring.frame import Frame
from storage.packed import PackedSnapshots, packed_day
from storage.usage.rollups import Rollups

NO_TEXTS = Texts({}, {})


def rows_of(rollups: Rollups, found: Iterable[Frame]) -> PackedSnapshots:
    """The snapshots of all days of some frames, as the rows that will be stored."""
    texts = NO_TEXTS

    def rows(frame: Frame, day: date) -> Iterator[tuple[Any, ...]]:
        # Much the same people and names from day to day: only new ones are asked for.
        nonlocal texts
        texts = texts_of(rollups, frame, day, known=texts)
        return packed_day(frame, day, texts)

    return PackedSnapshots.of_days(rows(frame, day) for frame in found for day in frame.days())


def texts_of(rollups: Rollups, frame: Frame, day: date, known: Texts = NO_TEXTS) -> Texts:
    """The ids of all people and event names that a day's snapshots name, besides what is known."""
    people = rollups.texts("user", frame.people(day) - known.people.keys())
    names = rollups.texts("name", frame.names(day) - known.names.keys())
    return Texts({**known.people, **people}, {**known.names, **names})
