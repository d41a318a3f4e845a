"""Looks at one follow-up and all that speaks for or against it, read inside one transaction (R40, R50, R53)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.loop.answers import last_answer
from bot.loop.ears import Hearing
from bot.loop.records import UnitOfWork
from bot.loop.second_look import MailRules, SecondLook, left_at
from scoring.casework import LOOKOUT, Case, CaseState, Draft, Outreach, OutreachKind
from scoring.errors import NotFound
from scoring.follow_up import SWITCHED_OFF, TOO_LATE, FollowUp, FollowUps, Meanwhile, objection
from scoring.guardrails import No
from scoring.mail_plan import OtherSender, zone_of
from scoring.model import Account

BY_A_PERSON = "R40"

GONE = "The mail or the case that this follow-up belongs to no longer exists."
NO_ACCOUNT = "The account no longer exists."
NOBODY_READS = "No mailbox is read in which answers to {email} arrive, so Lookout cannot know whether they answered."
ASKED_FOR = "The team wants to decide about each follow-up."


@dataclass(frozen=True, slots=True)
class View:
    """What was found. `stop` says why there is none, `ask` why a person must send it; `waits`: not now, but later."""

    follow_up: FollowUp
    case: Case
    first: Outreach
    draft: Draft
    account: Account | None
    zone: ZoneInfo
    stop: str = ""
    ask: str = ""
    waits: bool = False
    late: bool = False

    @property
    def go(self) -> bool:
        """Whether it may be written now."""
        return not self.stop and not self.waits


async def view(work: UnitOfWork, follow_up: FollowUp, rules: MailRules, now: datetime) -> View:
    """One follow-up as it stands at an instant; `NotFound` when what it follows is gone."""
    case, first = await work.cases.get(follow_up.case_id), await work.outreach.get(follow_up.outreach_id)
    draft = await work.outreach.draft(first.draft_id) if first else None
    if case is None or first is None or draft is None:
        raise NotFound(GONE)
    account = await work.accounts.get(case.account_id)
    contact, sender = await work.accounts.person(draft.to_id), await work.accounts.person(draft.from_id)
    zone = zone_of(contact, account, sender, rules.guard) if account else rules.guard.zone
    seen = View(follow_up, case, first, draft, account, zone)
    stop = await _against(work, seen, rules)
    if stop:
        return replace(seen, stop=stop)
    if follow_up.late(now):
        return replace(seen, stop=TOO_LATE, late=True)
    return await _looked_at(work, seen, rules, now)


async def _against(work: UnitOfWork, seen: View, rules: MailRules) -> str:
    """What ends a follow-up for good (R53)."""
    if rules.guard.policy.follow_ups is FollowUps.OFF:
        return SWITCHED_OFF
    if seen.account is None:
        return NO_ACCOUNT
    said = Meanwhile(
        account=seen.account.name,
        sent_at=seen.first.sent_at or seen.first.approved_at,
        case=seen.case.state,
        answered_at=await last_answer(work, seen.first, seen.account.id),
        ticket_open=bool(await work.accounts.open_tickets(seen.account.id)),
        other_mail_at=left_at(await work.outreach.last_for(seen.account.id)),
    )
    return objection(said)


async def _looked_at(work: UnitOfWork, seen: View, rules: MailRules, now: datetime) -> View:
    """What the second look would say of such a mail now; its answer decides between sending, asking and waiting."""
    if rules.off:
        return replace(seen, waits=True)
    draft = replace(seen.draft, created_at=seen.first.sent_at or seen.draft.created_at)
    at = max(now, seen.follow_up.due_at)
    mail = replace(
        seen.first,
        kind=OutreachKind.FOLLOW_UP,
        approved_by=LOOKOUT,
        not_before=at,
        draft_id=draft.id,
        content_hash=draft.content_hash,
    )
    case = replace(seen.case, state=CaseState.APPROVED)
    verdict = await SecondLook(work, rules, case, draft).answer(at, mail)
    seen = replace(seen, ask=await _to_be_asked(work, rules, draft.from_email))
    only_the_hour = isinstance(verdict, No) and verdict.waits and verdict.not_before is not None
    return _judged(seen, verdict) if isinstance(verdict, No) and not only_the_hour else seen


async def _to_be_asked(work: UnitOfWork, rules: MailRules, sender: str) -> str:
    """Why a person decides about each follow-up of this sender, if so."""
    if rules.guard.policy.follow_ups is FollowUps.ASK:
        return ASKED_FOR
    never = await rules.ears.hear(work, sender) is Hearing.NEVER
    return NOBODY_READS.format(email=sender) if never else ""


def _judged(seen: View, verdict: No) -> View:
    """Where a cover began or ended a person decides, too: the draft then gets the name of who acts now."""
    if verdict.rule == BY_A_PERSON or isinstance(verdict, OtherSender):
        return replace(seen, ask=verdict.reason)
    return replace(seen, waits=True) if verdict.waits else replace(seen, stop=verdict.reason)
