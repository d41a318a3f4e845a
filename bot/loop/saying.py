"""Queues what Slack must be told: a card drawn anew, a line in its thread, a word to one person, and to whom."""

from __future__ import annotations

from datetime import datetime

from bot.loop.cover import acting_for
from bot.loop.records import UnitOfWork
from bot.loop.second_look import person_of
from scoring.casework import Case, Outreach
from scoring.messages import Post
from scoring.model import Person


async def show(work: UnitOfWork, case_id: str) -> None:
    """Ask for the card to be brought up to date, if the case has one; held cases have none yet (R37)."""
    await work.slack.redraw(case_id)


async def say_in_thread(work: UnitOfWork, case: Case, about: str, text: str) -> None:
    """A line of history under the card; the case's version makes it one per change (UX 11)."""
    await work.slack.say(Post(f"{about}:{case.id}:{case.version}", "note", "", text, case_id=case.id))


async def tell(
    work: UnitOfWork, person: Person | None, key: str, text: str, *, not_before: datetime | None = None
) -> bool:
    """A direct message to one of our people, once; whether it is new. Nothing for somebody without a Slack account."""
    if person is None or not person.slack_id:
        return False
    return await work.slack.say(Post(key, "notice", person.slack_id, text, not_before=not_before))


async def concerned(work: UnitOfWork, mail: Outreach, now: datetime) -> Person | None:
    """Who must hear of a mail: who approved it; where no person did, or they left, whoever acts for the account."""
    approver = await person_of(work, mail.approved_by)
    if approver is not None and not approver.left:
        return approver
    case, account = await work.cases.get(mail.case_id), await work.accounts.get(mail.account_id)
    owner_id = (case.csm_id if case else None) or (account.csm_id if account else None)
    owner = await work.accounts.person(owner_id) if owner_id else None
    acting = await acting_for(work, owner, now)
    return approver if acting is None or acting.left else acting
