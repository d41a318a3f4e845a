"""Small builders for everyone's tests: sensible values, any field can be named.

They fit together: `an_account()`, `a_contact()`, `a_csm()`, `a_case()`, `a_draft()` and `an_outreach()` speak of one
account, `acme`. `remember()` stores any of them in an order that the database accepts.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from scoring.automatic import Fate, Intended, Mode
from scoring.casework import (
    AuditEntry,
    Case,
    CaseState,
    Decision,
    Draft,
    Fact,
    Outreach,
    OutreachState,
    Trigger,
    TriggerKind,
)
from scoring.cover import Absence
from scoring.crm import CrmJob, CrmKind, crm_job_id
from scoring.follow_up import FollowUp
from scoring.mailboxes import Access, Mailbox, MailboxKind
from scoring.model import Account, Band, Health, Milestone, Part, Person, Role, Signals, Snapshot, Ticket
from scoring.replies import Reply, ReplyKind

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WEIGHTS = {"activity": 0.4, "engagement": 0.3, "milestones": 0.2, "recency": 0.1}


def an_account(id: str = "acme", **more: Any) -> Account:  # noqa: A002
    """A customer company, Dana's."""
    known = {"name": id.title(), "domain": f"{id}.test", "seats": 20, "arr": 48_000, "csm_id": "csm-dana"}
    return Account(id, **known | more)


def a_csm(id: str = "csm-dana", **more: Any) -> Person:  # noqa: A002
    """One of our CSMs."""
    first = id.removeprefix("csm-")
    known = {"name": f"{first.title()} Reyes", "email": f"{first}@us.test", "timezone": "Europe/Berlin"}
    return Person(id, Role.CSM, **known | {"slack_id": f"U{first.upper()}"} | more)


def a_contact(id: str = "kim", account_id: str = "acme", **more: Any) -> Person:  # noqa: A002
    """Somebody at a customer."""
    known = {"name": f"{id.title()} Novak", "email": f"{id}@{account_id}.test", "primary": True}
    return Person(id, Role.CONTACT, account_id=account_id, **known | more)


def a_milestone(account_id: str = "acme", name: str = "invite the team", **more: Any) -> Milestone:
    """Something an account should have done."""
    return Milestone(account_id, name, **more)


def a_ticket(id: str = "t-1", account_id: str = "acme", **more: Any) -> Ticket:  # noqa: A002
    """A support ticket, open."""
    return Ticket(id, account_id, **{"opened_at": NOW} | more)


def some_signals(account_id: str = "acme", day: date = TODAY, **more: Any) -> Signals:
    """What the windows of an account say."""
    return Signals(account_id, day, **{"last_active_on": day, "seats": 20} | more)


def a_snapshot(account_id: str = "acme", day: date = TODAY, score: float = 80.0, **more: Any) -> Snapshot:
    """A day of an account: every signal at `score`; fields of `Health` and of `Signals` can be named."""
    of_health = {field.name for field in fields(Health)}
    parts = tuple(Part(name, score, weight, score * weight) for name, weight in WEIGHTS.items())
    health = {"parts": parts} | {name: new for name, new in more.items() if name in of_health}
    signals = {name: new for name, new in more.items() if name not in of_health}
    return Snapshot(Health(account_id, day, score, **health), some_signals(account_id, day, **signals))


def a_trigger(kind: TriggerKind = TriggerKind.LOW_SCORE, account_id: str = "acme", **more: Any) -> Trigger:
    """A rule that fired."""
    why = (Fact("score", "The score is 52, under the line of 60.", "52"),)
    known = {"day": TODAY, "window": str(more.get("day", TODAY)), "why": why, "rule": "R20", "floor": Band.MONITOR}
    return Trigger(kind, account_id, **known | more)


def a_case(id: str = "case-1", account_id: str = "acme", **more: Any) -> Case:  # noqa: A002
    """A case, open since now."""
    known = {
        "state": CaseState.OPEN,
        "severity": Band.AT_RISK,
        "opened_at": NOW,
        "triggers": (a_trigger(account_id=account_id),),
        "play": "low_score",
        "csm_id": "csm-dana",
        "last_trigger_on": TODAY,
    }
    return Case(id, account_id, **known | more)


def a_draft(id: str = "draft-1", case_id: str = "case-1", **more: Any) -> Draft:  # noqa: A002
    """The first version of a case's mail, from Dana to Kim."""
    known = {
        "account_id": "acme",
        "version": 1,
        "to_id": "kim",
        "to_name": "Kim Novak",
        "to_email": "kim@acme.test",
        "from_id": "csm-dana",
        "from_name": "Dana Reyes",
        "from_email": "dana@us.test",
        "subject": "A hand with your reports?",
        "body": "Hello Kim,\n\nshall we look at your reports together?\n\nDana",
        "origin": "template",
        "play": "low_score",
        "created_at": NOW,
    }
    return Draft(id, case_id, **known | more)


def an_outreach(id: str = "mail-1", case_id: str = "case-1", **more: Any) -> Outreach:  # noqa: A002
    """A mail that Dana approved now."""
    known = {
        "account_id": "acme",
        "draft_id": "draft-1",
        "content_hash": "hash",
        "state": OutreachState.APPROVED,
        "approved_by": "UDANA",
        "approved_at": NOW,
        "not_before": NOW,
        "to_id": "kim",
        "to_email": "kim@acme.test",
        "message_id": f"<{id}@lookout.test>",
    }
    return Outreach(id, case_id, **known | more)


def a_reply(id: str = "reply-1", outreach_id: str = "mail-1", **more: Any) -> Reply:  # noqa: A002
    """What Kim answered now."""
    known = {
        "case_id": "case-1",
        "account_id": "acme",
        "kind": ReplyKind.ANSWER,
        "from_email": "kim@acme.test",
        "text": "Yes, please.",
        "received_at": NOW,
        "message_id": f"<{id}@acme.test>",
    }
    return Reply(id, outreach_id, **known | more)


def a_follow_up(outreach_id: str = "mail-1", **more: Any) -> FollowUp:
    """What follows Dana's mail, due in a week."""
    known = {"case_id": "case-1", "account_id": "acme", "due_at": NOW + timedelta(days=7)}
    return FollowUp(outreach_id, **known | more)


def an_intended(id: str = "one", **more: Any) -> Intended:  # noqa: A002
    """An automatic mail to Kim that shadow planned today."""
    draft, known = a_draft(), {"day": TODAY, "mode": Mode.SHADOW, "fate": Fate.PLANNED, "severity": Band.MONITOR}
    told = ("play", "account_id", "to_id", "to_name", "to_email", "from_id", "from_name", "from_email")
    text = {name: getattr(draft, name) for name in (*told, "subject", "body", "origin", "prompt_version")}
    return Intended(id, **known | text | {"planned_at": NOW, "leaves_at": NOW} | more)


def a_mailbox(email: str = "dana@us.test", **more: Any) -> Mailbox:
    """Dana's own mailbox, by SMTP; what is sealed opens with no key."""
    access = Access(smtp_host="mail.us.test", imap_host="mail.us.test")
    return Mailbox(email, **{"kind": MailboxKind.SMTP, "access": access, "sealed": "sealed", "added_at": NOW} | more)


def a_crm_job(ref: str = "mail-1", **more: Any) -> CrmJob:
    """The promise to tell the CRM of Dana's mail."""
    known = {"kind": CrmKind.MAIL, "account_id": "acme", "case_id": "case-1", "made_at": NOW} | more
    return CrmJob(crm_job_id(known["kind"], ref), ref=ref, **known)


def a_decision(account_id: str = "acme", **more: Any) -> Decision:
    """Why nothing was done about an account today."""
    return Decision(
        account_id, **{"day": TODAY, "action": "none", "reason": "It was told last week.", "rule": "R39"} | more
    )


def an_entry(action: str = "approve", **more: Any) -> AuditEntry:
    """Something Dana did now."""
    return AuditEntry(
        **{"at": NOW, "actor": "UDANA", "action": action, "account_id": "acme", "case_id": "case-1"} | more
    )


def an_absence(id: str = "away-1", **more: Any) -> Absence:  # noqa: A002
    """Dana is away for a week from now, and Ben covers."""
    known = {"person_id": "csm-dana", "cover_id": "csm-ben", "since": NOW, "until": NOW + timedelta(days=7)}
    return Absence(id, **known | more)


async def remember(store: Any, *things: Any) -> None:
    """Store accounts, people, snapshots, cases, drafts, mails … in one transaction, in the order the tables need."""
    of = {kind: [thing for thing in things if type(thing) is kind] for kind in {type(thing) for thing in things}}
    async with store() as work:
        await work.accounts.upsert(of.pop(Account, []))
        await work.accounts.upsert_people(of.pop(Person, []))
        await work.accounts.upsert_milestones(of.pop(Milestone, []))
        await work.accounts.upsert_tickets(of.pop(Ticket, []))
        await work.snapshots.land(of.pop(Snapshot, []))
        await work.cases.fired(of.pop(Trigger, []))
        await work.cases.decide(of.pop(Decision, []))
        for case in of.pop(Case, []):
            assert await work.cases.add(case), f"{case.account_id} has a live case already"
        for draft in of.pop(Draft, []):
            assert await work.outreach.add_draft(draft), f"version {draft.version} exists already"
        for outreach in of.pop(Outreach, []):
            await work.outreach.add(outreach)
        for reply in of.pop(Reply, []):
            assert await work.replies.add(reply), f"{reply.id} is known already"
        for mailbox in of.pop(Mailbox, []):
            await work.mailboxes.put(mailbox)
        for absence in of.pop(Absence, []):
            await work.absences.keep(absence)
        for entry in of.pop(AuditEntry, []):
            await work.audit.add(entry)
    assert not of, f"cannot store {', '.join(kind.__name__ for kind in of)}"
