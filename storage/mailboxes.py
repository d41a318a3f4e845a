"""Remembers the mailboxes of CSMs; their secrets come and go sealed."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlmodel import col, select

from scoring.mailboxes import Mailbox
from storage.accounts import email_key
from storage.tables import MailboxRow
from storage.transaction import Transaction, table, value, values


class SqlMailboxes:
    """Implements the loop's `Mailboxes`; an address has one mailbox, however its letters are written."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def all(self) -> list[Mailbox]:
        """Every mailbox, by address."""
        rows = await self._db.all(select(MailboxRow).order_by(col(MailboxRow.email_key)))
        return [value(Mailbox, row) for row in rows]

    async def of(self, email: str) -> Mailbox | None:
        """The mailbox with this address, or None."""
        row = await self._db.first(select(MailboxRow).where(col(MailboxRow.email_key) == email_key(email)))
        return None if row is None else value(Mailbox, row)

    async def put(self, mailbox: Mailbox) -> None:
        """Keep a mailbox, in the place of the one with its address."""
        await self._db.upsert(MailboxRow, [values(mailbox, email_key=email_key(mailbox.email))])

    async def reseal(self, email: str, *, was: str, sealed: str) -> bool:
        """Change what is sealed if nobody else did since it was read; False when beaten or gone."""
        ours = (col(MailboxRow.email_key) == email_key(email), col(MailboxRow.sealed) == was)
        return await self._db.run(update(table(MailboxRow)).where(*ours).values(sealed=sealed)) == 1

    async def remove(self, email: str) -> bool:
        """Forget a mailbox; False when there is none."""
        return await self._db.run(delete(table(MailboxRow)).where(col(MailboxRow.email_key) == email_key(email))) == 1
