"""One open transaction: the only place where our statements meet the driver, so that its errors are wrapped once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Executable, Result, Table, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.errors import wrapped

T = TypeVar("T")
Values = Mapping[str, Any]
CHUNK = 1_000
POURED_AT_ONCE = (5_000, 2_500, 1_000, 500, 250, 100, 50, 25, 10, 5, 2, 1)
"""Rows in one statement: few sizes, so that the driver knows each statement again."""
MOST_VALUES = 32_766
"""SQLite takes no more in one statement."""


class Transaction:
    """Runs statements in one transaction of one connection; repositories share it.

    A statement that asks for whole rows gives plain ones, with the columns' names: nobody keeps, changes or writes
    them back, so what an ORM's session does for them would be work for nothing, in every transaction.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.sqlite = connection.dialect.name == "sqlite"
        self.mark = "?" if self.sqlite else "%s"

    async def first(self, statement: SelectOfScalar[T]) -> T | None:
        """The first row, or None."""
        with wrapped():
            found = await self._connection.execute(statement)
            return cast("T | None", found.scalar() if _narrow(found) else found.first())

    async def all(self, statement: SelectOfScalar[T]) -> list[T]:
        """Every row."""
        with wrapped():
            found = await self._connection.execute(statement)
            return cast("list[T]", list(found.scalars() if _narrow(found) else found))

    async def among(self, row: type[T], column: Mapped[str], wanted: Iterable[str]) -> list[T]:
        """The rows whose `column` is one of `wanted`, however many those are."""
        names = list(dict.fromkeys(wanted))
        found: list[T] = []
        for start in range(0, len(names), CHUNK):
            found += await self.all(select(row).where(column.in_(names[start : start + CHUNK])))
        return found

    async def run(self, statement: Executable, rows: Sequence[Values] | None = None) -> int:
        """Run a statement, once or for each of `rows`; how many rows it touched."""
        with wrapped():
            kept = {"preserve_rowcount": True}
            return (await self._connection.execute(statement, cast("Any", rows), execution_options=kept)).rowcount

    async def tuples(self, statement: Executable, rows: Sequence[Values] | None = None) -> Sequence[Sequence[Any]]:
        """The rows that a statement gives back, as tuples."""
        with wrapped():
            return (await self._connection.execute(statement, cast("Any", rows))).all()

    async def parts(self, statement: Executable, size: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
        """The rows as tuples, `size` at a time; between two parts others get their turn on the event loop."""
        with wrapped():
            result = await self._connection.execute(statement)
        for part in result.partitions(size):
            yield part
            await asyncio.sleep(0)

    async def copy(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Postgres alone: `COPY … FROM STDIN`, the fastest way in."""
        with wrapped():
            lent = await self._connection.get_raw_connection()
            driver = cast("Any", lent.driver_connection)
            async with driver.cursor() as cursor, cursor.copy(sql) as copying:
                for number, row in enumerate(rows):
                    await copying.write_row(row)
                    if number % CHUNK == 0:
                        await asyncio.sleep(0)

    async def raw(self, sql: str, parameters: Sequence[Any] | None = None) -> Sequence[Sequence[Any]]:
        """SQL in the driver's own words, for bulk work; a list of tuples runs it for each."""
        with wrapped():
            result = await self._connection.exec_driver_sql(sql, cast("Any", parameters))
            return result.all() if result.returns_rows else ()

    async def pour(self, into: str, rows: Sequence[Sequence[Any]], *, then: str = "") -> int:
        """SQLite alone: many rows by few statements, `INSERT INTO … VALUES (…), (…) …`; how many it touched.

        A driver that runs one statement a row takes Python's lock once a row, and waits for it each time while the
        event loop computes: ten times slower, with the database locked all the while.
        """
        return await self.pour_columns(into, list(zip(*rows, strict=True)), then=then)

    async def pour_columns(self, into: str, columns: Sequence[Sequence[Any]], *, then: str = "") -> int:
        """`pour` of equally long columns; no row is made on the way."""
        touched, start, wide = 0, 0, len(columns)
        rows = len(columns[0]) if columns else 0
        for size in (size for size in POURED_AT_ONCE if size * wide <= MOST_VALUES):
            one = f"({', '.join('?' * wide)})"
            sql = f"{into} VALUES {', '.join([one] * size)} {then}"
            while rows - start >= size:
                values: list[Any] = [None] * (size * wide)
                for place, column in enumerate(columns):
                    values[place::wide] = column[start : start + size]
                touched += await self._touched(sql, tuple(values))
                start += size
        return touched

    async def _touched(self, sql: str, values: tuple[Any, ...]) -> int:
        with wrapped():
            kept = {"preserve_rowcount": True}
            return (await self._connection.exec_driver_sql(sql, values, execution_options=kept)).rowcount

    def insert(self, row: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
        """An insert that knows `ON CONFLICT`, which both backends spell alike."""
        return sqlite.insert(table(row)) if self.sqlite else postgresql.insert(table(row))

    async def upsert(self, row: type[SQLModel], rows: Iterable[Values], *, keep: Mapping[str, Any] = {}) -> None:
        """Insert or replace by primary key, the last of equal keys; `keep`: column → value that means "not known"."""
        key = [column.name for column in table(row).primary_key]
        newest = list({tuple(values[name] for name in key): values for values in rows}.values())
        statement = self.insert(row)
        changes = {
            column.name: statement.excluded[column.name] for column in table(row).columns if column.name not in key
        }
        statement = statement.on_conflict_do_update(index_elements=key, set_=changes | _kept(row, statement, keep))
        for start in range(0, len(newest), CHUNK):
            await self.run(statement, newest[start : start + CHUNK])


def _kept(row: type[SQLModel], statement: Any, keep: Mapping[str, Any]) -> dict[str, ColumnElement[Any]]:
    return {
        name: case(
            (statement.excluded[name].is_distinct_from(empty), statement.excluded[name]), else_=table(row).c[name]
        )
        for name, empty in keep.items()
    }


def _narrow(found: Result[Any]) -> bool:
    """Whether a single column was asked for, and not whole rows."""
    return len(found.keys()) == 1


def table(row: type[SQLModel]) -> Table:
    """The table behind a row class."""
    return cast("Table", row.__table__)  # type: ignore[attr-defined]


def values(value: Any, **more: Any) -> dict[str, Any]:
    """A value's fields as a row's columns, and columns that only the table has."""
    return {field.name: getattr(value, field.name) for field in fields(value)} | more


def value(kind: type[T], row: object) -> T:
    """The value that a row holds: its fields are columns of the same name."""
    return kind(**{field.name: getattr(row, field.name) for field in fields(cast("Any", kind))})
