"""How long we took ourselves: promises about seconds are kept by a machine that has them to give."""

from __future__ import annotations

import time
from pathlib import Path

WAITED = Path("/proc/self/schedstat")
"""Linux: nanoseconds that our main thread ran, and that it was ready to run while others had the processor."""


def own_seconds() -> float:
    """A clock that stands still while we wait for a processor, and runs while we work, sleep, or wait for an answer."""
    waited = int(WAITED.read_text().split()[1]) / 1e9 if WAITED.exists() else 0.0
    return time.monotonic() - waited
