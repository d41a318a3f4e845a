"""What fires for one account on one day (R20-R26), at the edges that the rules name."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.casework import Trigger, TriggerKind
from scoring.config import PolicyConfig
from scoring.model import Band, Basis, Snapshot
from scoring.sight import Past
from scoring.triggers import armed, detect, holding, standing
from tests.builders import TODAY, a_snapshot, a_trigger, an_account

CONFIG = PolicyConfig()
LITERAL = PolicyConfig(preset="literal")
SCORES = st.floats(0, 100, allow_nan=False)


def past(*scores: float, version: int = 1) -> list[Past]:
    """Daily scores, the last one of yesterday."""
    return [(TODAY - timedelta(days=len(scores) - n), score, version) for n, score in enumerate(scores)]


def fired(
    score: float = 90.0, before: list[Past] | None = None, config: PolicyConfig = CONFIG, **more: Any
) -> list[Trigger]:
    """What fires on a day with this score and these signals."""
    previous = more.pop("previous", None)
    return list(detect(an_account(), busy(score=score, **more), before or [], config, previous=previous))


def busy(**more: Any) -> Snapshot:
    """A day on which every seat was used, unless the test says otherwise."""
    return a_snapshot(**{"active_users_28": 20} | more)


def kinds(triggers: list[Trigger]) -> list[tuple[TriggerKind, str]]:
    return [(trigger.kind, trigger.detail) for trigger in triggers]


def silent(days: int) -> dict[str, date]:
    return {"last_active_on": TODAY - timedelta(days=days)}


# R20, R38: crossings


def test_health_crosses_below_60_once() -> None:
    assert kinds(fired(59.9, past(60.0))) == [(TriggerKind.LOW_SCORE, "")]


def test_health_that_stays_below_60_does_not_fire_again() -> None:
    assert fired(51.0, past(59.9)) == []


def test_while_it_stays_below_60_it_says_from_where_it_fell_for_a_week() -> None:
    (held,) = [t for t in standing(an_account(), busy(score=55.0), past(70, 58, 56), CONFIG) if t.rule == "R20"]

    assert held.why[0].text.startswith("Health 55, below 60. It was 70 on ")


def test_exactly_60_is_not_below_60() -> None:
    assert fired(60.0, past(61.0)) == []


def test_a_first_score_below_60_is_no_crossing() -> None:
    assert fired(30.0) == []


def test_a_new_scoring_config_makes_no_crossing() -> None:
    assert fired(50.0, past(80.0, version=0)) == []


def test_a_crossing_below_20_fires_both_crossings_and_counts_as_churning() -> None:
    low, churning = sorted(fired(19.8, past(61.0, 60.5)), key=lambda t: t.kind is TriggerKind.CHURNING)[-2:]

    assert (low.floor, churning.kind, churning.floor) == (Band.HEALTHY, TriggerKind.CHURNING, Band.CHURNING)
    assert churning.why[0].text == "Health 19: it fell below 20. It was 61 on 19 Nov."


# R21: a fall within seven days


def test_84_to_69_in_six_days_is_a_score_drop() -> None:
    drop = fired(69.0, past(84.0, 82.0, 80.0, 78.0, 76.0, 74.0))

    assert kinds(drop) == [(TriggerKind.SCORE_DROP, "")]
    assert drop[0].why[0].text == "Health 69, 15 points below 84 on 14 Nov."
    assert not drop[0].digest_only


def test_86_to_71_is_a_line_in_the_digest() -> None:
    drop = fired(71.0, past(86.0, 80.0, 75.0))

    assert kinds(drop) == [(TriggerKind.SCORE_DROP, "falling fast")]
    assert drop[0].digest_only


def test_74_to_60_is_14_points_and_nothing() -> None:
    assert fired(60.0, past(74.0, 70.0, 65.0)) == []


def test_a_peak_of_eight_days_ago_no_longer_counts() -> None:
    assert fired(69.0, past(84.0, 79.0, 78.0, 77.0, 76.0, 75.0, 74.0, 73.0)) == []


def test_a_peak_of_exactly_seven_days_ago_counts() -> None:
    assert kinds(fired(69.0, past(84.0, 79.0, 78.0, 77.0, 76.0, 75.0, 74.0))) == [(TriggerKind.SCORE_DROP, "")]


def test_a_peak_under_another_config_does_not_count() -> None:
    assert fired(69.0, [*past(99.0, 99.0, version=0)[:1], *past(80.0)]) == []


def test_exactly_70_after_a_fall_is_still_only_a_line() -> None:
    assert kinds(fired(70.0, past(90.0))) == [(TriggerKind.SCORE_DROP, "falling fast")]


def test_a_fall_fires_on_its_first_day_only() -> None:
    assert fired(66.0, past(84.0, 69.0)) == []


def test_falling_fast_becomes_a_score_drop_when_it_passes_below_70() -> None:
    assert kinds(fired(69.0, past(90.0, 72.0))) == [(TriggerKind.SCORE_DROP, "")]


def test_a_score_on_its_way_up_is_not_falling_fast() -> None:
    assert fired(72.0, past(90.0, 65.0)) == []


# R22: silence


@pytest.mark.parametrize(
    ("days", "detail", "digest_only"),
    [(10, "heads-up", True), (13, "heads-up", True), (14, "", False), (60, "", False), (61, "dormant", True)],
)
def test_silence_is_a_heads_up_then_a_win_back_then_dormant(days: int, detail: str, digest_only: bool) -> None:
    (trigger,) = fired(**silent(days))

    assert (trigger.kind, trigger.detail, trigger.digest_only) == (TriggerKind.INACTIVITY, detail, digest_only)


@pytest.mark.parametrize("days", [0, 9])
def test_nine_silent_days_say_nothing(days: int) -> None:
    assert fired(**silent(days)) == []


def test_thirteen_silent_days_are_no_alert() -> None:
    assert all(trigger.digest_only for trigger in fired(**silent(13)))


def test_a_silence_keeps_its_window_every_day_so_that_a_missed_run_catches_up_and_none_fires_twice() -> None:
    fourteenth, twentieth = (detect(an_account(), snap, [], CONFIG)[0] for snap in _one_silence(14, 20))

    assert fourteenth.window == twentieth.window == "2026-11-01"


def test_an_account_that_was_never_active_is_not_inactive() -> None:
    assert fired(last_active_on=None) == []


# R23: stuck


def test_a_step_not_finished_in_time_names_the_step() -> None:
    (trigger,) = fired(stuck_step="invite the team", stuck_days=8, stuck_limit=7)

    assert (trigger.kind, trigger.detail, trigger.window) == (
        TriggerKind.STUCK,
        "invite the team",
        "invite the team:2026-11-12",
    )


def test_on_the_last_day_of_the_limit_nobody_is_stuck() -> None:
    assert fired(stuck_step="invite the team", stuck_days=7, stuck_limit=7) == []


# R12, R24: use


@pytest.mark.parametrize(
    ("ratio", "detail"),
    [
        (Fraction(599, 1000), "moderate"),
        (Fraction(2, 5), "moderate"),
        (Fraction(399, 1000), "severe"),
        (Fraction(0), "severe"),
    ],
)
def test_the_usage_ratio_is_moderate_below_three_fifths_and_severe_below_two_fifths(
    ratio: Fraction, detail: str
) -> None:
    assert kinds(fired(usage_ratio=ratio, usage_basis=Basis.OWN_HISTORY)) == [(TriggerKind.USAGE_DROP, detail)]


@pytest.mark.parametrize("ratio", [Fraction(3, 5), Fraction(9, 10), None])
def test_at_three_fifths_or_without_a_comparison_nothing_fires(ratio: Fraction | None) -> None:
    assert fired(usage_ratio=ratio) == []


def test_severe_carries_the_high_priority_flag_and_counts_at_least_at_risk() -> None:
    (severe,) = fired(usage_ratio=Fraction(1, 5))

    assert (severe.high_priority, severe.floor, severe.digest_only) == (True, Band.AT_RISK, False)


def test_moderate_is_a_digest_line_by_default_and_a_trigger_in_the_literal_preset() -> None:
    assert [fired(usage_ratio=Fraction(1, 2), config=c)[0].digest_only for c in (CONFIG, LITERAL)] == [True, False]


def test_the_card_says_which_comparison_was_used_and_never_rounds_over_an_edge() -> None:
    (own,) = fired(usage_ratio=Fraction(599, 1000), usage_basis=Basis.OWN_HISTORY, user_days_14=23)
    (young,) = fired(usage_ratio=Fraction(1, 2), usage_basis=Basis.NEW_ACCOUNTS, user_days_14=10)

    assert own.why[0].text == (
        "Use in the last 14 days is 40 % below their own 90 days: 23 person-days, where 38 would be usual."
    )
    assert "new accounts of their tier at the same age" in young.why[0].text


def test_a_drop_that_was_there_yesterday_does_not_fire_but_a_worse_one_does() -> None:
    moderate = busy(score=90.0, day=TODAY - timedelta(days=1), usage_ratio=Fraction(1, 2))

    assert fired(usage_ratio=Fraction(11, 20), previous=moderate) == []
    assert kinds(fired(usage_ratio=Fraction(1, 5), previous=moderate)) == [(TriggerKind.USAGE_DROP, "severe")]


# R25: the power user

FADING = {
    "power_user_id": "kim",
    "power_users": 3,
    "power_events": 100,
    "power_ratio": Fraction(1, 2),
    "power_silent_days": 0,
}


def test_51_of_100_uses_make_a_power_user_and_50_do_not() -> None:
    assert fired(**FADING, power_share=Fraction(50, 100)) == []
    assert kinds(fired(**FADING, power_share=Fraction(51, 100))) == [(TriggerKind.POWER_USER, "kim")]


@pytest.mark.parametrize(
    "change",
    [{"power_users": 2}, {"power_events": 19}, {"sole_user": True}, {"power_ratio": Fraction(3, 5)}],
)
def test_too_few_people_or_uses_or_no_fade_is_no_power_user_fading(change: dict[str, Any]) -> None:
    assert fired(**{**FADING, "power_share": Fraction(3, 4), **change}) == []


@pytest.mark.parametrize(("days", "fires"), [(8, False), (9, True)])
def test_seven_silent_working_days_are_nine_calendar_days_on_a_friday(days: int, fires: bool) -> None:
    # 20 Nov 2026 is a Friday: nine days back are seven working days and one weekend.
    quiet = {**FADING, "power_ratio": Fraction(1), "power_silent_days": days, "power_share": Fraction(3, 4)}

    assert bool(fired(**quiet)) is fires


# R26: idle seats


@pytest.mark.parametrize(
    ("seats", "active", "fires"), [(5, 1, True), (5, 2, False), (4, 0, False), (20, 4, True), (20, 5, False)]
)
def test_four_of_five_seats_idle_fires_from_five_seats_on(seats: int, active: int, fires: bool) -> None:
    assert bool(fired(seats=seats, active_users_28=active)) is fires


# R13: logins


def test_logins_down_30_percent_are_a_line_in_the_digest() -> None:
    (line,) = fired(logins_14=70, logins_prior_14=100, volume_14=500, volume_prior_14=500)

    assert (line.kind, line.digest_only) == (TriggerKind.LOGINS_DOWN, True)


def test_where_logins_are_all_we_hear_of_they_are_the_alert() -> None:
    (alert,) = fired(logins_14=70, logins_prior_14=100, volume_14=70, volume_prior_14=100)

    assert not alert.digest_only


def test_logins_down_29_percent_say_nothing() -> None:
    assert fired(logins_14=71, logins_prior_14=100) == []


# R8, R31, R36


def test_below_half_coverage_nothing_fires_and_nothing_holds() -> None:
    blind = busy(score=10.0, coverage=0.49, usage_ratio=Fraction(0), **silent(20))

    assert detect(an_account(), blind, past(90.0), CONFIG) == ()
    assert holding(an_account(), blind, past(90.0), CONFIG) == ()


def test_at_exactly_half_coverage_alerts_fire() -> None:
    assert fired(59.0, past(80.0), coverage=0.5) != []


def test_what_holds_is_the_level_and_leaves_out_the_lines() -> None:
    snapshot = busy(score=50.0, usage_ratio=Fraction(1, 5), logins_14=1, logins_prior_14=100, volume_14=9, **silent(11))

    assert holding(an_account(), snapshot, past(55.0, 50.0), CONFIG) == (TriggerKind.USAGE_DROP, TriggerKind.LOW_SCORE)


def test_all_that_holds_is_listed_with_its_reasons() -> None:
    snapshot = busy(score=15.0, usage_ratio=Fraction(1, 5), **silent(20))

    listed = standing(an_account(), snapshot, past(40.0), CONFIG)

    assert {trigger.kind for trigger in listed} == {
        TriggerKind.CHURNING,
        TriggerKind.INACTIVITY,
        TriggerKind.SCORE_DROP,
        TriggerKind.USAGE_DROP,
        TriggerKind.LOW_SCORE,
    }
    assert all(trigger.why for trigger in listed)


def test_a_kind_on_the_open_case_is_armed_again_only_when_it_is_worse() -> None:
    moderate = a_trigger(TriggerKind.USAGE_DROP, floor=Band.MONITOR)
    severe = a_trigger(TriggerKind.USAGE_DROP, floor=Band.AT_RISK)
    other = a_trigger(TriggerKind.STUCK)

    assert armed([moderate, other], [moderate]) == (other,)
    assert armed([severe], [moderate]) == (severe,)


@given(score=SCORES, before=st.lists(SCORES, max_size=12), ratio=st.fractions(0, 2), days=st.integers(0, 90))
def test_what_fires_and_is_no_line_also_holds(score: float, before: list[float], ratio: Fraction, days: int) -> None:
    snapshot = busy(score=score, usage_ratio=ratio, **silent(days))
    holds = {(t.kind, t.detail) for t in standing(an_account(), snapshot, past(*before), CONFIG)}

    for trigger in detect(an_account(), snapshot, past(*before), CONFIG):
        assert (trigger.kind, trigger.detail) in holds or trigger.digest_only


@given(score=SCORES, before=st.lists(SCORES, max_size=12), ratio=st.fractions(0, 2), coverage=st.floats(0, 0.4999))
def test_no_signal_however_bad_fires_in_the_dark(
    score: float, before: list[float], ratio: Fraction, coverage: float
) -> None:
    snapshot = busy(score=score, usage_ratio=ratio, coverage=coverage, **silent(30))

    assert detect(an_account(), snapshot, past(*before), CONFIG) == ()


@given(score=SCORES, before=st.lists(SCORES, max_size=12), later=st.lists(SCORES, max_size=5))
def test_days_that_come_later_change_nothing(score: float, before: list[float], later: list[float]) -> None:
    future = [(TODAY + timedelta(days=n), s, 1) for n, s in enumerate(later)]
    snapshot = busy(score=score)

    assert detect(an_account(), snapshot, past(*before) + future, CONFIG) == detect(
        an_account(), snapshot, past(*before), CONFIG
    )


@given(before=st.lists(SCORES, max_size=12), score=SCORES)
def test_no_internal_reason_ever_has_an_id_that_reaches_a_customer(before: list[float], score: float) -> None:
    for trigger in detect(an_account(), busy(score=score, **silent(30)), past(*before), CONFIG):
        assert all(fact.id.startswith("internal.") for fact in trigger.why)


def _one_silence(*days: int) -> list[Snapshot]:
    """The same last active day, seen after so many days."""
    last = date(2026, 11, 1)
    return [busy(day=last + timedelta(days=n), score=90.0, last_active_on=last) for n in days]
