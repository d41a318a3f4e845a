"""Finds the browser that page tests drive; without one they are skipped, and in CI that is a failure."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "No Chromium on this machine: install Debian's `chromium` to run the tests of pages."


def chromium() -> str:
    """The browser's path."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None and os.environ.get("CI"):
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(MISSING)
    return found
