"""Remembers when CSMs are away, and who covers for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select

from scoring.cover import Absence
from storage.tables import AbsenceRow
from storage.transaction import Transaction, table, value, values


class SqlAbsences:
    """Implements the loop's `Absences`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def keep(self, absence: Absence) -> None:
        """Add it, or replace the one with its id."""
        await self._db.upsert(AbsenceRow, [values(absence)])

    async def end(self, absence_id: str, at: datetime) -> bool:
        """Let it end at an instant, if it would have lasted longer; False when there is nothing to end."""
        change = update(table(AbsenceRow)).where(col(AbsenceRow.id) == absence_id, col(AbsenceRow.until) > at)
        return await self._db.run(change.values(until=at)) == 1

    async def all(self) -> list[Absence]:
        """Every absence, past ones too, oldest first."""
        rows = await self._db.all(select(AbsenceRow).order_by(col(AbsenceRow.since), col(AbsenceRow.id)))
        return [value(Absence, row) for row in rows]

    async def at(self, instant: datetime) -> list[Absence]:
        """Those that hold at an instant."""
        holds = (col(AbsenceRow.since) <= instant, col(AbsenceRow.until) > instant)
        rows = await self._db.all(select(AbsenceRow).where(*holds).order_by(col(AbsenceRow.since), col(AbsenceRow.id)))
        return [value(Absence, row) for row in rows]
