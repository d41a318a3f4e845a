"""Brings what was accepted to where it belongs: use to the usage store, the rest to people and accounts.

Each step is safe to repeat: batches of an earlier run are finished first; then, in one transaction, what came before
falls away, what was told is applied, each use finds its account and a batch is fixed; the usage store takes each batch
once, then it is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

import numpy as np
import structlog

from bot.intake.instants import DAY_US, microseconds
from bot.intake.ports import Store, Usage, Work
from bot.intake.told import Directory
from bot.loop.ports import Clock
from scoring.arrivals import Arrival, Kind

LOOK_AGAIN = timedelta(minutes=10)
KEEP_DAYS = 30
KEY_PARTS = 256
NAMED = 20

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Drained:
    """What one run did. `unknown` names the senders whose use waits for an account: user or domain, how often."""

    uses: int = 0
    told: int = 0
    new_accounts: list[str] = field(default_factory=list)
    unknown: list[tuple[str, int]] = field(default_factory=list)


class Drain:
    """Works the inbox off, `rows` at a time; one run at a time, in the one process that leads."""

    def __init__(self, store: Store, usage: Usage, clock: Clock, *, zone: tzinfo, rows: int = 10_000) -> None:
        self._store = store
        self._usage = usage
        self._clock = clock
        self._zone = zone
        self._rows = rows
        self._known: set[str] = set()
        self._looked: datetime | None = None
        self._turn = asyncio.Lock()

    async def run(self) -> Drained:
        """Until nothing fresh is left; a second run waits for the first."""
        async with self._turn:
            drained = Drained()
            await self._deliver(drained)
            await self._work_off(drained)
            if drained.told or self._looked is None or self._clock() - self._looked > LOOK_AGAIN:
                self._looked = self._clock()
                if await self._look_again(drained):
                    await self._deliver(drained)
        if drained.new_accounts or drained.unknown:
            # Numbers only: user ids are often addresses, and logs travel.
            log.warning("unknown_senders", accounts_opened=len(drained.new_accounts), waiting=len(drained.unknown))
        return drained

    async def unknown(self) -> list[tuple[str, int]]:
        """Whose use waits for an account, by user id or mail domain, the most first; for people to look at."""
        async with self._store() as work:
            return [(user or domain, n) for user, domain, n in await work.inbox.waiting()][:NAMED]

    async def tidy(self) -> int:
        """Forget keys that nobody will send again, and use that found no account for so long; how much use was that."""
        now = microseconds(self._clock())
        for part in range(KEY_PARTS):
            async with self._store() as work:
                await work.inbox.forget_keys(part, before_day=now // DAY_US - KEEP_DAYS)
        async with self._store() as work:
            return await work.inbox.drop_waiting(now - KEEP_DAYS * DAY_US)

    async def _work_off(self, drained: Drained) -> None:
        while await self._decide(drained):
            await self._deliver(drained)

    async def _decide(self, drained: Drained) -> bool:
        async with self._store() as work:
            parcels = await work.inbox.fresh(self._rows)
            if parcels is None:
                return False
            new = await work.inbox.unseen(parcels.arrivals, day=microseconds(self._clock()) // DAY_US)
            if not all(self._clear(arrival) for arrival in new):
                new = await self._answered(work, new, drained)
            await work.inbox.settle(parcels.last, [arrival for arrival in new if arrival.kind is Kind.USE])
        return True

    def _clear(self, arrival: Arrival) -> bool:
        """Whether nothing has to be looked up for it: use by an account that we know."""
        return arrival.kind is Kind.USE and arrival.account_id in self._known

    async def _answered(self, work: Work, arrivals: Sequence[Arrival], drained: Drained) -> list[Arrival]:
        """Apply what was told, in its order; then the uses, each with its account where somebody knows it."""
        asking = [arrival for arrival in arrivals if not self._clear(arrival)]
        people = await work.accounts.people({arrival.user_id for arrival in asking if arrival.user_id})
        directory = Directory(await work.accounts.all(), people, self._zone)
        told = [arrival for arrival in asking if arrival.kind is not Kind.USE]
        for arrival in told:
            directory.hear(arrival)
        uses = [_at_home(arrival, directory) for arrival in arrivals if arrival.kind is Kind.USE]
        await work.accounts.upsert(directory.changed_accounts.values())
        await work.accounts.upsert_people(directory.changed_people.values())
        self._known = set(directory.accounts)
        drained.told += len(told)
        drained.new_accounts += directory.new_accounts
        return uses

    async def _look_again(self, drained: Drained) -> bool:
        """Give use that waits another chance; whether any found its account."""
        async with self._store() as work:
            waiting = await work.inbox.waiting()
            if not waiting:
                return False
            people = await work.accounts.people({user for user, _, _ in waiting})
            directory = Directory(await work.accounts.all(), people, self._zone)
            found = [(directory.account_of(user, domain), user, domain) for user, domain, _ in waiting]
            await work.inbox.release([row for row in found if row[0]])
        unknown = [(user or domain, n) for (user, domain, n), row in zip(waiting, found, strict=True) if not row[0]]
        drained.unknown = unknown[:NAMED]
        return len(unknown) < len(waiting)

    async def _deliver(self, drained: Drained) -> None:
        """Hand over what is fixed as batches; the thread keeps slow disks away from clicks."""
        async with self._store() as work:
            numbers = await work.inbox.batches()
        for number in numbers:
            async with self._store() as work:
                uses = await work.inbox.batch(number)
            # The first key makes the name unique even if the database is made anew and its numbers begin again.
            name = f"inbox-{number}-{uses[0].key}"
            drained.uses += await asyncio.to_thread(self._usage.append_columns, name, columns_of(uses))
            async with self._store() as work:
                await work.inbox.leave(number)


def _at_home(use: Arrival, directory: Directory) -> Arrival:
    """A use with its account; an account that is named and new is opened."""
    if use.account_id:
        directory.open(use.account_id)
        return use
    return use._replace(account_id=directory.account_of(use.user_id, use.domain))


def columns_of(uses: Sequence[Arrival]) -> dict[str, Any]:
    """Use as the usage store takes it."""
    return {
        "event_id": [use.key for use in uses],
        "ts": np.array([use.at_us for use in uses], "datetime64[us]"),
        "account_id": [use.account_id for use in uses],
        "user_id": [use.user_id for use in uses],
        "name": [use.name for use in uses],
        "n": np.array([use.n for use in uses], np.int32),
    }
