"""Moves a case along with its follow-up without touching when it was changed: the 14 days go on (R36, R53)."""

from __future__ import annotations

from dataclasses import replace

from bot.loop.records import UnitOfWork
from bot.loop.saying import show
from scoring.casework import LOOKOUT, Case, CaseState, Outreach, OutreachKind


def by_itself(mail: Outreach) -> bool:
    """Whether this mail is a follow-up that no person approved."""
    return mail.kind is OutreachKind.FOLLOW_UP and mail.approved_by == LOOKOUT


async def step(work: UnitOfWork, case: Case, state: CaseState) -> bool:
    """Move a case and have its card drawn anew; False when somebody was faster."""
    moved = await work.cases.save(replace(case, state=state, version=case.version + 1), expected=case.version)
    if moved:
        await show(work, case.id)
    return moved
