"""Who writes and who is written to: the account's own person, and whoever the play is for (R42, R50)."""

from __future__ import annotations

from datetime import datetime

from bot.loop.cover import acting_for
from bot.loop.records import UnitOfWork
from scoring.casework import Case
from scoring.model import Account, Person, Role, Signals, Snapshot
from scoring.routing import Routing, pick_contact


async def sender_for(
    work: UnitOfWork, case: Case, account: Account, routing: Routing, *, now: datetime
) -> Person | None:
    """The case's CSM, else the account's, else the lead; only with an address. Whoever is away is covered for (R50)."""
    owner = await _owner(work, case, account, routing)
    return await acting_for(work, owner, now)


async def _owner(work: UnitOfWork, case: Case, account: Account, routing: Routing) -> Person | None:
    for csm_id in (case.csm_id, account.csm_id):
        person = await work.accounts.person(csm_id) if csm_id else None
        if person and person.role is Role.CSM and person.email and not person.left:
            return person
    lead = routing.lead(await work.accounts.csms())
    return lead if lead and lead.email else None


async def recipient_for(work: UnitOfWork, case: Case, snapshot: Snapshot | None) -> Person | None:
    """Whom the play is for, among those of the account who may be written to (R42, R51)."""
    contacts = await work.accounts.contacts(case.account_id)
    closed = {p.email for p in contacts if p.email and await work.outreach.suppressed(p.email) is not None}
    signals = snapshot.signals if snapshot else Signals(case.account_id, case.opened_at.date())
    return pick_contact(contacts, signals, play=case.play, closed=closed)
