"""Finds the Java that Spark runs in; without one its tests are skipped, and in CI that is a failure."""

from __future__ import annotations

import os
import shutil

import pytest

MISSING = "No Java on this machine: install a runtime (Debian's `default-jre-headless`) to run the tests of Spark."


def java() -> str:
    """The runtime's path."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None and os.environ.get("CI"):
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(MISSING)
    return found
