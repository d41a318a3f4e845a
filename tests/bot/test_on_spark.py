"""A Spark job that cannot begin says what to do; its tasks need little on the machines that run them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import build
from bot.config import load
from bot.loop.briefing import data_until
from bot.loop.score import Score
from bot.scoring_run.command import score_accounts
from bot.scoring_run.landed import LandedScores, land
from scoring.errors import InvalidInput, NotFound, Unavailable
from storage.unit_of_work import SqlStore
from tests.builders import NOW, TODAY, a_snapshot
from tests.java import java
from tests.storage.team_tables import COLUMNS

ROOT = Path(__file__).parents[2]


async def test_a_job_without_accounts_or_with_a_second_source_says_what_to_do(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java()
    from bot.scoring_run.on_spark import score_on_spark

    told = {
        "LOOKOUT_HOME": str(tmp_path), "DATABASE_URL": sqlite_url, "LOOKOUT_WAREHOUSE_TABLE": f"{tmp_path}/",
        "LOOKOUT_WAREHOUSE_COLUMNS": json.dumps(COLUMNS),
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NotFound, match="no accounts"):
        await asyncio.to_thread(score_on_spark, load(), "out")
    monkeypatch.setenv("LOOKOUT_WAREHOUSE_URL", "duckdb://x.duckdb")
    with pytest.raises(InvalidInput, match="unset it"):
        score_on_spark(load(), "out")
    monkeypatch.delenv("LOOKOUT_WAREHOUSE_URL")
    monkeypatch.setenv("LOOKOUT_WAREHOUSE_TABLE", "")
    with pytest.raises(InvalidInput, match="LOOKOUT_WAREHOUSE_TABLE"):
        score_on_spark(load(), "out")


async def test_the_bot_waits_for_the_job_and_then_goes_on_with_what_it_found(store: SqlStore) -> None:
    score = Score(store, LandedScores(store))
    with pytest.raises(Unavailable, match="No Spark job has scored 2026-11-20 yet"):
        await score.run(TODAY)
    assert await score.run(TODAY, since=TODAY - timedelta(days=7)) == 0  # a first run looks back as far as there is

    found = [a_snapshot("acme", TODAY, 40.0), a_snapshot("beta", TODAY, 90.0)]
    await land(store, found, {TODAY: 7, TODAY - timedelta(days=2): 3}, NOW)
    assert await score.run(TODAY) == 2
    assert await score.run(TODAY - timedelta(days=1)) == 0  # a day that no job scored keeps nobody waiting
    async with store.reading() as work:
        assert list((await work.snapshots.on(TODAY)).values()) == found
        assert await data_until(work) == NOW
    assert await score.usage.volume(4, TODAY) == [0, 3, 0, 7]
    with pytest.raises(Unavailable, match="on_spark"):
        await score.run(TODAY + timedelta(days=1))


async def test_where_a_job_scores_this_machine_scores_nothing(sqlite_url: str, tmp_path: Path) -> None:
    made = load(
        database_url=sqlite_url, slack_signing_secret="s", LOOKOUT_HOME=tmp_path, LOOKOUT_WAREHOUSE_TABLE="events"
    )
    with pytest.raises(InvalidInput, match="come from Spark"):
        await score_accounts(made)
    app = await build(made, slack=AsyncWebClient(token="xoxb-test"))
    assert isinstance(app.scores, LandedScores)
    await app.stop()


def test_a_worker_of_spark_needs_numpy_and_arrow_and_nothing_else_of_ours() -> None:
    script = "import sys, storage.usage.spark_tasks; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert not found & {"bot", "handlers", "duckdb", "ibis", "pyspark", "pydantic", "sqlalchemy", "aiohttp"}
