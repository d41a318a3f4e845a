"""Of several copies exactly one leads; it stops by itself before another begins, and changes nothing afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot.clock import ClockWatch, system_clock, watched
from bot.leader import FOLDER, JUMPED, LEADING, NEVER, PASSIVE, STRANGE, Leader, LedStore
from bot.loop.lead import LeadLost
from bot.schedule import Schedule, Sweep
from scoring.casework import OutreachState
from scoring.errors import Unavailable
from storage.unit_of_work import SqlStore
from tests.mail_world import Postman, a_world

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass
class Time:
    """A wall clock and a tick counter that move together."""

    passed: float = 0.0

    def leader(
        self, store: SqlStore, holder: str, *, skew: float = 0.0, may_lead: bool = True, folder: str = ""
    ) -> Leader:
        def clock() -> datetime:
            return START + timedelta(seconds=self.passed + skew)

        return Leader(store, clock, holder=holder, ticks=lambda: self.passed, may_lead=may_lead, folder=folder)


async def test_one_leads_and_the_other_takes_over_when_it_falls_silent(any_store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(any_store, "one"), time.leader(any_store, "two")

    assert (await one.beat(), await two.beat()) == (True, False)
    time.passed = 5.9
    assert await two.beat() is False
    time.passed = 6.1
    assert (await two.beat(), await one.beat()) == (True, False)
    assert (two.holds(), one.holds()) == (True, False)


async def test_a_copy_with_another_usage_folder_never_leads_until_it_is_adopted(any_store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(any_store, "one", folder="here"), time.leader(any_store, "two", folder="there")
    assert await one.beat() is True
    time.passed = 60
    with structlog.testing.capture_logs() as logged:
        assert (await two.beat(), two.holds()) == (False, False)
    assert [line["event"] for line in logged] == [STRANGE]

    async with any_store() as work:
        await work.flags.set(FOLDER, "there")
    assert (await two.beat(), await one.beat()) == (True, False)


async def test_a_leader_that_cannot_prolong_its_lease_stops_before_another_may_begin(store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    time.passed = 5.1

    assert one.holds() is False
    assert await two.beat() is False


async def test_a_leader_prolongs_its_lease_for_as_long_as_it_ticks(store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    for _ in range(30):
        time.passed += 1
        await one.tick()
        await two.tick()

    assert (one.holds(), two.holds()) == (True, False)


async def test_a_leader_that_ends_in_order_hands_over_at_once_and_leaves_no_doubt(store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    await one.stop(hand_over=True)

    assert await two.beat()
    assert two.inherited is False


async def test_who_takes_over_from_a_silent_one_knows_that_it_may_still_live(store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    assert one.inherited is False
    time.passed = 7
    await two.beat()

    assert two.inherited is True


async def test_a_copy_that_may_not_lead_never_does(store: SqlStore) -> None:
    with structlog.testing.capture_logs() as logs:
        never = Time().leader(store, "never", may_lead=False)
        await never.tick()

    assert never.holds() is False
    assert [entry["event"] for entry in logs] == [NEVER]


async def test_a_second_copy_says_once_that_it_is_passive(store: SqlStore) -> None:
    time = Time()
    with structlog.testing.capture_logs() as logs:
        one, two = time.leader(store, "one"), time.leader(store, "two")
        for _ in range(3):
            await one.beat()
            await two.beat()

    assert [entry["event"] for entry in logs] == [LEADING, PASSIVE]


async def test_a_sweep_that_slept_through_the_loss_of_its_lead_changes_nothing(any_store: SqlStore) -> None:
    time = Time()
    one, two = time.leader(any_store, "one"), time.leader(any_store, "two")
    await one.beat()
    sweeping = LedStore(any_store, one)
    async with sweeping() as work:
        await work.flags.set("mine", "yes")
    time.passed = 7
    await two.beat()
    one._until = float("inf")  # its own clock stood still

    with pytest.raises(LeadLost, match="Another copy"):
        async with sweeping() as work:
            await work.flags.set("mine", "no")

    async with any_store.reading() as work:
        assert await work.flags.get("mine") == "yes"
    assert one.holds() is False


async def test_sweeps_run_only_where_the_lead_is_and_a_lost_one_is_no_failure(store: SqlStore) -> None:
    time, ran = Time(), []
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    await two.beat()

    async def run() -> None:
        ran.append(1)
        async with LedStore(store, one)():
            pass

    first, second = Schedule(one, ()), Schedule(two, ())
    await first.tick(Sweep("s", 1, run))
    await second.tick(Sweep("s", 1, run))
    assert ran == [1]

    time.passed = 7
    await two.beat()
    one._until = float("inf")
    await first.tick(Sweep("s", 1, run))
    assert first.failures == {}


@dataclass
class Broken:
    """A database that is away for a while."""

    store: SqlStore
    away: bool = False

    def __call__(self):
        if self.away:
            raise Unavailable("away")
        return self.store()


async def test_a_database_that_is_away_for_a_moment_costs_no_lead(store: SqlStore) -> None:
    time = Time()
    database = Broken(store)
    one = time.leader(database, "one")
    await one.beat()
    database.away, time.passed = True, 3.0
    assert await one.beat() is True
    time.passed = 5.5
    assert await one.beat() is False
    database.away = False
    assert await one.beat() is True
    assert one.inherited is False


async def test_clocks_that_differ_cost_a_change_of_lead_and_never_a_second_leader(store: SqlStore) -> None:
    time = Time()
    one, ahead = time.leader(store, "one"), time.leader(store, "ahead", skew=60)
    await one.beat()
    assert await ahead.beat() is True

    with pytest.raises(LeadLost):
        async with LedStore(store, one)():
            pass
    assert await one.beat() is False


async def test_a_sender_that_lost_the_lead_claims_nothing(store: SqlStore) -> None:
    world = await a_world(store)
    await world.approve()
    world.later(minutes=1)
    time = Time()
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    time.passed = 7
    await two.beat()

    with pytest.raises(LeadLost):
        await world.sweep(lead=one).run()

    assert world.mailer.mails == []
    assert await world.sweep(lead=two).run() == 1


async def test_a_lease_that_ran_out_between_claim_and_handing_over_gives_the_mail_back(store: SqlStore) -> None:
    world = await a_world(store)
    await world.approve()
    world.later(minutes=1)
    leader = Time().leader(store, "one")
    await leader.beat()
    leader._until = float("-inf")  # it slept after the claim

    await world.sweep(lead=leader).run()

    assert world.mailer.mails == []
    assert (await world.mail()).state is OutreachState.APPROVED
    await leader.beat()
    assert await world.sweep(lead=leader).run() == 1
    assert (await world.mail()).state is OutreachState.SENT


async def test_claims_of_a_leader_that_may_still_live_are_left_until_no_mail_takes_so_long(store: SqlStore) -> None:
    world = await a_world(store)
    await world.approve()
    world.later(minutes=1)
    async with store() as work:
        mail = await work.outreach.latest_of("case-1")
        await work.outreach.move(
            mail.id, OutreachState.APPROVED, OutreachState.SENDING, claimed_at=world.now, attempts=1
        )
    time = Time()
    one, two = time.leader(store, "one"), time.leader(store, "two")
    await one.beat()
    time.passed = 7
    await two.beat()
    sweep = world.sweep(lead=two, mailer=Postman())

    await sweep.run()
    assert (await world.mail()).state is OutreachState.SENDING
    world.later(minutes=6)
    await sweep.run()
    assert (await world.mail()).state is OutreachState.UNCERTAIN


async def test_a_process_that_was_held_up_says_for_how_long(store: SqlStore) -> None:
    time = Time()
    leader = time.leader(store, "one")
    with structlog.testing.capture_logs() as said:
        for at in (0, 1, 2.5, 8, 9):
            time.passed = at
            await leader.tick()

    assert [line["seconds"] for line in said if line["event"] == "the process was held up"] == [5.5]


# --- a clock that jumps (F2)


@dataclass
class Wall:
    """A clock that somebody sets, and seconds that pass."""

    passed: float = 0.0
    set_off: timedelta = timedelta()

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.passed) + self.set_off

    def leader(self, store: SqlStore) -> Leader:
        def passed() -> float:
            return self.passed

        return Leader(store, self.clock, holder="one", ticks=passed, watch=ClockWatch(self.clock, passed))


JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=365), datetime(1970, 1, 2, tzinfo=UTC) - START]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_after_a_jump_of_the_clock_nothing_is_done_until_it_is_put_right(
    store: SqlStore, jump: timedelta
) -> None:
    wall = Wall()
    leader = wall.leader(store)
    held = [await leader.beat() and leader.holds()]
    wall.passed, wall.set_off = 1.0, jump
    held.append(leader.holds())
    with structlog.testing.capture_logs() as said:
        held.append(await leader.beat())
        await leader.beat()
    wall.set_off = timedelta()
    held += [await leader.beat(), leader.holds()]

    assert held == [True, False, False, True, True]
    assert [(line["event"], line["log_level"]) for line in said] == [(JUMPED, "error")]


async def test_a_mail_in_its_undo_window_does_not_leave_early_because_the_clock_jumped(store: SqlStore) -> None:
    wall, mailer = Wall(), Postman()
    world = await a_world(store, mailer=mailer)
    await world.approve()
    leader = wall.leader(store)
    await leader.beat()
    schedule = Schedule(leader, ())
    send = world.sweep(clock=wall.clock, lead=leader)
    wall.set_off = timedelta(hours=1)
    await schedule.tick(Sweep("send", 1, send.run))
    early = len(mailer.mails)
    wall.set_off, wall.passed = timedelta(), 11.0
    await leader.beat()
    await schedule.tick(Sweep("send", 1, send.run))

    assert (early, len(mailer.mails)) == (0, 1)


async def test_small_steps_of_a_time_server_and_a_night_asleep_stop_nothing(store: SqlStore) -> None:
    wall = Wall()
    leader = wall.leader(store)
    held = []
    for passed, step in ((0, 0), (2, 300), (4, -200), (36_000, 0)):
        wall.passed, wall.set_off = float(passed), timedelta(seconds=step)
        held.append(await leader.beat())

    assert held == [True] * 4


def test_the_systems_clock_is_watched_where_it_can_be_and_one_turned_by_hand_is_not() -> None:
    watch = watched(system_clock)

    assert watch is None or not watch.jumped()
    assert watched(lambda: START) is None
