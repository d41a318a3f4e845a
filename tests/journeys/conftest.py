"""The whole bot between a local Slack and a mailbox, with one open case; on SQLite and on Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.app import App, build
from bot.config import Settings
from bot.demo.clock import DemoClock
from bot.demo.mailbox import Letter, Mailbox
from bot.demo.run import DemoSettings, free_port
from bot.demo.slack import LocalSlack
from bot.demo.slack_objects import Message
from tests.builders import a_case, a_contact, a_csm, a_draft, a_snapshot, an_account, remember

TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DAY = datetime(2026, 11, 23, tzinfo=UTC).date()
STARVED = 60.0
"""Seconds that this Slack waits for the bot on a machine with other work; what must be quick is measured by itself."""


@dataclass
class Venue:
    """A bot at work: press its buttons through Slack, read what customers got in the mailbox."""

    app: App
    slack: LocalSlack
    mailbox: Mailbox
    clock: DemoClock

    @property
    def letters(self) -> list[Letter]:
        return list(self.mailbox.letters)

    def card(self) -> Message:
        return next(m for m in self.slack.messages("#cs-alerts") if m.text and not m.thread_ts)

    async def until(self, true: Callable[[], Any], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - what is awaited happens in the bot
                await asyncio.sleep(0.02)

    async def case(self, **more: Any) -> None:
        """An account that fades, with its card in the channel."""
        account = more.pop("account", None) or an_account()
        await remember(self.app.store, account, a_contact(timezone="UTC"), a_snapshot(day=DAY, score=52.0))
        await remember(self.app.store, a_case(opened_at=self.clock(), **more), a_draft(created_at=self.clock()))
        async with self.app.store() as work:
            await work.slack.want_card("case-1", channel="#cs-alerts")
        self.app.schedule.wake()
        await self.until(lambda: any(not m.thread_ts for m in self.slack.messages("#cs-alerts")))


def settings_for(
    slack: LocalSlack, mailbox: Mailbox, *, home: Path, url: str, socket: bool, **more: object
) -> Settings:
    values: dict[str, object] = {
        "slack_bot_token": slack.bot_token,
        "slack_app_token": slack.app_token if socket else "",
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": slack.api_url,
        "database_url": url,
        "LOOKOUT_HOME": home,
        "LOOKOUT_PORT": free_port(),
        "LOOKOUT_WRITE_KEYS": ("journey-key",),
        "LOOKOUT_SMTP_HOST": mailbox.host,
        "LOOKOUT_SMTP_PORT": mailbox.port,
        "LOOKOUT_SMTP_TLS": "none",
        "LOOKOUT_MAIL_DOMAINS": ("us.test",),
    }
    return DemoSettings(**values | more)  # type: ignore[arg-type]


@asynccontextmanager
async def opened_venue(home: Path, url: str, *, socket: bool = False, **more: object) -> AsyncIterator[Venue]:
    clock = DemoClock(ZoneInfo("UTC"), start=TUESDAY)
    slack = LocalSlack(clock=clock)
    slack.http.patience = slack.sockets.patience = STARVED
    for name in ("dana", "ben"):
        slack.add_user(name, f"{name.title()} Reyes", email=f"{name}@us.test", tz="UTC", user_id=f"U{name.upper()}")
    slack.add_user("vera", "Vera", email="vera@partner.test", team_id="T0OTHER", user_id="UVERA")
    slack.add_channel("cs-alerts")
    slack.add_channel("cs-digest")
    async with Mailbox(clock) as mailbox, slack:
        settings = settings_for(slack, mailbox, home=home, url=url, socket=socket, **more)
        slack.request_url = f"http://127.0.0.1:{settings.port}/slack/events"
        app = await build(settings, clock=clock)
        async with app.store() as work:
            await work.flags.set("day_done", DAY.isoformat())
            await work.flags.set("first_run", DAY.isoformat())
        await remember(app.store, a_csm(timezone="UTC"), a_csm("csm-ben", slack_id="UBEN", timezone="UTC"))
        await app.start()
        try:
            yield Venue(app, slack, mailbox, clock)
        finally:
            await app.stop()


@pytest.fixture
async def venue(tmp_path: Path, any_url: str) -> AsyncIterator[Venue]:
    """A bot over HTTP, on each database."""
    async with opened_venue(tmp_path / "home", any_url) as made:
        yield made


@pytest.fixture(params=["http", "socket"])
async def either_way(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> AsyncIterator[Venue]:
    """A bot over HTTP and over Socket Mode."""
    async with opened_venue(tmp_path / "home", sqlite_url, socket=request.param == "socket") as made:
        yield made
