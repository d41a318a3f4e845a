"""Deletes usage that is older than the workspace wants to keep it, and says how much that was."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.loop.ports import Clock
from storage.usage.local import UsageStore
from storage.usage.retention import LetGo

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OldUsage:
    """A sweep over what scoring reads; run by the process that leads."""

    usage: UsageStore
    clock: Clock
    zone: ZoneInfo
    keep_days: int

    async def run(self) -> LetGo:
        """Delete what is too old; costs nothing when nothing is."""
        before = self.clock().astimezone(self.zone).date() - timedelta(days=self.keep_days)
        gone = await asyncio.to_thread(self.usage.let_go, before)
        if gone.days or gone.late:
            log.info("old usage deleted", before=before.isoformat(), days=gone.days, bytes=gone.bytes, late=gone.late)
        return gone
