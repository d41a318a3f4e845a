"""How one process shares its time between people who wait for an answer and a morning that is worked out."""

from __future__ import annotations

import gc
import sys

SWITCH_SECONDS = 0.0005
"""A thread that computes hands over this often: a click needs dozens of hand-overs, else of five milliseconds."""
COLLECT_AFTER = (10_000, 50, 100)
"""A morning makes a million values that all live: to go through them for cycles again and again stops everybody."""


def people_first() -> None:
    """Called once, when the bot has been put together and begins to answer."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
