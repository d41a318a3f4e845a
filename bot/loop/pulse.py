"""Asks Slack once a minute whether we are still let in, so that a revoked token stops the mails too (B15)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.loop.lost import find_slack, lose_slack, slack_is_lost
from bot.loop.ports import Clock, Notifier
from bot.loop.records import Store
from scoring.errors import SlackRefused, Unavailable

SHUT_OUT = (
    "Slack no longer lets Lookout in ({code}). No card is posted and no mail leaves until it does. Install the app "
    "again, put the new token into .env, and start Lookout anew; `lookout doctor` says what is missing."
)


@dataclass(frozen=True, slots=True)
class Pulse:
    """A sweep; a Slack that is merely down changes nothing."""

    store: Store
    notifier: Notifier
    clock: Clock

    async def run(self) -> None:
        """Look, and remember a change. `Unavailable` while we are shut out: operators read it in log and readiness."""
        try:
            await self.notifier.reach()
        except SlackRefused as refusal:
            if not refusal.revoked:
                return
            async with self.store() as work:
                await lose_slack(work, refusal.code, self.clock())
            raise Unavailable(SHUT_OUT.format(code=refusal.code), permanent=True) from None
        async with self.store.reading() as work:
            lost = await slack_is_lost(work)
        if lost:
            async with self.store() as work:
                await find_slack(work, self.clock())
