"""The real bot in the demo's hands: built as for any workspace, only its clock and its customers are invented."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from bot.app import App, build
from bot.config import Settings
from bot.loop.ports import Clock
from scoring.model import Account, Milestone, Person


class LiveBot:
    """Implements the stage's `DemoBot` over `bot.app`."""

    def __init__(self, app: App) -> None:
        self.app = app

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
        await self.app.daily.run()

    async def tell(self) -> None:
        """Work off everything that is due now."""
        await self.app.tell()

    async def start(self) -> None:
        """Answer Slack and go on by the schedule."""
        await self.app.start()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.app.stop()


async def live_bot(settings: Settings, clock: Clock) -> LiveBot:
    """Build the bot that the demo shows."""
    return LiveBot(await build(settings, clock=clock))
