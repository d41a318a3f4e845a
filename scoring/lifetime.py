"""When a case ends, and how long an account is then left in peace (R36, R39)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from scoring.casework import CASE_MOVES, Case, CaseState, TriggerKind
from scoring.config import PolicyConfig
from scoring.sight import Past

RECOVERED = "recovered"
NOT_RECOVERED = "not recovered"
CHURNED = "churned"


def close_line(case: Case, config: PolicyConfig) -> float:
    """The health at which a case may close: 65, and 70 where a score drop opened it (R36)."""
    dropped = any(trigger.kind is TriggerKind.SCORE_DROP for trigger in case.triggers)
    return config.close_score_after_drop if dropped else config.close_score


def ending(case: Case, *, day: date, score: float, calm: bool, config: PolicyConfig) -> str:
    """Why a case ends today (R36): `recovered`, `not recovered`, or empty when it goes on.

    `calm` says that no trigger held on today's and the previous daily snapshot, and health stood at the line on both.
    A snoozed case waits for its person, and a mailed one has its 14 days from the mail (own reading).
    """
    if CaseState.CLOSED not in CASE_MOVES[case.state]:
        return ""
    if calm and score >= close_line(case, config):
        return RECOVERED
    if case.state is CaseState.SNOOZED:
        return ""
    return NOT_RECOVERED if (day - _last_sign(case)).days >= config.close_after_days else ""


def _last_sign(case: Case) -> date:
    last = case.last_trigger_on or case.opened_at.date()
    mailed = case.state is CaseState.CONTACTED and case.changed_at is not None
    return max(last, case.changed_at.date()) if mailed and case.changed_at else last


def quiet_until(last: Case | None, day: date, config: PolicyConfig) -> date | None:
    """Until when no new case is opened on an account; None when it may be opened today (R39).

    Counted from the day the last case was opened; a case that ended as recovered leaves no quiet period.
    """
    recovered = last is not None and last.state is CaseState.CLOSED and last.close_reason == RECOVERED
    if last is None or config.literal or recovered:
        return None
    until = last.opened_at.date() + timedelta(days=config.quiet_days)
    return until if day < until else None


def came_back(last: Case, past: Sequence[Past], config: PolicyConfig) -> bool:
    """Whether an account recovered after a case ended otherwise (dismissed, not recovered): R39's "in between".

    It must have been below the line of R36 at its worst, and then stood at it on two daily scores in a row since the
    case ended. A case about falling use at good health cannot be told to have recovered this way.
    """
    line = close_line(last, config)
    ended = (last.closed_at or last.changed_at or last.opened_at).date()
    if last.worst_score is None or last.worst_score >= line:
        return False
    after = [score for day, score, _ in sorted(past) if day > ended]
    return any(one >= line and two >= line for one, two in pairwise(after))
