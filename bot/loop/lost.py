"""Remembers that Slack no longer lets us in; until it does again nothing leaves for customers (B15).

Nobody could see what was sent, undo it, or stop it.
"""

from __future__ import annotations

from datetime import datetime

from bot.loop.records import UnitOfWork
from scoring.casework import LOOKOUT, AuditEntry

SLACK_LOST = "slack_lost"


async def slack_is_lost(work: UnitOfWork) -> bool:
    """Whether we are shut out."""
    return await work.flags.get(SLACK_LOST) is not None


async def lose_slack(work: UnitOfWork, code: str, now: datetime) -> None:
    """Remember since when, and by which of Slack's answers; the first stands."""
    if await work.flags.claim(SLACK_LOST, f"{code} {now.isoformat()}"):
        await work.audit.add(AuditEntry(now, LOOKOUT, "shut out of Slack", detail=code))


async def find_slack(work: UnitOfWork, now: datetime) -> None:
    """Slack lets us in again: cards are posted and mails leave as before."""
    if await slack_is_lost(work):
        await work.flags.set(SLACK_LOST, None)
        await work.audit.add(AuditEntry(now, LOOKOUT, "let into Slack again"))
