"""Turns scores into the pages that are stored, with the names of people and features in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from scoring.day_columns import Texts
from scoring.frame import Frame
from storage.packed import PackedSnapshots, Page, pages_of
from storage.usage.rollups import Rollups


def rows_of(rollups: Rollups, found: Iterable[Frame]) -> PackedSnapshots:
    """The snapshots of all days of some frames, as the pages that will be stored."""

    def pages() -> Iterator[Page]:
        # Much the same people and names from day to day: only new ones are asked for.
        people: dict[int, str] = {}
        names: dict[int, str] = {}
        for frame in found:
            for day in frame.days():
                people |= rollups.texts("user", frame.people(day) - people.keys())
                names |= rollups.texts("name", frame.names(day) - names.keys())
                yield from pages_of(frame, day, Texts(people, names))

    return PackedSnapshots.of_pages(pages())


def texts_of(rollups: Rollups, frame: Frame, day: date) -> Texts:
    """The ids of all people and event names that a day's snapshots name."""
    return Texts(rollups.texts("user", frame.people(day)), rollups.texts("name", frame.names(day)))
