"""Reads Parquet files that people hand us, in pieces of plain columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from scoring.errors import InvalidInput

UNREADABLE = "{file} cannot be read as Parquet: {error}"


def parquet_columns(file: Path) -> list[str]:
    """The names of a Parquet file's columns, in its order.

    Raises:
        InvalidInput: it is no readable Parquet file.
    """
    return [name for name, *_ in _query(file, "DESCRIBE FROM read_parquet($file)").fetchall()]


def parquet_rows(file: Path, *, rows: int = 50_000) -> Iterator[list[tuple[Any, ...]]]:
    """The file's rows in its order, `rows` at a time, as Python values; times without a zone come as naive datetimes.

    Raises:
        InvalidInput: it is no readable Parquet file.
    """
    found = _query(file, "FROM read_parquet($file)")
    while piece := _piece(file, found, rows):
        yield piece


def _piece(file: Path, found: duckdb.DuckDBPyConnection, rows: int) -> list[tuple[Any, ...]]:
    try:
        piece: list[tuple[Any, ...]] = found.fetchmany(rows)
    except duckdb.Error as error:
        raise InvalidInput(UNREADABLE.format(file=file.name, error=error)) from error
    return piece


def _query(file: Path, query: str) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(config={"memory_limit": "256MB", "threads": 1}).execute(query, {"file": str(file)})
    except duckdb.Error as error:
        raise InvalidInput(UNREADABLE.format(file=file.name, error=error)) from error
