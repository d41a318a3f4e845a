"""What is kept of how a draft was made, and what is never logged: keys, prompts and people."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.ids import Action
from tests.builders import a_case, a_contact, a_snapshot, an_account, remember
from tests.journeys.conftest import DAY, Venue, opened_venue
from tests.prompts.stand_in import Service, error, says

KEY, RELAY = "sk-canary-key-7141", "canary-password-7141"
GOOD = (
    "I would like to take some work off your shoulders, so here is one concrete idea.\n\n"
    "Choose the one result that matters most to your team this month, and write it where everybody sees it. Then ask "
    "of each thing you do whether it serves that result. What does not can wait, and what does becomes easier to keep "
    "up.\n\n"
    "Which result matters most to you at the moment?"
)
CANARIES = (KEY, RELAY, "Quillon", "quillon@acme.test", "Zephyrine", "xoxb-", "journey-key")


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    running = await Service().start()
    yield running
    await running.stop()


async def drafted(venue: Venue) -> Any:
    """An open case of an account whose contact and name are canaries; its draft, once it is written."""
    await remember(
        venue.app.store,
        an_account(name="Zephyrine"),
        a_contact(name="Quillon Vask", email="quillon@acme.test", timezone="UTC"),
        a_snapshot(day=DAY, score=52.0),
        a_case(opened_at=venue.clock()),
    )
    async with venue.app.store() as work:
        await work.slack.want_card("case-1", channel="#cs-alerts")
    await venue.app.tell()
    async with venue.app.store.reading() as work:
        return await work.outreach.latest_draft("case-1")


def with_model(service: Service, name: str = "tiny-1") -> dict[str, object]:
    return {"openai_api_key": KEY, "openai_base_url": service.url, "openai_model": name}


async def test_each_draft_keeps_which_model_and_which_prompt_wrote_it(
    tmp_path: Path, sqlite_url: str, service: Service
) -> None:
    service.will(says("One idea for your team", GOOD))
    async with opened_venue(tmp_path / "home", sqlite_url, **with_model(service, "tiny-2")) as venue:
        draft = await drafted(venue)
        await venue.until(lambda: "written by tiny-2" in venue.card().words)

    assert [request["model"] for request in service.requests] == ["tiny-2"] * len(service.requests)
    assert (draft.origin, draft.note) == ("tiny-2", "")
    assert draft.prompt_version == "low_score@1"


async def test_no_key_prompt_or_person_is_in_what_operators_read_while_everything_fails(
    tmp_path: Path,
    sqlite_url: str,
    service: Service,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    service.will(error(401, f"wrong key {KEY} for Quillon Vask of Zephyrine"))
    relay = {"LOOKOUT_SMTP_USERNAME": "lookout", "LOOKOUT_SMTP_PASSWORD": RELAY, "LOOKOUT_SMTP_PORT": 1}
    async with opened_venue(tmp_path / "home", sqlite_url, **with_model(service), **relay) as venue:
        draft = await drafted(venue)
        await venue.until(lambda: "Zephyrine" in venue.card().words)
        await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="dana")
        venue.clock.move_to(venue.clock() + timedelta(seconds=11))
        await venue.app.send.run()
        async with venue.app.store.reading() as work:
            mail = await work.outreach.latest_of("case-1")

    assert (draft.origin, mail.attempts > 0, mail.error != "") == ("template", True, True)
    read = "".join(capfd.readouterr()) + caplog.text
    assert "lookout is running" in read
    assert [canary for canary in CANARIES if canary in read] == []
