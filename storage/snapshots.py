"""Remembers how healthy each account looked on each day; landed in bulk, read narrow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.listing import Standing
from scoring.model import Snapshot
from storage.packed import Packed, PackedSnapshots, unpacked
from storage.tables import AccountRow, SnapshotRow
from storage.transaction import CHUNK, Transaction, table

AT_ONCE = 500
"""Rows that are read or written before others get their turn on the event loop."""
WEEK = timedelta(days=7)
NAMES = ", ".join(Packed._fields)
UPSERT = "ON CONFLICT (account_id, day) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Packed._fields if name not in {"account_id", "day"}
)
INSERT = f"INSERT INTO snapshots ({NAMES})"
MAKE_LANDING = "CREATE TEMP TABLE IF NOT EXISTS landing (LIKE snapshots) ON COMMIT DELETE ROWS"
COPY_IN = f"COPY landing ({NAMES}) FROM STDIN"
TAKE_LANDED = (
    f"INSERT INTO snapshots ({NAMES}) SELECT DISTINCT ON (account_id, day) {NAMES} FROM landing "  # noqa: S608
    f"ORDER BY account_id, day, ctid DESC {UPSERT}"
)


class SqlSnapshots:
    """Implements the loop's `Snapshots`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def land(self, snapshots: Sequence[Snapshot], *, day: date | None = None) -> None:
        """Insert or replace by (account, day), past the ORM, all or those of a day; running it twice changes nothing.

        All of it appears at one moment. `PackedSnapshots` keep others waiting least: they are rows already.
        """
        if isinstance(snapshots, PackedSnapshots):
            ready = snapshots
        else:
            ready = await asyncio.to_thread(PackedSnapshots, snapshots)
        rows = ready.rows if day is None else ready.of(day)
        if rows and self._db.sqlite:
            await self._db.pour(INSERT, rows, then=UPSERT)
        elif rows:
            await self._db.raw(MAKE_LANDING)
            await self._db.copy(COPY_IN, rows)
            await self._db.raw(TAKE_LANDED)

    async def latest_day(self) -> date | None:
        """The newest day that has snapshots."""
        return await self._db.first(select(func.max(SnapshotRow.day)))

    async def days(self) -> list[date]:
        """The days that have snapshots, oldest first."""
        return await self._db.all(select(col(SnapshotRow.day)).distinct().order_by(col(SnapshotRow.day)))

    async def on(self, day: date, *, accounts: Collection[str] | None = None) -> dict[str, Snapshot]:
        """Every account's snapshot of one day, or those of `accounts`."""
        of_day = _wide().where(col(SnapshotRow.day) == day)
        if accounts is None:
            found = await self._read(of_day)
        else:
            found = [
                snapshot
                for some in _chunks(accounts)
                for snapshot in await self._read(of_day.where(col(SnapshotRow.account_id).in_(some)))
            ]
        return {snapshot.health.account_id: snapshot for snapshot in found}

    async def of(self, account_id: str, since: date, until: date) -> list[Snapshot]:
        """One account's snapshots, both ends included, oldest first."""
        between = col(SnapshotRow.day).between(since, until)
        return await self._read(
            _wide().where(col(SnapshotRow.account_id) == account_id, between).order_by(col(SnapshotRow.day))
        )

    async def course(self, account_id: str, since: date, until: date) -> list[tuple[date, float]]:
        """One account's (day, score), both ends included, oldest first; narrow, for a trend."""
        rows = table(SnapshotRow).c
        asked = (rows.account_id == account_id, rows.day.between(since, until))
        found = await self._db.tuples(columns_of(rows.day, rows.score).where(*asked).order_by(rows.day))
        return [(day, score) for day, score in found]

    async def scores(self, since: date, until: date) -> dict[str, list[tuple[date, float, int]]]:
        """Every account's (day, score, config version), oldest first; read from one narrow index (R21)."""
        rows = table(SnapshotRow).c
        narrow = columns_of(rows.account_id, rows.day, rows.score, rows.config_version)
        found: dict[str, list[tuple[date, float, int]]] = {}
        # The index's order, so that neither the database nor anybody else sorts a hundred thousand rows.
        asked = narrow.where(rows.day.between(since, until)).order_by(rows.day, rows.account_id)
        async for part in self._db.parts(asked, AT_ONCE):
            for account_id, day, score, version in part:
                found.setdefault(account_id, []).append((day, score, version))
        return found

    async def standings(
        self, day: date, *, csm_id: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[list[Standing], int]:
        """A page of the accounts of a CSM (None: of everybody) by their score of `day`, worst first, money breaking
        ties; and how many there are. Accounts that left are not listed. Computed in the database: nothing wide is read.
        """  # noqa: D205 - one sentence
        account, now, then = table(AccountRow).c, table(SnapshotRow).alias("now"), table(SnapshotRow).alias("earlier")
        mine = [account.churned_on.is_(None)] + ([account.csm_id == csm_id] if csm_id is not None else [])
        today = table(AccountRow).join(now, (now.c.account_id == account.id) & (now.c.day == day))
        count = (await self._db.tuples(columns_of(func.count()).select_from(today).where(*mine)))[0][0]
        week_ago = (then.c.account_id == account.id) & (then.c.day == day - WEEK)
        rows = await self._db.tuples(
            columns_of(
                account.id, account.name, account.domain, account.arr, now.c.score, then.c.score.label("previous")
            )
            .select_from(today.outerjoin(then, week_ago))
            .where(*mine)
            .order_by(now.c.score, func.coalesce(account.arr, 0).desc(), account.name, account.id)
            .limit(limit)
            .offset(offset)
        )
        return [Standing(*row) for row in rows], int(count)

    async def _read(self, statement: Select[Any]) -> list[Snapshot]:
        found: list[Snapshot] = []
        async for rows in self._db.parts(statement, AT_ONCE):
            found += map(unpacked, rows)
        return found


def _wide() -> Select[Any]:
    columns = table(SnapshotRow).c
    return columns_of(*(columns[name] for name in Packed._fields))


def _chunks(names: Iterable[str]) -> Iterable[list[str]]:
    wanted = list(names)
    return (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))
