"""Finds whose record in the CRM is whose, and remembers it; a record of another account is never taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.loop.ports import Crm
from bot.loop.records import Store, UnitOfWork
from scoring.crm import CrmJob, CrmThing, Entry

UNKNOWN = (
    "{name} has no one company that is surely {account}. Give its record there our account id ({id}) or its domain, "
    "then run: lookout crm sync"
)
TAKEN = "{name}'s record {record} is {other}'s already; it was not taken for {account}."


class Unknown(Exception):
    """The CRM has no record that is surely this account; the text says what to do."""


@dataclass(frozen=True, slots=True)
class TheirRecords:
    """Our ids to theirs: what a sync or an earlier try found, else by asking."""

    store: Store
    crm: Crm

    async def placed(self, entry: Entry, job: CrmJob) -> Entry:
        """The entry with records there instead of our account's id and people's addresses."""
        account = await self.account(job.account_id)
        contact = await self._contact(entry.contact, account, job.account_id) if entry.contact else ""
        owner = await self._owner(entry.owner) if entry.owner else ""
        return replace(entry, account=account, contact=contact, owner=owner)

    async def account(self, account_id: str) -> str:
        """The account's record; `Unknown` where nobody can be sure."""
        async with self.store.reading() as work:
            linked = await work.crm.link(self.crm.name, CrmThing.ACCOUNT, account_id)
            account = await work.accounts.get(account_id)
            names = [] if linked else await work.accounts.names()
        if linked:
            return linked
        if account is None:
            raise Unknown(UNKNOWN.format(name=self.crm.name, account=account_id, id=account_id))
        domain = account.domain.lower()
        if sum(one.domain.lower() == domain for one in names) > 1:
            account = replace(account, domain="")  # a domain of several accounts says nothing
        found = await self.crm.find_account(account)
        if found is None:
            raise Unknown(UNKNOWN.format(name=self.crm.name, account=account.name, id=account.id))
        async with self.store() as work:
            links = await work.crm.links(self.crm.name, CrmThing.ACCOUNT)
            other = next((ours for ours, record in links.items() if record == found and ours != account_id), None)
            if other is not None:
                raise Unknown(TAKEN.format(name=self.crm.name, record=found, other=other, account=account.name))
            await work.crm.keep_links(self.crm.name, CrmThing.ACCOUNT, {account_id: found})
        return found

    async def _contact(self, email: str, account: str, account_id: str) -> str:
        """The record of the person with this address at that company; without one the company alone is told."""
        async with self.store.reading() as work:
            people = [one for one in await work.accounts.contacts_at([email]) if one.account_id == account_id]
            linked = await work.crm.link(self.crm.name, CrmThing.PERSON, people[0].id) if people else None
        if linked:
            return linked
        found = await self.crm.find_contact(email, account)
        if found and people:
            async with self.store() as work:
                await work.crm.keep_links(self.crm.name, CrmThing.PERSON, {people[0].id: found})
        return found or ""

    async def _owner(self, email: str) -> str:
        async with self.store.reading() as work:
            linked = await work.crm.link(self.crm.name, CrmThing.OWNER, email.lower())
        if linked:
            return linked
        found = await self.crm.find_owner(email)
        if found:
            async with self.store() as work:
                await work.crm.keep_links(self.crm.name, CrmThing.OWNER, {email.lower(): found})
        return found or ""

    @staticmethod
    async def forget(work: UnitOfWork, name: str, job: CrmJob) -> None:
        """A record is gone: the next try looks for it anew."""
        people = await work.accounts.contacts(job.account_id)
        await work.crm.drop_links(name, CrmThing.ACCOUNT, [job.account_id])
        await work.crm.drop_links(name, CrmThing.PERSON, [person.id for person in people])
