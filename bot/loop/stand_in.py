"""Hands cards over when a CSM goes away and comes back: the cover is told, and waiting drafts change their sender.

What was approved before is not touched: the second look stops it with its reason, and then it waits here (R50).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot.loop.cover import acting_for
from bot.loop.docket import owner_of
from bot.loop.edit import signed
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Wake
from bot.loop.records import Store, UnitOfWork
from bot.loop.saying import say_in_thread, show, tell
from scoring import wording
from scoring.casework import LOOKOUT, AuditEntry, Case, CaseState, Draft
from scoring.cover import Absence
from scoring.model import Account, Person

DRAFT, ABSENCE = "waiting draft of case", "absence"
WAITING = frozenset({CaseState.OPEN, CaseState.SNOOZED})

BEGINS = "{cover} covers for {owner}: the mail now comes from {cover}. Read it before you approve."
ENDS = "{owner} is back: the mail comes from {owner} again. Read it before you approve."
CHECK_NAME = "The sender is now {name}, covering for {owner}. Read the text before you approve."
CHECK_AGAIN = "The sender is {name} again. Read the text before you approve."
TOLD = "You cover for {owner} until {until}: {cards} of theirs wait for a decision. App Home lists them."


@dataclass(frozen=True, slots=True)
class StandIn:
    """A sweep over absences and the cases of whom they concern; doing it again changes nothing."""

    store: Store
    clock: Clock
    wake: Wake
    opt_out: str = ""
    """The line that closes every text, behind the name that changes."""
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self) -> int:
        """Tell covers that begin, and give waiting drafts the sender who acts now; how many drafts changed hands."""
        now = self.clock()
        async with self.store.reading() as work:
            absences = await work.absences.all()
            live = await work.cases.live() if absences else []
        if not absences:
            return 0
        waiting = {case.id: case for case in live if case.state in WAITING}
        changed = sum(await self.one_by_one.each(DRAFT, waiting, partial(self._see_to, absences, now)))
        begun = {absence.id: absence for absence in absences}
        await self.one_by_one.each(ABSENCE, begun, partial(self._turn, live, now))
        if changed:
            self.wake()
        return changed

    async def _see_to(self, absences: list[Absence], now: datetime, case: Case) -> bool:
        async with self.store.reading() as work:
            if await self._other_sender(work, case, absences, now) is None:
                return False
        async with self.store() as work:
            return await self._hand_over(work, case, absences, now)

    async def _other_sender(
        self, work: UnitOfWork, case: Case, absences: list[Absence], now: datetime
    ) -> tuple[Draft, Person, Person] | None:
        """The draft, the owner and who acts now, if the draft stands in the name of another of these two sides."""
        account, draft = await work.accounts.get(case.account_id), await work.outreach.latest_draft(case.id)
        owner = await owner_of(work, account, case) if account else None
        acting = await acting_for(work, owner, now)
        if draft is None or owner is None or acting is None or draft.from_id == acting.id:
            return None
        ours = {owner.id} | {absence.cover_id for absence in absences if absence.person_id == owner.id}
        return (draft, owner, acting) if draft.from_id in ours else None

    async def _hand_over(self, work: UnitOfWork, case: Case, absences: list[Absence], now: datetime) -> bool:
        """A new version, signed by who acts now; its approval begins anew."""
        fresh = await work.cases.get(case.id)
        found = await self._other_sender(work, fresh, absences, now) if fresh else None
        if fresh is None or found is None or fresh.state not in WAITING:
            return False
        draft, owner, acting = found
        away = acting.id != owner.id
        note = (CHECK_NAME if away else CHECK_AGAIN).format(name=_name(acting), owner=_name(owner))
        version = draft.version + 1
        mine = replace(
            draft,
            id=f"{case.id}:v{version}",
            version=version,
            created_at=now,
            from_id=acting.id,
            from_name=acting.name,
            from_email=acting.email.strip(),
            body=signed(draft.body, draft.from_name, acting.name, self.opt_out),
            note=note,
        )
        if not await work.outreach.add_draft(mine):
            return False
        said = (BEGINS if away else ENDS).format(cover=_name(acting), owner=_name(owner))
        await say_in_thread(work, fresh, f"sender {version}", said)
        entry = AuditEntry(now, LOOKOUT, "sender changed", case.account_id, case.id, f"version {version}: {acting.id}")
        await work.audit.add(entry)
        await show(work, case.id)
        return True

    async def _turn(self, live: list[Case], now: datetime, absence: Absence) -> None:
        """The first look at an absence that has begun, and at one that has ended: cards and the cover are told."""
        step = "begun" if absence.holds(now) else "ended" if now >= absence.until else ""
        if not step:
            return
        async with self.store.reading() as work:
            if await work.flags.get(f"cover:{absence.id}:{step}:{absence.until.isoformat()}") is not None:
                return
        async with self.store() as work:
            if not await work.flags.claim(f"cover:{absence.id}:{step}:{absence.until.isoformat()}", now.isoformat()):
                return
            await work.audit.add(AuditEntry(now, LOOKOUT, f"cover {step}", detail=_detail(absence)))
            owner, cards = await work.accounts.person(absence.person_id), 0
            for case in live:
                account = await work.accounts.get(case.account_id)
                if account is not None and await self._owned(work, account, case, absence.person_id):
                    await show(work, case.id)
                    cards += case.state is CaseState.OPEN
            cover = await work.accounts.person(absence.cover_id)
            if step == "begun" and owner is not None and cards:
                until = wording.day(absence.until.date())
                text = TOLD.format(owner=_name(owner), until=until, cards=wording.count(cards, "card"))
                await tell(work, cover, f"covering:{absence.id}:{absence.until.isoformat()}", text)

    async def _owned(self, work: UnitOfWork, account: Account, case: Case, person_id: str) -> bool:
        owner = await owner_of(work, account, case)
        return owner is not None and owner.id == person_id


def _name(person: Person) -> str:
    return person.name or person.email


def _detail(absence: Absence) -> str:
    return f"{absence.person_id} by {absence.cover_id} until {absence.until.isoformat()}"
