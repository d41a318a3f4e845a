"""A Spark job that cannot begin says what to do; its tasks need little on the machines that run them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import load
from bot.scoring_run.on_spark import score_on_spark
from scoring.errors import InvalidInput, NotFound
from tests.storage.team_tables import COLUMNS

ROOT = Path(__file__).parents[2]


async def test_a_job_without_accounts_or_with_a_second_source_says_what_to_do(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_worker_of_spark_needs_numpy_and_arrow_and_nothing_else_of_ours() -> None:
    script = "import sys, storage.usage.spark_tasks; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert not found & {"bot", "handlers", "duckdb", "ibis", "pyspark", "pydantic", "sqlalchemy", "aiohttp"}
