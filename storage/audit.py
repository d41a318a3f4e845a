"""Remembers who did what when. Rows are only ever added."""

from __future__ import annotations

from sqlmodel import col, select

from scoring.casework import AuditEntry
from storage.tables import AuditRow
from storage.transaction import Transaction, value, values


class SqlAudit:
    """Implements the loop's `Audit`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def add(self, entry: AuditEntry) -> None:
        """Write one entry."""
        await self._db.run(self._db.insert(AuditRow), [values(entry)])

    async def of_case(self, case_id: str) -> list[AuditEntry]:
        """What was done about a case, in order."""
        rows = await self._db.all(select(AuditRow).where(col(AuditRow.case_id) == case_id).order_by(col(AuditRow.seq)))
        return [value(AuditEntry, row) for row in rows]

    async def newest(self, limit: int) -> list[AuditEntry]:
        """The last `limit` entries, newest first."""
        rows = await self._db.all(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(limit))
        return [value(AuditEntry, row) for row in rows]
