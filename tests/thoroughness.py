"""How many examples a property is tried with: all of them in CI, a third where a person waits."""

from __future__ import annotations

import os

from hypothesis import settings

IN_CI = bool(os.environ.get("CI"))
USUAL = 100


def examples(number: int) -> int:
    """Of so many examples, how many this run tries."""
    return number if IN_CI else number // 3


PROFILE = "lookout"
settings.register_profile(PROFILE, max_examples=examples(USUAL))
