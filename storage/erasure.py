"""Forgets what was written to, by and about a person or an account: whole rows, and what stands in their place (J10).

Texts elsewhere that mention them are the business of `storage/mentions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlmodel import SQLModel, col, select

from scoring.addresses import is_one
from scoring.casework import Outreach
from scoring.crm import CRM_OPEN, CrmState, CrmThing
from scoring.erasure import ERASED, Reach, Scope, pseudonym
from scoring.replies import ReplyKind
from storage.accounts import email_key
from storage.tables import (
    AccountRow,
    CardRow,
    CaseRow,
    CrmJobRow,
    CrmLinkRow,
    DecisionRow,
    DraftRow,
    FollowUpRow,
    IntendedRow,
    MilestoneRow,
    OutreachRow,
    PersonRow,
    PostRow,
    ReplyRow,
    SuppressionRow,
    TicketRow,
    TriggerRow,
    WaitingRow,
)
from storage.transaction import Transaction, table, value

# What goes; the addresses in these rows become hashes.
DRAFT = {"to_name": "", "subject": ERASED, "body": ERASED, "note": "", "findings": ()}
INTENDED = {"to_name": "", "subject": ERASED, "body": ERASED, "reason": ""}
REPLY = {"text": ERASED, "message_id": ""}
PERSON = {"name": "", "title": "", "slack_id": "", "timezone": "", "primary": False, "left": True}
CASE = {"snooze_reason": "", "close_reason": ""}
ACCOUNT = {"name": ERASED, "domain": "", "goal": "", "stage": "", "segment": ""}


class SqlErasure:
    """Implements the loop's `Erasures`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def reach(self, scope: Scope) -> Reach:
        """Where the scope stands, before anything is changed."""
        mails = [value(Outreach, row) for row in await self._rows(OutreachRow, scope, "to_id", "email_key")]
        drafts = await self._rows(DraftRow, scope, "to_id", "to_email")
        wrote = await self._rows(ReplyRow, scope, "", "from_email")
        back = await self._db.among(ReplyRow, col(ReplyRow.outreach_id), [mail.id for mail in mails])
        replies = {row.id: row for row in (*wrote, *back)}.values()
        cases = [row.case_id for row in (*mails, *drafts, *replies)]
        if scope.account_id:
            cases += await self._db.all(select(CaseRow.id).where(col(CaseRow.account_id) == scope.account_id))
        people = await self._rows(PersonRow, scope, "id", "email_key")
        named = [row.to_email for row in (*mails, *drafts)] + [row.email for row in people]
        if scope.account_id:
            named += [row.from_email for row in replies if row.kind is not ReplyKind.ELSEWHERE]
        jobs = await self._db.among(CrmJobRow, col(CrmJobRow.ref), [row.id for row in (*mails, *replies)])
        links = await self._db.among(CrmLinkRow, col(CrmLinkRow.ref), scope.person_ids)
        cards = await self._db.among(CardRow, col(CardRow.case_id), cases)
        return Reach(
            mails=tuple(mails),
            case_ids=tuple(dict.fromkeys(cases)),
            reply_ids=tuple(row.id for row in replies),
            addresses=await self._theirs_alone(scope, [*scope.addresses, *named]),
            crm_ids=tuple(dict.fromkeys(filter(None, (*(row.crm_id for row in links), *(row.crm_id for row in jobs))))),
            threads=tuple((card.posted_channel, card.ts) for card in cards if card.ts),
        )

    async def _theirs_alone(self, scope: Scope, named: list[str]) -> tuple[str, ...]:
        """Addresses without those of people who are not meant: a colleague who answered, a contact elsewhere, a CSM."""
        keys = list(dict.fromkeys(key for one in named if is_one(key := email_key(one))))
        known = await self._db.among(PersonRow, col(PersonRow.email_key), keys)
        others = {row.email_key for row in known if row.id not in scope.person_ids}
        return tuple(key for key in keys if key not in others)

    async def forget(self, scope: Scope, reach: Reach, salt: str, now: datetime) -> None:
        """Let go of every text and address of the scope; ids, times, kinds and states stay."""
        hidden = {email: pseudonym(email, salt) for email in reach.addresses}
        for row in await self._rows(DraftRow, scope, "to_id", "to_email"):
            await self._change(DraftRow, row.id, DRAFT | {"to_email": _hidden(row.to_email, hidden)})
        for mail in reach.mails:
            address = _hidden(mail.to_email, hidden)
            await self._change(OutreachRow, mail.id, {"to_email": address, "email_key": address, "error": ""})
        for reply in await self._db.among(ReplyRow, col(ReplyRow.id), reach.reply_ids):
            theirs = scope.account_id and reply.kind is not ReplyKind.ELSEWHERE
            address = _hidden(reply.from_email, hidden, otherwise=ERASED if theirs else reply.from_email)
            await self._change(ReplyRow, reply.id, REPLY | {"from_email": address})
        for one in await self._rows(IntendedRow, scope, "to_id", "to_email"):
            await self._change(IntendedRow, one.id, INTENDED | {"to_email": _hidden(one.to_email, hidden)})
        for person in await self._rows(PersonRow, scope, "id", "email_key"):
            address = _hidden(person.email, hidden)
            await self._change(PersonRow, person.id, PERSON | {"email": address, "email_key": address})
        await self._forget_cases(reach, now)
        if scope.account_id:
            await self._forget_account(scope.account_id)
        await self._closed(hidden, scope, now)

    async def _forget_cases(self, reach: Reach, now: datetime) -> None:
        """Remarks and thread notes of the cases; what Slack has not been told of them, it is not told any more."""
        for case_id in reach.case_ids:
            await self._run(CaseRow, CASE, col(CaseRow.id) == case_id)
            await self._run(FollowUpRow, {"reason": ""}, col(FollowUpRow.case_id) == case_id)
            of_case = col(PostRow.case_id) == case_id
            await self._run(PostRow, {"posted_at": now}, of_case, col(PostRow.posted_at).is_(None))
            await self._run(PostRow, {"body": ERASED, "error": ""}, of_case)
        for ref in (*(mail.id for mail in reach.mails), *reach.reply_ids):
            await self._run(CrmJobRow, {"error": ""}, col(CrmJobRow.ref) == ref)
            await self._dismiss(col(CrmJobRow.ref) == ref)

    async def _forget_account(self, account_id: str) -> None:
        """The company's own row and what is told about it; its scores are numbers and stay."""
        await self._run(AccountRow, ACCOUNT, col(AccountRow.id) == account_id)
        await self._run(DecisionRow, {"reason": ""}, col(DecisionRow.account_id) == account_id)
        await self._run(TriggerRow, {"why": (), "detail": ""}, col(TriggerRow.account_id) == account_id)
        await self._run(CaseRow, {"triggers": ()}, col(CaseRow.account_id) == account_id)
        await self._dismiss(col(CrmJobRow.account_id) == account_id)
        for row, owner in ((MilestoneRow, MilestoneRow.account_id), (TicketRow, TicketRow.account_id)):
            await self._db.run(delete(table(row)).where(col(owner) == account_id))

    async def _dismiss(self, which: ColumnElement[bool]) -> None:
        """What the CRM was not told yet, it is not told any more."""
        unsettled = col(CrmJobRow.state).in_(CRM_OPEN)
        await self._run(CrmJobRow, {"state": CrmState.DISMISSED}, which, unsettled)

    async def _closed(self, hidden: Mapping[str, str], scope: Scope, now: datetime) -> None:
        """Closed addresses stay closed, as hashes; use that waits for an account, and links to the CRM, go."""
        for email, name in hidden.items():
            was = await self._db.first(select(SuppressionRow).where(col(SuppressionRow.email_key) == email))
            if was is not None or email in scope.addresses:
                insert = self._db.insert(SuppressionRow).on_conflict_do_nothing(index_elements=["email_key"])
                await self._db.run(insert, [{"email_key": name, "reason": ERASED, "at": was.at if was else now}])
                await self._db.run(delete(table(SuppressionRow)).where(col(SuppressionRow.email_key) == email))
        await self._db.run(delete(table(WaitingRow)).where(col(WaitingRow.user_id).in_([*scope.person_ids, *hidden])))
        linked = (col(CrmLinkRow.thing) == CrmThing.PERSON, col(CrmLinkRow.ref).in_(scope.person_ids))
        await self._db.run(delete(table(CrmLinkRow)).where(*linked))

    async def _rows(self, row: type[Any], scope: Scope, person: str, address: str) -> list[Any]:
        """The rows of a table that belong to the scope, by person, address or account."""
        columns = table(row).c
        theirs: list[ColumnElement[bool]] = [func.lower(columns[address]).in_(scope.addresses)]
        if person:
            theirs.append(columns[person].in_(scope.person_ids))
        if scope.account_id:
            theirs.append(columns["account_id"] == scope.account_id)
        return await self._db.all(select(row).where(or_(*theirs)))

    async def _change(self, row: type[SQLModel], row_id: str, changes: Mapping[str, Any]) -> None:
        await self._run(row, changes, table(row).c["id"] == row_id)

    async def _run(self, row: type[SQLModel], changes: Mapping[str, Any], *where: ColumnElement[bool]) -> None:
        await self._db.run(update(table(row)).where(*where).values(**changes))


def _hidden(email: str, hidden: Mapping[str, str], *, otherwise: str = ERASED) -> str:
    return hidden.get(email_key(email), otherwise)
