"""Plays in shadow: the whole way to a mail, and at its end a sentence for the operators instead of a mail (R44).

Nothing here can send. What it holds opens transactions that only read, and a book that takes two kinds of entries: a
line of the log, and a message to the operators. Neither a mail server nor the outbox of mails can be reached from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.loop.intent import Planner, Reading
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock
from bot.loop.records import Store
from bot.loop.second_look import MailRules
from bot.loop.wishes import as_live, rehearse
from scoring.automatic import Fate, Intended, Mode
from scoring.guardrails import No
from scoring.messages import Post

INTENDED = "rehearsed mail"

WOULD_SEND = (
    "Shadow, nothing was sent. The play “{play}” would have sent this now to {name} <{email}> at {account}, from "
    "{sender}:\n{subject}\n\n{body}"
)
WOULD_STOP = (
    "Shadow, nothing was sent. The play “{play}” planned a mail to {email}; it would have been stopped: {reason}"
)


class ShadowBook(Protocol):
    """All that shadow may write down."""

    async def plan(self, intended: Intended) -> bool:
        """A mail that would leave later; False when it is known."""

    async def settle(self, intended: Intended, fate: Fate, reason: str, post: Post | None) -> bool:
        """What would have become of it, and what operators are told; False when that is known."""

    async def postpone(self, intended: Intended, until: datetime) -> None:
        """It would have waited."""


@dataclass(frozen=True, slots=True)
class StoredBook:
    """The book in our database: the log's rows and the operators' messages, and nothing else."""

    store: Store

    async def plan(self, intended: Intended) -> bool:
        """A mail that would leave later; False when it is known."""
        async with self.store() as work:
            return await work.intended.add(intended)

    async def settle(self, intended: Intended, fate: Fate, reason: str, post: Post | None) -> bool:
        """What would have become of it, and what operators are told; False when that is known."""
        async with self.store() as work:
            new = await work.intended.found(intended.id, fate, reason)
            if new and post is not None:
                await work.slack.say(post)
            return new

    async def postpone(self, intended: Intended, until: datetime) -> None:
        """It would have waited."""
        async with self.store() as work:
            await work.intended.postpone(intended.id, until)


@dataclass(frozen=True, slots=True)
class Shadow:
    """The stage after alerting, beside the live one; `settle` is its sweep at the time when a mail would leave."""

    planner: Planner
    reading: Reading
    book: ShadowBook
    rules: MailRules
    clock: Clock
    ops_channel: str
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self, day: date) -> list[Intended]:
        """Note what the plays in shadow would send about a complete day."""
        wishes = await self.planner.wishes(day, Mode.SHADOW)
        return [wish.intended for wish in wishes if await self.book.plan(wish.intended)]

    async def settle(self) -> int:
        """Look a second time at what would leave now, exactly as live does, and say what would have happened."""
        async with self.reading() as work:
            due = await work.intended.planned(self.clock())
        return sum(await self.one_by_one.each(INTENDED, {one.id: one for one in due}, self._settle))

    async def _settle(self, intended: Intended) -> bool:
        async with self.reading() as work:
            verdict = await rehearse(work, self.rules, as_live(intended), self.clock())
            account = await work.accounts.get(intended.account_id)
        if isinstance(verdict, No) and verdict.waits:
            if verdict.not_before is not None:
                await self.book.postpone(intended, verdict.not_before)
            return False
        fate = Fate.WOULD_STOP if isinstance(verdict, No) else Fate.WOULD_SEND
        reason = verdict.reason if isinstance(verdict, No) else ""
        post = self._post(intended, reason, account.name if account else intended.account_id)
        return await self.book.settle(intended, fate, reason, post)

    def _post(self, intended: Intended, reason: str, account: str) -> Post | None:
        if not self.ops_channel:
            return None
        text = WOULD_STOP if reason else WOULD_SEND
        said = text.format(
            play=intended.play,
            name=intended.to_name,
            email=intended.to_email,
            account=account,
            sender=intended.from_name,
            subject=intended.subject,
            body=intended.body,
            reason=reason,
        )
        return Post(f"shadow:{intended.id}", "shadow", self.ops_channel, f"{intended.play}\n{said}")
