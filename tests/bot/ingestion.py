"""A real ingestion server on a free port, with its database and usage store, for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from aiohttp import web

from bot.intake.door import Door
from bot.intake.drain import Drain
from bot.web import application
from scoring.config import ScoreConfig
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore

KEY = "wk-test"
ZONE = ZoneInfo("UTC")


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Venue:
    """What runs, and what a test may ask of it."""

    url: str
    store: SqlStore
    usage: UsageStore
    door: Door
    drain: Drain
    home: Path

    def counted(self) -> Counter[tuple[str, str, str]]:
        """How much use the store holds by (account, user, name), each event id once."""
        return usage_of(self.home)


def usage_of(home: Path) -> Counter[tuple[str, str, str]]:
    """What every batch and day file holds, read without our own code."""
    import sqlite3

    ledger = sqlite3.connect(home / "usage" / "ledger.db")
    texts = {kind: dict(ledger.execute(f"SELECT key, id FROM {kind}")) for kind in ("account", "user", "name")}
    files = [row[0] for row in ledger.execute("SELECT file FROM batch WHERE file IS NOT NULL")]
    files += [row[0] for row in ledger.execute("SELECT file FROM day WHERE file IS NOT NULL")]
    ledger.close()
    found: Counter[tuple[str, str, str]] = Counter()
    if not files:
        return found
    rows = duckdb.connect().execute(
        "SELECT any_value(account), any_value(person), any_value(name), any_value(n) "
        "FROM read_parquet($files, union_by_name=true) GROUP BY event",
        {"files": [str(home / "usage" / file) for file in files]},
    )
    for account, user, name, n in rows.fetchall():
        found[texts["account"][account], texts["user"][user], texts["name"][name]] += n
    return found


@asynccontextmanager
async def ingestion(
    url: str, home: Path, *, clock: Callable[[], datetime] = wall_clock, keys: tuple[str, ...] = (KEY,)
) -> AsyncIterator[Venue]:
    """Serve on a free port of this machine until the block ends."""
    store, usage = SqlStore(url), UsageStore(home, ZONE, ScoreConfig())
    door, drain = Door(store), Drain(store, usage, clock, zone=ZONE)
    runner = web.AppRunner(application(door, keys=keys, clock=clock, zone=ZONE))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Venue(f"http://127.0.0.1:{port}", store, usage, door, drain, home)
    finally:
        await runner.cleanup()
        await door.close()
        await store.close()
        usage.close()
