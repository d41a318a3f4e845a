"""Lets go of words that are older than a team wants to keep them; ids, times and states stay (J11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlmodel import SQLModel, col

from scoring.casework import LIVE_STATES
from scoring.erasure import ERASED, OLD
from storage.tables import CaseRow, DraftRow, IntendedRow, PostRow, ReplyRow
from storage.transaction import Transaction, table

GONE = ("", OLD, ERASED)


class SqlOldTexts:
    """Implements the loop's `OldTexts`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def forget(self, before: datetime, limit: int) -> int:
        """Let go of words from before an instant, at most `limit` rows of each kind; how many that were.

        Drafts stay while their case is live: somebody may yet read and send them.
        """
        live = select(col(CaseRow.id)).where(col(CaseRow.id) == col(DraftRow.case_id))
        live = live.where(col(CaseRow.state).in_(LIVE_STATES))
        drafts = (col(DraftRow.created_at) < before, col(DraftRow.body).not_in(GONE), ~live.exists())
        said = (col(PostRow.posted_at) < before, col(PostRow.body).not_in(GONE))
        back = (col(ReplyRow.received_at) < before, col(ReplyRow.text).not_in(GONE))
        planned = (col(IntendedRow.leaves_at) < before, col(IntendedRow.body).not_in(GONE))
        mail = {"subject": OLD, "body": OLD}
        return sum([
            await self._let_go(ReplyRow, {"text": OLD}, limit, *back),
            await self._let_go(DraftRow, mail | {"note": "", "findings": ()}, limit, *drafts),
            await self._let_go(IntendedRow, mail, limit, *planned),
            await self._let_go(PostRow, {"body": OLD}, limit, *said),
        ])  # fmt: skip

    async def _let_go(
        self, row: type[SQLModel], changes: dict[str, Any], limit: int, *where: ColumnElement[bool]
    ) -> int:
        key = next(iter(table(row).primary_key))
        old = select(key).where(*where).limit(limit)
        return await self._db.run(update(table(row)).where(key.in_(old)).values(**changes))
