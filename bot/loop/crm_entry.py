"""Puts a mail, an answer or an ended case into the words of a customer's history in the CRM."""

from __future__ import annotations

from datetime import datetime

from bot.loop.records import UnitOfWork
from scoring import wording
from scoring.casework import Case, Draft, Outreach
from scoring.crm import CrmJob, CrmKind, Entry, EntryForm
from scoring.errors import CrmRefused
from scoring.replies import Reply, ReplyKind

LOST = "Lookout no longer has what was to be written."
ANSWERED = "Re: {subject}"
ELSEWHERE = "They answered elsewhere"
ELSEWHERE_TEXT = "“{subject}” of {day} was answered elsewhere. {text}"
BOUNCED = "A mail did not arrive"
BOUNCED_TEXT = "“{subject}” to {email} came back. {text}"
ENDED = "{severity} case {how}"
CLOSED = "closed"
OPENED = "Opened on {day}."
WHY = "Why: {fact}"
VERDICT = "Verdict: {verdict}."
MAILED = "A mail was sent on {day}."


async def entry_of(work: UnitOfWork, job: CrmJob) -> Entry:
    """What a job tells; account, contact and owner are still ours, and not yet records there.

    `contact` is the address and `owner` our CSM's address; both may be empty.
    """
    if job.kind is CrmKind.OUTCOME:
        return await _outcome(work, job)
    if job.kind is CrmKind.REPLY:
        found = [reply for reply in await work.replies.of_case(job.case_id) if reply.id == job.ref]
        reply = found[0] if found else None
        outreach = await work.outreach.get(reply.outreach_id) if reply else None
        draft = await work.outreach.draft(outreach.draft_id) if outreach else None
        if reply is None or outreach is None or draft is None:
            raise CrmRefused("lost", LOST, permanent=True)
        return _reply(job, reply, outreach, draft)
    outreach = await work.outreach.get(job.ref)
    draft = await work.outreach.draft(outreach.draft_id) if outreach else None
    if outreach is None or draft is None:
        raise CrmRefused("lost", LOST, permanent=True)
    return Entry(
        job.id,
        EntryForm.SENT,
        outreach.sent_at or outreach.approved_at,
        subject=draft.subject,
        text=draft.body,
        account=job.account_id,
        contact=draft.to_email,
        owner=draft.from_email,
        from_email=draft.from_email,
        from_name=draft.from_name,
        to_email=draft.to_email,
        to_name=draft.to_name,
    )


def _reply(job: CrmJob, reply: Reply, outreach: Outreach, draft: Draft) -> Entry:
    if reply.kind is ReplyKind.ANSWER:
        same = reply.from_email.lower() == draft.to_email.lower()
        return Entry(
            job.id,
            EntryForm.RECEIVED,
            reply.received_at,
            subject=ANSWERED.format(subject=draft.subject),
            text=reply.text,
            account=job.account_id,
            contact=reply.from_email,
            owner=draft.from_email,
            from_email=reply.from_email,
            from_name=draft.to_name if same else "",
            to_email=draft.from_email,
            to_name=draft.from_name,
        )
    elsewhere = reply.kind is ReplyKind.ELSEWHERE
    sent = wording.day((outreach.sent_at or outreach.approved_at).date())
    text = (ELSEWHERE_TEXT if elsewhere else BOUNCED_TEXT).format(
        subject=draft.subject, day=sent, email=draft.to_email, text=reply.text
    )
    return _note(job, reply.received_at, ELSEWHERE if elsewhere else BOUNCED, text.strip(), draft=draft)


async def _outcome(work: UnitOfWork, job: CrmJob) -> Entry:
    case = await work.cases.get(job.ref)
    if case is None:
        raise CrmRefused("lost", LOST, permanent=True)
    account = await work.accounts.get(case.account_id)
    owner = case.csm_id or (account.csm_id if account else None)
    csm = await work.accounts.person(owner) if owner else None
    lines = [OPENED.format(day=wording.day(case.opened_at.date()))]
    lines += [WHY.format(fact=trigger.why[0].text) for trigger in case.triggers[:1] if trigger.why]
    mail = await work.outreach.latest_of(case.id)
    if mail is not None and mail.sent_at is not None:
        lines.append(MAILED.format(day=wording.day(mail.sent_at.date())))
    if case.verdict is not None:
        lines.append(VERDICT.format(verdict=case.verdict.value))
    subject = ENDED.format(severity=case.severity.value, how=_how(case))
    at = case.closed_at or case.changed_at or case.opened_at
    return _note(job, at, subject, "\n".join(lines), owner=csm.email if csm else "")


def _how(case: Case) -> str:
    return f"{case.state.value}: {case.close_reason.rstrip('.')}" if case.close_reason else CLOSED


def _note(job: CrmJob, at: datetime, subject: str, text: str, *, draft: Draft | None = None, owner: str = "") -> Entry:
    contact, owner = (draft.to_email, draft.from_email) if draft else ("", owner)
    return Entry(
        job.id, EntryForm.NOTE, at, subject=subject, text=text, account=job.account_id, contact=contact, owner=owner
    )
