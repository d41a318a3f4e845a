"""How each small table is imported: what was known of a row, what it becomes, and how that is written.

Events are many and go another way: `bot/importing/events.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.importing.records import (
    Unfit,
    UnknownAccount,
    account_of,
    milestone_of,
    person_id,
    person_of,
    ticket_id,
    ticket_of,
)
from bot.importing.rows import Row
from bot.intake.values import Unusable, email
from bot.loop.records import UnitOfWork
from scoring.model import Account, Milestone, Person, Role, Ticket

IS_OTHER_ROLE = "is known as a {role} already"


@dataclass(slots=True)
class Known:
    """The accounts and CSMs that we know, those of this import included."""

    accounts: dict[str, Account] = field(default_factory=dict)
    csms: dict[str, Person] = field(default_factory=dict)
    new_csms: list[str] = field(default_factory=list)
    unknown_csms: Counter[str] = field(default_factory=Counter)

    def csm_by_email(self, address: str) -> Person | None:
        """The CSM with this address."""
        return next((csm for csm in self.csms.values() if csm.email.lower() == address), None)

    def require(self, account: str) -> None:
        """Refuse rows of accounts that nobody told us (fault G9)."""
        if account not in self.accounts:
            raise UnknownAccount(account)


class Small(Protocol):
    """One small table."""

    async def known(self, work: UnitOfWork, rows: Sequence[Row]) -> Mapping[Any, Any]:
        """What we knew of these rows, by key."""

    def read(self, fields: Mapping[str, Any], known: Mapping[Any, Any]) -> tuple[Any, Any] | None:
        """A row's key and value; None for a row that is another table's; `Unfit` for one that cannot be taken."""

    def keep(self, fields: Mapping[str, Any], value: Any) -> None:
        """Remember what later tables ask for, of a row that is taken."""

    async def write(self, work: UnitOfWork, values: Sequence[Any]) -> None:
        """Add or replace."""


class Accounts:
    """Accounts, each with its CSM by id or e-mail; a CSM of whom only the address is known is made from it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._made: list[Person] = []

    async def known(self, _work: UnitOfWork, _rows: Sequence[Row]) -> Mapping[str, Account]:
        """All of them: they are few, and every other table asks for them."""
        return self._known.accounts

    def read(self, fields: Mapping[str, Any], known: Mapping[str, Account]) -> tuple[str, Account]:
        """The account of a row."""
        account = account_of(fields, known.get(fields["id"]))
        if fields.get("csm"):
            account = replace(account, csm_id=self._csm(fields["csm"]) or account.csm_id)
        return account.id, account

    def keep(self, _fields: Mapping[str, Any], value: Account) -> None:
        """Every other table asks whether an account is known."""
        self._known.accounts[value.id] = value

    def _csm(self, reference: str) -> str | None:
        if reference in self._known.csms:
            return self._known.csms[reference].id
        if "@" not in reference:
            self._known.unknown_csms[reference] += 1
            return None
        try:
            address = str(email(reference))
        except Unusable as fault:
            raise Unfit(f"csm {fault}") from None
        csm = self._known.csm_by_email(address)
        if csm is None:
            csm = Person(address, Role.CSM, email=address)
            self._known.csms[csm.id] = csm
            self._known.new_csms.append(address)
            self._made.append(csm)
        return csm.id

    async def write(self, work: UnitOfWork, values: Sequence[Account]) -> None:
        """With the CSMs that were made for them."""
        made, self._made = self._made, []
        await work.accounts.upsert_people(made)
        await work.accounts.upsert(values)


class People:
    """The people of one side: CSMs come before accounts, contacts after them."""

    def __init__(self, known: Known, side: Role, default: Role) -> None:
        self._known = known
        self._side = side
        self._default = default

    async def known(self, work: UnitOfWork, rows: Sequence[Row]) -> Mapping[str, Person]:
        """Those with the ids of these rows, and all CSMs."""
        ids = {row.fields.get("id") or row.fields.get("email") or "" for row in rows}
        return await work.accounts.people(ids) | self._known.csms

    def read(self, fields: Mapping[str, Any], known: Mapping[str, Person]) -> tuple[str, Person] | None:
        """The person of a row; one CSM address is one CSM, whatever id a file gives."""
        role = fields.get("role") or self._default
        if role is not self._side:
            return None
        before = known.get(person_id(fields))
        if role is Role.CSM:
            before = before or self._known.csm_by_email(fields.get("email") or "-")
        if before is not None and before.role is not role:
            raise Unfit(IS_OTHER_ROLE.format(role=before.role))
        person = person_of(fields, before, role)
        if role is Role.CONTACT:
            self._known.require(str(person.account_id))
        return person.id, person

    def keep(self, fields: Mapping[str, Any], value: Person) -> None:
        """Accounts ask for their CSMs, by the id that this file gives too."""
        if value.role is Role.CSM:
            self._known.csms[value.id] = self._known.csms[person_id(fields)] = value

    async def write(self, work: UnitOfWork, values: Sequence[Person]) -> None:
        """Add or replace."""
        await work.accounts.upsert_people(values)


class Milestones:
    """Milestones, known by account and name."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._stored: dict[tuple[str, str], Milestone] | None = None

    async def known(self, work: UnitOfWork, _rows: Sequence[Row]) -> Mapping[tuple[str, str], Milestone]:
        """All of them, read once."""
        if self._stored is None:
            self._stored = {(one.account_id, one.name): one for one in await work.accounts.milestones()}
        return self._stored

    def read(
        self, fields: Mapping[str, Any], known: Mapping[tuple[str, str], Milestone]
    ) -> tuple[tuple[str, str], Milestone]:
        """The milestone of a row."""
        self._known.require(fields["account"])
        key = (fields["account"], fields["name"])
        return key, milestone_of(fields, known.get(key))

    def keep(self, _fields: Mapping[str, Any], value: Milestone) -> None:
        """Nobody asks for them."""

    async def write(self, work: UnitOfWork, values: Sequence[Milestone]) -> None:
        """Add or replace."""
        await work.accounts.upsert_milestones(values)


class Tickets:
    """Support tickets; those without an id get one from what does not change over their life."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._equal: Counter[str] = Counter()

    async def known(self, work: UnitOfWork, rows: Sequence[Row]) -> Mapping[str, Ticket]:
        """Those of these rows."""
        ahead = self._equal.copy()
        return await work.accounts.tickets([self._id(row.fields, ahead) for row in rows])

    def read(self, fields: Mapping[str, Any], known: Mapping[str, Ticket]) -> tuple[str, Ticket]:
        """The ticket of a row."""
        made_id = self._id(fields, self._equal)
        self._known.require(fields["account"])
        return made_id, ticket_of(fields, known.get(made_id), made_id)

    @staticmethod
    def _id(fields: Mapping[str, Any], equal: Counter[str]) -> str:
        first = ticket_id(fields, 0)
        equal[first] += 1
        return ticket_id(fields, equal[first] - 1)

    def keep(self, _fields: Mapping[str, Any], value: Ticket) -> None:
        """Nobody asks for them."""

    async def write(self, work: UnitOfWork, values: Sequence[Ticket]) -> None:
        """Add or replace."""
        await work.accounts.upsert_tickets(values)


def pieces(rows: Iterable[Row], size: int) -> Iterable[list[Row]]:
    """Rows in lists of at most `size`."""
    piece: list[Row] = []
    for row in rows:
        piece.append(row)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece
