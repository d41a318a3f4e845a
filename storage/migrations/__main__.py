"""For developers: `python -m storage.migrations "add the colour of an account"` writes the next migration.

It compares the tables in the code with a new SQLite file that has all migrations so far; read what it wrote.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from storage import migrations

HELP = 'usage: python -m storage.migrations "what changes"'


async def write(message: str) -> None:
    """Write the migration file."""
    with tempfile.TemporaryDirectory() as folder:
        await migrations.apply(f"sqlite:///{Path(folder) / 'new.db'}", lambda connection: _compare(connection, message))


def _compare(connection: Connection, message: str) -> None:
    scripts = migrations.config(connection)
    if migrations.head() is not None:
        command.upgrade(scripts, "head")
    command.revision(scripts, message, autogenerate=True, rev_id=f"{_count() + 1:04d}")


def _count() -> int:
    return len(list(migrations.VERSIONS.glob("[0-9]*.py")))


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit(HELP)
    asyncio.run(write(sys.argv[1]))
