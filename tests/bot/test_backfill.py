"""Years that are brought in at once need no more memory than weeks."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import load
from bot.importing import import_paths
from bot.importing.command import REJECTS

ROOT = Path(__file__).parents[2]
IMPORT = """
import asyncio, resource, sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bot.config import load
from bot.importing import import_paths
from storage.usage.local import UsageStore

folder, rows, chance = Path(sys.argv[1]), int(sys.argv[2]), Random(1)
accounts, events = folder / "accounts.csv", folder / "events.csv"
accounts.write_text("account_id,name\\n" + "".join(f"a{one},A{one}\\n" for one in range(200)))
with events.open("w") as file:
    file.write("ts,account_id,user_id,name\\n")
    for row in range(rows):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=row * 730 * 86_400 // rows)
        file.write(f"{at:%Y-%m-%dT%H:%M:%SZ},a{chance.randrange(200)},u{chance.randrange(2_000)},n{row % 9}\\n")
made = load(LOOKOUT_HOME=folder / "home", LOOKOUT_MEMORY="64MB", _env_file=None)
report = asyncio.run(import_paths(made, [accounts, events], clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)))
with closing(UsageStore(made.home, made.zone, made.scoring, memory=made.memory)) as usage:
    usage.refresh()
    uses = usage.volume(730, datetime(2025, 12, 30, tzinfo=UTC).date())
print(report.files[1].imported, sum(uses), min(uses) > 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def megabytes(folder: Path, rows: int) -> int:
    """The most memory that a process of its own needed to import and roll up so many events over two years."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(folder), str(rows)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported, counted, every_day, most = done.stdout.split()
    assert (int(imported), int(counted), every_day) == (rows, rows, "True")
    return int(most)


@pytest.mark.long
def test_importing_two_years_takes_no_more_memory_when_the_file_is_eight_times_as_long(tmp_path: Path) -> None:
    few, many = megabytes(tmp_path / "few", 25_000), megabytes(tmp_path / "many", 200_000)
    # Two hundred thousand rows as Python values would be a hundred megabytes.
    assert many < few + 30


async def test_a_row_that_is_older_than_usage_is_kept_is_named_and_left_out(tmp_path: Path) -> None:
    made = load(LOOKOUT_HOME=tmp_path / "home", LOOKOUT_KEEP_DAYS=180)
    (tmp_path / "accounts.csv").write_text("account_id,name\nacme,Acme\n")
    events = "ts,account_id,user_id,name\n2025-07-03,acme,u1,report\n2025-07-09,acme,u1,report\n"
    (tmp_path / "events.csv").write_text(events)
    report = await import_paths(made, [tmp_path], clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert [(one.imported, one.rejected) for one in report.files] == [(1, 0), (1, 1)]
    reason = "at 2025-07-03 is older than usage is kept (since 2025-07-05, by LOOKOUT_KEEP_DAYS)"
    assert reason in (made.home / REJECTS).read_text()
