"""What is done about an account on a day, with its reason: cards, joins, ends, holds and digest lines (R31-R40)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.budget import Pace, budget_left
from scoring.casework import Case, CaseState, Trigger, TriggerKind
from scoring.config import PolicyConfig
from scoring.lifetime import came_back, quiet_until
from scoring.matter import Act, Matter, Move, Today
from scoring.model import Band
from scoring.playbook import Playbook
from scoring.policy import decide
from scoring.severity import high_value, is_complex, severity
from scoring.storm import outage
from scoring.triggers import detect, standing
from tests.builders import NOW, TODAY, a_case, a_snapshot, a_ticket, a_trigger, an_account

CONFIG = PolicyConfig()
LITERAL = PolicyConfig(preset="literal")
ROOT = Path(__file__).parents[2]
PLAYBOOK = Playbook.from_mapping(tomllib.loads((ROOT / "prompts" / "playbook.toml").read_text()))
CRITICAL = Band.CRITICAL
DAY = timedelta(days=1)


def a_matter(id: str = "acme", score: float = 50.0, **more: Any) -> Matter:  # noqa: A002
    """An account at risk whose low score fired today."""
    trigger = a_trigger(TriggerKind.LOW_SCORE, id, floor=Band.HEALTHY)
    known: dict[str, Any] = {"fired": (trigger,), "standing": (trigger,)}
    account = more.pop("account", an_account(id))
    return Matter(account, a_snapshot(id, score=score, **more.pop("signals", {})), **known | more)


def on(*matters: Matter, config: PolicyConfig = CONFIG, **more: Any) -> dict[str, Move]:
    """The moves of a day, by account."""
    today = Today(TODAY, **{"total": 100} | more)
    moves = decide(matters, today, config=config, playbook=PLAYBOOK)
    assert len(moves) == len({move.decision.account_id for move in moves})
    return {move.decision.account_id: move for move in moves}


def said(moves: dict[str, Move], account_id: str = "acme") -> tuple[Act, str]:
    return moves[account_id].act, moves[account_id].decision.rule


# R32, R41: severity, high value, complex


@pytest.mark.parametrize(
    ("score", "floor", "expected"),
    [
        (85.0, Band.MONITOR, Band.MONITOR),
        (85.0, Band.AT_RISK, Band.AT_RISK),
        (35.0, Band.MONITOR, Band.CRITICAL),
        (35.0, Band.AT_RISK, Band.CRITICAL),
        (19.9, Band.HEALTHY, Band.CHURNING),
    ],
)
def test_severity_is_the_worst_of_the_band_and_what_fired(score: float, floor: Band, expected: Band) -> None:
    assert severity(an_account(), score, [a_trigger(floor=floor)], TODAY, CONFIG) is expected


@pytest.mark.parametrize(
    ("days", "score", "expected"),
    [
        (90, 50.0, Band.CRITICAL),
        (91, 50.0, Band.AT_RISK),
        (-1, 50.0, Band.AT_RISK),
        (30, 30.0, Band.CRITICAL),
        (30, 75.0, Band.MONITOR),
    ],
)
def test_a_renewal_ahead_raises_severity_by_one_step_but_never_into_churning(
    days: int, score: float, expected: Band
) -> None:
    assert severity(an_account(renewal_on=TODAY + days * DAY), score, [], TODAY, CONFIG) is expected


@given(
    score=st.floats(0, 100),
    worse=st.floats(0, 100),
    floors=st.lists(st.sampled_from(list(Band)), max_size=4),
    extra=st.sampled_from(list(Band)),
    renewal=st.one_of(st.none(), st.integers(-10, 200)),
)
def test_a_lower_score_or_one_more_trigger_never_makes_it_less_severe(
    score: float, worse: float, floors: list[Band], extra: Band, renewal: int | None
) -> None:
    account = an_account(renewal_on=None if renewal is None else TODAY + renewal * DAY)
    triggers = [a_trigger(floor=floor) for floor in floors]
    before = severity(account, max(score, worse), triggers, TODAY, CONFIG)

    assert severity(account, min(score, worse), triggers, TODAY, CONFIG).rank >= before.rank
    assert severity(account, max(score, worse), [*triggers, a_trigger(floor=extra)], TODAY, CONFIG).rank >= before.rank


def test_high_value_is_a_named_tier_else_the_top_fifth_by_annual_value_in_each_currency() -> None:
    fleet = [an_account(f"a{n}", arr=n * 1000, tier="gold" if n == 1 else "standard") for n in range(1, 11)]
    fleet += [an_account("euro", arr=5, currency="EUR"), an_account("free", arr=None), an_account("nil", arr=0)]

    assert high_value(fleet, CONFIG) == {"a9", "a10", "euro"}
    assert high_value(fleet, PolicyConfig(high_value_tiers=frozenset({"Gold"}))) == {"a1"}
    assert high_value([], CONFIG) == frozenset()


def test_complex_is_flagged_or_has_a_severe_ticket_or_renews_soon() -> None:
    plain = an_account()

    assert not is_complex(
        plain, [a_ticket(priority="normal"), a_ticket(account_id="other", priority="urgent")], TODAY, CONFIG
    )
    assert not is_complex(plain, [a_ticket(priority="urgent", closed_at=NOW)], TODAY, CONFIG)
    assert is_complex(plain, [a_ticket(priority="Urgent")], TODAY, CONFIG)
    assert is_complex(replace(plain, complex=True), [], TODAY, CONFIG)
    assert is_complex(replace(plain, renewal_on=TODAY + 90 * DAY), [], TODAY, CONFIG)


# The ladder


def test_a_low_score_opens_a_card_and_says_why() -> None:
    move = on(a_matter())["acme"]

    assert (move.act, move.severity, move.play) == (Act.OPEN, Band.AT_RISK, "low_score")
    assert move.decision.reason == "The score is 52, under the line of 60. Severity At Risk: a card."


def test_the_first_run_opens_nothing() -> None:
    moves = on(*(a_matter(f"a{n}", 5.0) for n in range(50)), first_run=True, total=60)

    assert {said(moves, f"a{n}") for n in range(50)} == {(Act.LIST, "R34")}


def test_monitor_is_a_digest_line_for_a_standard_account_and_a_card_for_a_valued_one() -> None:
    assert said(on(a_matter(score=65.0))) == (Act.MAIL, "R40")
    assert said(on(a_matter(score=65.0, high_value=True))) == (Act.OPEN, "R40")
    assert said(on(a_matter(score=65.0, is_complex=True))) == (Act.OPEN, "R40")


def test_a_healthy_account_goes_on_the_monthly_list_whatever_its_value() -> None:
    assert said(on(a_matter(score=85.0, high_value=True))) == (Act.DIGEST, "R40")


def test_a_severe_drop_at_good_health_gets_a_card_with_the_flag() -> None:
    severe = a_trigger(TriggerKind.USAGE_DROP, floor=Band.AT_RISK, high_priority=True, detail="severe")
    move = on(a_matter(score=85.0, fired=(severe,), standing=(severe,)))["acme"]

    assert (move.act, move.severity, move.high_priority, move.play) == (Act.OPEN, Band.AT_RISK, True, "usage_drop")


def test_moderate_alone_never_opens_a_card_by_default() -> None:
    moderate = a_trigger(TriggerKind.USAGE_DROP, floor=Band.MONITOR, digest_only=True, detail="moderate")

    assert said(on(a_matter(score=45.0, fired=(moderate,), standing=(moderate,), high_value=True))) == (
        Act.WATCH,
        "R39",
    )


def test_a_line_fires_no_card_even_where_older_triggers_still_hold() -> None:
    line = a_trigger(TriggerKind.LOGINS_DOWN, digest_only=True, rule="R13")

    assert said(on(a_matter(fired=(line,)))) == (Act.WATCH, "R13")


def test_a_churned_account_gets_no_card() -> None:
    assert said(on(a_matter(account=an_account(churned_on=TODAY)))) == (Act.NONE, "R36")


def test_a_person_who_asks_gets_a_card_in_the_quiet_period_without_budget_and_in_the_dark() -> None:
    asked = a_trigger(TriggerKind.ASKED, floor=Band.MONITOR)
    matter = a_matter(score=90.0, fired=(asked,), standing=(), last=an_ended_case(), signals={"coverage": 0.1})

    assert said(on(matter, budget=0)) == (Act.OPEN, "R39")


def test_all_triggers_that_hold_are_listed_on_the_one_case() -> None:
    others = (a_trigger(TriggerKind.SEATS_IDLE), a_trigger(TriggerKind.LOW_SCORE))
    new = a_trigger(TriggerKind.STUCK, window="new")
    move = on(a_matter(fired=(new,), standing=(new, *others)))["acme"]

    assert [t.kind for t in move.matter.listed] == [TriggerKind.STUCK, TriggerKind.SEATS_IDLE, TriggerKind.LOW_SCORE]
    assert move.play == "stuck"


# R33, R36: the open case


def live(**more: Any) -> Case:
    return a_case(**{"severity": Band.AT_RISK, "opened_at": NOW - 5 * DAY, "last_trigger_on": TODAY - 5 * DAY} | more)


def test_a_new_trigger_joins_the_open_case() -> None:
    move = on(a_matter(live=live()))["acme"]

    assert (move.act, move.worse, move.decision.case_id) == (Act.UPDATE, False, "case-1")


def test_a_worse_band_without_a_new_trigger_updates_the_case_and_is_marked_worse() -> None:
    move = on(a_matter(score=39.9, fired=(), live=live()))["acme"]

    assert (move.act, move.worse, move.severity) == (Act.UPDATE, True, CRITICAL)


def test_nothing_new_on_an_open_case_says_nothing() -> None:
    assert on(a_matter(fired=(), live=live())) == {}


def test_a_calm_case_at_65_closes_as_recovered_and_at_64_does_not() -> None:
    calm = {"fired": (), "standing": (), "calm": True, "live": live()}

    assert on(a_matter(score=65.0, **calm))["acme"].ending == "recovered"
    assert on(a_matter(score=64.9, **calm)) == {}


def test_a_score_drop_case_closes_at_70() -> None:
    case = live(triggers=(a_trigger(TriggerKind.SCORE_DROP),))
    calm = {"fired": (), "standing": (), "calm": True, "live": case}

    assert on(a_matter(score=69.9, **calm)) == {}
    assert on(a_matter(score=70.0, **calm))["acme"].ending == "recovered"


def test_fourteen_days_after_the_last_trigger_it_is_not_recovered() -> None:
    assert on(a_matter(fired=(), live=live(last_trigger_on=TODAY - 13 * DAY))) == {}
    assert on(a_matter(fired=(), live=live(last_trigger_on=TODAY - 14 * DAY)))["acme"].ending == "not recovered"


def test_a_snoozed_case_waits_for_its_person_and_an_approved_one_for_its_mail() -> None:
    old = {"last_trigger_on": TODAY - 30 * DAY}

    assert on(a_matter(fired=(), live=live(state=CaseState.SNOOZED, **old))) == {}
    assert on(a_matter(fired=(), live=live(state=CaseState.APPROVED, **old))) == {}


def test_a_mailed_case_has_its_fourteen_days_from_the_mail() -> None:
    mailed = {"state": CaseState.CONTACTED, "last_trigger_on": TODAY - 30 * DAY}

    assert on(a_matter(fired=(), live=live(changed_at=NOW - 13 * DAY, **mailed))) == {}
    assert on(a_matter(fired=(), live=live(changed_at=NOW - 14 * DAY, **mailed)))["acme"].ending == "not recovered"


def test_a_case_is_left_alone_while_we_are_blind() -> None:
    blind = a_matter(
        score=10.0, fired=(), standing=(), signals={"coverage": 0.2}, live=live(last_trigger_on=TODAY - 30 * DAY)
    )

    assert on(blind) == {}


def test_a_case_of_a_customer_who_left_is_closed() -> None:
    assert on(a_matter(fired=(), live=live(), account=an_account(churned_on=TODAY)))["acme"].ending == "churned"


# R39: the quiet period


def an_ended_case(days: int = 30, **more: Any) -> Case:
    known = {"state": CaseState.DISMISSED, "opened_at": NOW - days * DAY, "closed_at": NOW - (days - 1) * DAY}
    return a_case(**known | {"worst_score": 55.0} | more)


@pytest.mark.parametrize(("days", "act"), [(1, Act.DIGEST), (89, Act.DIGEST), (90, Act.OPEN)])
def test_an_account_is_left_in_peace_for_90_days(days: int, act: Act) -> None:
    assert on(a_matter(last=an_ended_case(days)))["acme"].act is act


def test_the_quiet_period_ends_early_after_a_recovery_or_in_churning_or_in_the_literal_preset() -> None:
    recovered = an_ended_case(state=CaseState.CLOSED, close_reason="recovered")
    churning = a_trigger(TriggerKind.CHURNING, floor=Band.CHURNING)

    assert on(a_matter(last=recovered))["acme"].act is Act.OPEN
    assert on(a_matter(last=an_ended_case(), came_back=True))["acme"].act is Act.OPEN
    assert on(a_matter(score=15.0, last=an_ended_case(), fired=(churning,)))["acme"].act is Act.OPEN
    assert on(a_matter(last=an_ended_case()), config=LITERAL)["acme"].act is Act.OPEN


def test_a_person_who_wrote_recovered_as_a_dismissal_note_does_not_end_the_quiet_period() -> None:
    assert quiet_until(an_ended_case(close_reason="recovered"), TODAY, CONFIG) == date(2027, 1, 19)


def test_coming_back_takes_two_days_in_a_row_at_the_line_after_the_case_ended_and_a_fall_before() -> None:
    case = an_ended_case(10)
    ended = TODAY - 9 * DAY

    def after(*scores: float) -> list[tuple[date, float, int]]:
        return [(ended + (n + 1) * DAY, score, 1) for n, score in enumerate(scores)]

    assert came_back(case, after(50, 65, 66), CONFIG)
    assert not came_back(case, after(65, 64, 65, 50, 66), CONFIG)
    assert not came_back(case, [(ended - DAY, 80.0, 1), (ended, 80.0, 1)], CONFIG)
    assert not came_back(replace(case, worst_score=72.0), after(80, 80), CONFIG)


# R37, R38: budget and pace


def fleet(number: int, **more: Any) -> list[Matter]:
    return [
        a_matter(f"a{n:02}", 20.0 + n, account=an_account(f"a{n:02}", csm_id=f"csm-{n}"), **more) for n in range(number)
    ]


def test_the_budget_opens_from_the_riskiest_down_and_the_rest_is_a_digest_line() -> None:
    moves = on(*reversed(fleet(10)), budget=3)

    assert [key for key, move in moves.items() if move.act is Act.OPEN] == ["a00", "a01", "a02"]
    assert {said(moves, f"a{n:02}") for n in range(3, 10)} == {(Act.DIGEST, "R38")}


def test_equal_health_is_decided_by_money_at_risk() -> None:
    poor, rich = (a_matter(name, account=an_account(name, arr=arr)) for name, arr in (("poor", None), ("rich", 9)))
    moves = on(poor, rich, budget=1)

    assert (moves["rich"].act, moves["poor"].act) == (Act.OPEN, Act.DIGEST)


def test_a_fall_into_churning_is_carded_without_budget_and_counts_against_it() -> None:
    churning = a_trigger(TriggerKind.CHURNING, "gone", floor=Band.CHURNING)
    gone = a_matter("gone", 19.0, fired=(churning,), standing=(churning,))

    assert on(gone, a_matter(), budget=0)["gone"].act is Act.OPEN
    assert said(on(gone, a_matter(), budget=1)) == (Act.DIGEST, "R38")


def test_the_literal_preset_has_no_budget() -> None:
    assert budget_left(100, 1000, LITERAL) is None


@pytest.mark.parametrize(
    ("accounts", "opened", "left"), [(60, 0, 6), (60, 6, 0), (60, 9, 0), (69, 0, 6), (5, 0, 1), (5, 1, 0), (30, 0, 3)]
)
def test_the_budget_is_a_tenth_of_a_card_per_account_and_month(accounts: int, opened: int, left: int) -> None:
    assert budget_left(accounts, opened, CONFIG) == left


def test_a_budget_of_nothing_is_no_card_at_all() -> None:
    assert budget_left(100, 0, PolicyConfig(budget_per_account_month=0.0)) == 0


def test_one_person_gets_five_new_cards_a_day_and_critical_ones_always() -> None:
    mine = [a_matter(f"a{n}", 50.0 + n) for n in range(7)] + [a_matter("worst", 25.0)]
    moves = on(*mine, pace=Pace({"csm-dana": 1}, {}))

    assert sorted(key for key, move in moves.items() if move.act is Act.OPEN) == ["a0", "a1", "a2", "worst"]
    assert said(moves, "a3") == (Act.DIGEST, "R37")


def test_who_waited_yesterday_is_next_today_and_whoever_recovered_is_not() -> None:
    assert on(a_matter(fired=(), carried=True))["acme"].act is Act.OPEN
    assert said(on(a_matter(fired=(), standing=(), carried=True))) == (Act.NONE, "R31")


def test_a_channel_gets_ten_cards_an_hour_and_the_rest_in_the_hours_after() -> None:
    slots = [Pace({}, {"#cs": n}).slot("#cs", Band.AT_RISK, NOW, CONFIG) for n in (0, 9, 10, 25)]

    assert slots == [None, None, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]
    assert Pace({}, {"#cs": 25}).slot("#cs", CRITICAL, NOW, CONFIG) is None


# R35: storms


def test_a_storm_needs_both_the_share_and_the_number() -> None:
    assert on(*fleet(26), total=100)["a00"].act is Act.HOLD
    assert on(*fleet(26), total=130)["a00"].act is Act.OPEN
    assert on(*fleet(25), total=30)["a00"].act is Act.OPEN


def test_who_waited_since_yesterday_makes_no_new_storm() -> None:
    moves = on(*(replace(m, carried=n < 10) for n, m in enumerate(fleet(30))), total=100)

    assert moves["a00"].act is Act.OPEN


def test_in_a_storm_nothing_opens_worsens_or_ends() -> None:
    worse = a_matter("worse", 10.0, fired=(), live=live(account_id="worse"))
    calm = a_matter("calm", 90.0, fired=(), standing=(), calm=True, live=live(account_id="calm"))
    moves = on(*fleet(30), worse, calm, total=100)

    assert {move.act for move in moves.values()} == {Act.HOLD}
    assert "calm" not in moves


def test_after_a_person_released_it_the_budget_still_holds() -> None:
    moves = on(*(replace(m, carried=True) for m in fleet(30)), total=100, released=True, budget=10)

    assert sum(move.act is Act.OPEN for move in moves.values()) == 10


def test_a_feed_that_went_to_zero_is_an_outage_and_a_quiet_sunday_is_none() -> None:
    weeks = [900, 1000, 1100, 1000, 950, 40, 0] * 5

    assert outage([*weeks[:-3], 3], CONFIG) == (3, 950)
    assert outage(weeks, CONFIG) is None
    assert outage([*weeks[:-3], 60], CONFIG) is None
    assert outage([0] * 8, CONFIG) is None
    assert outage([], CONFIG) is None
    assert outage([1000] * 10 + [0], CONFIG) is None, "one such weekday is no habit"


# Properties of a whole day

BANDS = st.sampled_from(list(Band))
TRIGGERS = st.builds(
    lambda kind, floor, line, severe: Trigger(
        kind,
        "x",
        TODAY,
        "w",
        (),
        "R0",
        floor,
        digest_only=line,
        high_priority=severe,
        detail="severe" if severe else "",
    ),
    st.sampled_from([k for k in TriggerKind if k is not TriggerKind.ASKED]),
    BANDS,
    st.booleans(),
    st.booleans(),
)
STATES = st.sampled_from([CaseState.OPEN, CaseState.SNOOZED, CaseState.APPROVED, CaseState.CONTACTED])


@st.composite
def a_fleet(draw: st.DrawFn) -> list[Matter]:
    matters = []
    for number in range(draw(st.integers(0, 6))):
        name = f"a{number}"
        holds = draw(st.lists(TRIGGERS, max_size=3, unique_by=lambda t: t.kind))
        new = draw(st.lists(st.sampled_from(holds), max_size=2, unique=True)) if holds else []
        has_case, ended = draw(st.booleans()), draw(st.integers(1, 200))
        case = a_case(
            f"c{number}", name, state=draw(STATES), severity=draw(BANDS), opened_at=NOW - ended * DAY, triggers=(),
            last_trigger_on=TODAY - draw(st.integers(0, 40)) * DAY, changed_at=NOW,
        )  # fmt: skip
        matters.append(
            Matter(
                account=an_account(name, arr=draw(st.one_of(st.none(), st.integers(0, 9)))),
                snapshot=a_snapshot(
                    name, score=draw(st.floats(0, 100)), coverage=draw(st.sampled_from([0.3, 0.5, 1.0]))
                ),
                fired=tuple(new),
                standing=tuple(holds),
                carried=draw(st.booleans()),
                live=case if has_case else None,
                last=None if has_case else draw(st.sampled_from([None, replace(case, state=CaseState.DISMISSED)])),
                high_value=draw(st.booleans()),
                calm=draw(st.booleans()),
            )
        )
    return matters


@given(matters=a_fleet(), budget=st.integers(0, 5), first=st.booleans(), held=st.sampled_from(["", "Down."]))
def test_every_account_with_a_trigger_ends_with_exactly_one_decision_that_has_a_reason(
    matters: list[Matter], budget: int, first: bool, held: str
) -> None:
    moves = on(*matters, budget=budget, first_run=first, held=held)

    for matter in matters:
        due = matter.live is None and (matter.fired or matter.carried)
        seen = matter.snapshot.health.coverage >= CONFIG.min_coverage
        if due or (matter.fired and seen):
            move = moves[matter.account.id]
            assert move.decision.reason
            assert move.decision.rule.startswith("R")


@given(matters=a_fleet(), budget=st.integers(0, 5))
def test_there_are_never_more_cards_than_the_budget_but_for_falls_into_churning(
    matters: list[Matter], budget: int
) -> None:
    opened = [m for m in on(*matters, budget=budget).values() if m.act is Act.OPEN]

    assert sum(not move.matter.churning for move in opened) <= budget


@given(matters=a_fleet(), held=st.sampled_from(["", "Down."]), first=st.booleans())
def test_no_card_in_the_dark_none_while_held_none_on_the_first_run_none_beside_a_live_case(
    matters: list[Matter], held: str, first: bool
) -> None:
    for move in on(*matters, held=held, first_run=first).values():
        if move.act is Act.OPEN:
            assert not held
            assert not first
            assert move.matter.live is None
            assert move.matter.snapshot.health.coverage >= CONFIG.min_coverage


@given(matters=a_fleet())
def test_the_literal_preset_opens_every_card_that_the_default_opens(matters: list[Matter]) -> None:
    apart = [replace(m, account=replace(m.account, csm_id=None)) for m in matters]
    default = on(*apart, budget=budget_left(100, 8, CONFIG))
    literal = on(*apart, config=LITERAL, budget=budget_left(100, 8, LITERAL))

    assert {k for k, m in default.items() if m.act is Act.OPEN} <= {k for k, m in literal.items() if m.act is Act.OPEN}


@given(matters=a_fleet(), seed=st.randoms(use_true_random=False))
def test_the_order_in_which_accounts_come_changes_nothing(matters: list[Matter], seed: Any) -> None:
    shuffled = list(matters)
    seed.shuffle(shuffled)

    assert {k: m.decision for k, m in on(*matters, budget=2).items()} == {
        k: m.decision for k, m in on(*shuffled, budget=2).items()
    }


def test_a_feed_that_swings_round_the_line_makes_one_card_in_a_quiet_period() -> None:
    scores = [60 + 4 * (-1) ** n for n in range(180)]

    opened = play_out(scores)

    assert len(opened) <= 2
    assert all((b - a).days >= 90 for a, b in pairwise(opened))


def play_out(scores: Sequence[float]) -> list[date]:
    """The days on which a card is opened when one account's score goes like this, each case dismissed after a day."""
    account, opened, last = an_account(), [], None
    for n in range(1, len(scores)):
        day = TODAY + n * DAY
        past = [(TODAY + k * DAY, scores[k], 1) for k in range(n)]
        snapshot = a_snapshot(day=day, score=scores[n], active_users_28=20, usage_ratio=Fraction(1))
        fired = detect(account, snapshot, past, CONFIG)
        if not fired:
            continue
        matter = Matter(account, snapshot, fired, standing(account, snapshot, past, CONFIG), last=last)
        matter = replace(matter, came_back=last is not None and came_back(last, past, CONFIG))
        (move,) = decide([matter], Today(day, 100), config=CONFIG, playbook=PLAYBOOK)
        if move.act is Act.OPEN:
            opened.append(day)
            at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            last = a_case(state=CaseState.DISMISSED, opened_at=at, closed_at=at + DAY, worst_score=scores[n])
    return opened
