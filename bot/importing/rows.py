"""Reads the rows of one planned file as fields with clean values; what cannot be used is named with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from bot.connectors.files import Line, Progress, Spoiled, lines_of
from bot.importing.plan import Cell, Planned, Rename, layout
from bot.intake.fields import FIELDS
from bot.intake.values import Unusable

EMPTY = "has no {names}"


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not imported."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands, and its fields; a field whose column is missing is absent, an empty cell is None."""

    line: int
    fields: Mapping[str, Any]


Reject = Callable[[int, str], None]


def rows_of(
    planned: Planned, renames: Sequence[Rename], *, zone: tzinfo, reject: Reject, progress: Progress
) -> Iterator[Row]:
    """The usable rows of a file; the others go to `reject` with their line and reason."""
    required = [field.name for field in FIELDS[planned.table] if field.required]
    cells_of = lru_cache(1_000)(lambda columns: layout(planned.table, columns, renames).cells)
    for line in lines_of(planned.path, progress):
        if isinstance(line, Spoiled):
            reject(line.number, line.reason)
            continue
        # A CSV has one layout; lines of a JSONL file may have different keys.
        cells = cells_of(line.columns)
        try:
            fields = {name: parse(line.values[place], zone) for name, parse, place, _ in cells}
        except Unusable:
            reject(line.number, "; ".join(_faults(line, cells, zone)))
            continue
        if None in map(fields.get, required):
            reject(line.number, EMPTY.format(names=", ".join(name for name in required if fields.get(name) is None)))
        else:
            yield Row(line.number, fields)


def _faults(line: Line, cells: Sequence[Cell], zone: tzinfo) -> Iterator[str]:
    """Everything that is wrong with a row."""
    for cell in cells:
        try:
            cell.parse(line.values[cell.place], zone)
        except Unusable as fault:
            yield f"{cell.field} {fault}"
