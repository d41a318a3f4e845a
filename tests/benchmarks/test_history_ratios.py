"""How the engine compares with other ways to the same history: medians of ratios from interleaved runs (`make bench`).

`BENCH=M make bench` for 20 million events, `BENCH=L` for 96 million; 2 million else. Ratios are of processor seconds,
so that a machine with other work to do tells the same. The table goes into the README, between its two markers.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

from tests.benchmarks import stored_usage
from tests.benchmarks.contender import HISTORY, SAMPLED

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
TURNS = int(os.environ.get("BENCH_TURNS", "3"))
MOST_MEMORY = 1000
SHARES = {"pandas": HISTORY / SAMPLED}
LINES = (
    ("against one hand-written DuckDB query for the same windows", "history", "sql", 1 / 3),
    ("against pandas looping over the days, events loaded before", "history", "pandas", 1 / 40),
    ("against decoding the needed Parquet columns once", "history", "decode", 6.0),
    ("landing the snapshots in SQLite, against computing from events", "landing", "history", 1.5),
    ("one more day (roll-up and snapshots), against the history", "day", "history", 1 / 8),
    ("the same with five times the events that day", "burst", "day", 1.7),
)
ROW = "| {what} | {ratio:.3g} | {wanted:.3g} | {kept} |"
HEAD = """Measured {day} on {machine}, size {size} ({events:,} events, {accounts:,} accounts x {days} days); {turns}
interleaved turns, ratios of processor seconds. 90 days of scores from event files took {wall:.1f} s and {peak} MB.

| 90-day history from event files | ratio | wanted, at most | kept |
| --- | --- | --- | --- |
"""


def run(name: str, home: Path, size: str) -> dict[str, float]:
    """One contender, in a process of its own."""
    asked = [sys.executable, "-m", "tests.benchmarks.contender", name, str(home), size]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(found: dict[str, list[dict[str, float]]], size: str) -> str:
    """The README's section: each line the median over the turns of one ratio."""

    def spent(name: str, turn: int) -> float:
        return found[name][turn]["cpu"] * SHARES.get(name, 1)

    events = stored_usage.SIZES[size]
    head = HEAD.format(
        day=datetime.now(UTC).date(), machine=f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})",
        size=size, events=events.events, accounts=events.accounts, days=events.days, turns=TURNS,
        wall=median(one["wall"] for one in found["history"]), peak=max(one["peak"] for one in found["history"]),
    )  # fmt: skip
    rows = []
    for what, ours, other, wanted in LINES:
        ratio = median(spent(ours, turn) / spent(other, turn) for turn in range(TURNS))
        rows.append(ROW.format(what=what, ratio=ratio, wanted=wanted, kept="yes" if ratio <= wanted else "no"))
    return head + "\n".join(rows) + "\n"


@pytest.mark.benchmark
def test_the_history_stays_in_memory_and_its_ratios_are_told(tmp_path: Path) -> None:
    size = os.environ.get("BENCH", "S")
    homes = {"": tmp_path / "plain", "burst": tmp_path / "burst"}
    for kind, home in homes.items():
        stored_usage.make(home, stored_usage.SIZES[size], burst=5 if kind else 1)
    names = ("history", "sql", "pandas", "decode", "landing", "day")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in (*names, "burst")}
    for _ in range(TURNS):
        for name in names:
            found[name].append(run(name, homes[""], size))
        found["burst"].append(run("day", homes["burst"], size))
    told = table(found, size)
    sys.stdout.write("\n" + told)
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    if rest:
        readme.write_text(f"{before}{BEGIN}\n{told}{END}{rest.partition(END)[2]}")
    assert max(one["peak"] for one in found["history"]) < MOST_MEMORY
