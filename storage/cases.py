"""Remembers cases, what fired, and why something was or was not done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, update
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.casework import CASE_MOVES, LIVE_STATES, Case, CaseState, Decision, Trigger
from storage.errors import IllegalMove
from storage.tables import LIVE, CaseRow, DecisionRow, TriggerRow
from storage.transaction import CHUNK, Transaction, table, value, values

ILLEGAL = "case {id} cannot go from {old} to {new}"
UNCHANGING = {"id", "account_id", "opened_at"}


class SqlCases:
    """Implements the loop's `Cases`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def get(self, case_id: str) -> Case | None:
        """One case, or None."""
        row = await self._db.first(select(CaseRow).where(col(CaseRow.id) == case_id))
        return None if row is None else value(Case, row)

    async def live(self) -> list[Case]:
        """Every live case, oldest first."""
        rows = await self._db.all(
            select(CaseRow).where(LIVE).order_by(col(CaseRow.opened_at), col(CaseRow.id)),
        )
        return [value(Case, row) for row in rows]

    async def live_of(self, account_id: str) -> Case | None:
        """The one live case of an account (R32), or None."""
        row = await self._db.first(select(CaseRow).where(LIVE, col(CaseRow.account_id) == account_id))
        return None if row is None else value(Case, row)

    async def live_ids(self) -> dict[str, str]:
        """Account → its live case; narrow."""
        cases = table(CaseRow).c
        rows = await self._db.tuples(columns_of(cases.account_id, cases.id).where(LIVE))
        return {row[0]: row[1] for row in rows}

    async def last_of_all(self) -> dict[str, Case]:
        """Every account's newest case, live or ended (R39)."""
        rank = func.row_number().over(
            partition_by=col(CaseRow.account_id), order_by=(col(CaseRow.opened_at).desc(), col(CaseRow.id).desc())
        )
        ranked = select(col(CaseRow.id).label("id"), rank.label("rank")).subquery()
        rows = await self._db.all(
            select(CaseRow).join(ranked, col(CaseRow.id) == ranked.c.id).where(ranked.c.rank == 1)
        )
        return {row.account_id: value(Case, row) for row in rows}

    async def ended_since(self, since: datetime) -> list[Case]:
        """Cases dismissed or closed at an instant or later, oldest first."""
        ended_at = func.coalesce(CaseRow.closed_at, CaseRow.changed_at)
        rows = await self._db.all(
            select(CaseRow)
            .where(col(CaseRow.state).not_in(LIVE_STATES), ended_at >= since)
            .order_by(ended_at, col(CaseRow.id))
        )
        return [value(Case, row) for row in rows]

    async def opened_since(self, since: datetime) -> int:
        """How many cases were opened at an instant or later."""
        return await self._db.first(select(func.count()).where(col(CaseRow.opened_at) >= since)) or 0

    async def add(self, case: Case) -> bool:
        """Open a case; False when the account already has a live one."""
        insert = self._db.insert(CaseRow).on_conflict_do_nothing(index_elements=["account_id"], index_where=LIVE)
        return await self._db.run(insert, [values(case)]) == 1

    async def save(self, case: Case, *, expected: int) -> bool:
        """Write `case` if the stored version still is `expected`; False when beaten, `IllegalMove` when not allowed."""
        if case.version != expected + 1:
            raise ValueError(f"case {case.id} was to be saved as version {case.version} over {expected}")
        sources = [old for old, targets in CASE_MOVES.items() if case.state in targets or case.state == old]
        mine = (col(CaseRow.id) == case.id, col(CaseRow.version) == expected)
        changes = {name: new for name, new in values(case).items() if name not in UNCHANGING}
        change = update(table(CaseRow)).where(*mine, col(CaseRow.state).in_(sources)).values(changes)
        if await self._db.run(change) == 1:
            return True
        stored = await self._db.first(select(CaseRow.state).where(*mine))
        if stored is not None:
            raise IllegalMove(ILLEGAL.format(id=case.id, old=CaseState(stored), new=case.state))
        return False

    async def fired(self, triggers: Iterable[Trigger]) -> list[Trigger]:
        """Store triggers; give back those that were new by (account, kind, window), in their order."""
        unique = list({(trigger.account_id, trigger.kind, trigger.window): trigger for trigger in triggers}.values())
        rows = table(TriggerRow).c
        insert = self._db.insert(TriggerRow).on_conflict_do_nothing(index_elements=["account_id", "kind", "window"])
        returning = insert.returning(rows.account_id, rows.kind, rows.window)
        new: set[tuple[object, ...]] = set()
        for start in range(0, len(unique), CHUNK):
            chunk = [values(trigger) for trigger in unique[start : start + CHUNK]]
            new |= {tuple(row) for row in await self._db.tuples(returning, chunk)}
        return [trigger for trigger in unique if (trigger.account_id, trigger.kind, trigger.window) in new]

    async def fired_on(self, day: date) -> list[Trigger]:
        """What fired at the end of a day, in the order it was stored."""
        rows = await self._db.all(select(TriggerRow).where(col(TriggerRow.day) == day).order_by(col(TriggerRow.seq)))
        return [value(Trigger, row) for row in rows]

    async def decide(self, decisions: Iterable[Decision]) -> None:
        """Store decisions; the newest of (account, day) stands."""
        await self._db.upsert(DecisionRow, (values(decision) for decision in decisions))

    async def decisions(self, day: date) -> list[Decision]:
        """Every account's decision of a day."""
        rows = await self._db.all(
            select(DecisionRow).where(col(DecisionRow.day) == day).order_by(col(DecisionRow.account_id))
        )
        return [value(Decision, row) for row in rows]

    async def decisions_of(self, account_id: str) -> list[Decision]:
        """An account's decisions, oldest first."""
        rows = await self._db.all(
            select(DecisionRow).where(col(DecisionRow.account_id) == account_id).order_by(col(DecisionRow.day))
        )
        return [value(Decision, row) for row in rows]
