"""Notices a database that is older than the newest mail: a restored backup; nothing leaves then before a person looked.

A mail that the backup still calls approved may have left after the backup was made, so it becomes `uncertain`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.loop.outcome import Outcome
from bot.loop.records import UnitOfWork
from scoring.casework import LOOKOUT, AuditEntry, Outreach, OutreachState
from scoring.messages import Post

ANSWERED = "restored"
ANY_TIME = datetime(9000, 1, 1, tzinfo=UTC)

PAUSED_BY = "a restored database"
MAY_HAVE_LEFT = "The database is older than the newest mail that left, so this one may have left before."
NOTICE = (
    "The database is older than the newest mail that left: it was restored from a backup, or made anew. All sending is "
    "paused, and mails that were approved wait for a decision on their cards. Mails that left since the backup are not "
    "known here: look them up at your mail server before you run `lookout resume`."
)


def mark_of(mail: Outreach) -> str:
    """What is remembered of a mail outside of the database: which one, and which attempt."""
    return f"{mail.id} {mail.attempts}"


class Unmarked:
    """Stands where nothing is remembered outside of the database."""

    async def newest(self) -> str | None:
        """Nothing."""
        return None

    async def rise(self, mark: str) -> None:
        """Forget it."""


async def is_older(work: UnitOfWork, mark: str) -> bool:
    """Whether this database never claimed the mail of a mark, or not as often, and nobody was asked about it yet."""
    outreach_id, _, attempts = mark.rpartition(" ")
    known = await work.outreach.get(outreach_id)
    claimed = known is not None and attempts.isdecimal() and known.attempts >= int(attempts)
    return not claimed and await work.flags.get(ANSWERED) != mark


async def hold(work: UnitOfWork, mark: str, outcome: Outcome) -> None:
    """Pause all sending, and leave each approved mail to a person (E9); once for each mark."""
    now = outcome.now
    await work.flags.set(ANSWERED, mark)
    await work.flags.set("paused", f"{PAUSED_BY} {now.isoformat()}")
    await work.audit.add(AuditEntry(now, LOOKOUT, "paused", detail=NOTICE))
    for mail in await work.outreach.due(ANY_TIME):
        claimed = await work.outreach.move(mail.id, mail.state, OutreachState.SENDING, claimed_at=now)
        if claimed is not None:
            await outcome.uncertain(claimed, MAY_HAVE_LEFT)
    if outcome.ops_channel:
        await work.slack.say(Post(f"restored:{mark}", "notice", outcome.ops_channel, NOTICE))
