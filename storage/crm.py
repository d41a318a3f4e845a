"""Remembers what the team's CRM is to be told, what became of it, and which of its records is which of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Executable, Select, delete, func, literal, or_, update
from sqlalchemy import select as columns_of
from sqlmodel import col, select

from scoring.casework import LIVE_STATES, OutreachState
from scoring.crm import CRM_OPEN, CrmJob, CrmKind, CrmState, CrmThing, crm_job_id
from scoring.replies import ReplyKind
from storage.tables import CaseRow, CrmJobRow, CrmLinkRow, OutreachRow, ReplyRow
from storage.transaction import CHUNK, Transaction, table, value, values

UNTOLD_AT_ONCE = 500
# What a person would call an answer, and a mail that came back; automatic answers say nothing.
TOLD_REPLIES = (ReplyKind.ANSWER, ReplyKind.ELSEWHERE, ReplyKind.BOUNCE)
OUTCOME_AT = func.coalesce(CaseRow.closed_at, CaseRow.changed_at)


class SqlCrm:
    """Implements the loop's `CrmBook`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def untold(self, since: datetime, now: datetime) -> list[CrmJob]:
        """What happened since an instant and has no job yet, as jobs; the oldest of each kind, a batch at a time."""
        found: list[CrmJob] = []
        for kind, things in _THINGS.items():
            ref, at = things.selected_columns[0], things.selected_columns[3]
            known = columns_of(literal(1)).where(col(CrmJobRow.kind) == kind, col(CrmJobRow.ref) == ref).exists()
            missing = things.where(at >= since, ~known).order_by(at, ref).limit(UNTOLD_AT_ONCE)
            rows = await self._db.tuples(missing)
            found += (CrmJob(crm_job_id(kind, row[0]), kind, row[0], row[1], row[2], now) for row in rows)
        return found

    async def add(self, jobs: Iterable[CrmJob]) -> int:
        """Promise to tell these things; those that are promised already are left as they are. How many are new."""
        insert = self._db.insert(CrmJobRow).on_conflict_do_nothing()
        return await self._many(insert, jobs)

    async def want_health(self, jobs: Iterable[CrmJob]) -> int:
        """Have the CRM show these healths; an account whose health it shows already is left out. How many changed."""
        insert = self._db.insert(CrmJobRow)
        anew = {name: insert.excluded[name] for name in ("made_at", "content", "state", "attempts", "not_before")}
        other = table(CrmJobRow).c.content.is_distinct_from(insert.excluded.content)
        change = insert.on_conflict_do_update(index_elements=["id"], set_=anew | {"error": ""}, where=other)
        return await self._many(change, jobs)

    async def shown(self) -> dict[str, str]:
        """Account → the health that the CRM was last told or is to be told."""
        jobs = table(CrmJobRow).c
        rows = await self._db.tuples(columns_of(jobs.ref, jobs.content).where(jobs.kind == CrmKind.HEALTH))
        return {row[0]: row[1] for row in rows}

    async def due(self, now: datetime, limit: int) -> list[CrmJob]:
        """Jobs whose time has come, oldest first, what people wrote before healths."""
        rows = await self._db.all(
            select(CrmJobRow)
            .where(
                col(CrmJobRow.state) == CrmState.PENDING,
                or_(col(CrmJobRow.not_before).is_(None), col(CrmJobRow.not_before) <= now),
            )
            .order_by(col(CrmJobRow.kind) == CrmKind.HEALTH, col(CrmJobRow.made_at), col(CrmJobRow.id))
            .limit(limit)
        )
        return [value(CrmJob, row) for row in rows]

    async def get(self, job_id: str) -> CrmJob | None:
        """One job, or None."""
        row = await self._db.first(select(CrmJobRow).where(col(CrmJobRow.id) == job_id))
        return None if row is None else value(CrmJob, row)

    async def troubled(self) -> list[CrmJob]:
        """Jobs that failed, and those that were tried in vain and wait; the failed first, then the oldest."""
        rows = await self._db.all(
            select(CrmJobRow)
            .where(
                or_(
                    col(CrmJobRow.state) == CrmState.FAILED,
                    (col(CrmJobRow.state) == CrmState.PENDING) & (col(CrmJobRow.error) != ""),
                )
            )
            .order_by(col(CrmJobRow.state), col(CrmJobRow.made_at), col(CrmJobRow.id))
        )
        return [value(CrmJob, row) for row in rows]

    async def of_case(self, case_id: str) -> list[CrmJob]:
        """What the CRM is told of a case, oldest first."""
        rows = await self._db.all(
            select(CrmJobRow)
            .where(col(CrmJobRow.case_id) == case_id)
            .order_by(col(CrmJobRow.made_at), col(CrmJobRow.id))
        )
        return [value(CrmJob, row) for row in rows]

    async def counts(self) -> dict[CrmState, int]:
        """How many jobs stand where."""
        jobs = table(CrmJobRow).c
        rows = await self._db.tuples(columns_of(jobs.state, func.count()).group_by(jobs.state))
        return {CrmState(row[0]): row[1] for row in rows}

    async def begin(self, job: CrmJob, *, again: datetime) -> CrmJob | None:
        """Note that a try begins, before it does: whoever finds it unfinished after `again` looks before telling.

        None when the job is not as it was (another process, a person).
        """
        return await self._change(
            job, {CrmState.PENDING}, attempts=job.attempts + 1, not_before=again, same=job.attempts
        )

    async def done(self, job: CrmJob, crm_id: str) -> None:
        """The CRM has it, whatever became of the job meanwhile; unless a newer health is wanted."""
        changes = {"state": CrmState.DONE, "crm_id": crm_id, "error": "", "not_before": None}
        mine = update(table(CrmJobRow)).where(col(CrmJobRow.id) == job.id, col(CrmJobRow.content) == job.content)
        await self._db.run(mine.values(changes))

    async def wait(self, job: CrmJob, error: str, *, not_before: datetime) -> CrmJob | None:
        """Try again later."""
        return await self._change(job, {CrmState.PENDING}, error=error, not_before=not_before)

    async def fail(self, job: CrmJob, error: str) -> CrmJob | None:
        """Trying again does not help: a person must look."""
        return await self._change(job, {CrmState.PENDING}, state=CrmState.FAILED, error=error, not_before=None)

    async def retry(self, job: CrmJob) -> CrmJob | None:
        """Try again now; its attempts stay counted, so that the CRM is asked first."""
        return await self._change(job, set(CRM_OPEN) | {CrmState.DISMISSED}, state=CrmState.PENDING, not_before=None)

    async def dismiss(self, job: CrmJob) -> CrmJob | None:
        """Never tell it."""
        return await self._change(job, set(CRM_OPEN), state=CrmState.DISMISSED, not_before=None)

    async def revive(self, account_ids: Iterable[str]) -> int:
        """Try what failed for these accounts again: the CRM knows them now."""
        names, revived = list(account_ids), 0
        for start in range(0, len(names), CHUNK):
            change = update(table(CrmJobRow)).where(
                col(CrmJobRow.state) == CrmState.FAILED, col(CrmJobRow.account_id).in_(names[start : start + CHUNK])
            )
            revived += await self._db.run(change.values(state=CrmState.PENDING, not_before=None))
        return revived

    async def links(self, crm: str, thing: CrmThing) -> dict[str, str]:
        """Our id → the CRM's record of it."""
        link = table(CrmLinkRow).c
        rows = await self._db.tuples(columns_of(link.ref, link.crm_id).where(link.crm == crm, link.thing == thing))
        return {row[0]: row[1] for row in rows}

    async def link(self, crm: str, thing: CrmThing, ref: str) -> str | None:
        """The CRM's record of one of ours, if we know it."""
        return await self._db.first(
            select(CrmLinkRow.crm_id).where(
                col(CrmLinkRow.crm) == crm, col(CrmLinkRow.thing) == thing, col(CrmLinkRow.ref) == ref
            )
        )

    async def keep_links(self, crm: str, thing: CrmThing, links: Mapping[str, str]) -> None:
        """Remember which records are ours."""
        rows = [{"crm": crm, "thing": thing, "ref": ref, "crm_id": crm_id} for ref, crm_id in links.items()]
        await self._db.upsert(CrmLinkRow, rows)

    async def drop_links(self, crm: str, thing: CrmThing, refs: Iterable[str]) -> None:
        """These records are there no longer, or are not ours."""
        mine, names = (col(CrmLinkRow.crm) == crm, col(CrmLinkRow.thing) == thing), list(refs)
        for start in range(0, len(names), CHUNK):
            gone = col(CrmLinkRow.ref).in_(names[start : start + CHUNK])
            await self._db.run(delete(table(CrmLinkRow)).where(*mine, gone))

    async def _many(self, statement: Executable, jobs: Iterable[CrmJob]) -> int:
        rows, touched = [values(job) for job in jobs], 0
        for start in range(0, len(rows), CHUNK):
            touched += await self._db.run(statement, rows[start : start + CHUNK])
        return touched

    async def _change(
        self, job: CrmJob, states: set[CrmState], *, same: int | None = None, **changes: object
    ) -> CrmJob | None:
        change = update(table(CrmJobRow)).where(col(CrmJobRow.id) == job.id, col(CrmJobRow.state).in_(states))
        if same is not None:
            change = change.where(col(CrmJobRow.attempts) == same)
        return await self.get(job.id) if await self._db.run(change.values(changes)) else None


def _things(row: type, at: object, *conditions: object) -> Select[tuple[str, str, str, datetime]]:
    columns = table(row).c
    return columns_of(columns.id, columns.account_id, columns.get("case_id", columns.id), at).where(*conditions)  # type: ignore[call-overload, no-any-return]


_THINGS: Mapping[CrmKind, Select[tuple[str, str, str, datetime]]] = {
    CrmKind.MAIL: _things(OutreachRow, table(OutreachRow).c.sent_at, col(OutreachRow.state) == OutreachState.SENT),
    CrmKind.REPLY: _things(ReplyRow, table(ReplyRow).c.received_at, col(ReplyRow.kind).in_(TOLD_REPLIES)),
    CrmKind.OUTCOME: _things(CaseRow, OUTCOME_AT, col(CaseRow.state).not_in(LIVE_STATES)),
}
