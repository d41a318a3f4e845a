"""Brings a CRM's contacts in: each to the account whose record theirs hangs on, and to no other.

A person we know stays at their account: a contact whose record hangs on another company is reported and not moved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from typing import Any

from bot.crm.mapping import OPTED_OUT, CrmMapping
from bot.importing.crm_match import CONTACTS, usable
from bot.importing.crm_report import CrmReport, Unmatched
from bot.importing.records import Unfit, person_of
from bot.intake.fields import FIELDS, Field, Table
from bot.intake.values import yes_no
from bot.loop.ports import Clock
from bot.loop.records import Store, UnitOfWork
from scoring.crm import TheirContact
from scoring.model import Person, Role

PIECE = 500
NO_COMPANY = "belongs to no company there"
NO_ID = "has neither id nor email"
ELSEWHERE = "is known at {known}, and their record hangs on {here}; nobody was moved"
IS_CSM = "has the id of one of our CSMs"
TWICE = "stands there twice: also as {record}"
OPTED_OUT_THERE = "they opted out in {name}"


@dataclass(slots=True)
class Contacts:
    """One sync's contacts; `report` hears what became of each, `links` says whose record is whose."""

    store: Store
    mapping: CrmMapping
    zone: tzinfo
    clock: Clock
    report: CrmReport
    links: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)
    _left: list[str] = field(default_factory=list)
    """Addresses of those who opted out and whose records are not taken."""

    async def run(self, contacts: AsyncIterator[TheirContact], accounts: Mapping[str, str]) -> None:
        """Bring them in; `accounts`: record of a company → our account's id."""
        piece: list[tuple[TheirContact, str]] = []
        async for one in contacts:
            account = accounts.get(one.account_crm_id)
            if account is not None:
                piece.append((one, account))
            elif one.account_crm_id:
                self.report.left_out += 1
                self._leave(one)
            else:
                self._refuse(one, NO_COMPANY)
            if len(piece) == PIECE:
                await self._piece(piece)
                piece = []
        await self._piece(piece)
        await self._close()

    async def _piece(self, piece: Sequence[tuple[TheirContact, str]]) -> None:
        read = [(one, account, self._values(one)) for one, account in piece]
        if self.report.dry_run:
            async with self.store.reading() as work:
                await self._changes(work, read)
            return
        async with self.store() as work:
            changed = await self._changes(work, read)
            await work.accounts.upsert_people([person for person, _ in changed.values()])
            self.links |= {person.id: record for record, (person, _) in changed.items()}
            for person, opted_out in changed.values():
                if opted_out and person.email:
                    reason = OPTED_OUT_THERE.format(name=self.report.name)
                    await work.outreach.suppress(person.email, reason, self.clock())

    async def _close(self) -> None:
        """Whoever opted out there gets no mail from us, also where their record is otherwise not taken (R51)."""
        if self._left and not self.report.dry_run:
            async with self.store() as work:
                for person in await work.accounts.contacts_at(self._left):
                    reason = OPTED_OUT_THERE.format(name=self.report.name)
                    await work.outreach.suppress(person.email, reason, self.clock())

    async def _changes(
        self, work: UnitOfWork, read: Sequence[tuple[TheirContact, str, dict[str, Any]]]
    ) -> dict[str, tuple[Person, bool]]:
        """Record → the person it is now, and whether they opted out; those that cannot be taken are reported."""
        by_id = await work.accounts.people(values["id"] for _, _, values in read if values.get("id"))
        there = await work.accounts.contacts_at(values["email"] for _, _, values in read if values.get("email"))
        known = {person.id: person for person in there} | by_id
        found: dict[str, tuple[Person, bool]] = {}
        for one, account, values in read:
            try:
                before = self._known(values, account, known)
                opted_out = bool(values.pop(OPTED_OUT, False))
                person = person_of({**values, "account": account}, before, Role.CONTACT)
                self._once(person, one)
            except Unfit as fault:
                self._refuse(one, str(fault))
                continue
            self.report.contacts.count(before, person)
            found[one.crm_id] = (person, opted_out)
        return found

    def _known(self, values: dict[str, Any], account: str, known: Mapping[str, Person]) -> Person | None:
        """Whom we know this contact as, by our id or by their address at this account; a new one gets an id."""
        if not values.get("id") and not values.get("email"):
            raise Unfit(NO_ID)
        same = [person for person in known.values() if _is(person, values)]
        here = next((person for person in same if person.account_id == account), None)
        if here is not None:
            values["id"] = here.id
            return here
        if same:
            where = same[0].account_id
            raise Unfit(IS_CSM if where is None else ELSEWHERE.format(known=where, here=account))
        values.setdefault("id", values.get("email"))
        return None

    def _once(self, person: Person, one: TheirContact) -> None:
        first = self._seen.setdefault(person.id, one.crm_id)
        if first != one.crm_id:
            raise Unfit(TWICE.format(record=first))

    def _values(self, one: TheirContact) -> dict[str, Any]:
        clears = frozenset(name.removeprefix("contacts.") for name in self.mapping.clears)
        refuse = partial(self._refuse, one)
        return usable(one.fields, _FIELDS, zone=self.zone, clears=clears, refuse=refuse)

    def _leave(self, one: TheirContact) -> None:
        said = usable(one.fields, _OPT_OUT, zone=self.zone, clears=frozenset(), refuse=lambda _: None)
        if said.get(OPTED_OUT) and said.get("email"):
            self._left.append(said["email"])

    def _refuse(self, one: TheirContact, reason: str) -> None:
        self._leave(one)
        self.report.unmatched.append(Unmatched(CONTACTS, one.crm_id, one.name, reason))


def _is(person: Person, values: Mapping[str, Any]) -> bool:
    if values.get("id"):
        return bool(person.id == values["id"])
    return person.email != "" and person.email.lower() == values.get("email")


_FIELDS = {one.name: one for one in FIELDS[Table.PEOPLE]} | {OPTED_OUT: Field(OPTED_OUT, yes_no)}
_OPT_OUT = {name: _FIELDS[name] for name in ("email", OPTED_OUT)}
