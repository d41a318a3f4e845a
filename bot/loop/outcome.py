"""Writes down what became of a mail: on its row, on its case, in the audit, on the card and to who approved it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.loop.quiet_step import by_itself, step
from bot.loop.records import UnitOfWork
from bot.loop.saying import concerned, show, tell
from scoring.casework import LOOKOUT, AuditEntry, CaseState, Outreach, OutreachState
from scoring.messages import Post, Receipt
from scoring.replies import ReplyKind

# Greylisting takes minutes, a sick server hours: together a day (D3).
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480, 480))

SENT = "The mail to {email} was sent."
STOPPED = "The mail to {email} was stopped and not sent. {reason}"
FAILED = "The mail to {email} was not sent. {reason}"
DEFERRED = "The mail to {email} was not accepted yet; Lookout tries again for a day. {reason}"
UNCERTAIN = "Nobody knows whether the mail to {email} arrived. {reason} It is not sent again by itself: see the card."
BOUNCED = "the mail server refused the address ({detail})"
TROUBLE = (
    "Mails cannot leave: {detail} Approved mails wait, and nothing is lost. Run `lookout doctor` to see what to mend."
)
OWN_TROUBLE = (
    "Mails cannot leave from the mailbox of {email}: {detail} Their approved mails wait, the others leave. Run "
    "`lookout doctor` to see what to mend."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Records outcomes inside one open transaction; every move is a compare-and-set on the mail's state."""

    work: UnitOfWork
    now: datetime
    ops_channel: str

    async def claimed(self, mail: Outreach) -> Outreach | None:
        """The mail is ours to hand over; None when somebody was faster (undo, another sweep)."""
        attempts = mail.attempts + 1
        moved = await self._move(mail, OutreachState.SENDING, claimed_at=self.now, attempts=attempts, error="")
        if moved is not None:
            await self._case(moved, None)
            await self._audit(moved, "sending", f"attempt {attempts}")
        return moved

    async def postponed(self, mail: Outreach, until: datetime) -> None:
        """It may not leave yet; it is claimed and given back at once, so that only its time changes."""
        claimed = await self._move(mail, OutreachState.SENDING, claimed_at=self.now)
        if claimed is not None:
            await self._move(claimed, OutreachState.APPROVED, claimed_at=None, not_before=until)
            await self._case(mail, None)
            await self._audit(mail, "postponed", until.isoformat())

    async def given_back(self, mail: Outreach, reason: str) -> None:
        """It was claimed and certainly not handed over: it is due as before."""
        if await self._move(mail, OutreachState.APPROVED, claimed_at=None) is not None:
            await self._audit(mail, "given back", reason)

    async def stopped(self, mail: Outreach, reason: str) -> None:
        """A fact speaks against it: the card is open again, and who approved it is told (R50)."""
        if await self._move(mail, OutreachState.STOPPED, error=reason) is not None:
            await self._ended(mail, "stopped", STOPPED, reason, CaseState.OPEN)

    async def uncertain(self, mail: Outreach, reason: str) -> None:
        """Nobody knows whether it left: a person decides (R54). Unless something came back for it: then it left."""
        if await self._came_back(mail):
            return
        if await self._move(mail, OutreachState.UNCERTAIN, error=reason) is not None:
            await self._ended(mail, "uncertain", UNCERTAIN, reason, None)

    async def _came_back(self, mail: Outreach) -> bool:
        """Whether an answer or a bounce was read before this fate was looked at; the mail is then recorded as sent."""
        replies = await self.work.replies.of_case(mail.case_id)
        kinds = {reply.kind for reply in replies if reply.outreach_id == mail.id} - {ReplyKind.DELAYED}
        left_at = mail.claimed_at or self.now
        if not kinds or await self._move(mail, OutreachState.SENT, sent_at=left_at, error="") is None:
            return False
        await self._case(mail, CaseState.OPEN if ReplyKind.BOUNCE in kinds else CaseState.CONTACTED)
        await self._audit(mail, "sent", mail.message_id)
        await self._note(mail, "sent", SENT.format(email=mail.to_email))
        return True

    async def answered(self, mail: Outreach, receipt: Receipt) -> None:
        """What the mail server said, in the words of the port."""
        if receipt.cause == "setup":
            await self._tell_operator(receipt.detail, mail if receipt.own else None)
        if receipt.state == "sent":
            await self._sent(mail)
        elif receipt.state == "unknown":
            await self.uncertain(mail, receipt.detail)
        elif receipt.state == "deferred" and mail.attempts <= len(BACK_OFF):
            await self._deferred(mail, receipt.detail)
        else:
            await self._failed(mail, receipt)

    async def not_filed(self, mail: Outreach, why: str) -> None:
        """It was sent, and its sender does not find it in their Sent folder: noted, and nothing else."""
        await self._audit(mail, "no copy")
        await self._note(mail, "no copy", why)

    async def _sent(self, mail: Outreach) -> None:
        """The server took it; that is all that can be known."""
        if await self._settled(mail, OutreachState.SENT, sent_at=self.now, error=""):
            await self._case(mail, CaseState.CONTACTED)
            await self._audit(mail, "sent", mail.message_id)
            await self._note(mail, "sent", SENT.format(email=mail.to_email))

    async def _deferred(self, mail: Outreach, detail: str) -> None:
        """Certainly not accepted: another try, later each time (D3)."""
        again = self.now + BACK_OFF[mail.attempts - 1]
        back = {"claimed_at": None, "not_before": again, "error": detail}
        if await self._move(mail, OutreachState.APPROVED, **back) is not None:
            await self._case(mail, None)
            await self._audit(mail, "deferred")
            await self._note(mail, "deferred", DEFERRED.format(email=mail.to_email, reason=detail))

    async def _failed(self, mail: Outreach, receipt: Receipt) -> None:
        """Refused for good, or put off for a day; an address that does not exist is never written to again."""
        if not await self._settled(mail, OutreachState.FAILED, error=receipt.detail):
            return
        if receipt.state == "refused" and receipt.cause == "address":
            await self.work.outreach.suppress(mail.to_email, BOUNCED.format(detail=receipt.detail), self.now)
        await self._ended(mail, "failed", FAILED, receipt.detail, CaseState.OPEN)

    async def _move(self, mail: Outreach, state: OutreachState, **changes: object) -> Outreach | None:
        return await self.work.outreach.move(mail.id, mail.state, state, **changes)

    async def _settled(self, mail: Outreach, state: OutreachState, **changes: object) -> bool:
        """A certain end stands, also where the claim was given up in the meantime."""
        given_up = replace(mail, state=OutreachState.UNCERTAIN)
        return bool(await self._move(mail, state, **changes) or await self._move(given_up, state, **changes))

    async def _ended(self, mail: Outreach, action: str, text: str, reason: str, state: CaseState | None) -> None:
        """What the approver must learn: on the card, in its thread, and to them directly."""
        said = text.format(email=mail.to_email, reason=reason if reason.endswith(".") else f"{reason}.")
        await self._case(mail, state)
        await self._audit(mail, action)
        await self._note(mail, action, said)
        await tell(self.work, await concerned(self.work, mail, self.now), f"{action}:{mail.id}:approver", said)

    async def _case(self, mail: Outreach, state: CaseState | None) -> None:
        """The case follows its mail, and its card is drawn anew; after a follow-up it is as it was before (R53)."""
        case = await self.work.cases.get(mail.case_id)
        if case is not None and state is not None and case.state is CaseState.APPROVED and by_itself(mail):
            await step(self.work, case, CaseState.CONTACTED)
        elif case is not None and state is not None and case.state is CaseState.APPROVED:
            follows = replace(case, state=state, version=case.version + 1, changed_by=LOOKOUT, changed_at=self.now)
            await self.work.cases.save(follows, expected=case.version)
        await show(self.work, mail.case_id)

    async def _audit(self, mail: Outreach, action: str, detail: str = "") -> None:
        """Reasons name people; they stand with the mail and in the thread, and the audit keeps ids alone."""
        said = f"{mail.id}: {detail}" if detail else mail.id
        entry = AuditEntry(self.now, LOOKOUT, action, mail.account_id, mail.case_id, said)
        await self.work.audit.add(entry)

    async def _note(self, mail: Outreach, action: str, said: str) -> None:
        post = Post(key=f"{action}:{mail.id}", kind="note", target="", body=said, case_id=mail.case_id)
        await self.work.slack.say(post)

    async def _tell_operator(self, detail: str, mail: Outreach | None) -> None:
        """Once a day, where the operators read; about the mailbox of a mail's sender once a day for each (D5)."""
        if self.ops_channel:
            draft = await self.work.outreach.draft(mail.draft_id) if mail else None
            text = (OWN_TROUBLE if draft else TROUBLE).format(detail=detail, email=draft.from_email if draft else "")
            key = f"mail-trouble:{self.now.date()}" + (f":{draft.from_email}" if draft else "")
            await self.work.slack.say(Post(key=key, kind="notice", target=self.ops_channel, body=text))
