"""Remembers how healthy each account looked on each day; landed in bulk, read narrow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.listing import Standing
from scoring.model import Snapshot
from storage.packed import PackedSnapshots, Page, snapshots_on
from storage.tables import AccountRow, SnapshotPageRow, SnapshotRow
from storage.transaction import CHUNK, Transaction, table

AT_ONCE = 100
"""Rows that are read before others get their turn on the event loop."""
PAGES_AT_ONCE = 10
WEEK = timedelta(days=7)
ROW = ("day", "account_id", "score", "coverage", "config_version", "page")
NAMES = ", ".join(ROW)
UPSERT = "ON CONFLICT (day, account_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in ROW[2:])
INSERT = f"INSERT INTO snapshots ({NAMES})"
INSERT_PAGES = "INSERT INTO snapshot_pages (id, day, held) VALUES (?, ?, ?)"
MAKE_LANDING = "CREATE TEMP TABLE IF NOT EXISTS landing (LIKE snapshots) ON COMMIT DELETE ROWS"
COPY_IN = f"COPY landing ({NAMES}) FROM STDIN"
COPY_PAGES_IN = "COPY snapshot_pages (id, day, held) FROM STDIN"
TAKE_LANDED = f"INSERT INTO snapshots ({NAMES}) SELECT {NAMES} FROM landing {UPSERT}"  # noqa: S608 - constants


class SqlSnapshots:
    """Implements the loop's `Snapshots`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def land(self, snapshots: Sequence[Snapshot], *, day: date | None = None) -> None:
        """Insert or replace by (account, day), past the ORM, all or those of a day; running it twice changes nothing.

        All of it appears at one moment. `PackedSnapshots` keep others waiting least: they are pages already.
        """
        if isinstance(snapshots, PackedSnapshots):
            ready = snapshots
        else:
            ready = await asyncio.to_thread(PackedSnapshots, snapshots)
        first = 1 + (await self._db.first(select(func.max(SnapshotPageRow.id))) or 0)
        landed = list(enumerate((page for page in ready.pages if day in {None, page.day}), first))
        if not landed:
            return
        pages = [(number, page.day.isoformat(), page.held) for number, page in landed]
        columns = _columns(landed)
        if self._db.sqlite:
            await self._db.raw(INSERT_PAGES, pages)
            await self._db.pour_columns(INSERT, columns, then=UPSERT)
        else:
            await self._db.copy(COPY_PAGES_IN, pages)
            await self._db.raw(MAKE_LANDING)
            await self._db.copy(COPY_IN, list(zip(*columns, strict=True)))
            await self._db.raw(TAKE_LANDED)
        for landed_day in sorted({page.day for _, page in landed}):
            await self._drop_pages(landed_day, before=first)

    async def _drop_pages(self, day: date, *, before: int) -> None:
        """Older pages of a day that no row names any more."""
        page, named = table(SnapshotPageRow).c, table(SnapshotRow).c
        old = (page.day == day, page.id < before)
        if await self._db.first(select(SnapshotPageRow.id).where(*old).limit(1)) is not None:
            gone = page.id.not_in(columns_of(named.page).where(named.day == day))
            await self._db.run(delete(SnapshotPageRow).where(*old, gone))

    async def latest_day(self) -> date | None:
        """The newest day that has snapshots."""
        return await self._db.first(select(func.max(SnapshotRow.day)))

    async def days(self) -> list[date]:
        """The days that have snapshots, oldest first."""
        return await self._db.all(select(col(SnapshotPageRow.day)).distinct().order_by(col(SnapshotPageRow.day)))

    async def on(self, day: date, *, accounts: Collection[str] | None = None) -> dict[str, Snapshot]:
        """Every account's snapshot of one day, or those of `accounts`."""
        rows = table(SnapshotRow).c
        of_day = columns_of(rows.account_id, rows.page).where(rows.day == day)
        if accounts is None:
            found = await self._read([of_day])
        else:
            found = await self._read(of_day.where(rows.account_id.in_(some)) for some in _chunks(accounts))
        return {snapshot.health.account_id: snapshot for snapshot in found}

    async def count(self, day: date) -> int:
        """How many accounts were scored on a day; counted in the database."""
        return await self._db.first(select(func.count()).where(col(SnapshotRow.day) == day)) or 0

    async def of(self, account_id: str, since: date, until: date) -> list[Snapshot]:
        """One account's snapshots, both ends included, oldest first."""
        rows = table(SnapshotRow).c
        found = await self._read([columns_of(rows.account_id, rows.page).where(*_course(account_id, since, until))])
        return sorted(found, key=lambda snapshot: snapshot.health.day)

    async def newest(self, account_id: str) -> Snapshot | None:
        """An account's snapshot of the newest day that has any; None if it was left out then."""
        rows = table(SnapshotRow).c
        latest = columns_of(func.max(rows.day)).scalar_subquery()
        found = await self._whole(account_id, rows.day == latest)
        return found[0] if found else None

    async def at(self, account_id: str, days: Iterable[date]) -> list[Snapshot]:
        """One account's snapshots of a few days, oldest first."""
        return await self._whole(account_id, table(SnapshotRow).c.day.in_(list(days)))

    async def course(self, account_id: str, since: date, until: date) -> list[tuple[date, float]]:
        """One account's (day, score), both ends included, oldest first; narrow, for a trend."""
        rows = table(SnapshotRow).c
        asked = columns_of(rows.day, rows.score).where(*_course(account_id, since, until))
        found = await self._db.tuples(asked.order_by(rows.day))
        return [(day, score) for day, score in found]

    async def scores(self, since: date, until: date) -> dict[str, list[tuple[date, float, int]]]:
        """Every account's (day, score, config version), oldest first; read from narrow rows (R21)."""
        rows = table(SnapshotRow).c
        narrow = columns_of(rows.account_id, rows.day, rows.score, rows.config_version)
        found: dict[str, list[tuple[date, float, int]]] = {}
        # The key's order, so that neither the database nor anybody else sorts a hundred thousand rows.
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

    async def _whole(self, account_id: str, days: ColumnElement[bool]) -> list[Snapshot]:
        """An account's snapshots of few days, each of which has a page of its own; in one statement, oldest first."""
        rows, page = table(SnapshotRow), table(SnapshotPageRow)
        asked = columns_of(page.c.held).select_from(rows.join(page, page.c.id == rows.c.page))
        mine = asked.where(days, rows.c.account_id == account_id).order_by(rows.c.day)
        pages = [held for (held,) in await self._db.tuples(mine)]
        return await asyncio.to_thread(_of_one, pages, account_id) if pages else []

    async def _read(self, statements: Iterable[Select[Any]]) -> list[Snapshot]:
        """The snapshots of all (account, page) that are asked for; pages are read beside the event loop."""
        wanted: dict[int, set[str]] = {}
        for statement in statements:
            async for part in self._db.parts(statement, AT_ONCE):
                for account_id, number in part:
                    wanted.setdefault(number, set()).add(account_id)
        page = table(SnapshotPageRow).c
        numbers, found = sorted(wanted), []
        for start in range(0, len(numbers), PAGES_AT_ONCE):
            asked = columns_of(page.id, page.held).where(page.id.in_(numbers[start : start + PAGES_AT_ONCE]))
            for number, held in await self._db.tuples(asked):
                found += await asyncio.to_thread(snapshots_on, held, wanted[number])
        return found


def _of_one(pages: Iterable[bytes], account_id: str) -> list[Snapshot]:
    return [snapshot for held in pages for snapshot in snapshots_on(held, {account_id})]


def _columns(pages: Iterable[tuple[int, Page]]) -> list[list[Any]]:
    """What stands in rows, by `ROW`."""
    columns: list[list[Any]] = [[] for _ in ROW]
    for number, page in pages:
        rows = len(page.accounts)
        days, numbers = [page.day.isoformat()] * rows, [number] * rows
        parts: tuple[list[Any], ...] = days, page.accounts, page.scores, page.coverages, page.versions, numbers
        for column, part in zip(columns, parts, strict=True):
            column.extend(part)
    return columns


def _course(account_id: str, since: date, until: date) -> tuple[ColumnElement[bool], ...]:
    """One account on some days. Each is named, so that the key finds it: a span would read the rows of everybody."""
    rows = table(SnapshotRow).c
    days = [since + timedelta(days=ahead) for ahead in range((until - since).days + 1)]
    return rows.day.in_(days), rows.account_id == account_id


def _chunks(names: Iterable[str]) -> Iterable[list[str]]:
    wanted = list(names)
    return (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))
