"""Remembers who is watched: accounts, people, milestones and support tickets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from sqlalchemy import delete, update
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.erasure import ERASED, SALT_FLAG, forgotten, pseudonym
from scoring.errors import NotFound
from scoring.listing import Named
from scoring.model import Account, Milestone, Person, Role, Ticket
from scoring.roles import SWITCHED_OFF
from storage.tables import AccountRow, FlagRow, MilestoneRow, PersonRow, SuppressionRow, TicketRow
from storage.transaction import Transaction, table, value, values

AT_ONCE = 1_000
NAMES_CHANGED = (
    "INSERT INTO flags (name, value) VALUES ('names', '1')"
    " ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(flags.value AS BIGINT) + 1 AS TEXT)"
)
NO_ACCOUNT = "There is no account with the id {id}."
NO_PERSON = "There is no person with the id {id}."
# What Lookout learned by itself and an import does not know.
LEARNED = {"slack_id": "", "timezone": "", "first_seen_on": None}


def email_key(email: str) -> str:
    """How an address is compared: without blanks around it, in small letters."""
    return email.strip().lower()


class SqlAccounts:
    """Implements the loop's `Accounts`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def get(self, account_id: str) -> Account | None:
        """One account, or None."""
        row = await self._db.first(select(AccountRow).where(col(AccountRow.id) == account_id))
        return None if row is None else value(Account, row)

    async def all(self) -> list[Account]:
        """Every account, by name."""
        found: list[Account] = []
        columns = table(AccountRow).c
        wide = columns_of(*(columns[field.name] for field in fields(Account)))
        async for rows in self._db.parts(wide.order_by(columns.name, columns.id), AT_ONCE):
            found += (Account(*row) for row in rows)
        return found

    async def some(self, account_ids: Iterable[str]) -> dict[str, Account]:
        """The accounts with these ids; unknown ids are left out."""
        rows = await self._db.among(AccountRow, col(AccountRow.id), account_ids)
        return {row.id: value(Account, row) for row in rows}

    async def names(self) -> list[Named]:
        """What every account is called, by name; narrow, to find the one that somebody means."""
        found: list[Named] = []
        columns = table(AccountRow).c
        narrow = columns_of(columns.id, columns.name, columns.domain)
        async for rows in self._db.parts(narrow.order_by(columns.name, columns.id), AT_ONCE):
            found += map(Named._make, rows)
        return found

    async def names_version(self) -> str:
        """Changes with every change of accounts, so that a book of their names can be kept."""
        return await self._db.first(select(FlagRow.value).where(col(FlagRow.name) == "names")) or ""

    async def upsert(self, accounts: Iterable[Account]) -> None:
        """Add accounts or replace them as a whole, by id."""
        rows = [values(account) for account in accounts]
        await self._db.upsert(AccountRow, rows)
        if rows:
            await self._db.raw(NAMES_CHANGED)

    async def assign(self, account_id: str, csm_id: str) -> None:
        """Give an account to a CSM; `NotFound` when there is no such account."""
        change = update(table(AccountRow)).where(col(AccountRow.id) == account_id).values(csm_id=csm_id)
        if not await self._db.run(change):
            raise NotFound(NO_ACCOUNT.format(id=account_id))

    async def person(self, person_id: str) -> Person | None:
        """One person of either side, or None."""
        return (await self.people([person_id])).get(person_id)

    async def people(self, person_ids: Iterable[str]) -> dict[str, Person]:
        """The people with these ids; unknown ids are left out."""
        rows = await self._db.among(PersonRow, col(PersonRow.id), person_ids)
        return {row.id: value(Person, row) for row in rows}

    async def contacts(self, account_id: str) -> list[Person]:
        """An account's people: those still there first, the primary one at the top."""
        rows = await self._db.all(
            select(PersonRow)
            .where(col(PersonRow.account_id) == account_id, col(PersonRow.role) == Role.CONTACT)
            .order_by(col(PersonRow.left), col(PersonRow.primary).desc(), col(PersonRow.name), col(PersonRow.id))
        )
        return [value(Person, row) for row in rows]

    async def contacts_at(self, emails: Iterable[str]) -> list[Person]:
        """The contacts with these addresses, whatever their capitals, at any account."""
        rows = await self._db.among(PersonRow, col(PersonRow.email_key), map(email_key, emails))
        return [value(Person, row) for row in rows if row.role is Role.CONTACT]

    async def csms(self) -> list[Person]:
        """Our CSMs, those who left too, by name."""
        rows = await self._db.all(
            select(PersonRow)
            .where(col(PersonRow.role) == Role.CSM)
            .order_by(col(PersonRow.left), col(PersonRow.name), col(PersonRow.id))
        )
        return [value(Person, row) for row in rows]

    async def csm_by_email(self, email: str) -> Person | None:
        """The CSM with this address, whatever its capitals; one who is still here before one who left."""
        return await self._csm(PersonRow.email_key, email_key(email))

    async def csm_by_slack_id(self, slack_id: str) -> Person | None:
        """The CSM behind a Slack user, or None."""
        return await self._csm(PersonRow.slack_id, slack_id)

    async def _csm(self, column: str, wanted: str) -> Person | None:
        if not wanted:
            return None
        row = await self._db.first(
            select(PersonRow)
            .where(col(PersonRow.role) == Role.CSM, col(column) == wanted)
            .order_by(col(PersonRow.left), col(PersonRow.id))
        )
        return None if row is None else value(Person, row)

    async def link_slack(self, person_id: str, slack_id: str, timezone: str) -> None:
        """Remember a person's Slack user and time zone; a Slack user belongs to one person only."""
        people = table(PersonRow)
        await self._db.run(
            update(people)
            .where(col(PersonRow.slack_id) == slack_id, col(PersonRow.id) != person_id)
            .values(slack_id="")
        )
        known = {"slack_id": slack_id} | ({"timezone": timezone} if timezone else {})
        if not await self._db.run(update(people).where(col(PersonRow.id) == person_id).values(**known)):
            raise NotFound(NO_PERSON.format(id=person_id))

    async def upsert_people(self, people: Iterable[Person]) -> None:
        """Add people or replace them by id; an empty Slack id, time zone or first day keeps what is known."""
        known = await self._still_off(await self._still_erased(list(people)))
        rows = (values(person, email_key=email_key(person.email)) for person in known)
        await self._db.upsert(PersonRow, rows, keep=LEARNED)

    async def _still_off(self, people: list[Person]) -> list[Person]:
        """Whose Slack account is deactivated counts as having left, until it is active again (C7).

        Where an import says that they left, it is the one to say otherwise later.
        """
        asked = [SWITCHED_OFF + person.id for person in people if person.role is Role.CSM]
        off = {row.name.removeprefix(SWITCHED_OFF) for row in await self._db.among(FlagRow, col(FlagRow.name), asked)}
        for gone in (person for person in people if person.left and person.id in off):
            await self._db.run(delete(table(FlagRow)).where(col(FlagRow.name) == SWITCHED_OFF + gone.id))
        return [replace(person, left=True) if person.id in off else person for person in people]

    async def _still_erased(self, people: list[Person]) -> list[Person]:
        """Who was erased stays erased, whatever other systems go on telling (J10)."""
        salt = await self._db.first(select(FlagRow.value).where(col(FlagRow.name) == SALT_FLAG))
        if salt is None:
            return people
        names = {person.id: pseudonym(person.email, salt) for person in people if person.role is Role.CONTACT}
        erased = await self._db.among(SuppressionRow, col(SuppressionRow.email_key), filter(None, names.values()))
        gone = {row.email_key for row in erased if row.reason == ERASED}
        return [forgotten(person, names[person.id]) if names.get(person.id) in gone else person for person in people]

    async def milestones(self) -> list[Milestone]:
        """Every account's milestones."""
        rows = await self._db.all(select(MilestoneRow).order_by(col(MilestoneRow.account_id), col(MilestoneRow.name)))
        return [value(Milestone, row) for row in rows]

    async def upsert_milestones(self, milestones: Iterable[Milestone]) -> None:
        """Add or replace by (account, name)."""
        await self._db.upsert(MilestoneRow, (values(milestone) for milestone in milestones))

    async def open_tickets(self, account_id: str) -> list[Ticket]:
        """An account's tickets that are not closed, oldest first."""
        rows = await self._db.all(
            select(TicketRow)
            .where(col(TicketRow.account_id) == account_id, col(TicketRow.closed_at).is_(None))
            .order_by(col(TicketRow.opened_at), col(TicketRow.id))
        )
        return [value(Ticket, row) for row in rows]

    async def tickets(self, ticket_ids: Iterable[str]) -> dict[str, Ticket]:
        """Those of these tickets that we hold, open or closed; unknown ids are left out."""
        rows = await self._db.among(TicketRow, col(TicketRow.id), ticket_ids)
        return {row.id: value(Ticket, row) for row in rows}

    async def upsert_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add or replace by id."""
        await self._db.upsert(TicketRow, (values(ticket) for ticket in tickets))
