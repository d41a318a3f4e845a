"""Remembers who did what when. Rows are only ever added, each linked to the one before (J12)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.audit_chain import Link, linked
from scoring.casework import AuditEntry
from storage.tables import AuditRow
from storage.transaction import Transaction, table, value, values

AT_ONCE = 1_000


class SqlAudit:
    """Implements the loop's `Audit`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def add(self, entry: AuditEntry) -> None:
        """Write one entry behind the last; one writer at a time, so nobody else can be writing behind the same one."""
        last = await self.tail(1)
        link = linked(entry, last[0] if last else None)
        row = values(entry, seq=link.seq, previous=link.previous, hash=link.hash)
        await self._db.run(self._db.insert(AuditRow), [row])

    async def of_case(self, case_id: str) -> list[AuditEntry]:
        """What was done about a case, in order."""
        rows = await self._db.all(select(AuditRow).where(col(AuditRow.case_id) == case_id).order_by(col(AuditRow.seq)))
        return [value(AuditEntry, row) for row in rows]

    async def newest(self, limit: int) -> list[AuditEntry]:
        """The last `limit` entries, newest first."""
        rows = await self._db.all(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(limit))
        return [value(AuditEntry, row) for row in rows]

    async def done_by(self, actor: str, since: datetime, *, among: int) -> list[tuple[datetime, str]]:
        """When somebody did what after an instant, as far as the last `among` entries tell, newest first."""
        columns = table(AuditRow).c
        newest = columns_of(func.max(columns.seq)).scalar_subquery()
        asked = columns_of(columns.at, columns.action).where(columns.seq > newest - among)
        mine = asked.where(columns.actor == actor, columns.at > since).order_by(columns.seq.desc())
        return [(at, action) for at, action in await self._db.tuples(mine)]

    async def tail(self, limit: int) -> list[Link]:
        """The last `limit` rows with their place in the chain, in their order."""
        rows = await self._db.all(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(limit))
        return [Link(row.seq or 0, value(AuditEntry, row), row.previous, row.hash) for row in reversed(rows)]

    async def chain(self) -> AsyncIterator[Link]:
        """Every row with its place in the chain, in order, read a part at a time."""
        columns = table(AuditRow).c
        said = [columns[field.name] for field in fields(AuditEntry)]
        wide = columns_of(columns.seq, columns.previous, columns.hash, *said).order_by(columns.seq)
        async for rows in self._db.parts(wide, AT_ONCE):
            for seq, previous, its_hash, *entry in rows:
                yield Link(seq, AuditEntry(*entry), previous, its_hash)
