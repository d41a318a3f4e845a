"""The query engine of the usage store: DuckDB in memory, over Parquet files, within a fixed share of memory.

In memory, because a DuckDB file that one process writes cannot be read by another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt

from scoring.errors import Unavailable

Columns = dict[str, npt.NDArray[Any]]
Made = TypeVar("Made")
MOST_DAYS = 400
"""Days that are written at once; each is a file that stays open meanwhile."""
FACTS = """
SELECT file_name, sum(row_group_num_rows)::BIGINT,
       bool_and(coalesce(stats_min_value = '1' AND stats_max_value = '1', false))
FROM parquet_metadata($files) WHERE path_in_schema = $count GROUP BY file_name
"""
READ = "SELECT {columns} FROM read_parquet($files)"
UNEVEN = "what {files} say of their rows is not what they hold"
FAILED = "The usage store could not read or write its files: {error}"


class DamagedFile(Unavailable):
    """A file of the store cannot be read; nothing is wrong with the others."""


class Engine:
    """One DuckDB connection; used by one thread at a time.

    `memory` is DuckDB's own spelling, like `512MB`; `in_order` keeps the order of rows, which costs memory.
    """

    def __init__(self, home: Path, *, memory: str, threads: int, in_order: bool = False) -> None:
        self._threads, self._in_order = threads, in_order
        self._in_use = (threads, in_order)
        self._db = duckdb.connect(
            config={
                "memory_limit": memory,
                "threads": threads,
                "preserve_insertion_order": in_order,
                "temp_directory": str(home / "spill"),
                "partitioned_write_max_open_files": MOST_DAYS,
            }
        )

    def close(self) -> None:
        """Give the memory back."""
        self._db.close()

    def run(self, query: str, values: Mapping[str, object] | None = None) -> None:
        """Execute a statement whose rows nobody wants.

        Raises:
            DamagedFile: a file could not be read.
        """
        with _wrapped():
            self._use(self._threads)
            self._db.execute(query, dict(values or {}))

    def rows(self, query: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query, as Python values."""
        with _wrapped():
            found: list[tuple[Any, ...]] = self._db.execute(query, dict(values or {})).fetchall()
            return found

    def columns(self, query: str, values: Mapping[str, object] | None = None) -> Columns:
        """All rows of a query, as one numpy array a column; columns of the queries here hold no empty values."""
        with _wrapped():
            found = self._db.execute(query, dict(values or {})).fetchnumpy()
            return {name: np.asarray(column) for name, column in found.items()}

    @contextmanager
    def lent(self, name: str, columns: Mapping[str, npt.NDArray[Any]]) -> Iterator[None]:
        """Let queries read numpy columns as table `name` for the length of a block."""
        self._db.register(name, dict(columns))
        try:
            yield
        finally:
            self._db.unregister(name)

    def write(self, query: str, file: Path, values: Mapping[str, object] | None = None) -> None:
        """Write a query's rows to a Parquet file."""
        self.run(_copy(query, file), values)

    def write_days(self, query: str, files: Mapping[int, Path], *, order: str, small: bool) -> None:
        """Write one file a `day` of a query's rows; `small` days are many, and written in one pass."""
        if small:
            self._write_small_days(query, files, order)
            return

        def write(days: Sequence[int]) -> None:
            with self._db.cursor() as cursor, _wrapped():
                for day in days:
                    cursor.execute(_copy(f"{query} WHERE day = $day ORDER BY {order}", files[day]), {"day": day})

        days = list(files)
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(write, (days[part :: self._threads] for part in range(self._threads))))

    def _write_small_days(self, query: str, files: Mapping[int, Path], order: str) -> None:
        """A file costs a quarter so; the engine makes one folder a day."""
        parts = next(iter(files.values())).parent.with_name("parts")
        rmtree(parts, ignore_errors=True)
        rows = f"SELECT *, day AS part FROM ({query}) ORDER BY day, {order}"  # noqa: S608 - of constants
        self.run(_copy(rows, parts, "PARTITION_BY (part)"))
        for day, file in files.items():
            found = list((parts / f"part={day}").iterdir())
            if len(found) == 1:
                found[0].replace(file)
            else:
                self.write("FROM read_parquet($found, hive_partitioning = false)", file, {"found": [*map(str, found)]})
        rmtree(parts)

    def each_day(
        self, columns: Sequence[str], count: str, portions: Iterable[Mapping[int, Path]]
    ) -> Iterator[tuple[int, Columns]]:
        """Some `columns` of each day's own file, and its `count` unless that is always 1, in the order of `portions`.

        The files of a portion are read together, which costs less than one by one. One core is left to whoever else
        has work; and nothing is read while the caller works on the days, for both would wait for Python's lock.
        """
        for files in portions:
            paths = [*map(str, files.values())]
            rows, once = self._facts(count, paths)
            wanted = ", ".join(columns if once else (*columns, count))
            with _wrapped():
                self._use(max(self._threads - 1, 1), in_order=True)
                found = self._db.execute(READ.format(columns=wanted), {"files": paths}).fetchnumpy()
            cuts = np.cumsum([0, *rows])
            if len(found[columns[0]]) != cuts[-1]:
                raise Unavailable(FAILED.format(error=UNEVEN.format(files=", ".join(paths))))
            yield from zip(files, _cut(found, cuts), strict=True)

    def _facts(self, count: str, paths: Sequence[str]) -> tuple[list[int], bool]:
        """How many rows each file has, and whether `count` is 1 in all of them, as they say themselves."""
        said = self.rows(FACTS, {"files": paths, "count": count})
        rows = {path: rows for path, rows, _ in said}
        return [rows.get(path, 0) for path in paths], all(once for *_, once in said)

    def _use(self, threads: int, *, in_order: bool = False) -> None:
        """How many threads a query may use, and whether its rows keep their order."""
        wanted = (threads, in_order or self._in_order)
        if wanted != self._in_use:
            self._db.execute(f"SET threads = {wanted[0]}; SET preserve_insertion_order = {wanted[1]}")
            self._in_use = wanted


def _cut(columns: Mapping[str, npt.NDArray[Any]], cuts: Iterable[int]) -> Iterator[Columns]:
    """Columns of several files, one after the other, as those of each."""
    for start, end in pairwise(cuts):
        yield {name: np.asarray(column)[start:end] for name, column in columns.items()}


def unreadable_parquet(file: Path) -> str:
    """Why a Parquet file cannot be read to its last value, or an empty text when it can."""
    try:
        with duckdb.connect() as db:
            db.execute("SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet($file)", {"file": str(file)}).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return ""


def _copy(query: str, file: Path, *more: str) -> str:
    target, how = str(file).replace("'", "''"), ", ".join(["FORMAT parquet", "COMPRESSION zstd", *more])
    return f"COPY ({query}) TO '{target}' ({how})"


@contextmanager
def _wrapped() -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise DamagedFile(FAILED.format(error=error)) from error
    except duckdb.Error as error:
        raise Unavailable(FAILED.format(error=error)) from error
