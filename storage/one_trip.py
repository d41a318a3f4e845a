"""A SQLite connection in a thread of its own, to which each statement goes once and comes back with all its rows.

The driver goes there four times a statement: for a cursor, to execute, to fetch, to close. Each trip waits its turn
with the thread and again on the event loop, while the database is locked and people wait.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

Row = tuple[Any, ...]
Done = tuple[Any, int, int | None, list[Row]]


class OneTripConnection(aiosqlite.Connection):
    """What SQLAlchemy opens instead of the driver's own connection.

    Its thread is told to stop once: a caller who is cancelled while SQLAlchemy closes for him makes it stop the thread
    a second time; the answer to that would never come, and the process would wait for it for ever when it ends.
    """

    def __init__(self, database: str, **options: Any) -> None:
        super().__init__(partial(sqlite3.connect, database, **options), iter_chunk_size=64)
        self._thread.daemon = True
        self._told_to_stop = False
        self._settled = False
        self._to_begin = False

    def begin_with_next(self) -> None:
        """Begin a transaction that reads on the way of its first statement: before that it would see nothing yet."""
        self._to_begin = True

    def cursor(self) -> OneTripCursor:  # type: ignore[override]
        """A cursor that is made in the thread when there is something to execute."""
        return OneTripCursor(self)

    async def executed(self, statement: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do one statement in the thread."""
        begun = partial(_begun, statement) if self._to_begin else statement
        self._settled = self._to_begin = False
        return await self._execute(begun, self._conn)  # type: ignore[no-any-return,no-untyped-call]

    async def commit(self) -> None:
        """Commit; nothing is open afterwards."""
        if not self._to_begin:
            await super().commit()
        self._settled, self._to_begin = True, False

    async def rollback(self) -> None:
        """Roll back what was begun; the pool asks for it after each commit, too, and then there is nothing to do."""
        self._to_begin = False
        if not self._settled:
            await super().rollback()
            self._settled = True

    def stop(self) -> asyncio.Future[Any] | None:
        """Ask the thread to end; None, which nobody waits for, when it was asked before."""
        if self._told_to_stop:
            return None
        self._told_to_stop = True
        return super().stop()


class OneTripCursor:
    """What SQLAlchemy's adapter asks of a cursor; only executing goes to the thread."""

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: list[Row] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Ready at once."""
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute, and bring all rows along."""
        return self._is(await self._connection.executed(partial(_executed, sql=sql, parameters=parameters)))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute for each of several sets of parameters."""
        return self._is(await self._connection.executed(partial(_executed_many, sql=sql, parameters=parameters)))

    async def fetchall(self) -> list[Row]:
        """The rows that came along."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """The thread has closed its own already."""

    def _is(self, done: Done) -> Self:
        self.description, self.rowcount, self.lastrowid, self._rows = done
        return self


def _begun(statement: Callable[[sqlite3.Connection], Done], connection: sqlite3.Connection) -> Done:
    connection.execute("BEGIN")
    return statement(connection)


def _executed(connection: sqlite3.Connection, *, sql: str, parameters: Sequence[Any]) -> Done:
    return _all_of(connection.execute(sql, parameters))


def _executed_many(connection: sqlite3.Connection, *, sql: str, parameters: Iterable[Sequence[Any]]) -> Done:
    return _all_of(connection.executemany(sql, parameters))


def _all_of(cursor: sqlite3.Cursor) -> Done:
    rows = cursor.fetchall() if cursor.description is not None else []
    done = cursor.description, cursor.rowcount, cursor.lastrowid, rows
    cursor.close()
    return done
