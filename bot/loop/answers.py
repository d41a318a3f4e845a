"""Says when an account answered last, whatever two clocks make of it (R50, R53)."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.loop.records import UnitOfWork
from scoring.casework import Outreach
from scoring.replies import ANSWERS

AFTERWARDS = timedelta(microseconds=1)


async def last_answer(work: UnitOfWork, mail: Outreach, account_id: str) -> datetime | None:
    """When the account answered last, by mail or elsewhere; None if it never did.

    An answer to `mail` itself came after it. The instants alone may say otherwise: one is of the mailbox's server, the
    other is when we noted that our own server had taken the mail.
    """
    at = await work.replies.last_answer_at(account_id)
    replies = await work.replies.of_case(mail.case_id)
    to_it = any(reply.outreach_id == mail.id and reply.kind in ANSWERS for reply in replies)
    return max(at, mail.sent_at + AFTERWARDS) if at and mail.sent_at and to_it else at
