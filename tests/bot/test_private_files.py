"""What Lookout writes on disk is for its own user alone (J9)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ACCOUNTS = "account_id,name,created_at\nacme,Acme,2026-01-01\n"
EVENTS = "event_id,account_id,user_id,name,at\n1,acme,u1,Report built,2026-11-19T09:00:00Z\n"


def lookout(home: Path, *words: str) -> None:
    """The real command, by a user whose files are open to everybody, in a folder that others may look into."""
    environment = {"PATH": os.environ["PATH"], "LOOKOUT_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=home.parent, env=environment, check=True, umask=0, timeout=60
    )


@pytest.mark.long
def test_nobody_else_may_read_the_database_the_usage_or_an_export(tmp_path: Path) -> None:
    home = tmp_path / "shared"
    home.mkdir(mode=0o755)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "events.csv").write_text(EVENTS)

    lookout(home, "import", str(tmp_path / "accounts.csv"), str(tmp_path / "events.csv"))
    lookout(home, "score", "--as-of", "2026-11-20", "--out", str(home / "scores.csv"))

    modes = {path.relative_to(home): stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*")}
    assert {"lookout.db", "usage", "scores.csv"} <= {str(path) for path in modes}
    assert {path: mode for path, mode in modes.items() if mode & 0o077} == {}
