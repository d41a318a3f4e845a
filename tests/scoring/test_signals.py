"""Single rules behind the score, each with numbers that can be checked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from scoring.config import ScoreConfig
from scoring.model import Account, Milestone, Reading, Snapshot
from tests.scoring.oracle import Use, World
from tests.scoring.worlds import every_day, snapshots

DAY = date(2024, 5, 20)
KEYS = tuple("abcdefghij")


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def accounts(keys: tuple[str, ...] = KEYS, **more) -> list[Account]:
    return [Account(id=key, name=key, created_on=ago(500), **more) for key in keys]


def today(world: World) -> dict[str, Snapshot]:
    return {key: one for (key, _), one in snapshots(world, DAY, DAY).items()}


def volumes(*counts: int) -> list[Use]:
    return [Use(ago(1), key, "ann", "report", n) for key, n in zip(KEYS, counts, strict=False)]


@pytest.mark.parametrize(
    ("silent", "value"), [(0, 100), (1, 100), (2, 100 * 58 / 59), (30, 100 * 30 / 59), (60, 0), (75, 0)]
)
def test_recency_is_full_for_a_day_and_gone_after_sixty(silent: int, value: float) -> None:
    found = today(World(accounts(("a",)), [Use(ago(silent), "a", "ann", "report")]))
    assert found["a"].health.value("recency") == pytest.approx(value)


def test_at_its_cohorts_median_an_account_is_fully_active_and_below_it_in_proportion() -> None:
    found = today(World(accounts(KEYS[:9]), volumes(1, 2, 3, 4, 5, 6, 7, 8, 9)))
    activity = [found[key].health.value("activity") for key in KEYS[:9]]
    assert activity == pytest.approx([100 / 9, 300 / 9, 500 / 9, 700 / 9, 100, 100, 100, 100, 100])


def test_where_most_are_silent_silence_says_little_and_where_most_are_busy_it_says_much() -> None:
    idle = [Use(ago(50), key, "ann", "report") for key in KEYS]
    quiet = today(World(accounts(), [*volumes(5, 5), *idle]))
    busy = today(World(accounts(), [*volumes(*[5] * 8), *idle]))
    assert (quiet["a"].health.value("activity"), quiet["j"].health.value("activity")) == (100, pytest.approx(80))
    assert (busy["a"].health.value("activity"), busy["j"].health.value("activity")) == (100, pytest.approx(20))


def test_twenty_accounts_of_a_tier_are_a_cohort_and_nineteen_are_not() -> None:
    def world(size: int) -> World:
        pros = [Account(f"p{n}", f"p{n}", tier="pro", created_on=ago(500)) for n in range(size)]
        frees = [Account(f"f{n}", f"f{n}", tier="free", created_on=ago(500)) for n in range(30)]
        heavy = [Use(ago(1), one.id, "ann", "report", 100 + n) for n, one in enumerate(pros)]
        return World([*pros, *frees], heavy + [Use(ago(1), one.id, "ann", "report") for one in frees])

    assert today(world(20))["p0"].health.value("activity") == 5  # the least of its 20
    assert today(world(19))["p0"].health.value("activity") == 100  # far above the median of all 49


def test_a_churned_account_leaves_the_cohort_on_its_churn_day() -> None:
    world = World(accounts(), volumes(*range(1, 11)))
    world.accounts[9] = Account("j", "j", created_on=ago(500), churned_on=DAY)
    assert today(world)["a"].health.value("activity") == pytest.approx(100 / 9)
    world.accounts[9] = Account("j", "j", created_on=ago(500), churned_on=DAY + timedelta(days=1))
    assert today(world)["a"].health.value("activity") == pytest.approx(10)


def test_rows_run_from_creation_to_the_churn_day() -> None:
    one = Account("a", "a", created_on=ago(30), churned_on=ago(10))
    found = snapshots(World([one], [Use(ago(40), "a", "ann", "report")]), ago(50), DAY)
    assert (min(found)[1], max(found)[1], len(found)) == (ago(30), ago(10), 21)


def test_four_accounts_are_no_cohort_so_each_is_read_against_its_own_past() -> None:
    world = World(accounts(KEYS[:4]), [use for key in KEYS[:4] for use in every_day(key, ago(89), 80)])
    found = today(world)["a"].health
    assert found.value("activity") == pytest.approx(100 * (4 * 90) / (80 * 14))
    assert found.value("activity") == found.own["activity"]


def test_the_own_reading_asks_how_much_of_the_last_90_days_is_left() -> None:
    uses = [
        Use(ago(60), "a", person, name) for person, name in [("ann", "x"), ("bob", "y"), ("eve", "z"), ("max", "w")]
    ]
    uses += [Use(ago(3), "a", "ann", "x"), Use(ago(2), "a", "ann", "y")]
    found = today(World(accounts(("a",)), uses, config=ScoreConfig(reading=Reading.OWN)))["a"].health
    assert found.value("engagement") == pytest.approx(50 * 2 / 4 + 50 * 1 / 4)
    assert found.value("activity") == 100  # 2 user-days in 14, against 6 in 90


def test_both_readings_are_kept_whichever_is_chosen() -> None:
    world = World(accounts(), [*volumes(*range(1, 11)), *(use for key in KEYS for use in every_day(key, ago(80), 40))])
    cohort = today(world)["a"].health
    own = today(World(world.accounts, world.uses, config=ScoreConfig(reading=Reading.OWN)))["a"].health
    assert cohort.value("activity") != own.value("activity")
    assert cohort.own["activity"] == own.value("activity")


def test_milestones_are_the_share_of_those_due_that_are_done_and_missing_when_none_is_due() -> None:
    due = [Milestone("a", f"m{n}", due_on=ago(n), done_on=ago(n) if n % 2 else None) for n in range(4)]
    ahead = Milestone("a", "later", due_on=DAY + timedelta(days=1), done_on=ago(3))
    found = today(World(accounts(("a", "b")), volumes(1, 1), [*due, ahead]))
    assert found["a"].health.value("milestones") == 50
    assert (found["a"].signals.milestones_due, found["a"].signals.overdue) == (4, ("m2", "m0"))
    assert found["b"].health.value("milestones") is None
    assert found["b"].health.coverage == 0.8


def test_an_account_that_nobody_ever_used_is_not_called_silent_but_unknown() -> None:
    found = today(World(accounts(), volumes(1, 2, 3, 4, 5)))["j"]
    assert (found.health.coverage, found.signals.days_silent, found.signals.usage_ratio) == (0.0, None, None)


def test_events_that_do_not_count_as_use_count_nowhere_but_as_logins() -> None:
    uses = [
        Use(ago(1), "a", "ann", "login", 5),
        Use(ago(20), "a", "ann", "login", 9),
        Use(ago(30), "a", "ann", "report"),
    ]
    found = today(World(accounts(("a",)), uses, config=ScoreConfig(ignored_events=frozenset({"login"}))))["a"].signals
    assert (found.volume_14, found.last_active_on, found.last_feature) == (0, ago(30), "report")
    assert (found.logins_14, found.logins_prior_14) == (5, 9)


def test_seats_are_those_bought_else_the_people_seen_so_far() -> None:
    uses = [Use(ago(5), "a", "ann", "report"), Use(ago(3), "a", "bob", "report")]
    known = snapshots(World(accounts(("a",)), uses), ago(5), DAY)
    assert [known["a", ago(n)].signals.known_users for n in (5, 4, 3, 0)] == [1, 1, 2, 2]


def test_more_than_64_features_are_all_counted() -> None:
    uses = [Use(ago(n % 28), "a", "ann", f"feature {n}") for n in range(200)]
    assert today(World(accounts(("a",)), uses))["a"].signals.features_28 == 200


def test_the_power_user_is_the_one_who_did_most_before_the_last_fortnight() -> None:
    uses = [
        Use(ago(20), "a", "ann", "report", 51),
        Use(ago(21), "a", "bob", "report", 25),
        Use(ago(22), "a", "eve", "x", 24),
    ]
    uses += [Use(ago(5), "a", "bob", "report", 99)]
    found = today(World(accounts(("a",)), uses))["a"].signals
    assert (found.power_user_id, found.power_share, found.power_users, found.power_events) == (
        "ann",
        Fraction(51, 100),
        3,
        100,
    )
    assert (found.power_ratio, found.power_silent_days, found.power_alone) == (Fraction(0), 20, False)


def journey_world(done_after: list[int], waiting: int) -> World:
    """Accounts that invited their team and reported some days later, and one, z, that still waits."""
    keys = [f"k{n}" for n in range(len(done_after))]
    uses = [Use(ago(100), key, "ann", "invite") for key in keys]
    uses += [Use(ago(100 - days), key, "ann", "report") for key, days in zip(keys, done_after, strict=True)]
    uses.append(Use(ago(waiting), "z", "ann", "invite"))
    return World(accounts((*keys, "z")), uses, config=ScoreConfig(journey={"invite": "report"}))


@pytest.mark.parametrize(
    ("done_after", "limit"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 8),  # the 80th percentile of those that succeeded
        ([1, 1, 1, 1, 1], 3),  # at least three days
        ([5, 9], 7),  # too few successes to learn from
    ],
)
def test_stuck_is_who_waits_longer_than_four_of_five_that_made_it(done_after: list[int], limit: int) -> None:
    assert today(journey_world(done_after, waiting=limit))["z"].signals.stuck_step == ""
    found = today(journey_world(done_after, waiting=limit + 1))["z"].signals
    assert (found.stuck_step, found.stuck_days, found.stuck_limit) == ("report", limit + 1, limit)


def test_successes_after_the_day_teach_nothing_about_it() -> None:
    world = journey_world([1, 1, 1, 1, 1, 30, 30, 30, 30, 30], waiting=99)
    early = snapshots(world, ago(90), ago(90))["z", ago(90)].signals
    assert (early.stuck_days, early.stuck_limit) == (9, 3)
    assert today(world)["z"].signals.stuck_limit == 30
