"""Snapshots on their way into the database: whole pages, made in the scoring process and only carried from there on.

A page holds some accounts of one day. It is what is stored, and has one of two layouts: columns as a scoring run has
them (a line of JSON that says what follows, then their bytes), or a JSON list of whole snapshots, for a few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt
import orjson
from pydantic import TypeAdapter

from scoring.day_columns import Texts
from scoring.field_column import FieldColumn, Kind, Part
from scoring.frame import Frame, snapshots_of
from scoring.model import Snapshot

PAGE = 500
"""Accounts on a page of columns: who asks for one account reads no more than that."""
SMALL_PAGE = 50
"""Snapshots on a page of JSON: all of it is read for one."""
LANDED_AT_ONCE = 10_000
SIGNALS = frozenset({"activity", "engagement", "milestones", "recency"})
_SNAPSHOTS: TypeAdapter[list[Snapshot]] = TypeAdapter(list[Snapshot])


class Page(NamedTuple):
    """`held` is what is stored; the lists are what is asked for often and stands in rows, one an account."""

    day: date
    accounts: list[str]
    scores: list[float]
    coverages: list[float]
    versions: list[int]
    held: bytes


class PackedSnapshots(Sequence[Snapshot]):
    """Snapshots as the pages they are stored as, oldest first; each is made when somebody looks at it."""

    def __init__(self, snapshots: Iterable[Snapshot]) -> None:
        """Of two of one account and day the last stands.

        Raises:
            ValueError: score and signals are of different accounts or days, or a part is of no signal we know.
        """
        newest = {_key(one): one for one in snapshots}
        ordered = [newest[key] for key in sorted(newest)]
        self.pages = [
            _small_page(same[start : start + SMALL_PAGE])
            for _, of_day in groupby(ordered, attrgetter("health.day"))
            for same in [list(of_day)]
            for start in range(0, len(same), SMALL_PAGE)
        ]
        self._read: tuple[int, list[Snapshot]] = (-1, [])

    @classmethod
    def of_pages(cls, pages: Iterable[Page]) -> Self:
        """From the pages of some days, oldest first."""
        found = cls(())
        found.pages = list(pages)
        return found

    def in_parts(self) -> Iterator[Self]:
        """Whole days, some at a time: what is landed in one transaction, for which others wait."""
        some: list[Page] = []
        for _, pages in groupby(self.pages, attrgetter("day")):
            some += pages
            if sum(len(page.accounts) for page in some) >= LANDED_AT_ONCE:
                yield self.of_pages(some)
                some = []
        if some:
            yield self.of_pages(some)

    def __len__(self) -> int:
        return sum(len(page.accounts) for page in self.pages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackedSnapshots) and self.pages == other.pages

    def __hash__(self) -> int:
        raise TypeError("pages change; they have no hash")

    @overload
    def __getitem__(self, place: int) -> Snapshot: ...

    @overload
    def __getitem__(self, place: slice) -> list[Snapshot]: ...

    def __getitem__(self, place: int | slice) -> Snapshot | list[Snapshot]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        left = range(len(self))[place]
        for number, page in enumerate(self.pages):
            if left < len(page.accounts):
                if self._read[0] != number:
                    self._read = number, snapshots_on(page.held)
                return self._read[1][left]
            left -= len(page.accounts)
        raise IndexError(place)


def pages_of(frame: Frame, day: date, texts: Texts) -> Iterator[Page]:
    """The snapshots of a day of a scoring run; none of them is made on the way."""
    columns = {name: _narrow(column) for name, column in frame.day_columns(day, texts).items()}
    accounts, scores, coverages, versions = (
        columns[name].told() for name in ("account_id", "score", "coverage", "config_version")
    )
    cuts = [slice(start, min(start + PAGE, len(accounts))) for start in range(0, len(accounts), PAGE)]
    for some, held in zip(cuts, _written(columns, cuts), strict=True):
        yield Page(day, accounts[some], scores[some], coverages[some], versions[some], held)


def snapshots_on(held: bytes, accounts: Collection[str] | None = None) -> list[Snapshot]:
    """The snapshots of a page, or those of some accounts, in the order of the accounts' ids."""
    if held.startswith(b"["):
        found = _SNAPSHOTS.validate_json(held)
        return found if accounts is None else [one for one in found if one.health.account_id in accounts]
    columns = _read(held)
    if accounts is not None:
        ids = columns["account_id"].told()
        places = [place for place, account in enumerate(ids) if account in accounts]
        columns = {name: column.at(places) for name, column in columns.items()}
    return snapshots_of(columns)


def _key(snapshot: Snapshot) -> tuple[date, str]:
    health, signals = snapshot.health, snapshot.signals
    if (health.account_id, health.day) != (signals.account_id, signals.day):
        raise ValueError(
            f"a score and signals of different accounts or days: {health.account_id}, {signals.account_id}"
        )
    if unknown := {part.signal for part in health.parts} - SIGNALS:
        raise ValueError(f"a snapshot has no place for {', '.join(sorted(unknown))}")
    return health.day, health.account_id


def _small_page(snapshots: list[Snapshot]) -> Page:
    healths = [one.health for one in snapshots]
    return Page(
        healths[0].day,
        [one.account_id for one in healths],
        [one.score for one in healths],
        [one.coverage for one in healths],
        [one.config_version for one in healths],
        _SNAPSHOTS.dump_json(snapshots, exclude_defaults=True),
    )


# -- columns as bytes --------------------------------------------------------------------------------------------------


def _narrow(column: FieldColumn) -> FieldColumn:
    """Whole numbers in the smallest type that holds them; what is the same for all stands there once."""
    return FieldColumn(column.kind, tuple(map(_narrow_part, column.parts)), column.words)


def _narrow_part(part: Part) -> Part:
    if isinstance(part, list) or not len(part):
        return part
    if part.dtype.kind == "f":
        # nan differs from itself: a column of nothing but nan is written out, which does no harm.
        return np.broadcast_to(part[:1], len(part)) if (part == part[0]).all() else part
    low, high = int(part.min()), int(part.max())
    if low == high:
        return np.broadcast_to(part[:1], len(part))
    return part.astype(np.promote_types(np.min_scalar_type(low), np.min_scalar_type(high)))


def _written(columns: Mapping[str, FieldColumn], cuts: Sequence[slice]) -> Iterator[bytes]:
    """The bytes of each page."""
    parts = [_cut(part, cuts) for column in columns.values() for part in column.parts]
    for some, row in zip(cuts, zip(*parts, strict=True), strict=True):
        kinds = iter(kind for kind, _ in row)
        told = [
            (name, column.kind, column.words, list(islice(kinds, len(column.parts))))
            for name, column in columns.items()
        ]
        head = orjson.dumps({"rows": some.stop - some.start, "columns": told})
        yield b"".join([head, b"\n", *(content for _, content in row)])


def _cut(part: Part, cuts: Sequence[slice]) -> list[tuple[tuple[str, int], bytes | memoryview]]:
    """A part of each page: `json` or `same json` or a type of numbers; how many bytes, or numbers (1: all the same)."""
    if isinstance(part, list):
        return [_json(part[some]) for some in cuts]
    if part.strides == (0,):
        return [((part.dtype.str, 1), part[:1].tobytes())] * len(cuts)
    whole, size, kind = memoryview(part.tobytes()), part.itemsize, part.dtype.str
    return [((kind, some.stop - some.start), whole[some.start * size : some.stop * size]) for some in cuts]


def _json(values: list[Any]) -> tuple[tuple[str, int], bytes]:
    same = values[0] == values[-1] and values.count(values[0]) == len(values)
    content = orjson.dumps(values[0] if same else values)
    return ("same json" if same else "json", len(content)), content


def _read(held: bytes) -> dict[str, FieldColumn]:
    start = held.index(b"\n")
    head = orjson.loads(held[:start])
    start += 1
    columns = {}
    for name, kind, words, parts in head["columns"]:
        found: list[Part] = []
        for what, size in parts:
            part, start = _part(held, start, what, size, head["rows"])
            found.append(part)
        columns[name] = FieldColumn(Kind(kind), tuple(found), tuple(words))
    return columns


def _part(held: bytes, start: int, what: str, size: int, rows: int) -> tuple[Part, int]:
    if what.endswith("json"):
        value: Any = orjson.loads(held[start : start + size])
        return [value] * rows if what.startswith("same") else value, start + size
    numbers: npt.NDArray[Any] = np.frombuffer(held, what, size, start)
    return np.broadcast_to(numbers, rows) if size == 1 else numbers, start + numbers.nbytes
