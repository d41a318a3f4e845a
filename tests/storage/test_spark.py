"""The README's Spark job gives what the slow oracle says, keeps it, and writes the very file of one machine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bot.config import load
from bot.scoring_run.command import score_accounts
from bot.scoring_run.landed import LandedScores
from scoring.model import Snapshot
from scoring.roster import day_number
from tests.conftest import opened
from tests.java import java
from tests.scoring.oracle import Oracle, World
from tests.scoring.test_scores_against_oracle import agrees
from tests.storage.event_world import CONFIG, LAST, imported, rows, world
from tests.storage.team_tables import COLUMNS, in_parquet

ROOT = Path(__file__).parents[2]
NOON = datetime(2024, 5, 21, 12, tzinfo=UTC)
DAYS = 60
SHARED = {
    "LOOKOUT_TIMEZONE": "Africa/Cairo",
    "LOOKOUT_IGNORED_EVENTS": ",".join(sorted(CONFIG.ignored_events)),
    "LOOKOUT_KEY_FEATURES": ",".join(sorted(CONFIG.key_features)),
    "LOOKOUT_JOURNEY": json.dumps(CONFIG.journey),
}
# A life of seconds: Java need not compile well, nor check its own classes, nor count pages for a browser.
SHORT = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions "
    "-XX:-BytecodeVerificationRemote",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
}


def command_of_the_readme(*, out: Path) -> list[str]:
    """The one command of its section on Spark, with this machine's paths and the day of the test."""
    section = (ROOT / "README.md").read_text().split("## When one machine is not enough")[1]
    found = re.search(r"^ *(\S*spark-submit (?:.*\\\n)*.*)$", section, re.MULTILINE)
    assert found
    submit, *arguments = shlex.split(found[1].replace("\\\n", " "))
    assert submit == ".venv/bin/spark-submit"
    script, last = arguments.index("bot/scoring_run/on_spark.py"), len(arguments) - 1
    arguments[arguments.index("--master") + 1] = "local[2]"
    arguments[arguments.index("--history") + 1] = str(DAYS)
    arguments[arguments.index("--out") + 1] = str(out)
    arguments[script] = str(ROOT / arguments[script])
    assert last > script
    short = [part for name, value in SHORT.items() for part in ("--conf", f"{name}={value}")]
    return [
        str(Path(sys.executable).with_name("spark-submit")),
        *short,
        *arguments,
        "--as-of",
        f"{LAST}",
        "--block",
        "5",
    ]


def submitted(home: Path, database: str, events: Path) -> str:
    """Run it as an operator does, with settings in the environment; what it said."""
    told = {
        "LOOKOUT_HOME": str(home), "DATABASE_URL": database, "PYSPARK_PYTHON": sys.executable, **SHARED,
        "LOOKOUT_WAREHOUSE_TABLE": f"{events}/", "LOOKOUT_WAREHOUSE_COLUMNS": json.dumps(COLUMNS),
        "LOOKOUT_WAREHOUSE_WHERE": "NOT internal -- our own staff",
    }  # fmt: skip
    done = subprocess.run(
        command_of_the_readme(out=home / "out"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        cwd=ROOT, env={**os.environ, **told},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


async def kept(database: str) -> dict[str, Snapshot]:
    async with opened(database) as store, store.reading() as work:
        assert await work.snapshots.days() == [LAST]
        return await work.snapshots.on(LAST)


@pytest.mark.long
async def test_a_submitted_job_gives_what_the_oracle_says_and_the_file_that_one_machine_writes(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java()
    for name, value in {"LOOKOUT_HOME": str(tmp_path / "own"), "DATABASE_URL": sqlite_url, **SHARED}.items():
        monkeypatch.setenv(name, value)
    own, events = load(), rows()
    known = world(events)
    known.config = own.scoring
    async with opened(sqlite_url) as store, store() as work:
        await work.accounts.upsert(known.accounts)
        await work.accounts.upsert_milestones(known.milestones)
    shutil.copy(tmp_path / "lookout.db", tmp_path / "spark.db")
    with closing(imported(tmp_path / "own", events, config=own.scoring)) as usage:
        volume = usage.volume(DAYS, LAST)
    await score_accounts(own, days=DAYS, out=tmp_path / "own.parquet", clock=lambda: NOON)

    (tmp_path / "events").mkdir()
    in_parquet(tmp_path / "events", events)
    other = f"sqlite+aiosqlite:///{tmp_path / 'spark.db'}"
    said = submitted(tmp_path, other, tmp_path / "events")

    assert f"on {LAST}; {LAST - timedelta(days=DAYS - 1)} to {LAST} are in {tmp_path / 'out'}." in said
    landed = await kept(other)
    assert landed == await kept(sqlite_url)
    async with opened(other) as store:
        assert await LandedScores(store).volume(DAYS, LAST) == volume
    agrees(known, LAST, {(key, LAST): one for key, one in landed.items()})
    for ago in (0, 24, DAYS - 1):
        figures_agree(known, LAST - timedelta(days=ago), tmp_path / "out")
    one, many = (duckdb.sql(f"FROM '{file}' ORDER BY account_id, day") for file in files(tmp_path))
    assert (many.columns, many.types, many.fetchall()) == (one.columns, one.types, one.fetchall())


def files(folder: Path) -> tuple[str, str]:
    return f"{folder}/own.parquet", f"{folder}/out/*.parquet"


def figures_agree(known: World, day: date, out: Path) -> None:
    """The whole numbers of a day are the oracle's, its scores within a billionth."""
    oracle = Oracle(known, day)
    scores = by_account(f"SELECT account_id, * FROM '{out}/*.parquet' WHERE day = DATE '{day}'")
    assert set(scores) == set(oracle.scored())
    for key, row in scores.items():
        assert row["health"] == pytest.approx(oracle.score(key), abs=1e-9)
        signals = {name: row[name] for name in ("activity", "engagement", "milestones", "recency")}
        found = {name: value for name, value in signals.items() if value is not None}
        assert found == pytest.approx(oracle.signals(key), abs=1e-9)
    counted = by_account(f"SELECT account, * FROM '{out}.work/features/*.parquet' WHERE day = {day_number(day)}")
    for key in set(scores) & set(counted):
        row = counted[key]
        assert row["volume_14"] == sum(use.n for use in oracle.between(key, 14))
        assert (row["user_days_14"], row["user_days_90"]) == (oracle.user_days(key, 14), oracle.user_days(key, 90))
        assert (row["users_28"], row["users_90"]) == (len(oracle.people(key, 28)), len(oracle.people(key, 90)))
        features = tuple(len(oracle.features(key, days)) for days in (28, 90))
        assert (row["features_28"], row["features_90"]) == features


def by_account(query: str) -> dict[str, dict[str, Any]]:
    found = duckdb.sql(query)
    return {key: dict(zip(found.columns[1:], rest, strict=True)) for key, *rest in found.fetchall()}
