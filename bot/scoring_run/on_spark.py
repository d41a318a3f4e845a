"""Scores on a Spark cluster; the file that `spark-submit` runs, for events that one machine cannot read.

Accounts and milestones come from Lookout's database, events from `LOOKOUT_WAREHOUSE_TABLE` (a table that Spark knows,
or a folder of Parquet files) with `LOOKOUT_WAREHOUSE_COLUMNS` and `LOOKOUT_WAREHOUSE_WHERE`. Every account and day goes
to `--out`, and the snapshots of the last day into the database, as `lookout score` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from bot.config import Settings, load
from bot.scoring_run.command import NO_ACCOUNTS
from bot.scoring_run.landed import land
from bot.scoring_run.worker import Task, task_from
from scoring.errors import InvalidInput, LookoutError, NotFound
from scoring.model import Snapshot
from storage.unit_of_work import SqlStore
from storage.usage.columns import day_number
from storage.usage.midnights import midnights
from storage.usage.source import Source
from storage.usage.spark import ACCOUNTS_A_BLOCK, Job, SparkScores, session

COUNTED = 60
"""How many days up to the last one are counted, to see a feed that went silent (R35)."""
WITH_URL = (
    "LOOKOUT_WAREHOUSE_URL is set: that warehouse rolls up its own events. Spark reads files or tables; unset it."
)
DONE = "Scored {accounts} accounts on {until}; {first} to {until} are in {out}."


def main(
    out: Annotated[str, typer.Option(help="A folder that all workers reach, for one row per account and day.")],
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; yesterday if unset.")
    ] = None,
    history: Annotated[int, typer.Option(min=1, help="How many days, ending with --as-of.")] = 1,
    block: Annotated[int, typer.Option(min=1, help="How many accounts a task works on.")] = ACCOUNTS_A_BLOCK,
) -> None:
    """Score every account over the last days, on the cluster that this was submitted to."""
    try:
        typer.echo(score_on_spark(load(), out, last=as_of.date() if as_of else None, days=history, block=block))
    except LookoutError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=1) from None


def score_on_spark(
    settings: Settings, out: str, *, last: date | None = None, days: int = 1, block: int = ACCOUNTS_A_BLOCK
) -> str:
    """Score, write and keep; says what was done.

    Raises:
        InvalidInput: the settings do not say where the events are.
        NotFound: there are no accounts.
    """
    if settings.warehouse is not None:
        raise InvalidInput(WITH_URL)
    source = Source("", settings.warehouse_table, settings.warehouse_columns, settings.warehouse_where)
    task = asyncio.run(_task(settings))
    if not task.accounts:
        raise NotFound(NO_ACCOUNTS)
    until = last or datetime.now(UTC).astimezone(settings.zone).date() - timedelta(days=1)
    job = Job(
        source=source,
        zone=settings.zone,
        config=settings.scoring,
        accounts=task.accounts,
        milestones=task.milestones,
        first=until - timedelta(days=days - 1),
        last=until,
        work=f"{out.rstrip('/')}.work",
        accounts_a_block=block,
    )
    scores = SparkScores(session(), job)
    cohort = scores.run()
    scores.write(cohort, out)
    snapshots, uses = scores.snapshots(cohort, until), scores.uses(COUNTED)
    newest = midnights(settings.zone, day_number(max(uses)), day_number(max(uses))).end if uses else None
    asyncio.run(_land(settings, snapshots, uses, newest))
    return DONE.format(accounts=len(snapshots), first=job.first, until=until, out=out)


async def _task(settings: Settings) -> Task:
    store = SqlStore(settings.database)
    try:
        await store.open()
        return await task_from(store, home=settings.home, zone=settings.zone, config=settings.scoring)
    finally:
        await store.close()


async def _land(
    settings: Settings, snapshots: list[Snapshot], uses: Mapping[date, int], newest: datetime | None
) -> None:
    store = SqlStore(settings.database)
    try:
        await store.open()
        await land(store, snapshots, uses, newest)
    finally:
        await store.close()


if __name__ == "__main__":
    typer.run(main)
