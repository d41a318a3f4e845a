"""The real bot in the demo's hands: built as for any workspace, only its clock and its customers are invented."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.app import App, build
from bot.config import Settings
from bot.inbound.reading import arrival_of
from bot.loop.ports import Clock
from handlers.notifier import SlackNotifier, slack_client
from scoring.model import Account, Milestone, Person

DAILY = "daily"


class LiveBot:
    """Implements the stage's `DemoBot` over `bot.app`. A sweep never runs twice at once, whoever asks for it."""

    def __init__(self, app: App) -> None:
        self.app = app
        app.schedule.sweeps = tuple(replace(sweep, run=_one_at_a_time(sweep.run)) for sweep in app.schedule.sweeps)

    async def load(
        self, accounts: Iterable[Account], people: Iterable[Person], milestones: Iterable[Milestone]
    ) -> None:
        """Store who the customers are, as an import would."""
        async with self.app.store() as work:
            await work.accounts.upsert_people(person for person in people if person.account_id is None)
            await work.accounts.upsert(accounts)
        async with self.app.store() as work:
            await work.accounts.upsert_people(person for person in people if person.account_id is not None)
            await work.accounts.upsert_milestones(milestones)

    async def take(self, batch_id: str, columns: Mapping[str, Any]) -> None:
        """Store usage, as an import would."""
        await asyncio.to_thread(self.app.usage.append_columns, batch_id, columns)

    async def daily(self) -> None:
        """Score, detect and alert for every complete day that is due."""
        await next(sweep for sweep in self.app.schedule.sweeps if sweep.name == DAILY).run()

    async def tell(self) -> None:
        """Work off everything that is due now."""
        await self.app.tell()

    async def receive(self, mail: bytes) -> None:
        """Take in a mail that answers one of ours, as from a mailbox."""
        await self.app.returns.take(arrival_of(mail, self.app.clock()))

    async def start(self) -> None:
        """Answer Slack and go on by the schedule."""
        await self.app.start()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.app.stop()


async def live_bot(settings: Settings, clock: Clock) -> LiveBot:
    """Build the bot that the demo shows."""
    client = slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    return LiveBot(await build(settings, clock=clock, notifier=SlackNotifier(client, sleep=_at_once)))


async def _at_once(_seconds: float) -> None:
    """Slack takes one message a second in a channel; the demo's own takes all, and a fortnight is played at once."""


def _one_at_a_time(run: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """The demo asks for a sweep when its clock has moved; the bot's own schedule may be at it already."""
    lock = asyncio.Lock()

    async def alone() -> object:
        async with lock:
            return await run()

    return alone
