"""Writes a score history to a Parquet or CSV file, part by part, so that no part but the current one is in memory."""

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
        self._parts: list[Path] = []
        self._columns: list[str] = []

    def __enter__(self) -> Self:
        self._folder = Path(mkdtemp(prefix=".lookout-", dir=self._target.parent))
        self._engine = Engine(self._folder, memory=MEMORY, threads=1)
        return self

    def add(self, columns: Mapping[str, npt.NDArray[Any]]) -> int:
        """Append rows; nan becomes an empty value. Gives the number of rows."""
        part = self._folder / f"{len(self._parts)}.parquet"
        self._columns = list(columns)
        wanted = ", ".join(_column(name, values) for name, values in columns.items())
        with self._engine.lent("part", columns):
            self._engine.write(f"SELECT {wanted} FROM part", part)  # noqa: S608 - names of our own columns
        self._parts.append(part)
        return len(next(iter(columns.values())))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._parts:
                self._join()
        finally:
            self._engine.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _join(self) -> None:
        draft = self._folder / f"joined{self._target.suffix}"
        target = str(draft).replace("'", "''")
        first, second = self._columns[:2]
        query = f"FROM read_parquet($parts) ORDER BY {first}, {second}"
        self._engine.run(
            f"COPY ({query}) TO '{target}' ({FORMATS[self._target.suffix.lower()]})",
            {"parts": [str(part) for part in self._parts]},
        )
        draft.replace(self._target)


def _column(name: str, values: npt.NDArray[Any]) -> str:
    if values.dtype.kind == "M":
        return f"CAST({name} AS DATE) AS {name}"
    if np.issubdtype(values.dtype, np.floating):
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}"
    return name
