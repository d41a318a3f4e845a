"""Finds our CSMs in Slack by their e-mail address, and sees who is away by their status, where a team wants that."""

from __future__ import annotations

from dataclasses import dataclass

from bot.loop.ports import Clock, Notifier
from bot.loop.records import Store
from bot.loop.rota import ByStatus
from scoring.errors import SlackRefused


@dataclass(frozen=True, slots=True)
class RollCall:
    """A sweep over CSMs that no Slack user is known for."""

    store: Store
    notifier: Notifier
    clock: Clock
    by_status: ByStatus | None = None

    async def run(self) -> int:
        """Link whoever Slack knows; how many were linked. When Slack refuses, the next sweep asks again."""
        linked = await self._link()
        if self.by_status is not None:
            await self._look_at_status(self.by_status)
        return linked

    async def _look_at_status(self, by_status: ByStatus) -> None:
        """A vacation or sick status with an end is an absence until then; a status taken away ends it (R50)."""
        async with self.store.reading() as work:
            present = [csm for csm in await work.accounts.csms() if csm.slack_id and not csm.left]
        for csm in present:
            try:
                until = await self.notifier.away_until(csm.slack_id)
            except SlackRefused:
                return
            async with self.store() as work:
                await by_status.told(work, csm, until, self.clock())

    async def _link(self) -> int:
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
