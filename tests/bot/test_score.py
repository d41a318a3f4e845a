"""Usage goes into the store, scores come out: the same by day and by history, in the database and in a file."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest

from bot.config import Settings
from bot.loop.briefing import data_until
from bot.loop.score import Score
from bot.scoring_run.command import score_accounts
from bot.scoring_run.worker import ScoringWorker, Task, last_day, score_days, write_history
from scoring.config import ScoreConfig
from scoring.errors import InvalidInput, NotFound
from scoring.frame import COLUMNS, Labels
from scoring.model import Account, Band, Event, Milestone, Reading
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore
from storage.usage.score_file import ScoreFile
from tests.scoring.oracle import Oracle, Use, World

DATA = Path(__file__).parents[1] / "data" / "openstack"
UTC_ZONE = ZoneInfo("UTC")
DAY = date(2024, 5, 20)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def query(text: str) -> list[Any]:
    return duckdb.connect().execute(text).fetchall()


def openstack_accounts() -> tuple[Account, ...]:
    rows = query(f"SELECT account_id, plan, created_at::DATE, churned_at::DATE FROM '{DATA}/accounts.parquet'")
    return tuple(
        Account(key, key, tier=plan, created_on=created, churned_on=churned) for key, plan, created, churned in rows
    )


def openstack_events(until: date = date(2016, 5, 31)) -> list[Event]:
    """Half a year of it, which is enough for windows of 90 days and keeps the tests quick."""
    rows = query(
        f"SELECT ts, account_id, user_id, name, n FROM '{DATA}/events.parquet' WHERE ts >= '2015-12-01' ORDER BY ALL"
    )
    events = (Event(str(place), ts.replace(tzinfo=UTC), *rest) for place, (ts, *rest) in enumerate(rows))
    return [event for event in events if event.at.date() <= until]


def task_of(home: Path, accounts: Sequence[Account], config: ScoreConfig | None = None, **more: Any) -> Task:
    milestones: tuple[Milestone, ...] = more.get("milestones", ())
    return Task(home, "UTC", config or ScoreConfig(), tuple(accounts), milestones, memory="128MB")


def filled(home: Path, events: Sequence[Event], *, at_once: int = 1000) -> Path:
    usage = UsageStore(home, UTC_ZONE, ScoreConfig(), memory="128MB", threads=1)
    for start in range(0, len(events), at_once):
        usage.append(f"batch {start}", events[start : start + at_once])
    usage.close()
    return home


@pytest.fixture(scope="module")
def openstack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the slice of real usage."""
    return filled(tmp_path_factory.mktemp("openstack"), openstack_events())


@pytest.mark.slow
@pytest.mark.parametrize("reading", list(Reading))
def test_real_usage_through_files_scores_as_the_slow_oracle_says(openstack: Path, reading: Reading) -> None:
    config = ScoreConfig(reading=reading)
    uses = [Use(one.at.date(), one.account_id, one.user_id, one.name, one.n) for one in openstack_events()]
    world = World(list(openstack_accounts()), uses, config=config)
    for day in (date(2016, 2, 29), date(2016, 5, 31)):
        found = {one.health.account_id: one for one in score_days(task_of(openstack, world.accounts, config), day, day)}
        oracle = Oracle(world, day)
        assert set(found) == set(oracle.scored())
        for key, snapshot in found.items():
            assert snapshot.health.score == pytest.approx(oracle.score(key), abs=1e-9)
            assert (snapshot.signals.usage_ratio, snapshot.signals.usage_basis) == oracle.ratio(key)


@pytest.mark.slow
def test_cutting_the_data_at_a_day_gives_the_same_rows_up_to_it(openstack: Path, tmp_path: Path) -> None:
    first, cut, until = date(2016, 1, 10), date(2016, 3, 15), date(2016, 5, 31)
    known = [
        Account(one.id, one.name, tier=one.tier, created_on=one.created_on, churned_on=gone)
        for one in openstack_accounts()
        if one.created_on <= cut
        for gone in [one.churned_on if one.churned_on <= cut else None]
    ]
    short = filled(tmp_path / "cut", openstack_events(until=cut), at_once=77)
    write_history(task_of(openstack, openstack_accounts()), tmp_path / "all.parquet", first=first, last=until)
    write_history(task_of(short, known), tmp_path / "cut.parquet", first=first, last=cut)
    whole = query(f"SELECT * FROM '{tmp_path}/all.parquet' WHERE day <= '{cut}' ORDER BY ALL")
    assert whole == query(f"SELECT * FROM '{tmp_path}/cut.parquet' ORDER BY ALL")
    assert len(whole) > 1000


def test_a_history_and_single_days_are_the_same_and_so_are_file_and_snapshots(openstack: Path, tmp_path: Path) -> None:
    task, first, last = task_of(openstack, openstack_accounts()), date(2016, 1, 20), date(2016, 2, 10)
    rows = write_history(task, tmp_path / "scores.parquet", first=first, last=last)
    found = score_days(task, first, last)
    assert score_days(task, last, last) == [one for one in found if one.health.day == last]
    written = query(f"SELECT account_id, day, health, band, usage_ratio FROM '{tmp_path}/scores.parquet'")
    assert rows == len(written) == len(found)
    assert written == sorted(
        (
            one.health.account_id,
            one.health.day,
            one.health.score,
            one.health.band.value,
            None if one.signals.usage_ratio is None else float(one.signals.usage_ratio),
        )
        for one in found
    )


def test_events_nobody_has_an_account_for_score_nobody(tmp_path: Path) -> None:
    home = filled(tmp_path, [Event("1", noon(DAY), "stranger", "ann", "report")])
    (one,) = score_days(task_of(home, [Account("acme", "Acme", created_on=DAY)]), DAY, DAY)
    assert (one.health.account_id, one.health.coverage) == ("acme", 0.0)
    assert last_day(task_of(home, [])) == DAY


def test_a_store_without_any_event_scores_milestones_alone(tmp_path: Path) -> None:
    done = Milestone("acme", "setup", due_on=DAY, done_on=DAY)
    task = task_of(tmp_path, [Account("acme", "Acme", created_on=DAY)], milestones=(done,))
    (one,) = score_days(task, DAY, DAY)
    assert (one.health.score, one.health.coverage) == (100.0, 0.2)


def test_a_damaged_rollup_is_mended_while_scoring(tmp_path: Path) -> None:
    home = filled(tmp_path, [Event("1", noon(DAY), "acme", "ann", "report")])
    task = task_of(home, [Account("acme", "Acme", created_on=DAY)])
    before = score_days(task, DAY, DAY)
    (rollup,) = (home / "usage" / "rollups").iterdir()
    rollup.write_bytes(b"PAR1 and nothing more")
    assert score_days(task, DAY, DAY) == before


# -- the stage and its worker ---------------------------------------------------------------------------------------


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[UsageStore]:
    found = UsageStore(tmp_path, UTC_ZONE, ScoreConfig(), memory="128MB", threads=1)
    yield found
    found.close()


@pytest.fixture
async def worker(store: SqlStore, usage: UsageStore, tmp_path: Path) -> AsyncIterator[ScoringWorker]:
    async with store() as work:
        await work.accounts.upsert([Account("acme", "Acme", created_on=DAY - timedelta(days=300))])
    found = ScoringWorker(store, usage, home=tmp_path, zone=UTC_ZONE, config=ScoreConfig())
    yield found
    found.close()


def daily_use(days: int, until: date = DAY) -> list[Event]:
    return [Event(f"{n}", noon(until - timedelta(days=n)), "acme", "ann", "report") for n in range(days)]


async def test_scoring_lands_one_snapshot_a_day_and_again_changes_nothing(
    store: SqlStore, usage: UsageStore, worker: ScoringWorker
) -> None:
    usage.append("a", daily_use(100))
    stage = Score(store, worker)
    assert await stage.run(DAY) == 1
    async with store.reading() as work:
        first = await work.snapshots.on(DAY)
    await stage.run(DAY)
    async with store.reading() as work:
        assert await work.snapshots.on(DAY) == first
        assert await work.snapshots.days() == [DAY]
    assert first["acme"].health.band is Band.HEALTHY
    assert await worker.data_until() == noon(DAY)
    assert await worker.volume(2, DAY) == [1, 1]


async def test_a_late_event_is_in_the_score_when_its_day_is_scored_again(
    store: SqlStore, usage: UsageStore, worker: ScoringWorker
) -> None:
    stage = Score(store, worker)
    usage.append("a", daily_use(100)[20:])
    await stage.run(DAY)
    assert not await worker.dirty()
    usage.append("late", [Event("late", noon(DAY), "acme", "ann", "report")])
    assert await worker.dirty()
    await stage.run(DAY)
    async with store.reading() as work:
        assert (await work.snapshots.on(DAY))["acme"].signals.last_active_on == DAY


async def test_a_worker_that_was_killed_is_replaced(usage: UsageStore, worker: ScoringWorker) -> None:
    usage.append("a", daily_use(3))
    before = await worker.score(DAY)
    (killed,) = worker._pool._processes
    os.kill(killed, signal.SIGKILL)
    assert await worker.score(DAY) == before
    (pid,) = worker._pool._processes
    assert pid != killed


async def test_while_the_worker_scores_the_event_loop_is_free(usage: UsageStore, worker: ScoringWorker) -> None:
    usage.append("a", daily_use(100))
    scoring = asyncio.create_task(worker.score(DAY))
    longest, last = 0.0, asyncio.get_running_loop().time()
    while not scoring.done():
        await asyncio.sleep(0.01)
        now = asyncio.get_running_loop().time()
        longest, last = max(longest, now - last), now
    assert len(scoring.result()) == 1
    assert longest < 0.5


# -- the command ----------------------------------------------------------------------------------------------------


def settings_for(home: Path, sqlite_url: str, **more: Any) -> Settings:
    return Settings(_env_file=None, LOOKOUT_HOME=home, database_url=sqlite_url, **more)


@pytest.fixture
async def imported(store: SqlStore, tmp_path: Path) -> Path:
    """Three customers and a month of use, some years ago, as an import leaves them."""
    async with store() as work:
        await work.accounts.upsert(
            [Account(key, key, created_on=date(2018, 1, 7)) for key in ("acme", "globex", "new")]
        )
    days = [date(2018, 5, 1) + timedelta(days=n) for n in range(31)]
    acme = [Event(f"a{day}", noon(day), "acme", "ann", "report") for day in days]
    globex = [Event(f"g{day}", noon(day), "globex", "bob", "report") for day in days[:10]]
    return filled(tmp_path, acme + globex)


async def test_old_data_is_scored_up_to_its_own_last_day(imported: Path, sqlite_url: str, store: SqlStore) -> None:
    out = imported / "scores.parquet"
    summary = await score_accounts(settings_for(imported, sqlite_url), days=25, out=out)
    assert (summary.first, summary.until) == (date(2018, 5, 7), date(2018, 5, 31))
    columns = query(f"SELECT column_name FROM (DESCRIBE FROM '{out}')")
    assert tuple(name for (name,) in columns) == COLUMNS
    rows = query(f"SELECT account_id, min(day), max(day), count(*) FROM '{out}' GROUP BY ALL ORDER BY ALL")
    assert rows == [(key, date(2018, 5, 7), date(2018, 5, 31), 25) for key in ("acme", "globex", "new")]
    async with store.reading() as work:
        assert await work.snapshots.days() == [summary.until]
    assert (summary.accounts, summary.blind, sum(summary.bands.values()), summary.rows) == (3, 1, 2, 75)
    assert "75 rows" in summary.text()
    assert "Blind on 1" in summary.text()
    assert summary.as_dict()["until"] == "2018-05-31"


async def test_without_a_file_all_days_are_kept_as_snapshots(imported: Path, sqlite_url: str, store: SqlStore) -> None:
    summary = await score_accounts(settings_for(imported, sqlite_url), as_of=date(2018, 5, 20), days=3)
    async with store.reading() as work:
        assert await work.snapshots.days() == [date(2018, 5, day) for day in (18, 19, 20)]
    assert summary.kept == 3


async def test_a_csv_holds_the_same_with_empty_cells_for_what_is_unknown(imported: Path, sqlite_url: str) -> None:
    out = imported / "scores.csv"
    await score_accounts(settings_for(imported, sqlite_url), as_of=date(2018, 5, 20), days=2, out=out)
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert tuple(rows[0]) == COLUMNS
    assert [row["day"] for row in rows] == ["2018-05-19", "2018-05-20"] * 3
    assert {row["milestones"] for row in rows} == {row["churn_probability"] for row in rows} == {""}
    assert [row["activity"] for row in rows[-2:]] == ["", ""]


async def test_today_is_not_scored_before_it_is_over(store: SqlStore, sqlite_url: str, tmp_path: Path) -> None:
    async with store() as work:
        await work.accounts.upsert([Account("acme", "Acme", created_on=DAY - timedelta(days=9))])
    filled(tmp_path, daily_use(5))
    settings = settings_for(tmp_path, sqlite_url)
    assert (await score_accounts(settings, clock=lambda: noon(DAY))).until == DAY - timedelta(days=1)
    assert (await score_accounts(settings, clock=lambda: noon(DAY + timedelta(days=9)))).until == DAY


async def test_after_scoring_it_is_known_how_far_the_data_reaches(
    imported: Path, sqlite_url: str, store: SqlStore
) -> None:
    await score_accounts(settings_for(imported, sqlite_url))
    async with store.reading() as work:
        assert await data_until(work) == noon(date(2018, 5, 31))


async def test_a_day_to_come_is_not_scored(imported: Path, sqlite_url: str, store: SqlStore) -> None:
    with pytest.raises(InvalidInput, match="2018-06-02 lies in the future; today is 2018-06-01 in UTC"):
        await score_accounts(
            settings_for(imported, sqlite_url), as_of=date(2018, 6, 2), clock=lambda: noon(date(2018, 6, 1))
        )
    async with store.reading() as work:
        assert await work.snapshots.days() == []


async def test_the_command_says_what_is_missing(store: SqlStore, sqlite_url: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, sqlite_url)
    with pytest.raises(NotFound, match="no accounts to score"):
        await score_accounts(settings)
    async with store() as work:
        await work.accounts.upsert([Account("acme", "Acme", created_on=DAY)])
    with pytest.raises(NotFound, match="no usage to score"):
        await score_accounts(settings)
    for out, words in ((tmp_path / "scores.txt", "must end in"), (tmp_path / "nowhere" / "scores.csv", "no folder")):
        with pytest.raises(InvalidInput, match=words):
            await score_accounts(settings, as_of=DAY, out=out)


def test_a_history_that_fails_half_way_leaves_the_old_file_and_no_crumbs(tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    out.write_text("yesterday's file")
    with pytest.raises(ZeroDivisionError), ScoreFile(out) as file:
        file.add({"account_id": Labels(np.array(["acme"], object), np.array([0])), "health": np.array([80.0])})
        raise ZeroDivisionError
    assert out.read_text() == "yesterday's file"
    assert list(tmp_path.iterdir()) == [out]
