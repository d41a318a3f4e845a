"""Remembers how healthy each account looked on each day; landed in bulk, read narrow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, func
from sqlmodel import col, select

from scoring.model import Health, Part, Reading, Signals, Snapshot
from storage.tables import SnapshotRow
from storage.transaction import Transaction, table

SIGNALS = ("activity", "engagement", "milestones", "recency")
LANDED_AT_ONCE = 2_000  # rows a statement; between two of them a click gets its turn on the event loop
_SIGNALS: TypeAdapter[Signals] = TypeAdapter(Signals)
_OWN: TypeAdapter[dict[str, float]] = TypeAdapter(dict[str, float])


class SqlSnapshots:
    """Implements the loop's `Snapshots`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def land(self, snapshots: Sequence[Snapshot]) -> None:
        """Insert or replace by (account, day), past the ORM; running it twice changes nothing."""
        sql = _landing(self._db.mark)
        for start in range(0, len(snapshots), LANDED_AT_ONCE):
            rows = [_row(snapshot) for snapshot in snapshots[start : start + LANDED_AT_ONCE]]
            await self._db.raw(sql, rows)

    async def latest_day(self) -> date | None:
        """The newest day that has snapshots."""
        return await self._db.first(select(func.max(SnapshotRow.day)))

    async def days(self) -> list[date]:
        """The days that have snapshots, oldest first."""
        return await self._db.all(select(col(SnapshotRow.day)).distinct().order_by(col(SnapshotRow.day)))

    async def on(self, day: date) -> dict[str, Snapshot]:
        """Every account's snapshot of one day."""
        found = await self._read(_wide().where(col(SnapshotRow.day) == day))
        return {snapshot.health.account_id: snapshot for snapshot in found}

    async def of(self, account_id: str, since: date, until: date) -> list[Snapshot]:
        """One account's snapshots, both ends included, oldest first."""
        between = col(SnapshotRow.day).between(since, until)
        return await self._read(
            _wide().where(col(SnapshotRow.account_id) == account_id, between).order_by(col(SnapshotRow.day))
        )

    async def scores(self, since: date, until: date) -> dict[str, list[tuple[date, float, int]]]:
        """Every account's (day, score, config version), oldest first; read from one narrow index (R21)."""
        mark = self._db.mark
        rows = await self._db.raw(
            "SELECT account_id, day, score, config_version FROM snapshots"  # noqa: S608
            f" WHERE day BETWEEN {mark} AND {mark} ORDER BY day",
            (since.isoformat(), until.isoformat()),
        )
        return await _by_account(rows)

    async def _read(self, statement: Select[Any]) -> list[Snapshot]:
        found: list[Snapshot] = []
        for number, row in enumerate(await self._db.tuples(statement)):
            found.append(_snapshot(row))
            if number % 500 == 0:
                await asyncio.sleep(0)  # ten thousand snapshots take a while to read; others get their turn
        return found


def _wide() -> Select[Any]:
    return table(SnapshotRow).select()


def _landing(mark: str) -> str:
    """The upsert in the driver's own words."""
    names = [column.name for column in table(SnapshotRow).columns]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {"account_id", "day"})
    return (
        f"INSERT INTO snapshots ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))}) "  # noqa: S608
        f"ON CONFLICT (account_id, day) DO UPDATE SET {changes}"
    )


def _row(snapshot: Snapshot) -> tuple[Any, ...]:
    """The columns in the table's order."""
    health, signals = snapshot.health, snapshot.signals
    if (health.account_id, health.day) != (signals.account_id, signals.day):
        raise ValueError(
            f"a score and signals of different accounts or days: {health.account_id}, {signals.account_id}"
        )
    return (
        health.account_id,
        health.day.isoformat(),
        health.score,
        health.coverage,
        str(health.reading),
        health.config_version,
        *_columns(health.parts),
        None if signals.usage_ratio is None else float(signals.usage_ratio),
        _OWN.dump_json(dict(health.own)).decode(),
        _SIGNALS.dump_json(signals, exclude_none=True).decode(),
    )


def _columns(parts: Iterable[Part]) -> Iterable[float | None]:
    by_name = {part.signal: part for part in parts}
    unknown = by_name.keys() - set(SIGNALS)
    if unknown:
        raise ValueError(f"a snapshot has no column for {', '.join(sorted(unknown))}")
    for name in SIGNALS:
        part = by_name.get(name)
        yield from (None, None, None) if part is None else (part.value, part.weight, part.points)


def _snapshot(row: Any) -> Snapshot:
    parts = (
        Part(name, getattr(row, name), getattr(row, f"{name}_weight"), getattr(row, f"{name}_points"))
        for name in SIGNALS
        if getattr(row, f"{name}_weight") is not None
    )
    health = Health(
        account_id=row.account_id,
        day=row.day,
        score=row.score,
        parts=tuple(parts),
        coverage=row.coverage,
        reading=Reading(row.reading),
        config_version=row.config_version,
        own=_OWN.validate_json(row.own),
    )
    return Snapshot(health, _SIGNALS.validate_json(row.signals))


async def _by_account(rows: Sequence[Sequence[Any]]) -> dict[str, list[tuple[date, float, int]]]:
    found: dict[str, list[tuple[date, float, int]]] = {}
    days: dict[Any, date] = {}
    for number, (account_id, stored, score, version) in enumerate(rows):
        day = days.get(stored)
        if day is None:
            day = days[stored] = stored if isinstance(stored, date) else date.fromisoformat(stored)
        found.setdefault(account_id, []).append((day, score, version))
        if number % 10_000 == 0:
            await asyncio.sleep(0)
    return found
