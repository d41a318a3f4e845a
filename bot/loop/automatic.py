"""Lets the plays that an admin promoted write by themselves: each mail waits, so that it can be stopped (R40, R44)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.loop.intent import Planner
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Wake
from bot.loop.records import Store, UnitOfWork
from bot.loop.saying import say_in_thread
from bot.loop.wishes import Wish
from scoring import wording
from scoring.automatic import MODE_FLAG, Intended, Mode
from scoring.casework import LOOKOUT, AuditEntry
from scoring.errors import TooLate
from scoring.routing import Routing

WISH = "automatic mail"

# The card of an automatic mail is posted when it has left, with what became of it; until then the digest shows it.
AFTER_LEAVING = timedelta(minutes=2)

QUEUED = "The play “{play}” wrote to {email} by itself on {day}; the digest showed the mail before it could leave."


@dataclass(frozen=True, slots=True)
class Automatic:
    """The stage after alerting. Doing a day again queues nothing anew: a mail's key is its account and day (R40)."""

    store: Store
    planner: Planner
    routing: Routing
    clock: Clock
    wake: Wake
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self, day: date) -> list[Intended]:
        """Queue what live plays want to send about a complete day; gives what was queued."""
        wishes = {wish.intended.id: wish for wish in await self.planner.wishes(day, Mode.LIVE)}
        queued = await self.one_by_one.each(WISH, wishes, self._try)
        if queued:
            self.wake()
        return queued

    async def _try(self, wish: Wish) -> Intended | None:
        try:
            async with self.store() as work:
                return wish.intended if await self._queue(work, wish) else None
        except TooLate:
            return None  # a mail to this account is on its way already

    async def _queue(self, work: UnitOfWork, wish: Wish) -> bool:
        """Case, draft, mail and log in one transaction; nothing when the play was switched off meanwhile."""
        intended, case = wish.intended, wish.case
        if await work.flags.get(f"{MODE_FLAG}{intended.play}") != Mode.LIVE or not await work.cases.add(case):
            return False
        await work.outreach.add_draft(wish.draft)
        await work.outreach.add(wish.mail)
        await work.intended.add(intended)
        account, csm = await work.accounts.get(case.account_id), await work.accounts.person(intended.from_id)
        if account is not None:
            channel = self.routing.route(case.severity, account, csm).channel
            await work.slack.want_card(case.id, channel=channel, not_before=wish.mail.not_before + AFTER_LEAVING)
        said = QUEUED.format(email=intended.to_email, play=intended.play, day=wording.day(intended.day))
        await say_in_thread(work, case, "automatic", said)
        detail = f"{intended.play}: {wish.mail.id} {wish.draft.content_hash}"
        await work.audit.add(
            AuditEntry(self.clock(), LOOKOUT, "automatic mail queued", case.account_id, case.id, detail)
        )
        return True
