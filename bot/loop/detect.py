"""Finds what fired on a day, for every account, and remembers it once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from bot.loop.matters import tomorrow
from bot.loop.one_by_one import OneByOne
from bot.loop.records import Store, UnitOfWork
from scoring.casework import Case, Trigger
from scoring.config import PolicyConfig
from scoring.model import Account, Snapshot
from scoring.sight import Past, seen_now
from scoring.triggers import armed, detect

HISTORY_DAYS = 15
LONGEST_BLINDNESS = 60
AT_ONCE = 20
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Detect:
    """Snapshots in, triggers stored; unique by account, kind and window, so that a second run stores nothing (R31)."""

    store: Store
    policy: PolicyConfig
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self, day: date) -> list[Trigger]:
        """What fired newly on a complete day that has been scored. Reading never makes a click wait."""
        async with self.store.reading() as work:
            seen = {one.account.id: one for one in await _picture(work, day)}
            found = dict[str, tuple[Trigger, ...]]()
            ids = list(seen)
            for start in range(0, len(ids), AT_ONCE):
                here = {account_id: seen[account_id] for account_id in ids[start : start + AT_ONCE]}
                found |= await self.one_by_one.each(ACCOUNT, here, partial(self._looked_at, work))
                await asyncio.sleep(0)  # thousands of accounts take seconds; clicks get their turn
        async with self.store() as work:
            await work.cases.decide(tomorrow(seen.keys() - found.keys(), day))
            return await work.cases.fired(trigger for fired in found.values() for trigger in fired)

    async def _looked_at(self, work: UnitOfWork, seen: _Seen) -> tuple[str, tuple[Trigger, ...]]:
        return seen.account.id, await self._fired(work, seen)

    async def _fired(self, work: UnitOfWork, seen: _Seen) -> tuple[Trigger, ...]:
        if not seen_now(seen.today, self.policy):
            return ()
        past, previous = await self._past(work, seen)
        found = detect(seen.account, seen.today, past, self.policy, previous=previous)
        return armed(found, seen.case.triggers) if seen.case else found

    async def _past(self, work: UnitOfWork, seen: _Seen) -> tuple[list[Past], Snapshot | None]:
        """The scores and the snapshot to compare with: the last ones that were seen well enough (R8).

        An account that we were blind on yesterday is compared with its last day in sight, so that what it crossed in
        the dark fires when the light is back.
        """
        previous = seen.before
        if previous is None or seen_now(previous, self.policy):
            return seen.scores, previous
        until = previous.health.day
        known = await work.snapshots.of(seen.account.id, until - timedelta(days=LONGEST_BLINDNESS), until)
        sighted = [snapshot for snapshot in known if seen_now(snapshot, self.policy)]
        past = [(s.health.day, s.health.score, s.health.config_version) for s in sighted]
        return past, sighted[-1] if sighted else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One account today and before, and its open case."""

    account: Account
    today: Snapshot
    before: Snapshot | None
    scores: list[Past]
    case: Case | None


async def _picture(work: UnitOfWork, day: date) -> list[_Seen]:
    """Every living account that was scored on the day."""
    today = await work.snapshots.on(day)
    earlier = [known for known in await work.snapshots.days() if known < day]
    before = await work.snapshots.on(earlier[-1]) if earlier and today else {}
    scores = await work.snapshots.scores(day - timedelta(days=HISTORY_DAYS), day - timedelta(days=1))
    live = {case.account_id: case for case in await work.cases.live()}
    return [
        _Seen(account, today[account.id], before.get(account.id), scores.get(account.id, []), live.get(account.id))
        for account in await work.accounts.all()
        if account.id in today and account.churned_on is None
    ]
