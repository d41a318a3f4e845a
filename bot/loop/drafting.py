"""Writes the first draft of every open case, after the case stands: a slow or broken model never holds up a card."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from bot.loop.correspondents import recipient_for, sender_for
from bot.loop.docket import new_id
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Writer
from bot.loop.records import Store, UnitOfWork
from scoring.casework import Case, CaseState, Draft, Fact
from scoring.facts import draft_facts
from scoring.messages import Written
from scoring.model import Account, Milestone, Person
from scoring.routing import Routing

AT_ONCE = 4
MATERIAL, DRAFT = "material for the draft of case", "draft of case"
CLOSED = "{email} cannot be written to any more"


@dataclass(frozen=True, slots=True)
class Material:
    """Everything one draft is made from; about one account only (R48)."""

    case: Case
    account: Account
    contact: Person
    csm: Person
    facts: tuple[Fact, ...]
    before: Draft | None = None
    """The draft in whose place this one comes, since its address is closed or it left as an automatic mail."""


@dataclass(frozen=True, slots=True)
class Drafting:
    """Finds open cases without a draft, has them written a few at a time, and stores each.

    A draft for an address that bounced or opted out since counts as none: the next one is for somebody else (D7, D13).
    So does one that left as an automatic mail: it cannot leave again, and a person decides about another one.

    The writer may take 20 seconds, so it works between two transactions and never inside one. What a crash interrupts
    is found again, since a case without a draft is what this looks for.
    """

    store: Store
    writer: Writer
    routing: Routing
    clock: Clock
    new_id: Callable[[], str] = field(default=new_id)
    one_by_one: OneByOne = field(default_factory=OneByOne)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def write_missing_drafts(self) -> int:
        """Write what is missing; how many drafts were stored. A second call at the same time leaves it to the first."""
        if self._turn.locked():
            return 0
        async with self._turn:
            materials = await self._materials()
            room = asyncio.Semaphore(AT_ONCE)
            writing = [partial(self._write, material, room) for material in materials]
            done = await asyncio.gather(
                *(self.one_by_one.one(DRAFT, m.case.id, write) for m, write in zip(materials, writing, strict=True))
            )
            return sum(filter(None, done))

    async def _materials(self) -> list[Material]:
        async with self.store.reading() as work:
            case_ids = await work.outreach.cases_without_draft()
            milestones = await work.accounts.milestones() if case_ids else []
            gather = partial(self._material, work, milestones)
            return await self.one_by_one.each(MATERIAL, {case_id: case_id for case_id in case_ids}, gather)

    async def _material(self, work: UnitOfWork, milestones: Iterable[Milestone], case_id: str) -> Material | None:
        """What a draft needs; None while there is nobody to write to, or nobody to write (the card says so)."""
        case = await work.cases.get(case_id)
        account = await work.accounts.get(case.account_id) if case else None
        if case is None or account is None:
            return None
        csm = await sender_for(work, case, account, self.routing, now=self.clock())
        snapshot = await work.snapshots.newest(account.id)
        contact = await recipient_for(work, case, snapshot)
        if csm is None or contact is None:
            return None
        own = [milestone for milestone in milestones if milestone.account_id == account.id]
        facts = draft_facts(account, contact, snapshot, triggers=case.triggers, milestones=own)
        return Material(case, account, contact, csm, facts, await work.outreach.latest_draft(case.id))

    async def _write(self, material: Material, room: asyncio.Semaphore) -> bool:
        async with room:
            written = await self.writer.write(
                play=material.case.play,
                account=material.account,
                contact=material.contact,
                csm=material.csm,
                facts=material.facts,
                now=self.clock(),
            )
        return await self._store(self._draft(material, written))

    async def _store(self, draft: Draft) -> bool:
        """Store it if the case still waits for it, and bring the card up to date.

        An address that was closed, or erased, while the text was written is kept out of the database.
        """
        async with self.store() as work:
            if await work.outreach.suppressed(draft.to_email) is not None:
                return False
            case = await work.cases.get(draft.case_id)
            if case is None or case.state is not CaseState.OPEN or not await work.outreach.add_draft(draft):
                return False
            await work.slack.want_card(draft.case_id)
            return True

    def _draft(self, material: Material, written: Written) -> Draft:
        contact, csm = material.contact, material.csm
        return Draft(
            id=self.new_id(),
            case_id=material.case.id,
            account_id=material.account.id,
            version=1 + (material.before.version if material.before else 0),
            to_id=contact.id,
            to_name=contact.name,
            to_email=contact.email.strip(),
            from_id=csm.id,
            from_name=csm.name,
            from_email=csm.email.strip(),
            subject=written.subject,
            body=written.body,
            origin=written.origin,
            play=material.case.play,
            created_at=self.clock(),
            prompt_version=written.prompt_version,
            note=_noted(material, written.note),
            fact_ids=written.fact_ids,
        )


def _noted(material: Material, note: str) -> str:
    """Why somebody else is written to, beside what the writer says."""
    if material.before is None or material.before.to_id == material.contact.id:
        return note
    return "; ".join(part for part in (CLOSED.format(email=material.before.to_email), note.rstrip(".")) if part)
