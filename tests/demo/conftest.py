"""A local Slack with three people of ours, one stranger and two channels."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack


def populate(slack: LocalSlack) -> LocalSlack:
    slack.add_user("ana", "Ana Ruiz", email="ana@lookout.test", tz="Europe/Berlin")
    slack.add_user("ben", "Ben Okafor", email="ben@lookout.test", tz="Europe/Berlin")
    slack.add_user("vera", "Vera Outside", email="vera@elsewhere.test", team_id="T0OTHER")
    slack.add_channel("cs-alerts")
    slack.add_channel("partners", shared=True)
    return slack


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as local:
        yield populate(local)


@pytest.fixture
def client(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=2)
