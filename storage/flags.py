"""Remembers small named facts that survive a restart, and who holds a lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_
from sqlmodel import col, select

from storage.tables import FlagRow, LeaseRow
from storage.transaction import Transaction, table


class SqlFlags:
    """Implements the loop's `Flags`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def get(self, name: str) -> str | None:
        """A flag's value, or None when it is not set."""
        return await self._db.first(select(FlagRow.value).where(col(FlagRow.name) == name))

    async def some(self, *names: str) -> dict[str, str]:
        """Those of these flags that are set, with their values."""
        return {row.name: row.value for row in await self._db.among(FlagRow, col(FlagRow.name), names)}

    async def set(self, name: str, value: str | None) -> None:
        """Set a flag; None takes it away."""
        if value is None:
            await self._db.run(delete(table(FlagRow)).where(col(FlagRow.name) == name))
        else:
            await self._db.upsert(FlagRow, [{"name": name, "value": value}])

    async def claim(self, name: str, value: str) -> bool:
        """Set it if it is unset; True for the one caller that did."""
        insert = self._db.insert(FlagRow).on_conflict_do_nothing(index_elements=["name"])
        return await self._db.run(insert, [{"name": name, "value": value}]) == 1

    async def lease(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or prolong a lease: True while `holder` has it; a lease that ran out may be taken over."""
        insert = self._db.insert(LeaseRow)
        take = insert.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": insert.excluded.holder, "until": insert.excluded.until},
            where=or_(col(LeaseRow.holder) == holder, col(LeaseRow.until) <= now),
        )
        return await self._db.run(take, [{"name": name, "holder": holder, "until": until}]) == 1

    async def holder(self, name: str) -> str | None:
        """Who took a lease last, also when it ran out; None when nobody did or it was given back."""
        return await self._db.first(select(LeaseRow.holder).where(col(LeaseRow.name) == name))

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back, if it is `holder`'s."""
        ours = (col(LeaseRow.name) == name, col(LeaseRow.holder) == holder)
        await self._db.run(delete(table(LeaseRow)).where(*ours))
