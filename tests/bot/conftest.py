"""Fixtures for what the bot runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.ingestion import Venue, ingestion


@pytest.fixture
async def venue(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Venue]:
    """A real ingestion server on SQLite."""
    async with ingestion(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
async def any_venue(any_url: str, tmp_path: Path) -> AsyncIterator[Venue]:
    """A real ingestion server on each backend."""
    async with ingestion(any_url, tmp_path) as running:
        yield running
