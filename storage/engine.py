"""Opens the database: a SQLite file by default, Postgres by URL; one writer at a time on both.

SQLite begins every write with `BEGIN IMMEDIATE`; Postgres takes one advisory lock a write. Read-then-write in a
deferred transaction loses updates without an error, and one writer makes both backends keep the same promises. Within
the process writers queue in order for the single connection of the write engine.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scoring.errors import InvalidInput, Unavailable
from storage.one_trip import OneTripConnection

SCHEMES = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
WRITE_LOCK = 0x4C4F4F4B
HEADER = b"SQLite format 3\x00"

NO_URL = "DATABASE_URL is no database address. Write sqlite:////folder/lookout.db or postgresql://user@host/name."
SCHEME = "DATABASE_URL begins with {scheme}://, which Lookout does not know. Use sqlite:// or postgresql://."
IN_MEMORY = (
    "DATABASE_URL names no file, and what Lookout knows must survive a restart. Write sqlite:////folder/lookout.db."
)
NO_DRIVER = "DATABASE_URL names Postgres, whose driver is not installed. Run `pip install 'lookout[postgres]'`."
NO_FOLDER = "The folder of the database does not exist: {folder}. Create it, or set LOOKOUT_HOME or DATABASE_URL."
FOLDER_CLOSED = "Lookout may not write to the folder of its database: {folder}. Give its user the right to."
NO_FILE = "The database is not a file: {file}. Set DATABASE_URL to a file."
OTHER_OWNER = "The database {file} belongs to user {owner}, and Lookout runs as user {self}. Start it as that user."
READ_ONLY = "The database {file} may only be read. Run `chmod u+rw {file}`."
NOT_OURS = "The file {file} is no SQLite database, or it is damaged. Restore a backup, or name another file."
NO_WAL = "The database {file} stands on a disk without shared memory (a network share?). Use a local disk."


def address(url: str) -> URL:
    """The URL with the driver we use, or `InvalidInput` that never shows a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput(NO_URL) from None
    driver = SCHEMES.get(parsed.drivername)
    if driver is None:
        raise InvalidInput(SCHEME.format(scheme=parsed.drivername))
    if driver.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise InvalidInput(IN_MEMORY)
    if driver.startswith("postgresql") and find_spec("psycopg") is None:
        raise InvalidInput(NO_DRIVER)
    return parsed.set(drivername=driver)


def prepare_file(url: URL) -> None:
    """Make the SQLite file, for our user alone (0600), or say why it cannot be used."""
    file = Path(str(url.database))
    if not file.parent.is_dir():
        raise InvalidInput(NO_FOLDER.format(folder=file.parent))
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise InvalidInput(FOLDER_CLOSED.format(folder=file.parent))
    if not file.exists():
        # The WAL and shared-memory files take their mode from this one.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    _inspect(file)


def _inspect(file: Path) -> None:
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(NO_FILE.format(file=file))
    if found.st_uid != os.geteuid():
        raise InvalidInput(OTHER_OWNER.format(file=file, owner=found.st_uid, self=os.geteuid()))
    if not found.st_mode & stat.S_IWUSR or not os.access(file, os.R_OK | os.W_OK):
        raise InvalidInput(READ_ONLY.format(file=file))
    with file.open("rb") as opened:
        start = opened.read(len(HEADER))
    if start not in {b"", HEADER}:
        raise Unavailable(NOT_OURS.format(file=file), permanent=True)


def writer(url: URL, *, patience: float) -> AsyncEngine:
    """The engine of all writes: one connection, for which writers queue up to `patience` seconds."""
    return _engine(url, patience=patience, begin=_begin_writing, pragmas=("foreign_keys=ON",))


def reader(url: URL, *, patience: float) -> AsyncEngine:
    """The engine of answers: a few connections that cannot write and never wait for a writer."""
    return _engine(url, patience=patience, size=4, begin=_begin_reading, pragmas=("query_only=ON",))


def migrator(url: URL, *, patience: float) -> AsyncEngine:
    """The engine of migrations: foreign keys are off, or a batch change of a parent table would delete its children."""
    return _engine(url, patience=patience, begin=_begin_writing, pragmas=("foreign_keys=OFF",))


def _engine(url: URL, *, patience: float, begin: Any, pragmas: tuple[str, ...], size: int = 1) -> AsyncEngine:
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=patience,
        hide_parameters=True,
        pool_pre_ping=not sqlite,
        connect_args=_sqlite_arguments(patience) if sqlite else {"connect_timeout": max(1, round(patience))},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        if sqlite:
            _sqlite_connected(connection, str(url.database), pragmas)
        else:
            _postgres_connected(connection, patience=patience)

    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _sqlite_arguments(patience: float) -> dict[str, Any]:
    return {"timeout": patience, "async_creator_fn": OneTripConnection}


def _sqlite_connected(connection: Any, file: str, pragmas: tuple[str, ...]) -> None:
    connection.isolation_level = None  # Python's own transactions off: `_begin_*` says how each one begins
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    if cursor.fetchone()[0].lower() != "wal":
        raise Unavailable(NO_WAL.format(file=file), permanent=True)
    for pragma in ("synchronous=FULL", *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgres_connected(connection: Any, *, patience: float) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {round(patience * 1000)}")
    cursor.close()
    connection.commit()


def _begin_writing(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


def _begin_reading(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        cast("OneTripConnection", connection.connection.driver_connection).begin_with_next()
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def scrubbed(url: URL, patience: float) -> bool:
    """Write a SQLite file anew without the pages of deleted rows, and empty its log; False when it stays locked.

    SQLite only marks what is deleted as free, so that it could be read in the file for a long time.
    """
    with closing(sqlite3.connect(str(url.database), timeout=patience, isolation_level=None)) as database:
        try:
            database.execute("VACUUM")
            busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not busy
