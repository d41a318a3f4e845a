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
from scoring.frame import Column, Labels
from storage.usage.engine import Engine

FORMATS = {".parquet": "FORMAT parquet, COMPRESSION zstd", ".csv": "FORMAT csv, HEADER"}
UNKNOWN_FORMAT = "{file} must end in .parquet or .csv."
NO_FOLDER = "There is no folder {folder} to write {file} into."
MEMORY = "256MB"


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
        self._texts: dict[str, list[str]] = {}
        self._columns: list[str] = []

    def __enter__(self) -> Self:
        self._folder = Path(mkdtemp(prefix=".lookout-", dir=self._target.parent))
        self._engine = Engine(self._folder, memory=MEMORY, threads=1)
        return self

    def add(self, columns: Mapping[str, Column]) -> int:
        """Append rows; nan becomes an empty value. Gives the number of rows.

        The distinct texts of a column are the same in each part.
        """
        numbers = {name: self._ranks(name, column) for name, column in columns.items()}
        wanted = ", ".join(_column(name, values) for name, values in numbers.items())
        into = "INSERT INTO scores" if self._columns else "CREATE TABLE scores AS"
        self._columns = list(columns)
        with self._engine.lent("part", numbers):
            self._engine.run(f"{into} SELECT {wanted} FROM part")  # noqa: S608 - names of our own columns
        return len(next(iter(numbers.values())))

    def _ranks(self, name: str, column: Column) -> npt.NDArray[Any]:
        """Texts as numbers that sort like them: what is long stands in memory once."""
        if not isinstance(column, Labels):
            return column
        order = np.argsort(column.distinct)
        self._texts[name] = column.distinct[order].tolist()
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order))
        return rank[column.which]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._columns:
                self._write()
        finally:
            self._engine.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> None:
        draft = self._folder / f"whole{self._target.suffix}"
        target = str(draft).replace("'", "''")
        first, second = self._columns[:2]
        shown = ", ".join(f"${name}[{name} + 1] AS {name}" if name in self._texts else name for name in self._columns)
        query = f"SELECT {shown} FROM (FROM scores ORDER BY {first}, {second})"  # noqa: S608 - names of our own columns
        self._engine.run(f"COPY ({query}) TO '{target}' ({FORMATS[self._target.suffix.lower()]})", self._texts)
        draft.replace(self._target)


def _column(name: str, values: npt.NDArray[Any]) -> str:
    if values.dtype.kind == "M":
        return f"CAST({name} AS DATE) AS {name}"
    if np.issubdtype(values.dtype, np.floating):
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}"
    return name
