"""Finds our CSMs in Slack by their e-mail address, so that digests and cards reach them before they ever click."""

from __future__ import annotations

from dataclasses import dataclass

from bot.loop.ports import Notifier
from bot.loop.records import Store
from scoring.errors import SlackRefused


@dataclass(frozen=True, slots=True)
class RollCall:
    """A sweep over CSMs that no Slack user is known for."""

    store: Store
    notifier: Notifier

    async def run(self) -> int:
        """Link whoever Slack knows; how many were linked. When Slack refuses, the next sweep asks again."""
        async with self.store.reading() as work:
            unknown = [csm for csm in await work.accounts.csms() if csm.email and not csm.slack_id and not csm.left]
        linked = 0
        for csm in unknown:
            try:
                found = await self.notifier.user_by_email(csm.email)
            except SlackRefused:
                return linked
            if found is not None:
                async with self.store() as work:
                    await work.accounts.link_slack(csm.id, found[0], found[1] or csm.timezone)
                linked += 1
        return linked
