"""`lookout score`: scores every account over days gone by, into the database, and into a file for whoever asks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.loop.records import Store
from bot.scoring_run.landed import ONLY_SPARK
from bot.scoring_run.worker import Task, bring_in, last_day, newest, packed_days, task_from, write_history
from scoring import wording
from scoring.errors import InvalidInput, NotFound
from scoring.model import Band
from storage.packed import Page
from storage.unit_of_work import SqlStore

NO_ACCOUNTS = "There are no accounts to score yet. Bring them in with: lookout import PATH"
NO_USAGE = "There is no usage to score yet. Bring events in with: lookout import PATH, or name a day with --as-of."
SCORED = "Scored {accounts} on {until}."
BANDS = "  {band}: {count}"
BLIND = "  Blind on {count}: less than half of their signals have data, so nothing will fire for them."
FUTURE = "{day} lies in the future; today is {today} in {zone}."
WROTE = "{rows} rows, {first} to {until}, are in {out}."
KEPT = "The snapshots of {days} are kept."
SNAPSHOTS_AT_ONCE = 200_000
HALF = 0.5


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What a run did: `accounts` were scored on `until`, by band; `kept` days went into the database."""

    first: date
    until: date
    accounts: int
    bands: dict[str, int]
    blind: int
    kept: int
    rows: int = 0
    out: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "first": self.first.isoformat(), "until": self.until.isoformat()}

    def text(self) -> str:
        """For people."""
        lines = [SCORED.format(accounts=wording.count(self.accounts, "account"), until=self.until)]
        lines += [BANDS.format(band=band, count=count) for band, count in self.bands.items()]
        if self.blind:
            lines.append(BLIND.format(count=self.blind))
        if self.out:
            lines.append(WROTE.format(rows=self.rows, first=self.first, until=self.until, out=self.out))
        return "\n".join([*lines, KEPT.format(days=wording.count(self.kept, "day"))])


@dataclass(slots=True)
class Tally:
    """Counts the snapshots of the last day, band by band."""

    accounts: int = 0
    blind: int = 0
    bands: Counter[str] = field(default_factory=Counter)

    def take(self, page: Page) -> None:
        """Count these."""
        seen = [score for score, coverage in zip(page.scores, page.coverages, strict=True) if coverage >= HALF]
        self.accounts += len(page.accounts)
        self.blind += len(page.accounts) - len(seen)
        self.bands.update(Band.of(score).value for score in seen)


async def score_accounts(
    settings: Settings,
    *,
    as_of: date | None = None,
    days: int = 1,
    out: Path | None = None,
    clock: Callable[[], datetime] | None = None,
) -> ScoreSummary:
    """Score the `days` days up to `as_of`; without a day, up to the last complete day that holds events.

    The snapshots of the last day are kept in any case; those of the days before it go to `out` where a file was asked
    for, else they are kept too.

    Raises:
        NotFound: there are no accounts, or no day was named and there are no events.
        InvalidInput: `out` cannot be written, `as_of` lies in the future (its snapshots would hide real days), or a
            job on Spark scores.
    """
    if settings.scored_by_spark:
        raise InvalidInput(ONLY_SPARK)
    store = SqlStore(settings.database)
    try:
        await store.open()
        task = await task_from(
            store,
            home=settings.usage_home,
            zone=settings.zone,
            config=settings.scoring,
            source=settings.warehouse,
        )
        if not task.accounts:
            raise NotFound(NO_ACCOUNTS)
        today = (clock() if clock else datetime.now(UTC)).astimezone(settings.zone).date()
        if as_of is not None and as_of > today:
            raise InvalidInput(FUTURE.format(day=as_of, today=today, zone=settings.timezone))
        task = replace(task, memory=settings.memory)
        await asyncio.to_thread(bring_in, task, as_of)
        task = replace(task, pulled=True)
        until = as_of or await _last_complete_day(task, today)
        first = until - timedelta(days=days - 1)
        rows = 0
        if out is not None:
            rows = await asyncio.to_thread(write_history, task, out, first=first, last=until)
        return await _kept(store, task, first, until=until, rows=rows, out=out)
    finally:
        await store.close()


async def _last_complete_day(task: Task, today: date) -> date:
    newest = await asyncio.to_thread(last_day, task)
    if newest is None:
        raise NotFound(NO_USAGE)
    return min(newest, today - timedelta(days=1))


async def _kept(store: Store, task: Task, first: date, *, until: date, rows: int, out: Path | None) -> ScoreSummary:
    """Land the snapshots, some days at a time, and count those of the last day."""
    start = until if out is not None else first
    tally = Tally()
    for low, high in _parts(start, until, len(task.accounts)):
        snapshots = await asyncio.to_thread(packed_days, task, low, high)
        for part in snapshots.in_parts():
            async with store() as work:
                await work.snapshots.land(part)
        for page in snapshots.pages:
            if page.day == until:
                tally.take(page)
    reach = await asyncio.to_thread(newest, task)
    async with store() as work:
        await work.flags.set("data_until", reach.isoformat() if reach else None)
    return ScoreSummary(
        first=first,
        until=until,
        accounts=tally.accounts,
        bands={band.value: tally.bands[band.value] for band in Band},
        blind=tally.blind,
        kept=(until - start).days + 1,
        rows=rows,
        out=str(out or ""),
    )


def _parts(first: date, last: date, accounts: int) -> Iterator[tuple[date, date]]:
    """The days in parts of about `SNAPSHOTS_AT_ONCE` snapshots."""
    step = timedelta(days=max(1, SNAPSHOTS_AT_ONCE // max(accounts, 1)))
    while first <= last:
        yield first, min(first + step - timedelta(days=1), last)
        first += step
