"""Keeps the promises that have a time: a snooze that ends, a card that waits too long for its person (R40, UX 23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.loop.cover import acting_for
from bot.loop.docket import Docket, owner_of
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Wake
from bot.loop.records import Store, UnitOfWork
from bot.loop.saying import say_in_thread, tell
from scoring import wording
from scoring.casework import LOOKOUT, AuditEntry, Case, CaseState
from scoring.hours import WorkingHours, zone_named
from scoring.model import Account, Person

LAST_HOURS = timedelta(hours=2)
SNOOZE, REMIND, ESCALATE = "snoozed case", "reminder of case", "overdue case"

WOKEN = "The snooze is over."
WOKEN_DIRECT = "{account}: the snooze is over, its card waits for your decision again."
REMINDER = "{account}: its card has waited {hours} hours for your decision. It is due at {due}."
OVERDUE = "{account}: its card is overdue; {owner} has not decided yet."
OVERDUE_YOURS = "{account}: its card is overdue and waits for your decision."
OVERDUE_CARDS = "{cards} are overdue and wait for a decision:"
OVERDUE_LINE = "• {account}, {owner}"
YOURS = "yours"
NOBODY = "nobody owns the account, so nobody"
NOBODYS = "nobody's"


@dataclass(frozen=True, slots=True)
class Reminders:
    """A sweep over the live cases; every message has a key, so that it is said once.

    A reminder waits for the working hours of whom it is for, and is dropped if the card is decided before (UX 21).
    """

    store: Store
    docket: Docket
    clock: Clock
    wake: Wake
    hours: WorkingHours = field(default_factory=WorkingHours)
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self) -> int:
        """Wake what is due and remind whom it concerns; how many cases woke up."""
        now = self.clock()
        woken = await self.wake_snoozed(now)
        await self.remind(now)
        return woken

    async def wake_snoozed(self, now: datetime) -> int:
        """Open the cases whose snooze has ended, and tell their owners."""
        async with self.store.reading() as work:
            due = {case.id: case for case in await work.cases.live() if _snooze_over(case, now)}
        woken = sum(await self.one_by_one.each(SNOOZE, due, partial(self._wake, now)))
        if woken:
            self.wake()
        return woken

    async def _wake(self, now: datetime, case: Case) -> bool:
        async with self.store() as work:
            return await self._open(work, case, now)

    async def _open(self, work: UnitOfWork, case: Case, now: datetime) -> bool:
        """The 14 days of R36 begin again: the person asked to see it now, not to have it closed."""
        opened = replace(
            case,
            state=CaseState.OPEN,
            snoozed_until=None,
            snooze_reason="",
            due_at=case.due_again(now),
            last_trigger_on=now.astimezone(self.docket.zone).date(),
            version=case.version + 1,
            changed_by=LOOKOUT,
            changed_at=now,
        )
        if not await work.cases.save(opened, expected=case.version):
            return False
        await work.slack.want_card(case.id)
        await say_in_thread(work, opened, "awake", WOKEN)
        await work.audit.add(AuditEntry(now, LOOKOUT, "awake", case.account_id, case.id, WOKEN))
        account = await work.accounts.get(case.account_id)
        if account is not None:
            owner = await acting_for(work, await owner_of(work, account, case), now)
            await tell(
                work, owner, f"awake:{case.id}:{opened.version}:direct", WOKEN_DIRECT.format(account=account.name)
            )
        return True

    async def remind(self, now: datetime) -> int:
        """Remind the owner half-way, and tell the lead when a card is overdue (R40); how many messages were new."""
        async with self.store.reading() as work:
            open_cases = [case for case in await work.cases.live() if case.state is CaseState.OPEN]
        half_way = {case.id: (at, case) for case in open_cases if (at := self._half_way_at(case, case.opened_at))}
        overdue = {key: case for key, (at, case) in half_way.items() if case.due_at and now >= max(at, case.due_at)}
        waiting = {key: case for key, (_, case) in half_way.items() if key not in overdue}
        told = sum(await self.one_by_one.each(REMIND, waiting, partial(self._remind, now)))
        return told + (await self._escalate(overdue, now) if overdue else 0)

    async def _remind(self, now: datetime, case: Case) -> bool:
        async with self.store.reading() as work:
            reminder = await self._reminder(work, case, now)
        if reminder is None:
            return False
        async with self.store() as work:
            return await tell(work, reminder[0], f"remind:{case.id}", reminder[1])

    async def _reminder(self, work: UnitOfWork, case: Case, now: datetime) -> tuple[Person | None, str] | None:
        """Whom to remind of a case and what to say; None while it is too early for that, or late in their day."""
        account, card = await work.accounts.get(case.account_id), await work.slack.card(case.id)
        # A card may have waited for its person's morning: then it has not waited for them so long.
        waits_until = card.not_before if card and not card.attempts else None
        came_at = (card.first_posted_at if card else None) or waits_until or case.opened_at
        owner = await acting_for(work, await owner_of(work, account, case), now) if account else None
        person = owner or self.docket.routing.lead(await work.accounts.csms())
        if account is None or not self._at_work(person, now) or not self._time_to_remind(case, person, came_at, now):
            return None
        hours = int((now - came_at) / timedelta(hours=1))
        due = self._clock_time(case.due_at, person) if case.due_at else "now"
        return person, REMINDER.format(account=account.name, hours=hours, due=due)

    def _time_to_remind(self, case: Case, person: Person | None, came_at: datetime, now: datetime) -> bool:
        """Half-way, or at the end of the last day before it is overdue: half-way is at night for what came at nine."""
        half_way_at, due_at = self._half_way_at(case, came_at), case.due_at
        if half_way_at is None or due_at is None or now >= half_way_at:
            return half_way_at is not None and now >= half_way_at
        back_at = self.hours.next_open(now + LAST_HOURS, self._zone(person))
        return came_at + LAST_HOURS <= now < due_at <= back_at

    async def _escalate(self, overdue: Mapping[str, Case], now: datetime) -> bool:
        """Tell the lead of all that became overdue in one message, and of each case once."""
        async with self.store.reading() as work:
            lead = self.docket.routing.lead(await work.accounts.csms())
            if lead is None or not lead.slack_id or not self._at_work(lead, now):
                return False
            found = await self.one_by_one.each(ESCALATE, overdue, partial(_whose, work))
        async with self.store() as work:
            fresh = [one for one in found if await work.flags.claim(f"overdue:{one[0]}", now.isoformat())]
            return bool(fresh) and await tell(work, lead, f"overdue:{fresh[0][0]}", _overdue(fresh, lead))

    def _at_work(self, person: Person | None, now: datetime) -> bool:
        return self.hours.open_at(now, self._zone(person))

    def _clock_time(self, at: datetime, person: Person | None) -> str:
        local = at.astimezone(self._zone(person))
        return f"{local:%H:%M} on {wording.day(local.date())}"

    def _zone(self, person: Person | None) -> ZoneInfo:
        return zone_named(person.timezone if person else "", fallback=self.docket.zone)

    def _half_way_at(self, case: Case, since: datetime) -> datetime | None:
        row = self.docket.playbook.row(case.severity, high_priority=case.high_priority)
        return row.reminder_at(since, self.docket.zone)


async def _whose(work: UnitOfWork, case: Case) -> tuple[str, Account, Person | None] | None:
    """A case with its account and owner, unless the lead has heard of it."""
    if await work.flags.get(f"overdue:{case.id}") is not None:
        return None
    account = await work.accounts.get(case.account_id)
    return (case.id, account, await owner_of(work, account, case)) if account else None


def _overdue(cases: Sequence[tuple[str, Account, Person | None]], lead: Person) -> str:
    """One sentence for one card, a list for several; a lead's own cards are called theirs."""
    if len(cases) == 1:
        _, account, owner = cases[0]
        said = OVERDUE_YOURS if owner is not None and owner.id == lead.id else OVERDUE
        return said.format(account=account.name, owner=owner.name if owner else NOBODY)
    lines = [OVERDUE_CARDS.format(cards=wording.count(len(cases), "card"))]
    for _, account, owner in cases:
        whose = YOURS if owner is not None and owner.id == lead.id else owner.name if owner else NOBODYS
        lines.append(OVERDUE_LINE.format(account=account.name, owner=whose))
    return "\n".join(lines)


def _snooze_over(case: Case, now: datetime) -> bool:
    return case.state is CaseState.SNOOZED and case.snoozed_until is not None and case.snoozed_until <= now
