"""What `lookout crm` prints and does: what could not be told, trying again, letting it be, and a sync by hand."""

from __future__ import annotations

from collections.abc import Sequence

from bot.clock import system_clock
from bot.config import Settings
from bot.crm_parts import must_have_crm
from bot.importing.crm import SYNC_FAULT, SYNCED
from bot.importing.crm_report import CrmReport
from bot.loop.saying import show
from bot.terminal import OPERATOR, opened
from scoring.casework import AuditEntry
from scoring.crm import CrmJob, CrmKind, CrmState
from scoring.errors import NotFound

KINDS = {
    CrmKind.MAIL: "a mail",
    CrmKind.REPLY: "an answer",
    CrmKind.OUTCOME: "how a case ended",
    CrmKind.HEALTH: "the health",
}
COUNTS = "{done} told, {pending} on their way, {failed} failed, {dismissed} dismissed."
LINE = "{id}  {state}: {what} of {account}\n    {reason}"
ALL_TOLD = "Nothing is stuck."
HELP = "lookout crm retry ID tries one again, lookout crm dismiss ID lets it be; retry all tries all that failed."
SYNCED_AT = "Last sync: {at}."
NEVER = "There was no sync yet. lookout crm sync runs one."
SYNC_FAILED = "The last sync failed: {fault}"
NO_JOB = "There is nothing with the id {id} that waits or failed. Nothing was changed; `lookout crm` lists what does."
AGAIN = "{count} will be tried again within seconds while Lookout runs. What the CRM has already is not written twice."
LET_BE = "It is not told to the CRM: {what} of {account}. lookout crm retry {id} takes that back."
ALL = "all"


async def crm_listing(settings: Settings) -> str:
    """What is stuck, and when the last sync was."""
    async with opened(settings) as store, store.reading() as work:
        troubled, counts = await work.crm.troubled(), await work.crm.counts()
        synced, fault = await work.flags.get(SYNCED), await work.flags.get(SYNC_FAULT)
        names = {account.id: account.name for account in (await work.accounts.some(_accounts(troubled))).values()}
    lines = [COUNTS.format(**{state.value: counts.get(state, 0) for state in CrmState})]
    lines.append(SYNCED_AT.format(at=synced[:16].replace("T", " ") + " UTC") if synced else NEVER)
    if fault:
        lines.append(SYNC_FAILED.format(fault=fault.partition(" ")[2]))
    lines += [
        LINE.format(
            id=job.id,
            state=job.state,
            what=KINDS[job.kind],
            account=names.get(job.account_id, job.account_id),
            reason=job.error,
        )
        for job in troubled
    ]
    return "\n".join([*lines, HELP if troubled else ALL_TOLD])


def _accounts(jobs: Sequence[CrmJob]) -> list[str]:
    return [job.account_id for job in jobs]


async def crm_sync(settings: Settings, *, dry_run: bool) -> CrmReport:
    """Read the CRM's accounts and contacts now; with `dry_run` no row changes."""
    parts = must_have_crm(settings)
    try:
        async with opened(settings) as store:
            report = await parts.sync(store, system_clock).run(dry_run=dry_run)
            if not dry_run:
                async with store() as work:
                    await work.flags.set(SYNCED, system_clock().isoformat())
                    await work.flags.set(SYNC_FAULT, None)
            return report
    finally:
        await parts.http.close()


async def crm_retry(settings: Settings, job_id: str) -> str:
    """Try one thing again, or all that failed."""
    async with opened(settings) as store, store() as work:
        if job_id == ALL:
            jobs = [job for job in await work.crm.troubled() if job.state is CrmState.FAILED]
        else:
            job = await work.crm.get(job_id)
            jobs = [job] if job else []
        again = [job for job in jobs if await work.crm.retry(job)]
        if not again and job_id != ALL:
            raise NotFound(NO_JOB.format(id=job_id))
        for job in again:
            if job.case_id:
                await show(work, job.case_id)
            await work.audit.add(_entry("crm retry", job))
    return AGAIN.format(count=len(again))


async def crm_dismiss(settings: Settings, job_id: str) -> str:
    """Let one thing be."""
    async with opened(settings) as store, store() as work:
        job = await work.crm.get(job_id)
        dismissed = await work.crm.dismiss(job) if job else None
        if job is None or dismissed is None:
            raise NotFound(NO_JOB.format(id=job_id))
        if job.case_id:
            await show(work, job.case_id)
        await work.audit.add(_entry("crm dismiss", job))
        account = await work.accounts.get(job.account_id)
    return LET_BE.format(what=KINDS[job.kind], account=account.name if account else job.account_id, id=job.id)


def _entry(action: str, job: CrmJob) -> AuditEntry:
    return AuditEntry(system_clock(), OPERATOR, action, job.account_id, job.case_id, job.id)
