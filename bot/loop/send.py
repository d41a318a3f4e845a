"""Sends approved mails, at most once: look again, claim, hand over, record (R50, R51, R54).

A mail that was claimed is never handed over a second time by itself. If the process dies in between, its fate is
`uncertain` and a person decides. Only a refusal that is certain leads to another try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.loop.lead import Alone, Lead
from bot.loop.one_by_one import OneByOne
from bot.loop.outcome import Outcome
from bot.loop.ports import Clock, HighWater, Mailer, SentCopies
from bot.loop.records import Store, UnitOfWork
from bot.loop.restored import ANY_TIME, Unmarked, hold, is_older, mark_of
from bot.loop.second_look import MailRules, SecondLook, followed_by
from scoring.casework import Draft, Outreach, OutreachState
from scoring.errors import Unavailable
from scoring.guardrails import No
from scoring.messages import Mail

# Longer than a mail can take on its way to the server (`bot/outreach/smtp.py`): an older claim is nobody's.
PATIENCE = timedelta(minutes=5)
REST = timedelta(minutes=1)
DRAIN_SECONDS = 10.0
EVERYBODY = ""
MAIL, CLAIM = "mail", "claim of mail"

GONE = "The case or the draft of this mail no longer exists."
OTHER_LEADS = "another copy of Lookout leads"
DIED = "Lookout stopped while it was sending"


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that is ours to hand over, once."""

    outreach: Outreach
    draft: Draft
    followed: Outreach | None = None

    @property
    def mail(self) -> Mail:
        """The mail exactly as it was approved; a follow-up stands in the thread of the mail that it follows (R53)."""
        thread = self.followed.message_id if self.followed else ""
        return Mail(
            message_id=self.outreach.message_id,
            from_name=self.draft.from_name,
            from_email=self.draft.from_email,
            to_name=self.draft.to_name,
            to_email=self.draft.to_email,
            subject=self.draft.subject,
            body=self.draft.body,
            in_reply_to=thread,
            references=(thread,) if thread else (),
        )


class Send:
    """The sweep over approved mails. One instance per process; only the process that leads runs it.

    It claims only while the database says that we lead, and hands over only while our lease runs. What became of a
    mail is recorded in any case, also by a process that has lost the lead meanwhile.
    """

    def __init__(
        self,
        store: Store,
        mailer: Mailer,
        *,
        clock: Clock,
        rules: MailRules,
        ops_channel: str = "",
        lead: Lead | None = None,
        water: HighWater | None = None,
        copies: SentCopies | None = None,
        one_by_one: OneByOne | None = None,
    ) -> None:
        self._store = store
        self._lead = lead or Alone()
        self._water = water or Unmarked()
        self._mailer = mailer
        self._copies = copies
        self._one_by_one = one_by_one or OneByOne()
        self._clock = clock
        self._rules = rules
        self._ops_channel = ops_channel
        self._turn = asyncio.Lock()
        self._in_flight: set[str] = set()
        self._resting: dict[str, datetime] = {}
        self._recovered = False

    async def recover(self) -> int:
        """When this process begins to send, no other does: every claim that is left was made by one that died (D1).

        Unless that one only fell silent: then a mail may still be on its way, and its claim is left for a while.
        """
        await self._look_at_mark()
        given_up = await self._give_up(self._clock() - PATIENCE if self._lead.inherited else ANY_TIME)
        self._recovered = True
        return given_up

    async def run(self) -> int:
        """Hand over what is due, one mail after another; gives how many were handed over."""
        async with self._turn:
            await (self._give_up(self._clock() - PATIENCE) if self._recovered else self.recover())
            async with self._store.reading() as work:
                due = await work.outreach.due(self._clock())
            return sum(await self._one_by_one.each(MAIL, {mail.id: mail for mail in due}, self._hand_over))

    async def _hand_over(self, outreach: Outreach) -> bool:
        claim = None if self._rests(EVERYBODY) else await self._claim(outreach.id)
        if claim is not None:
            await _to_the_end(self._deliver(claim))
        return claim is not None

    async def _claim(self, outreach_id: str) -> Claim | None:
        """Look again and claim, in one transaction that commits before anything leaves; None when it must not leave."""
        async with self._store() as work:
            await self._lead.confirm(work)
            now, outreach = self._clock(), await work.outreach.get(outreach_id)
            if outreach is None or outreach.state is not OutreachState.APPROVED or outreach.not_before > now:
                return None
            case = await work.cases.get(outreach.case_id)
            draft = await work.outreach.latest_draft(outreach.case_id)
            outcome = self._outcome(work, now)
            if case is None or draft is None:
                await outcome.stopped(outreach, GONE)
                return None
            if self._rests(draft.from_email):
                return None
            verdict = await SecondLook(work, self._rules, case, draft).answer(now, outreach)
            if isinstance(verdict, No):
                await _keep_or_stop(outcome, outreach, verdict)
                return None
            claimed = await outcome.claimed(outreach)
            return Claim(claimed, draft, await followed_by(work, claimed)) if claimed else None

    async def _deliver(self, claim: Claim) -> None:
        if not self._lead.holds():
            await self._give_back(claim, OTHER_LEADS)
            return
        await self._mark(claim)
        self._in_flight.add(claim.outreach.id)
        try:
            receipt = await self._mailer.send(claim.mail)
            async with self._store() as work:
                await self._outcome(work, self._clock()).answered(claim.outreach, receipt)
            if receipt.cause == "setup":
                self._resting[claim.draft.from_email if receipt.own else EVERYBODY] = self._clock() + REST
            if receipt.state == "sent":
                await self._file_copy(claim)
        finally:
            self._in_flight.discard(claim.outreach.id)

    async def _mark(self, claim: Claim) -> None:
        """Remember the mail outside of the database before it is handed over; without a mark it is not (E9)."""
        try:
            await self._water.rise(mark_of(claim.outreach))
        except Unavailable as fault:
            self._resting[EVERYBODY] = self._clock() + REST
            await self._give_back(claim, str(fault))
            raise

    async def _give_back(self, claim: Claim, reason: str) -> None:
        """Something came between claim and handing over; nothing left, so the mail is due again."""
        async with self._store() as work:
            await self._outcome(work, self._clock()).given_back(claim.outreach, reason)

    async def _look_at_mark(self) -> None:
        """Whether this database knows the newest mail; if not, nothing leaves before a person looked (E9)."""
        mark = await self._water.newest()
        async with self._store.reading() as work:
            if mark is None or not await is_older(work, mark):
                return
        async with self._store() as work:
            await self._lead.confirm(work)
            await hold(work, mark, self._outcome(work, self._clock()))

    async def _give_up(self, before: datetime) -> int:
        """Claims that nobody works on any more: nobody knows whether they left, so nobody resends them (R54)."""
        async with self._store.reading() as work:
            left = {o.id: o for o in await work.outreach.stale_claims(before) if o.id not in self._in_flight}
        return sum(await self._one_by_one.each(CLAIM, left, self._unknown))

    async def _unknown(self, outreach: Outreach) -> bool:
        async with self._store() as work:
            await self._lead.confirm(work)
            await self._outcome(work, self._clock()).uncertain(outreach, DIED)
            return True

    async def _file_copy(self, claim: Claim) -> None:
        """A copy for the sender, after it is on record that the mail left; one that cannot be filed is only noted."""
        why = await self._copies.keep(claim.mail) if self._copies else ""
        if why:
            async with self._store() as work:
                await self._outcome(work, self._clock()).not_filed(claim.outreach, why)

    def _rests(self, sender: str) -> bool:
        """After a failed login or an unreachable server the other mails wait a minute instead of failing too (D5).

        Where that was a sender's own mailbox, only theirs wait.
        """
        until = self._resting.get(sender)
        return until is not None and self._clock() < until

    def _outcome(self, work: UnitOfWork, now: datetime) -> Outcome:
        return Outcome(work, now, self._ops_channel)


async def _keep_or_stop(outcome: Outcome, outreach: Outreach, verdict: No) -> None:
    if not verdict.waits:
        await outcome.stopped(outreach, verdict.reason)
    elif verdict.not_before is not None:
        await outcome.postponed(outreach, verdict.not_before)


async def _to_the_end(sending: Coroutine[None, None, None]) -> None:
    """Finish a delivery that has begun even when we are told to stop: no claim is left behind on purpose (E1)."""
    task = asyncio.ensure_future(sending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=DRAIN_SECONDS)
        raise
