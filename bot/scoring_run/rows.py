"""Turns scores into the pages that are stored, with the names of people and features in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scoring.day_columns import Texts
from scoring.frame import Frame
from storage.packed import PackedSnapshots, Page, pages_of
from storage.usage.rollups import Rollups


def rows_of(rollups: Rollups, found: Iterable[Frame]) -> PackedSnapshots:
    """The snapshots of all days of some frames, as the pages that will be stored."""

    def pages() -> Iterator[Page]:
        for frame in found:
            texts = texts_of(rollups, frame)
            for day in frame.days():
                yield from pages_of(frame, day, texts)

    return PackedSnapshots.of_pages(pages())


def texts_of(rollups: Rollups, frame: Frame) -> Texts:
    """The ids of all people and event names that snapshots name."""
    return Texts(rollups.texts("user", frame.people()), rollups.texts("name", frame.names()))
