"""Writes a score history to a Parquet or CSV file, part by part; what does not fit into memory waits on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from scoring.errors import InvalidInput
from scoring.frame import Column, Labels, Same
from storage.usage.engine import Engine

# Texts repeat and are written once for many rows; fractions hardly do, and looking for that costs more than it saves.
FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 3000",
    ".csv": "FORMAT csv, HEADER",
}
UNKNOWN_FORMAT = "{file} must end in .parquet or .csv."
NO_FOLDER = "There is no folder {folder} to write {file} into."
MEMORY = "256MB"
HELD = 200_000_000
"""Bytes of rows that are kept in memory."""
Values = npt.NDArray[Any]


class ScoreFile:
    """Within a `with` block: `add` columns as often as needed; the file appears, sorted, when the block ends well."""

    def __init__(self, target: Path) -> None:
        """Check the name.

        Raises:
            InvalidInput: the ending is neither `.parquet` nor `.csv`, or the folder does not exist.
        """
        if target.suffix.lower() not in FORMATS:
            raise InvalidInput(UNKNOWN_FORMAT.format(file=target))
        if not target.absolute().parent.is_dir():
            raise InvalidInput(NO_FOLDER.format(folder=target.parent, file=target.name))
        self._target = target.absolute()
        self._texts: dict[str, npt.NDArray[np.object_]] = {}
        self._rank: dict[str, npt.NDArray[np.int32]] = {}
        self._same: dict[str, float] = {}
        self._names: list[str] = []
        self._parts: list[dict[str, Values]] = []
        self._held = 0

    def __enter__(self) -> Self:
        self._folder = Path(mkdtemp(prefix=".lookout-", dir=self._target.parent))
        return self

    def add(self, columns: Mapping[str, Column]) -> int:
        """Append rows; nan becomes an empty value. Gives the number of rows.

        The distinct texts of a column are the same in each part, and so is a number that all rows have in common.
        """
        self._names = [*columns]
        self._same |= {name: column.value for name, column in columns.items() if isinstance(column, Same)}
        rows = ((name, self._ranks(name, one)) for name, one in columns.items() if not isinstance(one, Same))
        self._parts.append({name: self._kept(values) for name, values in rows})
        return len(next(iter(self._parts[-1].values())))

    def _ranks(self, name: str, column: Values | Labels) -> Values:
        """Texts as numbers that sort like them: what is long stands in memory once."""
        if not isinstance(column, Labels):
            return column
        if name not in self._rank:
            order = np.argsort(column.distinct)
            self._texts[name] = column.distinct[order]
            self._rank[name] = np.empty(len(order), np.int32)
            self._rank[name][order] = np.arange(len(order), dtype=np.int32)
        return self._rank[name][column.which]

    def _kept(self, values: Values) -> Values:
        """The same values, in a file when there are too many."""
        self._held += values.nbytes
        if self._held <= HELD or not len(values):
            return values
        file: Values = np.memmap(self._folder / f"{self._held}", values.dtype, "w+", shape=values.shape)
        file[:] = values
        return file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._parts:
                self._write()
        finally:
            self._parts.clear()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> None:
        draft = self._folder / f"whole{self._target.suffix}"
        target = str(draft).replace("'", "''")
        rows = self._sorted()
        told = {name: _column(name, values) for name, values in rows.items()}
        told |= {name: f"{_literal(value)} AS {name}" for name, value in self._same.items()}
        wanted = ", ".join(told[name] for name in self._names)
        engine = Engine(self._folder, memory=MEMORY, threads=1, in_order=True)
        try:
            with engine.lent("scores", rows):
                how = FORMATS[self._target.suffix.lower()]
                engine.run(f"COPY (SELECT {wanted} FROM scores) TO '{target}' ({how})")  # noqa: S608 - our own names
        finally:
            engine.close()
        draft.replace(self._target)

    def _sorted(self) -> dict[str, Values]:
        """All rows by their first two columns, with their texts."""
        first, second, *_ = names = list(self._parts[0])
        order = np.lexsort([np.concatenate([part[name] for part in self._parts]) for name in (second, first)])
        rows: dict[str, Values] = {}
        for name in names:
            values = np.concatenate([part.pop(name) for part in self._parts])[order]
            rows[name] = self._texts[name][values] if name in self._texts else self._kept(values)
        return rows


def _column(name: str, values: Values) -> str:
    if values.dtype.kind == "M":
        return f"CAST({name} AS DATE) AS {name}"
    if np.issubdtype(values.dtype, np.floating) and np.isnan(values).any():
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}"
    return name


def _literal(value: float) -> str:
    if isinstance(value, float):
        return "CAST(NULL AS DOUBLE)" if np.isnan(value) else f"CAST({value} AS DOUBLE)"
    return f"CAST({value} AS BIGINT)"
