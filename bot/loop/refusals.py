"""Writes down who tried what they may not do: once a try, in the audit, with the case it was tried on."""

from __future__ import annotations

from datetime import datetime

from bot.loop.ports import Actor
from bot.loop.records import Store
from scoring.casework import AuditEntry
from scoring.roles import Deed

REFUSED = "refused"


async def remember(
    store: Store, actor: Actor, deed: Deed, now: datetime, *, about: str = "", account_id: str = ""
) -> None:
    """One row for a try that was refused by role or by four eyes; `about` is the case or mail, if any.

    It is a transaction of its own: that of the try has changed nothing and was given up.
    """
    async with store() as work:
        mail = await work.outreach.get(about) if about else None
        case = await work.cases.get(mail.case_id if mail else about) if about else None
        case_id, account_id = (case.id, case.account_id) if case else ("", account_id)
        who = actor.person_id or actor.slack_id
        await work.audit.add(AuditEntry(now, who, REFUSED, account_id, case_id, deed.value))
