"""Remembers words to customers: numbered drafts, the mail outbox, and addresses that must not be written to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.casework import OUTREACH_MOVES, CaseState, Draft, Outreach, OutreachKind, OutreachState
from scoring.erasure import SALT_FLAG, pseudonym
from scoring.errors import TooLate
from scoring.mail_plan import Dealings
from scoring.replies import ANSWERS
from storage.accounts import email_key
from storage.errors import IllegalMove
from storage.tables import ON_ITS_WAY, CaseRow, DraftRow, FlagRow, OutreachRow, ReplyRow, SuppressionRow, TicketRow
from storage.transaction import Transaction, table, value, values

ALREADY = "This case already has a mail that is approved, on its way, or of unknown fate. Nothing more was sent."
ILLEGAL = "mail {id} cannot go from {old} to {new}"
FIXED = "mail {id}: {names} cannot change after the approval"
# What the way of a mail may change; whom it goes to and what it says was approved and stays (R49).
MUTABLE = {"not_before", "attempts", "claimed_at", "sent_at", "error", "confirmed_by"}
HAS_LEFT = col(OutreachRow.state).in_((OutreachState.SENDING, OutreachState.SENT, OutreachState.UNCERTAIN))
LEFT_AT = func.coalesce(OutreachRow.sent_at, OutreachRow.claimed_at, OutreachRow.approved_at)


class SqlOutreaches:
    """Implements the loop's `Outreaches`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def add_draft(self, draft: Draft) -> bool:
        """Store a new version; False when that version of the case's draft exists already."""
        insert = self._db.insert(DraftRow).on_conflict_do_nothing(index_elements=["case_id", "version"])
        return await self._db.run(insert, [values(draft)]) == 1

    async def latest_draft(self, case_id: str) -> Draft | None:
        """The newest version of a case's draft."""
        row = await self._db.first(
            select(DraftRow).where(col(DraftRow.case_id) == case_id).order_by(col(DraftRow.version).desc()).limit(1)
        )
        return None if row is None else value(Draft, row)

    async def draft(self, draft_id: str) -> Draft | None:
        """One version by its id."""
        row = await self._db.first(select(DraftRow).where(col(DraftRow.id) == draft_id))
        return None if row is None else value(Draft, row)

    async def drafts(self, case_id: str) -> list[Draft]:
        """Every version of a case's draft, oldest first."""
        rows = await self._db.all(
            select(DraftRow).where(col(DraftRow.case_id) == case_id).order_by(col(DraftRow.version))
        )
        return [value(Draft, row) for row in rows]

    async def cases_without_draft(self) -> list[str]:
        """Open cases without a draft that could leave: to an open address, not sent by itself before; oldest first."""
        drafts, later = table(DraftRow).c, table(DraftRow).alias()
        newer = select(later.c.id).where(later.c.case_id == drafts.case_id, later.c.version > drafts.version).exists()
        closed = select(SuppressionRow.email_key).where(col(SuppressionRow.email_key) == func.lower(drafts.to_email))
        gone = (col(OutreachRow.kind) == OutreachKind.AUTOMATIC, col(OutreachRow.state) == OutreachState.SENT)
        left = select(OutreachRow.id).where(col(OutreachRow.draft_id) == drafts.id, *gone)
        mine = (drafts.case_id == col(CaseRow.id), ~newer, ~closed.exists(), ~left.exists())
        usable = select(drafts.id).where(*mine).exists()
        return await self._db.all(
            select(CaseRow.id)
            .where(col(CaseRow.state) == CaseState.OPEN, ~usable)
            .order_by(col(CaseRow.opened_at), col(CaseRow.id))
        )

    async def add(self, outreach: Outreach) -> None:
        """Store an approved mail; `TooLate` when the case has one that is approved, on its way or uncertain (R54)."""
        insert = self._db.insert(OutreachRow).on_conflict_do_nothing(index_elements=["case_id"], index_where=ON_ITS_WAY)
        row = values(outreach, email_key=email_key(outreach.to_email))
        if await self._db.run(insert, [row]) != 1:
            raise TooLate(ALREADY)

    async def get(self, outreach_id: str) -> Outreach | None:
        """One mail, or None."""
        row = await self._db.first(select(OutreachRow).where(col(OutreachRow.id) == outreach_id))
        return None if row is None else value(Outreach, row)

    async def latest_of(self, case_id: str) -> Outreach | None:
        """The mail of a case that was approved last, whatever became of it."""
        row = await self._db.first(
            select(OutreachRow)
            .where(col(OutreachRow.case_id) == case_id)
            .order_by(col(OutreachRow.approved_at).desc(), col(OutreachRow.id).desc())
            .limit(1)
        )
        return None if row is None else value(Outreach, row)

    async def by_message_ids(self, message_ids: Iterable[str]) -> dict[str, Outreach]:
        """Message-ID → the mail that has it; others' are left out."""
        rows = await self._db.among(OutreachRow, col(OutreachRow.message_id), message_ids)
        return {row.message_id: value(Outreach, row) for row in rows}

    async def by_token(self, token: str) -> Outreach | None:
        """The mail whose Message-ID begins with this token."""
        begins = col(OutreachRow.message_id).startswith(f"<{token}", autoescape=True)
        row = await self._db.first(select(OutreachRow).where(begins).order_by(col(OutreachRow.id)).limit(1))
        return None if row is None else value(Outreach, row)

    async def due(self, now: datetime) -> list[Outreach]:
        """Approved mails whose `not_before` has come, oldest first; nothing is claimed."""
        rows = await self._db.all(
            select(OutreachRow)
            .where(col(OutreachRow.state) == OutreachState.APPROVED, col(OutreachRow.not_before) <= now)
            .order_by(col(OutreachRow.not_before), col(OutreachRow.id))
        )
        return [value(Outreach, row) for row in rows]

    async def move(
        self, outreach_id: str, from_state: OutreachState, to_state: OutreachState, **changes: object
    ) -> Outreach | None:
        """Compare-and-set on the state, changing other fields with it; None when somebody was faster.

        Raises `IllegalMove` for a step that is not in `OUTREACH_MOVES`, and for a field that was approved and stays.
        """
        if to_state not in OUTREACH_MOVES[from_state]:
            raise IllegalMove(ILLEGAL.format(id=outreach_id, old=from_state, new=to_state))
        if fixed := changes.keys() - MUTABLE:
            raise IllegalMove(FIXED.format(id=outreach_id, names=", ".join(sorted(fixed))))
        change = update(table(OutreachRow)).where(
            col(OutreachRow.id) == outreach_id, col(OutreachRow.state) == from_state
        )
        if await self._db.run(change.values(state=to_state, **changes)) != 1:
            return None
        return await self.get(outreach_id)

    async def stale_claims(self, before: datetime) -> list[Outreach]:
        """Mails in `sending` that were claimed before an instant: their fate is unknown (R54)."""
        rows = await self._db.all(
            select(OutreachRow)
            .where(col(OutreachRow.state) == OutreachState.SENDING, col(OutreachRow.claimed_at) < before)
            .order_by(col(OutreachRow.claimed_at), col(OutreachRow.id))
        )
        return [value(Outreach, row) for row in rows]

    async def last_for(self, account_id: str) -> Outreach | None:
        """The newest mail to anybody at an account that left or may have left."""
        row = await self._db.first(
            select(OutreachRow)
            .where(col(OutreachRow.account_id) == account_id, HAS_LEFT)
            .order_by(LEFT_AT.desc(), col(OutreachRow.id).desc())
            .limit(1)
        )
        return None if row is None else value(Outreach, row)

    async def dealings(self, email: str, account_id: str) -> Dealings:
        """What there was with an address and an account until now: read together, for it is asked for every mail."""
        at = func.max(LEFT_AT)
        mails, replies, tickets = select(at).where(HAS_LEFT), table(ReplyRow).c, table(TicketRow).c
        answers = columns_of(func.max(replies.received_at)).where(replies.kind.in_(ANSWERS))
        unsolved = columns_of(func.max(tickets.opened_at)).where(tickets.closed_at.is_(None))
        reason = select(SuppressionRow.reason).where(col(SuppressionRow.email_key) == email_key(email))
        asked = columns_of(
            reason.scalar_subquery(),
            mails.where(col(OutreachRow.email_key) == email_key(email)).scalar_subquery(),
            mails.where(col(OutreachRow.account_id) == account_id).scalar_subquery(),
            answers.where(replies.account_id == account_id).scalar_subquery(),
            unsolved.where(tickets.account_id == account_id).scalar_subquery(),
            select(FlagRow.value).where(col(FlagRow.name) == SALT_FLAG).scalar_subquery(),
        )
        closed, *instants, salt = (await self._db.tuples(asked))[0]
        if closed is None and salt:
            closed = await self.suppressed(email)
        return Dealings(closed, *instants)

    async def sent_since(self, since: datetime) -> dict[str, Outreach]:
        """Account → the newest mail of those that were sent at an instant or later."""
        rows = await self._db.all(
            select(OutreachRow)
            .where(col(OutreachRow.state) == OutreachState.SENT, col(OutreachRow.sent_at) >= since)
            .order_by(col(OutreachRow.sent_at), col(OutreachRow.id))
        )
        return {row.account_id: value(Outreach, row) for row in rows}

    async def suppress(self, email: str, reason: str, at: datetime) -> None:
        """Never write to this address again; the first reason stands."""
        insert = self._db.insert(SuppressionRow).on_conflict_do_nothing(index_elements=["email_key"])
        await self._db.run(insert, [{"email_key": email_key(email), "reason": reason, "at": at}])

    async def suppressed(self, email: str) -> str | None:
        """Why this address must not be written to, or None; an erased one is known by its hash alone (J10)."""
        salt = await self._db.first(select(FlagRow.value).where(col(FlagRow.name) == SALT_FLAG))
        keys = [email_key(email), *([pseudonym(email, salt)] if salt else [])]
        return await self._db.first(select(SuppressionRow.reason).where(col(SuppressionRow.email_key).in_(keys)))
