"""Shared ground of all tests: no real network, no settings from this machine, one venue per test."""

from __future__ import annotations

import os

import pytest

CLEANED = ("SLACK_", "OPENAI_", "LOOKOUT_", "DATABASE_URL")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees this machine's settings or `.env`."""
    for name in list(os.environ):
        if name.startswith(CLEANED):
            monkeypatch.delenv(name)
