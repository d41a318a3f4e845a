"""Remembers the one follow-up of each mail, and where it stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import col, select

from scoring.casework import Outreach, OutreachKind, OutreachState
from scoring.follow_up import FollowUp, FollowUpState
from scoring.replies import ANSWERS
from storage.tables import FollowUpRow, OutreachRow, ReplyRow
from storage.transaction import Transaction, table, value, values


class SqlFollowUps:
    """Implements the loop's `FollowUps`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def add(self, follow_up: FollowUp) -> bool:
        """Store it; False when that mail has one already."""
        insert = self._db.insert(FollowUpRow).on_conflict_do_nothing(index_elements=["outreach_id"])
        return await self._db.run(insert, [values(follow_up)]) == 1

    async def get(self, outreach_id: str) -> FollowUp | None:
        """The follow-up of a mail, or None."""
        row = await self._db.first(select(FollowUpRow).where(col(FollowUpRow.outreach_id) == outreach_id))
        return None if row is None else value(FollowUp, row)

    async def of_case(self, case_id: str) -> FollowUp | None:
        """The newest follow-up of a case, or None."""
        row = await self._db.first(
            select(FollowUpRow)
            .where(col(FollowUpRow.case_id) == case_id)
            .order_by(col(FollowUpRow.due_at).desc(), col(FollowUpRow.outreach_id).desc())
            .limit(1)
        )
        return None if row is None else value(FollowUp, row)

    async def due(self, now: datetime) -> list[FollowUp]:
        """Those that wait and whose time has come, oldest first."""
        rows = await self._db.all(
            select(FollowUpRow)
            .where(col(FollowUpRow.state) == FollowUpState.WAITING, col(FollowUpRow.due_at) <= now)
            .order_by(col(FollowUpRow.due_at), col(FollowUpRow.outreach_id))
        )
        return [value(FollowUp, row) for row in rows]

    async def answered(self) -> list[FollowUp]:
        """Those that wait although their account has answered since the mail left."""
        answer = (
            select(ReplyRow.id)
            .where(
                col(ReplyRow.account_id) == col(FollowUpRow.account_id),
                col(ReplyRow.kind).in_(ANSWERS),
                or_(
                    col(ReplyRow.outreach_id) == col(OutreachRow.id),
                    col(ReplyRow.received_at) > col(OutreachRow.sent_at),
                ),
            )
            .exists()
        )
        rows = await self._db.all(
            select(FollowUpRow)
            .join(OutreachRow, col(OutreachRow.id) == col(FollowUpRow.outreach_id))
            .where(col(FollowUpRow.state) == FollowUpState.WAITING, answer)
        )
        return [value(FollowUp, row) for row in rows]

    async def without(self, sent_since: datetime) -> list[Outreach]:
        """Sent mails that follow nothing themselves and have no follow-up yet, oldest first."""
        has_one = select(FollowUpRow.outreach_id).where(col(FollowUpRow.outreach_id) == col(OutreachRow.id)).exists()
        rows = await self._db.all(
            select(OutreachRow)
            .where(
                col(OutreachRow.state) == OutreachState.SENT,
                col(OutreachRow.kind) != OutreachKind.FOLLOW_UP,
                col(OutreachRow.sent_at) >= sent_since,
                ~has_one,
            )
            .order_by(col(OutreachRow.sent_at), col(OutreachRow.id))
        )
        return [value(Outreach, row) for row in rows]

    async def move(self, outreach_id: str, to_state: FollowUpState, **changes: object) -> bool:
        """Compare-and-set from waiting; False when somebody was faster (R53: it never happens twice)."""
        waiting = (col(FollowUpRow.outreach_id) == outreach_id, col(FollowUpRow.state) == FollowUpState.WAITING)
        change = update(table(FollowUpRow)).where(*waiting).values(state=to_state, **changes)
        return await self._db.run(change) == 1
