"""Counts what one person does faster than anybody can read or use it, and says so calmly (I10, I14).

The audit is the count: it survives restarts, and `lookout audit` shows it. Its newest rows are enough for a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.loop.decisions import Act
from bot.loop.records import UnitOfWork
from scoring.casework import AuditEntry, Case, Draft

UNREAD = timedelta(seconds=2)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PATIENCE = 3
CARDS_AN_HOUR = 10
NEWEST = 500

QUICKLY = "approved unread"
ASKED = "asked for a card"
READ_FIRST = (
    "You approved {count} mails today within two seconds each. They leave in a CSM's name, word "
    "for word: please read the next one first. This one can still be undone on its card."
)


async def told_to_read(act: Act, case: Case, draft: Draft) -> str:
    """Keep an approval that came too fast to have read the mail; from the third of a day on, a word about it (I14).

    Asked before the approval itself is in the audit. A card that Slack never showed tells nothing.
    """
    card = await act.work.slack.card(case.id)
    if card is None or not card.ts:
        return ""
    day = await act.work.audit.done_by(act.key, act.now - DAY, among=NEWEST)
    before = [at for at, action in day if action == "approved"]
    if act.now - max(_posted(card.ts), draft.created_at, *before) >= UNREAD:
        return ""
    await act.work.audit.add(AuditEntry(act.now, act.key, QUICKLY, case.account_id, case.id))
    count = 1 + sum(action == QUICKLY for _, action in day)
    return READ_FIRST.format(count=count) if count >= PATIENCE else ""


async def asks_again_at(work: UnitOfWork, who: str, now: datetime) -> datetime | None:
    """When somebody who asked for many cards within the hour may ask for the next; None for at once (I10)."""
    done = await work.audit.done_by(who, now - HOUR, among=NEWEST)
    asked = [at for at, action in done if action == ASKED]
    return asked[CARDS_AN_HOUR - 1] + HOUR if len(asked) >= CARDS_AN_HOUR else None


def _posted(ts: str) -> datetime:
    """Slack names a message by the second in which it was posted."""
    return datetime.fromtimestamp(float(ts), UTC)
