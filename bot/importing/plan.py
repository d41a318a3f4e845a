"""Decides what is to be imported: which files, which table each of them is, and which column holds which field.

The file's name decides the table (`accounts.csv`, `2026-events.parquet`, `csms.csv`), else its columns do, else we ask.
Everything that is wrong with the files as a whole is said at once, before anything is imported.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bot.connectors.files import KNOWN, columns_of
from bot.intake.fields import FIELDS, Field, Table, column_key
from bot.intake.values import Parse
from scoring.errors import InvalidInput
from scoring.model import Role

NAMES = {
    "account": Table.ACCOUNTS, "accounts": Table.ACCOUNTS, "company": Table.ACCOUNTS, "companies": Table.ACCOUNTS,
    "customers": Table.ACCOUNTS,
    "people": Table.PEOPLE, "person": Table.PEOPLE, "contacts": Table.PEOPLE, "users": Table.PEOPLE,
    "csms": Table.PEOPLE, "csm": Table.PEOPLE,
    "milestones": Table.MILESTONES,
    "tickets": Table.TICKETS,
    "events": Table.EVENTS, "usage": Table.EVENTS,
}  # fmt: skip
CSM_NAMES = frozenset({"csm", "csms"})
# A folder's .json and .txt files are mostly notes about its data.
NOTES = frozenset({".json", ".txt"})

NOTHING_IMPORTED = "Nothing was imported.\n  "
NOTHING_THERE = "{path}: holds no CSV, JSONL or Parquet file."
WHICH_TABLE = (
    "{path}: neither its name nor its columns say which table it is{guess}. "
    "Name it after its table: accounts, people, csms, contacts, events, milestones or tickets."
)
LACKS = (
    "{path}: {table} need {field}, and no column is called {names}. "
    "If one holds it, say --map {table}.{field}=ITS_NAME."
)
TWICE = "{path}: the column {name} is there twice. Remove or rename one of them."
NO_RENAME = "--map {text}: write it like account=company_id, or events.account=company_id."
NO_FIELD = "--map {text}: there is no field {field}. The fields are: {names}."
NO_COLUMN = "--map {text}: none of the files has a column {column}."


@dataclass(frozen=True, slots=True)
class Rename:
    """One `--map`: our field (of one table, or of all that have it) is their column."""

    text: str
    table: Table | None
    field: str
    column: str


class Cell(NamedTuple):
    """Where a field's value stands in a row, and how it is read."""

    field: str
    parse: Parse
    place: int
    required: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are used, and the columns that nobody asked for."""

    cells: tuple[Cell, ...]
    unused: tuple[str, ...]
    missing: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """One file, its table, and on which side of the table its people sit unless a row says otherwise."""

    path: Path
    table: Table
    role: Role = Role.CONTACT
    unused: tuple[str, ...] = ()


def plan(paths: Iterable[Path], renames: Sequence[Rename]) -> list[Planned]:
    """Every file with its table, in the order given.

    Raises:
        InvalidInput: names every file that cannot be imported as a whole, and every `--map` that fits nothing.
    """
    planned, faults, columns = [], [], set()
    for path in files_in(paths):
        try:
            here = columns_of(path)
            columns |= {column_key(name) for name in here}
            planned.append(_planned(path, here, renames))
        except InvalidInput as fault:
            faults.append(str(fault))
    if not faults:
        faults = [
            NO_COLUMN.format(text=r.text, column=r.column) for r in renames if column_key(r.column) not in columns
        ]
    if faults:
        raise InvalidInput(NOTHING_IMPORTED + "\n  ".join(faults))
    return planned


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named whose kind we know, in their names' order."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(Path(entry.path) for entry in os.scandir(path) if entry.is_file())
        usable = [file for file in inside if file.suffix.lower() in KNOWN and file.suffix.lower() not in NOTES]
        if not usable:
            raise InvalidInput(NOTHING_IMPORTED + NOTHING_THERE.format(path=path))
        found += usable
    return list(dict.fromkeys(found))


def read_renames(texts: Iterable[str]) -> list[Rename]:
    """What `--map` asks for."""
    return [_rename(text) for text in texts]


def _rename(text: str) -> Rename:
    ours, equals, theirs = text.partition("=")
    table, dot, name = ours.strip().rpartition(".")
    if not (equals and name and theirs.strip()) or (dot and table not in list(Table)):
        raise InvalidInput(NO_RENAME.format(text=text))
    rename = Rename(text, Table(table) if dot else None, name, theirs.strip())
    if not any(_meant(rename, one) for one in Table):
        names = sorted({field.name for one in Table for field in FIELDS[one]})
        raise InvalidInput(NO_FIELD.format(text=text, field=name, names=", ".join(names)))
    return rename


def _meant(rename: Rename, table: Table) -> Field | None:
    """The field of a table that a `--map` speaks of, by its name or by a synonym."""
    if rename.table not in {table, None}:
        return None
    fields = {field.name: field for field in FIELDS[table]}
    if table is Table.ACCOUNTS and rename.field == "account":
        return fields["id"]  # everywhere else `account` is where an account's id stands
    return fields.get(rename.field) or next((f for f in fields.values() if rename.field in f.synonyms), None)


def layout(table: Table, columns: Sequence[str], renames: Sequence[Rename]) -> Layout:
    """Where each field of a table stands: by `--map`, else by its own name, else by the first synonym that is there."""
    places = {column_key(name): place for place, name in reversed(list(enumerate(columns)))}
    asked = {field.name: column_key(r.column) for r in renames if (field := _meant(r, table))}
    taken = {key for key in asked.values() if key in places}
    cells, missing = [], []
    for field in FIELDS[table]:
        key = asked.get(field.name)
        if key not in places:
            key = next((name for name in (field.name, *field.synonyms) if name in places and name not in taken), None)
        if key is not None:
            taken.add(key)
            cells.append(Cell(field.name, field.parse, places[key], field.required))
        elif field.required:
            missing.append(field)
    unused = tuple(name for name in columns if column_key(name) not in taken)
    return Layout(tuple(cells), unused, tuple(missing))


def _planned(path: Path, columns: Sequence[str], renames: Sequence[Rename]) -> Planned:
    words = column_key(path.stem).split("_")
    named = {NAMES[word] for word in words if word in NAMES}
    table = named.pop() if len(named) == 1 else _by_columns(path, columns, renames)
    found = layout(table, columns, renames)
    if found.missing:
        field = found.missing[0]
        names = " or ".join((field.name, *field.synonyms))
        raise InvalidInput(LACKS.format(path=path, table=table, field=field.name, names=names))
    _refuse_twice(path, columns, found)
    return Planned(path, table, Role.CSM if CSM_NAMES & set(words) else Role.CONTACT, found.unused)


def _refuse_twice(path: Path, columns: Sequence[str], found: Layout) -> None:
    """Two columns of one name that we use: nobody can say which is meant."""
    keys = Counter(column_key(name) for name in columns)
    for cell in found.cells:
        if keys[column_key(columns[cell.place])] > 1:
            raise InvalidInput(TWICE.format(path=path, name=columns[cell.place]))


def _by_columns(path: Path, columns: Sequence[str], renames: Sequence[Rename]) -> Table:
    """The table whose fields explain the most columns, if it is one alone."""
    explained: dict[Table, int] = {}
    for table in Table:
        found = layout(table, columns, renames)
        names = {cell.field for cell in found.cells}
        if not found.missing and (table is not Table.PEOPLE or names & {"id", "email"}):
            explained[table] = len(names)
    best = [table for table, count in explained.items() if count == max(explained.values())]
    if len(best) != 1:
        guess = f"; it could be {' or '.join(best)}" if best else ""
        raise InvalidInput(WHICH_TABLE.format(path=path, guess=guess))
    return best[0]
