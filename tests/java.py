"""Finds Spark and the Java that it runs in; without them its tests are skipped, and in CI that is a failure."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

MISSING = (
    "No Spark on this machine: its tests need the extra `spark` and a Java runtime (Debian's `default-jre-headless`)."
)


def java() -> str:
    """The runtime's path."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    found = found if find_spec("pyspark") else None
    if found is None and os.environ.get("CI"):
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(MISSING)
    return found
