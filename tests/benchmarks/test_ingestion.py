"""How many events a second are taken over HTTP and onto the disk, against SQLite alone taking the same rows."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.connectors import segment
from tests.benchmarks.ingestion_load import EVENTS, events
from tests.bot.ingestion import KEY

ROOT = Path(__file__).parents[2]
TURNS, BATCHES, CONNECTIONS = 5, 400, 16
SERVER = ROOT / "tests" / "faults" / "ingestion_server.py"
PAUSE = 5.0
LEAST_RATIO = 0.3
# The plain way to keep events once: a table of keys, and a table of rows.
TABLES = (
    "CREATE TABLE seen (key TEXT PRIMARY KEY, day INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE events (seq INTEGER PRIMARY KEY, key TEXT, kind TEXT, at_us INTEGER, account_id TEXT,
    user_id TEXT, domain TEXT, name TEXT, n INTEGER, traits TEXT)""",
)
ADD_KEY = "INSERT INTO seen (key, day) VALUES (?, 20777)"
ADD = (
    "INSERT INTO events (key, kind, at_us, account_id, user_id, domain, name, n, traits)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def rows_of(turn: int) -> list[tuple[object, ...]]:
    """The rows that the server makes of one turn's batches."""
    found: list[tuple[object, ...]] = []
    for number in range(turn * BATCHES, (turn + 1) * BATCHES):
        body = {"batch": events(number), "sentAt": NOW.isoformat()}
        parsed = segment.parse(body, call="batch", received=NOW, zone=UTC)
        found += [(one.key, one.kind.value, *one[2:]) for one in parsed.arrivals]
    return found


def raw(file: Path, rows: list[tuple[object, ...]], at_once: int) -> float:
    """Events a second when nothing but `executemany` and the disk stand in the way, `at_once` rows a commit."""
    with sqlite3.connect(file, isolation_level=None) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        for table in TABLES:
            database.execute(table)
        began = time.perf_counter()
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            database.execute("BEGIN IMMEDIATE")
            database.executemany(ADD_KEY, [(row[0],) for row in part])
            database.executemany(ADD, part)
            database.execute("COMMIT")
        took = time.perf_counter() - began
    database.close()
    return len(rows) / took


def over_http(address: str, turn: int) -> float:
    """Events a second that the server said yes to; all of them."""
    load = [sys.executable, "-m", "tests.benchmarks.ingestion_load", address, KEY]
    numbers = [str(number) for number in (turn, BATCHES, CONNECTIONS)]
    done = subprocess.run([*load, *numbers], capture_output=True, text=True, check=True, cwd=ROOT)
    found = json.loads(done.stdout)
    assert found["accepted"] == BATCHES * EVENTS
    return float(found["accepted"] / found["seconds"])


@pytest.mark.benchmark
def test_batches_over_http_reach_three_tenths_of_what_sqlite_alone_can_take(tmp_path, sqlite_url, capsys) -> None:
    server = subprocess.Popen(
        [sys.executable, str(SERVER), sqlite_url, str(tmp_path), str(PAUSE)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        taken, ratios, grouped = [], [], []
        for turn in range(TURNS):
            rows = rows_of(turn)
            alone = raw(tmp_path / f"raw-{turn}.db", rows, EVENTS)
            together = raw(tmp_path / f"grouped-{turn}.db", rows, 100 * EVENTS)
            taken.append(over_http(address, turn))
            ratios.append(taken[-1] / alone)
            grouped.append(taken[-1] / together)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    with capsys.disabled():
        sys.stdout.write(
            f"\ningestion: {statistics.median(taken):,.0f} events/s accepted (best {max(taken):,.0f}); against raw"
            f" executemany with the same commits {statistics.median(ratios):.2f}, with 10,000 rows a commit"
            f" {statistics.median(grouped):.2f}; load {os.getloadavg()[0]:.1f}\n"
        )
    assert statistics.median(ratios) >= LEAST_RATIO
