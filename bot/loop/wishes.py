"""One automatic mail with the rows that it would be in the outbox: live stores them, shadow looks at them (R44)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.loop.approve import message_id
from bot.loop.records import UnitOfWork
from bot.loop.second_look import MailRules, SecondLook
from scoring.automatic import Intended, Mode, intended_id
from scoring.casework import LOOKOUT, Case, CaseState, Draft, Outreach, OutreachKind, OutreachState
from scoring.guardrails import No, Yes


@dataclass(frozen=True, slots=True)
class Wish:
    """One automatic mail with the rows it would become."""

    intended: Intended
    case: Case
    draft: Draft
    mail: Outreach


async def rehearse(work: UnitOfWork, rules: MailRules, wish: Wish, at: datetime) -> Yes | No:
    """What the second look says of a mail as it would stand in the outbox; shadow counts as switched on."""
    look = SecondLook(work, rules, wish.case, wish.draft, rehearsal=wish.intended.mode is Mode.SHADOW)
    return await look.answer(at, wish.mail)


def as_live(intended: Intended, case: Case | None = None) -> Wish:
    """The rows that a planned mail is in the outbox: live stores them, shadow only looks at them."""
    case_id = intended_id(intended.account_id, intended.day, Mode.LIVE)
    bare = Case(case_id, intended.account_id, CaseState.APPROVED, intended.severity, intended.planned_at, ())
    case = case or replace(bare, play=intended.play, csm_id=intended.from_id)
    draft = Draft(
        id=f"{case_id}:v1",
        case_id=case_id,
        account_id=intended.account_id,
        version=1,
        to_id=intended.to_id,
        to_name=intended.to_name,
        to_email=intended.to_email,
        from_id=intended.from_id,
        from_name=intended.from_name,
        from_email=intended.from_email,
        subject=intended.subject,
        body=intended.body,
        origin=intended.origin,
        play=intended.play,
        created_at=intended.planned_at,
        prompt_version=intended.prompt_version,
    )
    mail_id = f"{case_id}.{case.version:05d}"
    mail = Outreach(
        id=mail_id,
        case_id=case_id,
        account_id=intended.account_id,
        draft_id=draft.id,
        content_hash=draft.content_hash,
        state=OutreachState.APPROVED,
        approved_by=LOOKOUT,
        approved_at=intended.planned_at,
        not_before=intended.leaves_at,
        to_id=intended.to_id,
        to_email=intended.to_email,
        message_id=message_id(mail_id, intended.from_email),
        score_seen=intended.score_seen,
        kind=OutreachKind.AUTOMATIC,
    )
    return Wish(intended, case, draft, mail)
