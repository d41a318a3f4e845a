"""What the tests of prompts share: the library, a model's service that does as told, and a writer in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from prompts.library import Library
from prompts.writer import DraftWriter
from tests.prompts.people import LINKS
from tests.prompts.stand_in import Service


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    running = await Service().start()
    yield running
    await running.stop()


@pytest.fixture
async def writer_at(library: Library, service: Service) -> AsyncIterator[Callable[..., DraftWriter]]:
    made: list[DraftWriter] = []

    def make(**changes: object) -> DraftWriter:
        settings = {
            "api_key": "sk-secret-key",
            "base_url": service.url,
            "model": "tiny-1",
            "links": LINKS,
            "product_name": "Orbit",
            "budget_seconds": 5.0,
        }
        made.append(DraftWriter(library, **(settings | changes)))
        return made[-1]

    yield make
    for writer in made:
        await writer.close()
