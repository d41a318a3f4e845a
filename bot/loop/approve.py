"""Approving a mail, taking the approval back, and deciding about a mail whose fate nobody knows (R49, R50, R54)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.loop.decisions import GONE, Act, name_of
from bot.loop.differences import difference
from bot.loop.haste import told_to_read
from bot.loop.ports import Actor
from bot.loop.quiet_step import by_itself, step
from bot.loop.second_eyes import SecondEyes, ask_for_second
from bot.loop.second_look import SecondLook
from scoring.addresses import domain_of
from scoring.briefs import Answer
from scoring.casework import LOOKOUT, Case, CaseState, Draft, Outreach, OutreachKind, OutreachState
from scoring.errors import Refused, TooLate
from scoring.follow_up import FOLLOW_UP_PLAY
from scoring.guardrails import No, Yes
from scoring.roles import Deed

SOON = timedelta(minutes=2)
LEAVING = frozenset({OutreachState.APPROVED, OutreachState.SENDING, OutreachState.SENT, OutreachState.UNCERTAIN})

NO_DRAFT = "There is no draft yet, so nothing was sent. It appears on the card in a moment."
OTHER_TEXT = (
    "Nothing was sent. The draft was changed at {when} by {who}, and you saw an older version. What changed:\n"
    "{difference}\nRead the card as it is now, then approve again."
)
OBJECTION = "Nothing was sent. {reason}"
WAITS = "Approved. The mail leaves at {when}, in working hours; until then it can be undone."
APPROVED_NOTE = "{who} approved version {version} of the mail to {email}."
STOPPED_NOTE = "{who} stopped the mail that Lookout would have sent. Nothing was sent."
UNDONE_NOTE = "{who} took the approval back. Nothing was sent."
ARRIVED_NOTE = "{who} found that the mail to {email} arrived."
AGAIN_NOTE = "{who} decided to send the mail to {email} again."
AGAIN_REASON = "Its fate was unknown, and {who} decided to send it again."
UNDO_TOO_LATE = {
    OutreachState.SENDING: "Too late to undo: the mail is being sent right now.",
    OutreachState.SENT: "Too late to undo: the mail was already sent at {when}.",
    OutreachState.UNCERTAIN: "Too late to undo: the mail may have been sent. The card asks what became of it.",
    OutreachState.UNDONE: "This approval was taken back already. Nothing was sent.",
    OutreachState.STOPPED: "Nothing was sent. {error}",
    OutreachState.FAILED: "Nothing was sent. {error}",
}
DECIDED = "Nobody needs to decide this any more: the mail is {state}. Nothing more was sent."


class Leave(NamedTuple):
    """What the second look said of a mail that may leave: when, with which score, and whether two must approve it."""

    at: datetime
    score_seen: float | None
    second: bool


class Mails(SecondEyes):
    """What a person decides about the mail of a case. Each act is one transaction; the sweep does the sending."""

    __slots__ = ()

    async def approve(self, case_id: str, draft_version: int, content_hash: str, actor: Actor) -> Answer:
        """Accept exactly the text that was seen; the mail leaves after the undo window, in working hours (R49-R51)."""

        async def decide(act: Act) -> Answer:
            self._mail_is_on()
            case = await act.case(case_id, CaseState.OPEN, CaseState.CONTACTED)
            draft, latest = await act.work.outreach.latest_draft(case_id), await act.work.outreach.latest_of(case_id)
            if draft is None:
                raise Refused(NO_DRAFT)
            if latest and latest.draft_id == draft.id and latest.state in LEAVING:
                raise await act.beaten(case)
            if (draft.version, draft.content_hash) != (draft_version, content_hash):
                raise await _other_text(act, draft, draft_version)
            leave = await self._leave(act, case, draft)
            read_first = await told_to_read(act, case, draft)
            changed = await act.change(case, state=CaseState.APPROVED)
            mail = await _add(act, changed, draft, leave)
            said = APPROVED_NOTE.format(who=await act.who(), version=draft.version, email=draft.to_email)
            await act.record(changed, "approved", said, detail=f"version {draft.version} {draft.content_hash}")
            return _accepted(act, mail, read_first)

        return await self.act(actor, decide, deed=Deed.APPROVE, about=case_id)

    async def undo(self, outreach_id: str, actor: Actor) -> Answer:
        """Take an approval back while the mail has not been claimed: not sent, or already sent, never both (C9)."""

        async def decide(act: Act) -> Answer:
            moved = await act.work.outreach.move(outreach_id, OutreachState.APPROVED, OutreachState.UNDONE)
            if moved is None:
                raise await _undo_too_late(act, outreach_id)
            said = (STOPPED_NOTE if moved.approved_by == LOOKOUT else UNDONE_NOTE).format(who=await act.who())
            return await _follow(act, moved, CaseState.OPEN, "undone", said)

        return await self.act(actor, decide, deed=Deed.UNDO, about=outreach_id)

    async def arrived(self, outreach_id: str, actor: Actor) -> Answer:
        """A person knows that an uncertain mail arrived: it counts as sent (R54)."""

        async def decide(act: Act) -> Answer:
            mail = await act.work.outreach.get(outreach_id)
            left_at = mail.claimed_at if mail and mail.claimed_at else act.now
            moved = await act.work.outreach.move(
                outreach_id, OutreachState.UNCERTAIN, OutreachState.SENT, sent_at=left_at
            )
            if moved is None:
                raise _decided(mail)
            said = ARRIVED_NOTE.format(who=await act.who(), email=moved.to_email)
            return await _follow(act, moved, CaseState.CONTACTED, "arrived", said)

        return await self.act(actor, decide, deed=Deed.SETTLE, about=outreach_id)

    async def send_again(self, outreach_id: str, actor: Actor) -> Answer:
        """A person decides that an uncertain mail did not arrive: a new attempt, with an id of its own (R54)."""

        async def decide(act: Act) -> Answer:
            self._mail_is_on()
            reason = AGAIN_REASON.format(who=await act.who())
            failed = await act.work.outreach.move(
                outreach_id, OutreachState.UNCERTAIN, OutreachState.FAILED, error=reason
            )
            if failed is None:
                raise _decided(await act.work.outreach.get(outreach_id))
            case = await act.case(failed.case_id, CaseState.APPROVED)
            draft = await act.work.outreach.draft(failed.draft_id)
            if draft is None:
                raise Refused(GONE)
            leave = await self._leave(act, case, draft)
            changed = await act.change(case)
            mail = await _add(act, changed, draft, leave)
            said = AGAIN_NOTE.format(who=await act.who(), email=mail.to_email)
            await act.record(changed, "sent again", said, detail=outreach_id)
            return _accepted(act, mail)

        return await self.act(actor, decide, deed=Deed.SETTLE, about=outreach_id)

    def _mail_is_on(self) -> None:
        if self.rules.off:
            raise Refused(self.rules.off)

    async def _leave(self, act: Act, case: Case, draft: Draft) -> Leave:
        """The end of the undo window or the next working minute, the later one; `Refused` when anything objects."""
        undo_ends = act.now + timedelta(seconds=self.rules.guard.policy.undo_seconds)
        verdict, plan = await SecondLook(act.work, self.rules, case, draft).look(undo_ends)
        at = undo_ends if isinstance(verdict, Yes) else verdict.not_before if verdict.waits else None
        if at is None or plan is None:
            raise Refused(OBJECTION.format(reason=verdict.reason if isinstance(verdict, No) else ""))
        score = plan.snapshot.health.score if plan.snapshot else None
        return Leave(at, score, second=self.rules.needs_second(plan.account))


async def _add(act: Act, case: Case, draft: Draft, leave: Leave) -> Outreach:
    """The approved mail; its id grows with the case's version, so that every attempt has its own."""
    outreach_id = f"{case.id}.{case.version:05d}"
    mail = Outreach(
        id=outreach_id,
        case_id=case.id,
        account_id=case.account_id,
        draft_id=draft.id,
        content_hash=draft.content_hash,
        state=OutreachState.APPROVED,
        approved_by=act.key,
        approved_at=act.now,
        not_before=leave.at,
        to_id=draft.to_id,
        to_email=draft.to_email,
        message_id=message_id(outreach_id, draft.from_email),
        score_seen=leave.score_seen,
        kind=OutreachKind.FOLLOW_UP if draft.play == FOLLOW_UP_PLAY else OutreachKind.FIRST,
        needs_second=leave.second,
    )
    await act.work.outreach.add(mail)
    if leave.second:
        await ask_for_second(act, case, mail)
    return mail


async def _follow(act: Act, mail: Outreach, state: CaseState, action: str, said: str) -> Answer:
    """The case follows its mail; what was decided about the mail stands in any case."""
    case = await act.work.cases.get(mail.case_id)
    if case is not None and by_itself(mail):
        if case.state is CaseState.APPROVED:
            await step(act.work, case, CaseState.CONTACTED)
        await act.record(case, action, said, detail=mail.id, mark=case.version)
    elif case is not None:
        case = await act.change(case, state=state) if case.state is CaseState.APPROVED else case
        await act.record(case, action, said, detail=mail.id)
    return Answer(ok=True)


def message_id(outreach_id: str, from_email: str) -> str:
    """The Message-ID of a mail: always the same for the same outreach, and it names neither case nor account."""
    digest = hashlib.sha256(outreach_id.encode()).hexdigest()[:32]
    return f"<{digest}@{domain_of(from_email)}>"


def _accepted(act: Act, mail: Outreach, read_first: str = "") -> Answer:
    waits = WAITS.format(when=act.at(mail.not_before)) if mail.not_before - act.now > SOON else ""
    return Answer(ok=True, text=" ".join(filter(None, (waits, read_first))))


async def _other_text(act: Act, draft: Draft, seen_version: int) -> TooLate:
    """The text changed under the approver's eyes (C4)."""
    seen = next((old for old in await act.work.outreach.drafts(draft.case_id) if old.version == seen_version), None)
    writer = await act.work.accounts.person(draft.origin)
    text = OTHER_TEXT.format(
        who=await name_of(act.work, draft.origin) if writer else "Lookout",
        when=act.at(draft.created_at),
        difference=difference(seen, draft),
    )
    return TooLate(text)


async def _undo_too_late(act: Act, outreach_id: str) -> TooLate:
    mail = await act.work.outreach.get(outreach_id)
    if mail is None:
        return TooLate(GONE)
    text = UNDO_TOO_LATE.get(mail.state, GONE)
    return TooLate(text.format(when=act.at(mail.sent_at or act.now), error=mail.error))


def _decided(mail: Outreach | None) -> TooLate:
    return TooLate(DECIDED.format(state=mail.state.value) if mail else GONE)
