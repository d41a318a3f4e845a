"""Queues what Slack must be told: a card drawn anew, a line in its thread, a word to one person."""

from __future__ import annotations

from bot.loop.records import UnitOfWork
from scoring.casework import Case
from scoring.messages import Post
from scoring.model import Person


async def show(work: UnitOfWork, case_id: str) -> None:
    """Ask for the card to be brought up to date, if the case has one; held cases have none yet (R37)."""
    if await work.slack.card(case_id) is not None:
        await work.slack.want_card(case_id)


async def say_in_thread(work: UnitOfWork, case: Case, about: str, text: str) -> None:
    """A line of history under the card; the case's version makes it one per change (UX 11)."""
    await work.slack.say(Post(f"{about}:{case.id}:{case.version}", "note", "", text, case_id=case.id))


async def tell(work: UnitOfWork, person: Person | None, key: str, text: str) -> bool:
    """A direct message to one of our people, once; whether it is new. Nothing for somebody without a Slack account."""
    if person is None or not person.slack_id:
        return False
    return await work.slack.say(Post(key, "notice", person.slack_id, text))
