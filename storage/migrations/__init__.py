"""Brings a database's tables up to date, from code, wherever Lookout is installed.

A migration runs in one transaction on both backends: killed half-way, it leaves the tables as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, inspect, text

from scoring.errors import InvalidInput
from storage.engine import address, migrator, prepare_file
from storage.errors import wrapped

NEWER = (
    "The database was written by a newer Lookout (its schema is {found}, this program knows up to {known}). "
    "Nothing was changed. Update Lookout, or restore a backup from before the update."
)
FOREIGN = "The database {name} holds tables that are not Lookout's. Nothing was changed. Name an empty database."

T = TypeVar("T")
VERSIONS = Path(__file__).parent / "versions"


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, made in code; `connection` is the one to migrate."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def head() -> str | None:
    """The newest schema that this program knows."""
    return ScriptDirectory.from_config(config()).get_current_head()


async def upgrade(url: str | URL, *, to: str = "head", patience: float = 5.0) -> None:
    """Bring the tables up to date; `InvalidInput` when a newer program wrote them."""
    await apply(url, lambda connection: take(connection, to), patience=patience)


async def downgrade(url: str | URL, to: str, *, patience: float = 5.0) -> None:
    """Take the tables back to an older schema, `base` for none."""
    await apply(url, lambda connection: command.downgrade(config(connection), to), patience=patience)


async def current(url: str | URL, *, patience: float = 5.0) -> str | None:
    """Which schema the database has, or None for an empty one."""
    return await apply(url, found, patience=patience)


async def check(url: str | URL, *, patience: float = 5.0) -> None:
    """Raise Alembic's error when the tables in the code and in the database differ."""
    await apply(url, lambda connection: command.check(config(connection)), patience=patience)


async def apply(url: str | URL, work: Callable[[Connection], T], *, patience: float = 5.0) -> T:
    """Run something on a connection made for migrations, in one transaction."""
    target = address(url) if isinstance(url, str) else url
    if target.get_backend_name() == "sqlite":
        prepare_file(target)
    engine = migrator(target, patience=patience)
    try:
        with wrapped():
            async with engine.begin() as connection:
                return await connection.run_sync(work)
    finally:
        await engine.dispose()


def take(connection: Connection, to: str) -> None:
    """Take all steps up to a schema on an open connection, unless its database is newer or not ours."""
    scripts = ScriptDirectory.from_config(config())
    version = found(connection)
    if version == scripts.get_current_head():
        return
    if version is not None:
        _must_be_known(scripts, version)
    elif connection.dialect.name == "sqlite" and set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise InvalidInput(FOREIGN.format(name=connection.engine.url.database))
    command.upgrade(config(connection), to)


def _must_be_known(scripts: ScriptDirectory, version: str) -> None:
    try:
        scripts.get_revision(version)
    except CommandError:
        raise InvalidInput(NEWER.format(found=version, known=scripts.get_current_head())) from None


def found(connection: Connection) -> str | None:
    """The schema that a connection's database says it has."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)
