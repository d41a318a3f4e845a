"""The README's first steps with the real command, on each database: files in, scores out, an answer about one."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

FIRST = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAYS = 60
FADES_AFTER = 40


def write(file: Path, header: str, rows: list[tuple[object, ...]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([header.split(","), *rows])
    return file


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two accounts of two people each; everybody works each day, and Acme's people stop on the fortieth."""
    accounts = write(tmp_path / "accounts.csv", "account_id,name", [("acme", "Ácme, Inc."), ("bolt", "Bolt")])
    uses = [
        (FIRST + timedelta(days=day), account, f"{account}-{user}", "Report built")
        for day in range(DAYS)
        for account in ("acme", "bolt")
        for user in range(2)
        if account == "bolt" or day < FADES_AFTER
    ]
    return [str(accounts), str(write(tmp_path / "events.csv", "ts,account_id,user_id,name", uses))]


@pytest.mark.long
def test_files_become_scores_and_answers_by_the_command_alone(any_url: str, files: list[str], tmp_path: Path) -> None:
    settings = {"DATABASE_URL": any_url, "LOOKOUT_HOME": str(tmp_path / "home"), "LOOKOUT_LOG_LEVEL": "ERROR"}

    def lookout(*words: str) -> str:
        run = subprocess.run(
            [sys.executable, "-m", "bot", *words],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert "200 imported, 0 unchanged, 0 rejected" in lookout("import", *files)
    until = f"{FIRST + timedelta(days=DAYS - 1):%Y-%m-%d}"
    done = json.loads(lookout("score", "--as-of", until, "--history", "30", "--out", str(tmp_path / "s.csv"), "--json"))
    acme = json.loads(lookout("health", "acme inc", "--json"))

    with (tmp_path / "s.csv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    last = {row["account_id"]: float(row["health"]) for row in rows if row["day"] == until}
    assert (len(rows), done["accounts"]) == (60, 2)
    assert last["acme"] < last["bolt"]
    assert (acme["account_id"], acme["day"], acme["health"]) == ("acme", until, pytest.approx(last["acme"]))
