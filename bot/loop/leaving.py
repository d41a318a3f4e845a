"""What will leave by itself before the next digest: the lines by which a CSM sees each mail while it can be stopped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo

from bot.loop.records import UnitOfWork
from scoring import wording
from scoring.briefs import Line
from scoring.casework import LOOKOUT, Case, CaseState, Outreach, OutreachState
from scoring.follow_up import FollowUpState
from scoring.model import Account

# A Friday's digest is the last before Monday.
AHEAD = timedelta(days=3)

MAIL = "a mail to {email}, {day} at the earliest"
FOLLOW_UP = "a follow-up is due on {day}, unless they answer"


async def leaving_alone(work: UnitOfWork, accounts: Mapping[str, Account], now: datetime, zone: tzinfo) -> list[Line]:
    """Queued mails that no person approved, and follow-ups that come due; those of some accounts, soonest first.

    `zone` is the reader's, whose days are named.
    """
    found: list[tuple[datetime, Line]] = []
    for case in await work.cases.live():
        account = accounts.get(case.account_id)
        if account is None:
            continue
        mail = await work.outreach.latest_of(case.id) if case.state is CaseState.APPROVED else None
        if mail is not None and mail.state is OutreachState.APPROVED and mail.approved_by == LOOKOUT:
            found.append((mail.not_before, _line(case, account, MAIL, mail.not_before.astimezone(zone), mail.to_email)))
        follow_up = await work.follow_ups.of_case(case.id) if case.state is CaseState.CONTACTED else None
        if follow_up is not None and follow_up.state is FollowUpState.WAITING and follow_up.due_at - now < AHEAD:
            found.append((follow_up.due_at, _line(case, account, FOLLOW_UP, follow_up.due_at.astimezone(zone))))
    return [line for _, line in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


async def was_shown(work: UnitOfWork, mail: Outreach, readers: Iterable[str | None], until: datetime) -> bool:
    """Whether a digest that shows this mail, the channel's or one of these readers', was in Slack by an instant (R44).

    A digest can be late or missing, as after an outage, and its mail must not be faster.
    """
    shown_at = await work.slack.digest_shown_at(["channel", *filter(None, readers)], mail.approved_at)
    return shown_at is not None and shown_at <= until


def _line(case: Case, account: Account, text: str, local: datetime, email: str = "") -> Line:
    said = text.format(email=email, day=wording.day(local.date()))
    return Line(account.id, account.name, said, arr=account.arr, domain=account.domain, case_id=case.id)
