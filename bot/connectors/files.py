"""Reads the tables that people hand us as files: CSV, JSONL and Parquet, line by line, in bounded memory.

A line that cannot be read becomes a `Spoiled` with its number and reason; the lines after it are read. Spreadsheet
formulas stay the text they are. Which column means what is decided in `bot/importing`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

from scoring.errors import InvalidInput
from storage.usage.tables import parquet_columns, parquet_rows

COMMA, JSONL, PARQUET = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson", ".json"), (".parquet", ".pq")
KNOWN = (*COMMA, *JSONL, *PARQUET)
DELIMITERS = ",;\t|"
LONGEST_LINE = 1 << 20
SNIFFED = 4_096
TOLD_EVERY = 5_000

NO_FILE = "{path}: there is no such file."
NO_KIND = "{path}: is no CSV, JSONL or Parquet file by its name."
EMPTY = "{path}: is empty."
ARRAY = "{path}: is one JSON array; write one object a line (JSONL)."
NO_OBJECT = "{path}: its first line is no JSON object; write one object a line (JSONL)."
TOO_LONG = "is longer than a million characters"
TOO_LARGE = "has a field of more than 131,072 characters; is a quotation mark left open?"
RAGGED = "has {got} fields, the first line has {want}; is a quotation mark or a delimiter missing?"

# Tells how far a file is: bytes (or rows, for Parquet) done, and their total (0: unknown).
Progress = Callable[[int, int], None]


class Line(NamedTuple):
    """One row: its line in the file (Parquet: its row, from 1), its columns as they are written, its raw values."""

    number: int
    columns: tuple[str, ...]
    values: Sequence[object]


class Spoiled(NamedTuple):
    """A line that could not be read."""

    number: int
    reason: str


def columns_of(path: Path) -> tuple[str, ...]:
    """A file's columns; of a JSONL file those of its first line.

    Raises:
        InvalidInput: it is no such file, or nothing in it can be read.
    """
    if not path.is_file():
        raise InvalidInput(NO_FILE.format(path=path))
    if path.suffix.lower() not in KNOWN:
        raise InvalidInput(NO_KIND.format(path=path))
    if path.stat().st_size == 0:
        raise InvalidInput(EMPTY.format(path=path))
    if path.suffix.lower() in PARQUET:
        return tuple(parquet_columns(path))
    if path.suffix.lower() in JSONL:
        return _first_object(path)
    with _text(path) as (text, _):
        return _header(_csv(text, path), path)


def lines_of(path: Path, progress: Progress) -> Iterator[Line | Spoiled]:
    """Every row of a file that `columns_of` accepted."""
    if path.suffix.lower() in PARQUET:
        yield from _parquet_lines(path, progress)
        return
    with _text(path) as (text, done):
        total = path.stat().st_size
        read = _json_lines if path.suffix.lower() in JSONL else _csv_lines
        for place, line in enumerate(read(text, path)):
            if place % TOLD_EVERY == 0:
                progress(done(), total)
            yield line
        progress(total, total)


def _parquet_lines(path: Path, progress: Progress) -> Iterator[Line | Spoiled]:
    columns, number = tuple(parquet_columns(path)), 0
    for piece in parquet_rows(path):
        for number, row in enumerate(piece, number + 1):  # noqa: B020 - the count goes on over pieces
            yield Line(number, columns, row)
        progress(number, 0)


@contextmanager
def _text(path: Path) -> Iterator[tuple[TextIO, Callable[[], int]]]:
    """The file as text, and how many of its bytes are read; bytes that are no text stay recognisable as such."""
    with path.open("rb") as raw:
        encoding = _encoding(raw.read(SNIFFED))
        raw.seek(0)
        errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
        with TextIOWrapper(raw, encoding=encoding, errors=errors, newline="") as text:
            yield text, raw.tell


def _encoding(start: bytes) -> str:
    """By the byte order mark; without one, UTF-16 betrays itself by zeros in every other byte."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    half = len(start) // 2
    if half and start[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    if half and start[::2].count(0) > half * 0.6:
        return "utf-16-be"
    return "utf-8-sig"


class _Physical:
    """A text's lines, each cut at a length that fits memory; `cut` says that the last one was."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.cut = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            self.cut = True
            while (rest := self._text.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
        return line


class _Csv:
    """Rows of a CSV text with the line each begins on."""

    def __init__(self, text: TextIO, delimiter: str) -> None:
        self._physical = _Physical(text)
        self._reader = csv.reader(self._physical, delimiter=delimiter)

    def rows(self) -> Iterator[tuple[int, list[str] | str]]:
        """Each row, or why it cannot be read; blank lines are left out."""
        while True:
            number = self._reader.line_num + 1
            try:
                row: list[str] | str = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                row = TOO_LARGE
            if self._physical.cut:
                self._physical.cut, row = False, TOO_LONG
            if row:
                yield number, row


def _csv(text: TextIO, path: Path) -> _Csv:
    """The delimiter is the one that the first line has most of, outside quotation marks."""
    first = ""
    while not first.strip() and (line := text.readline(LONGEST_LINE)):
        first = line
    if not first.strip():
        raise InvalidInput(EMPTY.format(path=path))
    bare = "".join(first.split('"')[::2])
    text.seek(0)
    return _Csv(text, max(DELIMITERS, key=lambda mark: (bare.count(mark), mark == ",")))


def _header(table: _Csv, path: Path) -> tuple[str, ...]:
    _, row = next(table.rows(), (0, ""))
    if isinstance(row, str):
        raise InvalidInput(f"{path}: its first line {row or TOO_LONG}.")
    return tuple(name.strip() for name in row)


def _csv_lines(text: TextIO, path: Path) -> Iterator[Line | Spoiled]:
    table = _csv(text, path)
    columns = _header(table, path)
    for number, row in table.rows():
        if isinstance(row, str):
            yield Spoiled(number, row)
        elif len(row) == len(columns) or (len(row) > len(columns) and not any(row[len(columns) :])):
            yield Line(number, columns, row)
        elif any(row):
            yield Spoiled(number, RAGGED.format(got=len(row), want=len(columns)))


def _first_object(path: Path) -> tuple[str, ...]:
    with _text(path) as (text, _):
        for line in _json_lines(text, path):
            if isinstance(line, Line):
                return line.columns
            text.seek(0)
            raise InvalidInput((ARRAY if text.read(1) == "[" else NO_OBJECT).format(path=path))
    raise InvalidInput(EMPTY.format(path=path))


def _json_lines(text: TextIO, _path: Path) -> Iterator[Line | Spoiled]:
    physical = _Physical(text)
    for number, line in enumerate(physical, 1):
        if physical.cut:
            physical.cut = False
            yield Spoiled(number, TOO_LONG)
        elif not line.isspace():
            yield _json_line(number, line)


def _json_line(number: int, line: str) -> Line | Spoiled:
    try:
        row = json.loads(line, parse_constant=_no_number)
    except RecursionError:
        return Spoiled(number, "is nested too deeply")
    except ValueError as fault:
        return Spoiled(number, f"is no JSON: {fault}")
    if not isinstance(row, dict):
        return Spoiled(number, "is no JSON object")
    return Line(number, tuple(row), tuple(row.values()))


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")
