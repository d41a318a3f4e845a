"""Remembers what came back for mails, and how far each mailbox was read."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from scoring.replies import ANSWERS, ReadUpTo, Reply
from storage.tables import ReadUpToRow, ReplyRow
from storage.transaction import Transaction, value, values


class SqlReplies:
    """Implements the loop's `Replies`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def add(self, reply: Reply) -> bool:
        """Keep it; False when it is known already."""
        insert = self._db.insert(ReplyRow).on_conflict_do_nothing(index_elements=["id"])
        return await self._db.run(insert, [values(reply)]) == 1

    async def of_case(self, case_id: str) -> list[Reply]:
        """What came back for the mails of a case, oldest first."""
        rows = await self._db.all(
            select(ReplyRow)
            .where(col(ReplyRow.case_id) == case_id)
            .order_by(col(ReplyRow.received_at), col(ReplyRow.id))
        )
        return [value(Reply, row) for row in rows]

    async def last_answer_at(self, account_id: str) -> datetime | None:
        """When an account answered last, by mail or elsewhere."""
        return await self._db.first(
            select(ReplyRow.received_at)
            .where(col(ReplyRow.account_id) == account_id, col(ReplyRow.kind).in_(ANSWERS))
            .order_by(col(ReplyRow.received_at).desc())
            .limit(1)
        )

    async def since(self, instant: datetime) -> list[Reply]:
        """What arrived at an instant or later, oldest first."""
        rows = await self._db.all(
            select(ReplyRow)
            .where(col(ReplyRow.received_at) >= instant)
            .order_by(col(ReplyRow.received_at), col(ReplyRow.id))
        )
        return [value(Reply, row) for row in rows]

    async def read_up_to(self, mailbox: str) -> ReadUpTo | None:
        """How far a mailbox was read, or None before the first time."""
        row = await self._db.first(select(ReadUpToRow).where(col(ReadUpToRow.mailbox) == mailbox))
        return None if row is None else value(ReadUpTo, row)

    async def have_read(self, mark: ReadUpTo) -> None:
        """Remember how far a mailbox was read."""
        await self._db.upsert(ReadUpToRow, [values(mark)])
