"""A bot that is killed takes its scoring process along, whatever that is working on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BOT = """
import os, sys, time
from bot.scoring_run.process import scoring_process

if __name__ == "__main__":
    pool = scoring_process()
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600)
    time.sleep(600)
"""
PATIENCE = 20


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_bot_leaves_no_scoring_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "bot_of_one.py"
    script.write_text(BOT)
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=path) as bot:
        assert bot.stdout is not None
        worker = int(bot.stdout.readline())
        assert lives(worker)
        bot.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while lives(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = lives(worker)
    if left:
        os.kill(worker, signal.SIGKILL)
    assert not left
