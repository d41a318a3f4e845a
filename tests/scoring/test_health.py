"""The worked checks of the score, and a waterfall that adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.config import ScoreConfig
from scoring.health import SIGNALS, health, waterfall
from scoring.model import Band, Health, Reading
from scoring.wording import shown

DAY = date(2024, 5, 20)
VALUES = st.none() | st.floats(0, 100) | st.integers(0, 100).map(float)
ALL = st.fixed_dictionaries(dict.fromkeys(SIGNALS, VALUES))


def of(*values: float | None, config: ScoreConfig | None = None, own: dict[str, float] | None = None) -> Health:
    named = dict(zip(SIGNALS, values, strict=True))
    return health("acme", DAY, signals=named, config=config or ScoreConfig(), own=own)


def weighted(version: int, *weights: float) -> ScoreConfig:
    return ScoreConfig(version=version, weights=MappingProxyType(dict(zip(SIGNALS, weights, strict=True))))


@pytest.mark.parametrize(
    ("values", "score", "band"),
    [
        ((80, 50, 40, 90), 64.0, Band.MONITOR),
        ((0, 0, 100, 0), 20.0, Band.CRITICAL),
        ((0, 0, 99, 0), 19.8, Band.CHURNING),
        ((100, 100, 100, 100), 100.0, Band.HEALTHY),
        ((100, 100, 0, 100), 80.0, Band.HEALTHY),
        ((0, 0, 0, 0), 0.0, Band.CHURNING),
    ],
)
def test_the_worked_checks_of_the_score_hold(values, score: float, band: Band) -> None:
    found = of(*values)
    assert found.score == pytest.approx(score, abs=1e-11)
    assert found.band is band


def test_a_score_on_a_band_edge_belongs_to_the_better_band_and_floating_point_does_not_push_it_off() -> None:
    for edge in (20, 40, 60, 80):
        assert of(edge, edge, edge, edge).score == edge
        assert of(edge, edge, None, edge).score == edge


@given(points=st.floats(0, 100))
def test_a_shown_score_stands_in_the_band_of_the_score(points: float) -> None:
    assert Band.of(shown(points)) is Band.of(points)
    assert abs(shown(points) - points) < 1


def test_nineteen_point_eight_is_shown_as_nineteen_and_eighty_four_point_six_as_eighty_five() -> None:
    assert (shown(19.8), shown(79.96), shown(84.6), shown(60.0)) == (19, 79, 85, 60)


def test_the_weight_of_a_missing_signal_moves_to_the_others_in_proportion() -> None:
    found = of(80, 50, None, 90)
    assert found.coverage == 0.8
    assert [part.weight for part in found.parts] == pytest.approx([0.5, 0.375, 0, 0.125])
    assert found.score == 80 * 0.5 + 50 * 0.375 + 90 * 0.125
    assert found.value("milestones") is None


def test_with_no_signal_at_all_the_coverage_says_that_we_are_blind() -> None:
    found = of(None, None, None, None)
    assert (found.score, found.coverage) == (0.0, 0.0)


@given(values=ALL)
def test_the_parts_add_up_to_the_score_exactly(values: dict[str, float | None]) -> None:
    found = health("acme", DAY, signals=values, config=ScoreConfig())
    assert sum(part.points for part in found.parts) == found.score
    assert 0 <= found.score <= 100


@given(
    before=ALL,
    after=ALL,
    weights=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    readings=st.tuples(st.sampled_from(list(Reading)), st.sampled_from(list(Reading))),
    own=st.fixed_dictionaries({}, optional={"activity": st.floats(0, 100), "engagement": st.floats(0, 100)}),
)
def test_the_bars_of_a_waterfall_add_up_to_the_change_exactly(before, after, weights, readings, own) -> None:
    other = replace(weighted(2, *weights), reading=readings[1])
    old = health("acme", DAY, signals=before, config=ScoreConfig(reading=readings[0]), own=own)
    new = health("acme", DAY, signals=after, config=other)
    bars = waterfall(old, new)
    assert sum(bar.points for bar in bars) == new.score - old.score
    assert all(bar.points for bar in bars)


@given(score=st.tuples(st.floats(0, 100), st.floats(0, 100)))
def test_the_bars_add_up_also_where_a_snapshot_came_from_elsewhere(score: tuple[float, float]) -> None:
    old, new = (replace(of(50, 50, 50, 50), score=value) for value in score)
    assert sum(bar.points for bar in waterfall(old, new)) == pytest.approx(score[1] - score[0], abs=1e-9)


def test_behaviour_alone_gives_one_bar_a_signal_with_its_fact() -> None:
    bars = waterfall(of(100, 80, 50, 90), of(40, 80, 50, 30), {"activity": "42 % below their own 90 days"})
    assert [(bar.label, bar.kind, bar.points) for bar in bars] == [
        ("Activity", "behaviour", pytest.approx(-24)),
        ("Recency", "behaviour", pytest.approx(-6)),
    ]
    assert bars[0].fact == "42 % below their own 90 days"


def test_new_weights_alone_are_one_bar_that_blames_nobody() -> None:
    values = (100, 50, 0, 50)
    bars = waterfall(of(*values), of(*values, config=weighted(2, 0.1, 0.3, 0.5, 0.1)))
    assert [(bar.kind, bar.points) for bar in bars] == [("configuration", pytest.approx(-30))]


def test_data_that_went_missing_is_its_own_bar_and_says_whose() -> None:
    bars = waterfall(of(50, 50, 100, 50), of(50, 50, None, 50))
    assert [(bar.label, bar.kind, bar.points) for bar in bars] == [
        ("No data: milestones", "missing data", pytest.approx(-10))
    ]


def test_data_that_came_is_kept_apart_from_what_the_account_did() -> None:
    bars = waterfall(of(80, 50, None, 50), of(40, 50, 100, 50))
    assert [(bar.label, bar.kind) for bar in bars] == [
        ("Activity", "behaviour"),
        ("New data: milestones", "missing data"),
    ]
    assert bars[0].points == pytest.approx(-20)
    assert sum(bar.points for bar in bars) == of(40, 50, 100, 50).score - of(80, 50, None, 50).score


def test_a_change_of_reading_is_a_change_of_settings() -> None:
    before = of(100, 100, 50, 50, own={"activity": 60.0, "engagement": 100.0})
    after = of(50, 100, 50, 50, config=ScoreConfig(version=2, reading=Reading.OWN))
    assert [(bar.label, bar.kind, bar.points) for bar in waterfall(before, after)] == [
        ("Activity", "behaviour", pytest.approx(-4)),
        ("Scoring settings", "configuration", pytest.approx(-16)),
    ]
