"""The daily run acts once on each complete day, in order; stopping lets work end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.loop.lead import Alone
from bot.schedule import Daily, Schedule, Sweep
from scoring.errors import Unavailable
from storage.unit_of_work import SqlStore


@dataclass
class Notebook:
    """Stages that write down on which day they ran."""

    now: datetime
    ran: list[tuple[str, date]] = field(default_factory=list)
    dirty: bool = False

    def stage(self, name: str) -> Stage:
        return Stage(self, name)

    async def is_dirty(self) -> bool:
        return self.dirty

    async def drain(self) -> None:
        return None

    def daily(self, store: SqlStore, zone: str = "UTC") -> Daily:
        return Daily(
            store=store,
            clock=lambda: self.now,
            zone=ZoneInfo(zone),
            hour=6,
            drain=self.drain,
            dirty=self.is_dirty,
            score=self.stage("score"),
            then=(self.stage("detect"), self.stage("alert")),
        )

    def acted(self) -> list[date]:
        return [day for name, day in self.ran if name == "alert"]


@dataclass
class Stage:
    notebook: Notebook
    name: str

    async def run(self, day: date, *, since: date | None = None) -> None:
        first = since or day
        self.notebook.ran += [(self.name, first + timedelta(days=n)) for n in range((day - first).days + 1)]


@pytest.fixture
def notebook() -> Notebook:
    return Notebook(datetime(2026, 11, 20, 6, 1, tzinfo=UTC))


async def test_the_first_run_scores_four_weeks_back_but_acts_on_yesterday_alone(
    store: SqlStore, notebook: Notebook
) -> None:
    await notebook.daily(store).run()

    scored = [day for name, day in notebook.ran if name == "score"]
    assert scored == [date(2026, 11, 19) - timedelta(days=n) for n in range(28, -1, -1)]
    assert notebook.acted() == [date(2026, 11, 19)]


async def test_a_day_is_acted_on_once_and_only_when_it_is_over(store: SqlStore, notebook: Notebook) -> None:
    daily = notebook.daily(store)
    await daily.run()
    await daily.run()
    notebook.now += timedelta(hours=20)
    await daily.run()
    assert notebook.acted() == [date(2026, 11, 19)]

    notebook.now += timedelta(hours=4)
    await daily.run()

    assert notebook.acted() == [date(2026, 11, 19), date(2026, 11, 20)]


async def test_days_that_were_missed_are_run_in_order(store: SqlStore, notebook: Notebook) -> None:
    await notebook.daily(store).run()
    notebook.now += timedelta(days=4)

    await notebook.daily(store).run()

    assert notebook.acted()[1:] == [date(2026, 11, day) for day in (20, 21, 22, 23)]
    assert [name for name, day in notebook.ran if day == date(2026, 11, 22)] == ["score", "detect", "alert"]


async def test_after_a_year_away_the_last_two_weeks_are_enough(store: SqlStore, notebook: Notebook) -> None:
    await notebook.daily(store).run()
    notebook.now += timedelta(days=365)

    done = await notebook.daily(store).run()

    assert len(done) == 14
    assert done[-1] == date(2027, 11, 19)


async def test_a_clock_that_jumps_back_repeats_nothing(store: SqlStore, notebook: Notebook) -> None:
    await notebook.daily(store).run()
    notebook.now -= timedelta(days=10)

    assert await notebook.daily(store).run() == []


async def test_after_a_clock_that_ran_a_year_ahead_the_days_go_on(store: SqlStore, notebook: Notebook) -> None:
    right = notebook.now
    notebook.now += timedelta(days=365)
    await notebook.daily(store).run()
    notebook.now = right

    assert await notebook.daily(store).run() == [date(2026, 11, 19)]
    notebook.now += timedelta(days=1)
    assert await notebook.daily(store).run() == [date(2026, 11, 20)]


@pytest.mark.parametrize(
    ("zone", "expected"), [("Pacific/Auckland", date(2026, 11, 19)), ("America/Los_Angeles", date(2026, 11, 18))]
)
async def test_the_day_ends_where_the_workspace_is(
    store: SqlStore, notebook: Notebook, zone: str, expected: date
) -> None:
    await notebook.daily(store, zone).run()

    assert notebook.acted() == [expected]


async def test_fresh_events_refresh_the_running_day_and_alert_nobody(store: SqlStore, notebook: Notebook) -> None:
    daily = notebook.daily(store)
    assert await daily.refresh() is False
    await daily.run()
    notebook.ran.clear()
    notebook.dirty = True

    assert await daily.refresh() is True

    assert notebook.ran == [("score", date(2026, 11, 20))]


async def test_a_sweep_that_fails_is_named_and_tried_again() -> None:
    tries = []

    async def fail_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("the disk coughed")

    schedule = Schedule(Alone(), ())
    sweep = Sweep("cough", 1, fail_once)

    await schedule.tick(sweep)
    assert schedule.failures == {"cough": "RuntimeError('the disk coughed')"}
    await schedule.tick(sweep)
    assert schedule.failures == {}


async def test_a_fault_in_our_own_words_needs_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def shut_out() -> None:
        raise Unavailable("Slack no longer lets Lookout in.")

    schedule = Schedule(Alone(), ())

    await schedule.tick(Sweep("pulse", 1, shut_out))

    assert schedule.failures == {"pulse": "Slack no longer lets Lookout in."}
    assert "Traceback" not in capsys.readouterr().out


async def test_stopping_waits_for_what_is_under_way_and_wakes_nothing_more() -> None:
    ended = []

    async def slow() -> None:
        await asyncio.sleep(0.3)
        ended.append(1)

    schedule = Schedule(Alone(), (Sweep("slow", 0.05, slow),))
    schedule.start()
    await asyncio.sleep(0.1)

    await schedule.stop()
    await asyncio.sleep(0.2)

    assert ended == [1]


async def test_a_wake_brings_the_quick_sweeps_forward() -> None:
    ran: asyncio.Queue[int] = asyncio.Queue()

    async def send() -> None:
        ran.put_nowait(1)

    schedule = Schedule(Alone(), (Sweep("send", 3600, send),))
    schedule.start()
    await asyncio.wait_for(ran.get(), 5)
    schedule.wake()

    await asyncio.wait_for(ran.get(), 5)
    await schedule.stop()
