"""Remembers every automatic mail that was planned, in shadow and live, as it would leave."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import col, select

from scoring.automatic import Fate, Intended, Mode
from storage.tables import IntendedRow
from storage.transaction import Transaction, table, value, values


class SqlIntended:
    """Implements the loop's `IntendedMails`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def add(self, intended: Intended) -> bool:
        """Write it down; False when it stands there already."""
        insert = self._db.insert(IntendedRow).on_conflict_do_nothing(index_elements=["id"])
        return await self._db.run(insert, [values(intended)]) == 1

    async def since(self, day: date, modes: frozenset[Mode]) -> list[Intended]:
        """What was planned on a day or later in these modes, oldest first."""
        rows = await self._db.all(
            select(IntendedRow)
            .where(col(IntendedRow.day) >= day, col(IntendedRow.mode).in_(modes))
            .order_by(col(IntendedRow.day), col(IntendedRow.planned_at), col(IntendedRow.id))
        )
        return [value(Intended, row) for row in rows]

    async def planned(self, now: datetime) -> list[Intended]:
        """What shadow planned and whose time has come, oldest first."""
        rows = await self._db.all(
            select(IntendedRow)
            .where(col(IntendedRow.fate) == Fate.PLANNED, col(IntendedRow.leaves_at) <= now)
            .order_by(col(IntendedRow.leaves_at), col(IntendedRow.id))
        )
        return [value(Intended, row) for row in rows]

    async def found(self, intended_id: str, fate: Fate, reason: str = "") -> bool:
        """What became of a planned one; False when that is known already."""
        planned = (col(IntendedRow.id) == intended_id, col(IntendedRow.fate) == Fate.PLANNED)
        return await self._db.run(update(table(IntendedRow)).where(*planned).values(fate=fate, reason=reason)) == 1

    async def postpone(self, intended_id: str, until: datetime) -> None:
        """It would have waited; it is looked at again then."""
        planned = (col(IntendedRow.id) == intended_id, col(IntendedRow.fate) == Fate.PLANNED)
        await self._db.run(update(table(IntendedRow)).where(*planned).values(leaves_at=until))
