"""Tells the team's CRM of our work with a customer: each mail, answer and outcome once, the health when it changed.

The tables are the queue (R52): a sweep finds what has no job yet. A try is noted before it is made; whoever finds a
noted try asks the CRM first, so that an answer that got lost makes no second record. The CRM may be away for days.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.loop.crm_entry import entry_of
from bot.loop.crm_links import TheirRecords, Unknown
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Crm
from bot.loop.records import Store, UnitOfWork
from bot.loop.saying import show
from scoring import wording
from scoring.crm import CrmHealth, CrmJob, CrmKind, CrmThing, crm_job_id
from scoring.errors import CrmRefused
from scoring.messages import Post
from scoring.model import Band

LOOKS_BACK = timedelta(days=30)
"""What happened before a CRM was first connected is told so far back, and no further."""
AT_ONCE = 50
WRITTEN_AT_ONCE = 500
A_TRY = timedelta(minutes=2)
"""Longer than a try may take: a noted try that is older was made by a process that died."""
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=1)
SETUP_REST = timedelta(minutes=15)
GIVES_UP_AFTER = timedelta(days=7)
GONE_TRIES = 3
RECORD = "CRM entry"
SINCE, HEALTH_DAY, DAY_DONE = "crm_since", "crm_health_day", "day_done"

MISREAD = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading an answer raises that is not what the CRM's documentation says."""

TOO_LONG = "{name} took too long to answer."
ODD = "{name} gave an answer that Lookout does not understand ({fault})."
FAILED = "This could not be written into {name}: {reason} `lookout crm` lists it."
TROUBLE = "Nothing can be written into {name}: {reason} What happened waits, and nothing is lost. See `lookout crm`."


@dataclass(slots=True)
class CrmLog:
    """The sweep. One instance per process; only the process that leads runs it."""

    store: Store
    crm: Crm
    clock: Clock
    ops_channel: str = ""
    longest_try: float = A_TRY.total_seconds() * 0.8
    one_by_one: OneByOne = field(default_factory=OneByOne)
    _rests: dict[bool, datetime] = field(default_factory=dict)

    async def run(self) -> int:
        """Find what is new, tell what is due; how many were told. Never raises for what a CRM does."""
        await self._fill()
        await self._fill_health()
        async with self.store.reading() as work:
            due = await work.crm.due(self.clock(), AT_ONCE)
        return sum(await self.one_by_one.each(RECORD, {job.id: job for job in due}, self._try))

    async def _fill(self) -> None:
        now = self.clock()
        async with self.store.reading() as work:
            since = await work.flags.get(SINCE)
            found = await work.crm.untold(datetime.fromisoformat(since), now) if since else []
        if since is None:
            async with self.store() as work:
                await work.flags.set(SINCE, (now - LOOKS_BACK).isoformat())
            await self._fill()
        elif found:
            async with self.store() as work:
                await work.crm.add(found)

    async def _fill_health(self) -> None:
        """Once for each complete day: what the accounts that have a record there are to show, where it changed."""
        now = self.clock()
        async with self.store.reading() as work:
            done, told = await work.flags.get(DAY_DONE), await work.flags.get(HEALTH_DAY)
            if done is None or (told is not None and told >= done):
                return
            day = date.fromisoformat(done)
            scores, shown = await work.snapshots.scores(day, day), await work.crm.shown()
            linked = await work.crm.links(self.crm.name, CrmThing.ACCOUNT)
        wanted = {account: _content(scores[account][-1][1], day) for account in linked if account in scores}
        changed = [
            _health_job(account, text, now) for account, text in wanted.items() if _differs(shown, account, text)
        ]
        for start in range(0, len(changed), WRITTEN_AT_ONCE):
            async with self.store() as work:
                await work.crm.want_health(changed[start : start + WRITTEN_AT_ONCE])
        async with self.store() as work:
            await work.flags.set(HEALTH_DAY, done)

    async def _try(self, job: CrmJob) -> bool:
        """Tell one thing; whether the CRM has it now."""
        now = self.clock()
        if self._resting(job, now):
            return False
        async with self.store() as work:
            begun = await work.crm.begin(job, again=now + A_TRY)
        if begun is None:
            return False
        try:
            async with asyncio.timeout(self.longest_try):
                crm_id = await self._tell(begun)
        except Unknown as reason:
            await self._failed(begun, str(reason))
            return False
        except (TimeoutError, CrmRefused, *MISREAD) as fault:
            await self._refused(begun, self._refusal(fault))
            return False
        async with self.store() as work:
            await work.crm.done(begun, crm_id)
            if begun.error and begun.case_id:
                await show(work, begun.case_id)
        return True

    def _refusal(self, fault: Exception) -> CrmRefused:
        """What went wrong, as the CRM would say it: no answer and an odd one leave open whether it took the entry."""
        if isinstance(fault, CrmRefused):
            return fault
        text = TOO_LONG if isinstance(fault, TimeoutError) else ODD
        return CrmRefused("unclear", text.format(name=self.crm.name, fault=type(fault).__name__), ambiguous=True)

    async def _tell(self, job: CrmJob) -> str:
        """The CRM's id of what was told, now or by an earlier try."""
        records = TheirRecords(self.store, self.crm)
        if job.kind is CrmKind.HEALTH:
            account = await records.account(job.account_id)
            await self.crm.show_health(account, _health(job.content))
            return account
        async with self.store.reading() as work:
            told = await entry_of(work, job)
        entry = await records.placed(told, job)
        found = await self.crm.find(entry) if job.attempts > 1 else None
        return found or await self.crm.log(entry)

    async def _refused(self, job: CrmJob, refusal: CrmRefused) -> None:
        """Wait and try again where that can help; else a person must look."""
        now = self.clock()
        if refusal.gone and job.attempts < GONE_TRIES:
            async with self.store() as work:
                await TheirRecords.forget(work, self.crm.name, job)
                await self._wait(work, job, str(refusal), now + BACK_OFF[0])
        elif refusal.permanent or refusal.gone or now - job.made_at > GIVES_UP_AFTER:
            await self._failed(job, str(refusal))
        else:
            rest = self._rest(job, refusal, now)
            async with self.store() as work:
                await self._wait(work, job, str(refusal), max(rest, now + _back_off(job)))
                if refusal.setup:
                    await self._tell_operator(work, str(refusal), now)

    def _rest(self, job: CrmJob, refusal: CrmRefused, now: datetime) -> datetime:
        """Until when nothing more is tried: a CRM that is away or busy is not asked fifty times."""
        wait = REST if refusal.retry_after is None else timedelta(seconds=refusal.retry_after)
        until = now + (SETUP_REST if refusal.setup else min(wait, LONGEST_REST))
        health = job.kind is CrmKind.HEALTH
        # Healths that cannot be shown hold nothing else up; what cannot be logged holds up all.
        self._rests[health and refusal.setup] = until
        return until

    def _resting(self, job: CrmJob, now: datetime) -> bool:
        mine = [self._rests.get(False), self._rests.get(True) if job.kind is CrmKind.HEALTH else None]
        return any(until is not None and now < until for until in mine)

    async def _wait(self, work: UnitOfWork, job: CrmJob, error: str, until: datetime) -> None:
        waiting = await work.crm.wait(job, error, not_before=until)
        if waiting is not None and not job.error and job.case_id:
            await show(work, job.case_id)

    async def _failed(self, job: CrmJob, reason: str) -> None:
        """One line in the card's thread; an account's health is no matter of a case."""
        async with self.store() as work:
            failed = await work.crm.fail(job, reason)
            if failed is None or not job.case_id:
                return
            await show(work, job.case_id)
            text = FAILED.format(name=self.crm.name, reason=_sentence(reason))
            await work.slack.say(Post(f"crm:{job.id}:{job.attempts}", "note", "", text, case_id=job.case_id))

    async def _tell_operator(self, work: UnitOfWork, reason: str, now: datetime) -> None:
        """Once a day, where the operators read."""
        if self.ops_channel:
            text = TROUBLE.format(name=self.crm.name, reason=_sentence(reason))
            await work.slack.say(Post(f"crm:{now.date()}", "notice", self.ops_channel, text))


def _back_off(job: CrmJob) -> timedelta:
    return BACK_OFF[min(job.attempts, len(BACK_OFF)) - 1]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _content(score: float, day: date) -> str:
    return f"{wording.shown(score)}|{Band.of(score)}|{day.isoformat()}"


def _differs(shown: dict[str, str], account: str, wanted: str) -> bool:
    """Whether score or band changed; the day alone is no change."""
    return shown.get(account, "").rpartition("|")[0] != wanted.rpartition("|")[0]


def _health(content: str) -> CrmHealth:
    score, band, day = content.split("|")
    return CrmHealth(int(score), Band(band), date.fromisoformat(day))


def _health_job(account: str, content: str, now: datetime) -> CrmJob:
    return CrmJob(
        crm_job_id(CrmKind.HEALTH, account), CrmKind.HEALTH, account, account, case_id="", made_at=now, content=content
    )
