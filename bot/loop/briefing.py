"""Gathers what a card shows, and which cards wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.loop.cover import covered_by, standing_in
from bot.loop.docket import owner_of
from bot.loop.records import UnitOfWork
from scoring import wording
from scoring.briefs import SANDBOX_FLAG, CardBrief, Line
from scoring.casework import Case, CaseState, Fact, Outreach, OutreachState, Trigger
from scoring.crm import CrmJob, CrmState
from scoring.follow_up import FollowUp
from scoring.model import Account, Health, Person, Signals, Snapshot

WHY_LIMIT = 3
FRESH = timedelta(days=1)
CRM_FAILED, CRM_PENDING = "CRM failed", "CRM pending"
NO_OWNER = "No owner. {text}"
EARLIER = "On {day}: {fact}"


async def card_brief(work: UnitOfWork, case_id: str, now: datetime) -> CardBrief | None:
    """The brief of one case, or None when the case or its account no longer exists (C6)."""
    case = await work.cases.get(case_id)
    account = await work.accounts.get(case.account_id) if case else None
    if case is None or account is None:
        return None
    today, before = await _snapshots(work, case)
    draft = await work.outreach.latest_draft(case.id)
    contacts = await work.accounts.contacts(account.id)
    owner = await owner_of(work, account, case)
    follow_up = await work.follow_ups.of_case(case.id)
    stands = await standing_in(work, owner.id if owner else None, now)
    return CardBrief(
        account=account,
        case=case,
        health=today.health,
        signals=today.signals,
        why=strongest(case, today.health.day),
        csm=owner,
        contact=_contact(contacts, draft.to_id if draft else ""),
        draft=draft,
        outreach=await _mail_of(work, case, follow_up),
        people=_by_key([*await work.accounts.csms(), *contacts]),
        data_until=await data_until(work),
        now=now,
        previous_score=before.health.score if before else None,
        told=await _told(work, case),
        replies=tuple(await work.replies.of_case(case.id)),
        follow_up=follow_up,
        crm=_crm(await work.crm.of_case(case.id)),
        cover=stands.cover if stands else None,
        cover_until=stands.until if stands else None,
        sandbox=await work.flags.get(SANDBOX_FLAG) is not None,
    )


async def _mail_of(work: UnitOfWork, case: Case, follow_up: FollowUp | None) -> Outreach | None:
    """The mail that the card speaks of: the newest, but not a follow-up that was stopped while the first stands."""
    newest = await work.outreach.latest_of(case.id)
    shown = newest is None or newest.state is OutreachState.SENT or case.state is not CaseState.CONTACTED
    return newest if shown or follow_up is None else await work.outreach.get(follow_up.outreach_id)


def strongest(case: Case, day: date) -> tuple[Fact, ...]:
    """At most three facts that say why now: each trigger's first, then the rest (UX 2).

    A fact seen before `day`, the day of the score beside it, says when: the two must not contradict each other.
    """
    firsts = [dated(trigger, trigger.why[0], day) for trigger in case.triggers if trigger.why]
    rest = [dated(trigger, fact, day) for trigger in case.triggers for fact in trigger.why[1:]]
    by_text = {fact.text: fact for fact in reversed(firsts + rest)}
    return tuple(by_text.values())[::-1][:WHY_LIMIT]


def dated(trigger: Trigger, fact: Fact, day: date) -> Fact:
    """A trigger's fact as it may be said on a day; the running day is scored often, what holds is told once a day."""
    if day - trigger.day <= FRESH:
        return fact
    return Fact(fact.id, EARLIER.format(day=wording.day(trigger.day), fact=fact.text), fact.value)


async def data_until(work: UnitOfWork) -> datetime | None:
    """The newest event that the last score saw; cards and answers say how old their data is (UX 16)."""
    stored = await work.flags.get("data_until")
    return datetime.fromisoformat(stored) if stored else None


async def _snapshots(work: UnitOfWork, case: Case) -> tuple[Snapshot, Snapshot | None]:
    """The newest snapshot of the case's account and the one a week before; a bare one if there is none yet."""
    latest = await work.snapshots.latest_day() or case.opened_at.date()
    found = await work.snapshots.of(case.account_id, latest - timedelta(days=7), latest)
    if not found:
        return _unscored(case.account_id, latest), None
    return found[-1], found[0] if len(found) > 1 else None


async def _told(work: UnitOfWork, case: Case) -> Snapshot | None:
    """The snapshot that the first reason of the card was told from, so that heading and facts name the same numbers."""
    if not case.triggers:
        return None
    day = case.triggers[0].day
    found = await work.snapshots.of(case.account_id, day, day)
    return found[0] if found else None


def _crm(jobs: Sequence[CrmJob]) -> str:
    """One calm word on what the CRM could not be told; nothing while all goes well (R52)."""
    if any(job.state is CrmState.FAILED for job in jobs):
        return CRM_FAILED
    return CRM_PENDING if any(job.state is CrmState.PENDING and job.error for job in jobs) else ""


def _unscored(account_id: str, day: date) -> Snapshot:
    return Snapshot(
        health=Health(account_id, day, score=0.0, parts=(), coverage=0.0),
        signals=Signals(account_id, day),
    )


def _by_key(people: list[Person]) -> dict[str, Person]:
    """People by every key that a record may name them with: their id, and their Slack id."""
    return {key: person for person in people for key in (person.id, person.slack_id) if key}


def _contact(contacts: list[Person], chosen: str) -> Person | None:
    """The person the draft is for, else the main contact."""
    ranked = sorted(contacts, key=lambda person: (person.id != chosen, not person.primary, person.left))
    return ranked[0] if ranked else None


async def decisions_waiting(
    work: UnitOfWork, csm_id: str | None, now: datetime, *, leads: bool = False
) -> tuple[Line, ...]:
    """Cases where a person must act: open ones, and mails of unknown fate; the worst and dearest first.

    For a CSM these are their own and those of whom they cover for; for somebody who leads, also those of nobody.
    """
    present = {csm.id for csm in await work.accounts.csms() if not csm.left}
    whose = await covered_by(work, csm_id, now) if csm_id else frozenset[str]()
    live, latest = await work.cases.live(), await work.snapshots.latest_day()
    accounts = await work.accounts.some(case.account_id for case in live)
    found: list[tuple[Case, Account]] = []
    for case in live:
        account = accounts.get(case.account_id)
        if account is None:
            continue
        owner = next((key for key in (case.csm_id, account.csm_id) if key in present), None)
        if csm_id and owner not in whose and not (leads and owner is None):
            continue
        if case.state is CaseState.OPEN or await _uncertain(work, case):
            found.append((case, account))
    listed = [account.id for _, account in found]
    snapshots = await work.snapshots.on(latest, accounts=listed) if latest else {}
    found.sort(key=lambda pair: (-pair[0].severity.rank, -(pair[1].arr or 0), pair[1].name))
    owned = {case.id for case, account in found if {case.csm_id, account.csm_id} & present}
    return tuple(
        _decision_line(case, account, snapshots.get(account.id), owned=case.id in owned) for case, account in found
    )


async def _uncertain(work: UnitOfWork, case: Case) -> bool:
    if case.state is not CaseState.APPROVED:
        return False
    outreach = await work.outreach.latest_of(case.id)
    return outreach is not None and outreach.state is OutreachState.UNCERTAIN


def _decision_line(case: Case, account: Account, snapshot: Snapshot | None, *, owned: bool) -> Line:
    why = strongest(case, snapshot.health.day if snapshot else case.opened_at.date())
    text = why[0].text if why else case.severity.value
    if case.state is CaseState.APPROVED:
        text = "We do not know whether its mail arrived."
    return Line(
        account_id=account.id,
        name=account.name,
        text=text if owned else NO_OWNER.format(text=text),
        score=snapshot.health.score if snapshot else None,
        severity=case.severity.value,
        arr=account.arr,
        domain=account.domain,
        case_id=case.id,
    )
