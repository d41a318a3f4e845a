"""The fast scores equal a slow second opinion, on many small invented worlds (R2-R8, R10, R11, R13, R23, R25)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.config import ScoreConfig
from scoring.model import Account, Milestone, Reading, Snapshot
from storage.packed import PackedSnapshots, pages_of, snapshots_on
from tests.scoring.oracle import Oracle, Use, World
from tests.scoring.worlds import frames, snapshots, texts_of
from tests.thoroughness import examples

DAY = date(2024, 5, 20)
IDS = tuple("abcdefg")
NAMES = ("report", "export", "login", "heartbeat", "invite")
DAYS_BACK = st.one_of(st.integers(0, 45), st.integers(0, 150))


def days_back() -> st.SearchStrategy[date]:
    return DAYS_BACK.map(lambda days: DAY - timedelta(days=days))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    accounts = [
        Account(
            id=key,
            name=key,
            tier=draw(st.sampled_from(["pro", "free"])),
            seats=draw(st.sampled_from([None, None, 1, 3, 7])),
            created_on=draw(st.none() | st.integers(0, 130).map(lambda days: DAY - timedelta(days=days))),
            churned_on=draw(st.none() | st.none() | st.integers(-5, 30).map(lambda days: DAY - timedelta(days=days))),
        )
        for key in draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=7, unique=True))
    ]
    uses = st.builds(
        Use,
        days_back(),
        st.sampled_from(IDS),
        st.sampled_from(["ann", "bob", "eve", "max"]),
        st.sampled_from(NAMES),
        st.integers(0, 4),
    )
    milestones = st.builds(
        Milestone,
        st.sampled_from(IDS),
        st.sampled_from(["setup", "first report"]),
        due_on=st.none() | days_back().map(lambda day: day + timedelta(days=9)),
        done_on=st.none() | days_back(),
        started_on=st.none() | days_back(),
    )
    return World(
        accounts=accounts,
        uses=draw(st.lists(uses, max_size=60)),
        milestones=draw(st.lists(milestones, max_size=8, unique_by=lambda one: (one.account_id, one.name))),
        config=ScoreConfig(
            reading=draw(st.sampled_from(list(Reading))),
            baseline_excludes_window=draw(st.booleans()),
            min_peers=draw(st.integers(1, 4)),
            min_benchmark_peers=draw(st.integers(1, 3)),
            ignored_events=draw(
                st.sampled_from([frozenset(), frozenset({"heartbeat"}), frozenset({"heartbeat", "login"})])
            ),
            key_features=draw(
                st.sampled_from([frozenset(), frozenset({"report", "invite"}), frozenset({"unheard of"})])
            ),
            journey=draw(st.sampled_from([{}, {"invite": "report"}])),
        ),
    )


def agrees(world: World, day: date, found: dict[tuple[str, date], Snapshot]) -> None:
    oracle = Oracle(world, day)
    assert {key for key, when in found if when == day} == set(oracle.scored())
    for key in oracle.scored():
        check_health(oracle, key, found[key, day])
        check_signals(oracle, key, found[key, day])
        check_power(oracle, key, found[key, day])


def check_health(oracle: Oracle, key: str, snapshot: Snapshot) -> None:
    health = snapshot.health
    assert {part.signal: part.value for part in health.parts if part.value is not None} == pytest.approx(
        oracle.signals(key)
    )
    assert health.score == pytest.approx(oracle.score(key), abs=1e-9)
    assert dict(health.own) == pytest.approx(oracle.own(key))
    assert sum(part.points for part in health.parts) == health.score


def check_signals(oracle: Oracle, key: str, snapshot: Snapshot) -> None:
    signals = snapshot.signals
    ratio, basis = oracle.ratio(key)
    assert (signals.usage_ratio, signals.usage_basis) == (ratio, basis)
    assert signals.usage_vs_peers == (None if oracle.vs_peers(key) is None else pytest.approx(oracle.vs_peers(key)))
    assert signals.last_active_on == oracle.last(key)
    assert signals.volume_14 == sum(u.n for u in oracle.between(key, 14))
    assert signals.volume_prior_14 == sum(u.n for u in oracle.between(key, 14, ago=14))
    assert (signals.user_days_14, signals.user_days_90) == (oracle.user_days(key, 14), oracle.user_days(key, 90))
    active = (signals.active_users_14, signals.active_users_28, signals.active_users_90)
    assert active == tuple(len(oracle.people(key, days)) for days in (14, 28, 90))
    assert (signals.features_28, signals.features_90) == (len(oracle.features(key, 28)), len(oracle.features(key, 90)))
    assert signals.known_users == len({u.person for u in oracle.real[key]})
    assert signals.age_days == (oracle.day - oracle.born(key)).days
    stuck = oracle.stuck(key)
    assert bool(signals.stuck_step) == bool(stuck)
    if stuck:
        assert (signals.stuck_step, signals.stuck_days, signals.stuck_limit) in stuck
        assert signals.stuck_days - signals.stuck_limit == max(days - limit for _, days, limit in stuck)
    check_logins(oracle, key, signals)
    check_last(oracle, key, signals)


def check_logins(oracle: Oracle, key: str, signals) -> None:
    logins = [u for u in oracle.used[key] if u.name in oracle.config.login_events]
    if not logins:
        assert signals.logins_14 is None
        return
    ends = [oracle.day, oracle.day - timedelta(days=14)]
    counts = [sum(u.n for u in logins if end - timedelta(days=14) < u.day <= end) for end in ends]
    assert [signals.logins_14, signals.logins_prior_14] == counts


def check_last(oracle: Oracle, key: str, signals) -> None:
    last = [u for u in oracle.real[key] if u.day == oracle.last(key)]
    if not last:
        assert (signals.last_feature, signals.last_user_id) == ("", "")
        return
    for field, found in (("name", signals.last_feature), ("person", signals.last_user_id)):
        total = {getattr(u, field): 0 for u in last}
        for use in last:
            total[getattr(use, field)] += use.n
        assert total[found] == max(total.values())


def check_power(oracle: Oracle, key: str, snapshot: Snapshot) -> None:
    signals, power = snapshot.signals, oracle.power(key)
    if power is None:
        assert (signals.power_user_id, signals.power_share, signals.power_events) == ("", None, 0)
        return
    person = signals.power_user_id
    assert person in power["candidates"]
    assert (signals.power_share, signals.power_users, signals.power_events) == (
        power["share"],
        power["users"],
        power["events"],
    )
    assert signals.power_ratio == oracle.person_ratio(key, person)
    last = max(u.day for u in oracle.real[key] if u.person == person)
    assert signals.power_silent_days == (oracle.day - last).days
    assert signals.power_alone == (not oracle.people(key, 14) - {person})


@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), days=st.integers(1, 40))
def test_a_history_says_on_each_day_what_the_slow_oracle_says(world: World, days: int) -> None:
    first = DAY - timedelta(days=days - 1)
    found = snapshots(world, first, DAY)
    for day in {first, first + timedelta(days=days // 2), DAY}:
        agrees(world, day, found)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), days=st.integers(2, 40))
def test_one_day_alone_and_that_day_within_a_history_are_the_same(world: World, days: int) -> None:
    history = snapshots(world, DAY - timedelta(days=days), DAY)
    middle = DAY - timedelta(days=days // 2)
    assert snapshots(world, middle, middle) == {cell: one for cell, one in history.items() if cell[1] == middle}


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds())
def test_pages_made_of_whole_columns_hold_what_snapshots_hold(world: World) -> None:
    texts = texts_of(world)
    for frame in frames(world, DAY - timedelta(days=1), DAY):
        for day in frame.days():
            snapshots_of_day, pages = frame.snapshots(day, texts), [*pages_of(frame, day, texts)]
            assert [*PackedSnapshots.of_pages(pages)] == snapshots_of_day == [*PackedSnapshots(snapshots_of_day)]
            assert [one for page in pages for one in zip(page.accounts, page.scores, strict=True)] == [
                (one.health.account_id, one.health.score) for one in snapshots_of_day
            ]
            for one in snapshots_of_day[:3]:
                wanted = {one.health.account_id}
                assert [found for page in pages for found in snapshots_on(page.held, wanted)] == [one]


@pytest.mark.long
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), later=st.integers(0, 40))
def test_nothing_that_happens_later_changes_a_score(world: World, later: int) -> None:
    first, cut = DAY - timedelta(days=60), DAY - timedelta(days=later)
    known = {cell: one for cell, one in snapshots(world, first, DAY).items() if cell[1] <= cut}
    assert snapshots(world.until(cut), first, cut) == known
