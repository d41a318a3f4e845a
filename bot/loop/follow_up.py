"""Follows a mail that nobody answered: once, a week later, if nothing speaks against it (R53).

What decides is read anew at each step: here before the text is written, here again when the mail is queued, and by
the second look when it leaves. The row of a follow-up leaves `waiting` once, so there is never a second mail.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.loop.approve import message_id
from bot.loop.following import View, view
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Writer
from bot.loop.quiet_step import step
from bot.loop.records import Store, UnitOfWork
from bot.loop.saying import say_in_thread, show
from bot.loop.second_look import MailRules
from scoring import wording
from scoring.casework import LOOKOUT, AuditEntry, Case, CaseState, Draft, Outreach, OutreachKind, OutreachState
from scoring.errors import TooLate
from scoring.facts import draft_facts
from scoring.follow_up import (
    FOLLOW_UP_PLAY,
    LATEST,
    SAME_AGAIN,
    FollowUp,
    FollowUps,
    FollowUpState,
    due_at,
    reply_subject,
    says_the_same,
)
from scoring.mail_plan import zone_of

LOOK_BACK = timedelta(days=7) + LATEST
KEPT = frozenset({"contact.first_name", "account.name"})
LEANS_ON_FEATURE = frozenset({"tip", "feature.name", "feature.last"})

UNPLANNED, ANSWERED, DUE = "plan to follow up mail", "answered follow-up of mail", "follow-up of mail"

SCHEDULED = (
    "If nobody answers, one follow-up leaves by itself on {when}, where {name} is. The card has a button that stops it."
)
WILL_ASK = "If nobody answers, Lookout proposes a follow-up on {when}; a person then decides and sends it."
QUEUED = (
    "The follow-up to {email} leaves on {when}. Until then Undo on the card stops it. It says:\n{subject}\n\n{body}"
)
PROPOSED = "Lookout proposes a follow-up to {email}: read it on the card, then approve or snooze it. {reason}"
CANCELLED = "There is no follow-up. {reason}"


@dataclass(frozen=True, slots=True)
class Follow:
    """The sweep over mails without an answer. The text is written between two transactions, never inside one."""

    store: Store
    writer: Writer
    rules: MailRules
    clock: Clock
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self) -> int:
        """Plan what has no follow-up yet, and take what is due; how many follow-ups were queued or proposed."""
        await self._plan()
        await self._call_off()
        async with self.store.reading() as work:
            due = await work.follow_ups.due(self.clock())
        return sum(await self.one_by_one.each(DUE, {one.outreach_id: one for one in due}, self._take))

    async def _plan(self) -> None:
        """Every mail that left gets its one row, however it came to count as sent; an outage only makes it later."""
        if self.rules.guard.policy.follow_ups is FollowUps.OFF:
            return
        async with self.store.reading() as work:
            mails = await work.follow_ups.without(self.clock() - LOOK_BACK)
        await self.one_by_one.each(UNPLANNED, {mail.id: mail for mail in mails}, self._announce)

    async def _call_off(self) -> None:
        """An answer ends a follow-up at once, so that nobody reads on a card what will not come."""
        async with self.store.reading() as work:
            answered = await work.follow_ups.answered()
        await self.one_by_one.each(ANSWERED, {one.outreach_id: one for one in answered}, self._end_answered)

    async def _end_answered(self, follow_up: FollowUp) -> None:
        async with self.store.reading() as work:
            seen = await view(work, follow_up, self.rules, self.clock())
        if seen.stop:
            await self._drop(seen)

    async def _announce(self, mail: Outreach) -> None:
        async with self.store() as work:
            await self._plan_one(work, mail)

    async def _plan_one(self, work: UnitOfWork, mail: Outreach) -> None:
        case, account = await work.cases.get(mail.case_id), await work.accounts.get(mail.account_id)
        contact, draft = await work.accounts.person(mail.to_id), await work.outreach.draft(mail.draft_id)
        if case is None or account is None or draft is None:
            return
        zone = zone_of(contact, account, await work.accounts.person(draft.from_id), self.rules.guard)
        due = due_at(mail.sent_at or self.clock(), zone, self.rules.guard.hours)
        follow_up = FollowUp(mail.id, case.id, account.id, due, changed_at=self.clock())
        if not await work.follow_ups.add(follow_up) or case.state is not CaseState.CONTACTED:
            return
        seen = await view(work, follow_up, self.rules, self.clock())
        text = WILL_ASK if seen.ask else SCHEDULED
        local = due.astimezone(zone)
        when = f"{local:%A} {wording.day(local.date())} at {local:%H:%M}"
        await say_in_thread(
            work, case, "follow-up planned", text.format(when=when, name=draft.to_name or "the contact")
        )
        await self._audit(work, case, "follow-up planned", due.isoformat())
        await show(work, case.id)

    async def _take(self, follow_up: FollowUp) -> bool:
        """One that is due: dropped with its reason, kept waiting, or written and queued."""
        async with self.store.reading() as work:
            seen = await view(work, follow_up, self.rules, self.clock())
            material = await self._material(work, seen) if seen.go else None
        if material is None:
            if seen.stop:
                await self._drop(seen)
            return False
        written = await self.writer.write(play=FOLLOW_UP_PLAY, now=self.clock(), **material)
        draft = replace(
            seen.draft,
            subject=reply_subject(seen.draft.subject),
            body=written.body,
            origin=written.origin,
            play=FOLLOW_UP_PLAY,
            created_at=self.clock(),
            prompt_version=written.prompt_version,
            note=written.note,
            fact_ids=written.fact_ids,
            findings=(),
        )
        doubts = [text for _, text in self.writer.check(written.subject, draft.body, **material)]
        doubts += [SAME_AGAIN] if says_the_same(seen.draft.body, draft.body) else []
        try:
            async with self.store() as work:
                return await self._queue(work, follow_up, draft, doubts)
        except TooLate:
            return False  # another mail of this case is on its way; the next look finds it sent, and drops this one

    async def _material(self, work: UnitOfWork, seen: View) -> dict[str, Any] | None:
        """What the text is made from: what the first mail has not used, so that it says something new (R53)."""
        contact, sender = await work.accounts.person(seen.draft.to_id), await work.accounts.person(seen.draft.from_id)
        account = seen.account
        if account is None or contact is None or sender is None:
            return None
        milestones = await work.accounts.milestones()
        snapshot, used = await work.snapshots.newest(account.id), set(seen.draft.fact_ids) - KEPT
        used |= {"feature.last"} if used & LEANS_ON_FEATURE else set()
        if seen.draft.origin not in {"template", ""} and not used:
            used |= {"feature.last", "goal"}  # a model or a person wrote it and named nothing: it has used the obvious
        facts = draft_facts(account, contact, snapshot, triggers=seen.case.triggers, milestones=milestones)
        return {
            "account": replace(account, goal="") if "goal" in used else account,
            "contact": contact,
            "csm": sender,
            "facts": tuple(fact for fact in facts if fact.id not in used),
        }

    async def _drop(self, seen: View) -> None:
        state = FollowUpState.LATE if seen.late else FollowUpState.CANCELLED
        async with self.store() as work:
            await self._end(work, seen, state)

    async def _end(self, work: UnitOfWork, seen: View, state: FollowUpState) -> None:
        if await work.follow_ups.move(
            seen.follow_up.outreach_id, state, reason=seen.stop, changed_by=LOOKOUT, changed_at=self.clock()
        ):
            await say_in_thread(work, seen.case, "follow-up dropped", CANCELLED.format(reason=seen.stop))
            await self._audit(work, seen.case, f"follow-up {state}", seen.follow_up.outreach_id)
            await show(work, seen.case.id)

    async def _queue(self, work: UnitOfWork, follow_up: FollowUp, draft: Draft, doubts: list[str]) -> bool:
        """Look once more, and give the text to the outbox or to a person; all of it in one transaction."""
        now = self.clock()
        seen = await view(work, follow_up, self.rules, now)
        if not seen.go:
            if seen.stop:
                await self._end(work, seen, FollowUpState.LATE if seen.late else FollowUpState.CANCELLED)
            return False
        latest = await work.outreach.latest_draft(seen.case.id)
        version = (latest.version if latest else 0) + 1
        draft = replace(draft, id=f"{seen.case.id}:v{version}", version=version)
        reason = seen.ask or next(iter(doubts), "")
        mail = self._mail(seen, draft, now)
        moved = await work.follow_ups.move(
            follow_up.outreach_id,
            FollowUpState.PROPOSED if reason else FollowUpState.QUEUED,
            reason=reason,
            draft_id=draft.id,
            mail_id="" if reason else mail.id,
            changed_by=LOOKOUT,
            changed_at=now,
        )
        if not moved or not await work.outreach.add_draft(draft):
            raise TooLate("somebody was faster")
        await (self._propose(work, seen.case, draft, reason) if reason else self._send(work, seen, draft, mail))
        return True

    def _mail(self, seen: View, draft: Draft, now: datetime) -> Outreach:
        mail_id = f"{seen.case.id}.{seen.case.version + 1:05d}"
        guard = self.rules.guard
        hold = timedelta(minutes=guard.policy.automatic_hold_minutes)
        return replace(
            seen.first,
            id=mail_id,
            draft_id=draft.id,
            content_hash=draft.content_hash,
            state=OutreachState.APPROVED,
            approved_by=LOOKOUT,
            approved_at=now,
            not_before=guard.hours.next_open(now + hold, seen.zone),
            message_id=message_id(mail_id, draft.from_email),
            attempts=0,
            claimed_at=None,
            sent_at=None,
            error="",
            kind=OutreachKind.FOLLOW_UP,
        )

    async def _send(self, work: UnitOfWork, seen: View, draft: Draft, mail: Outreach) -> None:
        if not await step(work, seen.case, CaseState.APPROVED):
            raise TooLate("somebody was faster")
        await work.outreach.add(mail)
        local = mail.not_before.astimezone(seen.zone)
        when = f"{local:%A} {wording.day(local.date())} at {local:%H:%M}"
        said = QUEUED.format(email=draft.to_email, when=when, subject=draft.subject, body=draft.body)
        await say_in_thread(work, seen.case, "follow-up queued", said)
        await self._audit(work, seen.case, "follow-up queued", f"{mail.id}: {draft.content_hash}")

    async def _propose(self, work: UnitOfWork, case: Case, draft: Draft, reason: str) -> None:
        opened = replace(case, state=CaseState.OPEN, due_at=case.due_again(draft.created_at), version=case.version + 1)
        if not await work.cases.save(opened, expected=case.version):
            raise TooLate("somebody was faster")
        await say_in_thread(work, opened, "follow-up proposed", PROPOSED.format(email=draft.to_email, reason=reason))
        await self._audit(work, opened, "follow-up proposed", f"version {draft.version}")
        await show(work, opened.id)

    async def _audit(self, work: UnitOfWork, case: Case, action: str, detail: str) -> None:
        await work.audit.add(AuditEntry(self.clock(), LOOKOUT, action, case.account_id, case.id, detail))
