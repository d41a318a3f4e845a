"""The usage index against the account's past or its peers: exact at the edges, and honest about the comparison."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from scoring.config import ScoreConfig
from scoring.model import Account, Basis, Signals
from tests.scoring.oracle import Use, World
from tests.scoring.worlds import every_day, snapshots

DAY = date(2024, 5, 20)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def old_account(key: str = "acme", **more) -> Account:
    return Account(id=key, name=key, created_on=ago(500), **more)


def signals(world: World, key: str = "acme") -> Signals:
    return snapshots(world, DAY, DAY)[key, DAY].signals


def level(recent: int, earlier: int, *, seats: int) -> list[Use]:
    """User-days: `recent` in the last 14 days, `earlier` in the 76 before, spread over people."""
    people = [f"p{n}" for n in range(seats)]
    slots = [(ago(n), person) for n in range(14) for person in people]
    before = [(ago(n), person) for n in range(14, 90) for person in people]
    return [Use(day, "acme", person, "report") for day, person in slots[:recent] + before[:earlier]]


@pytest.mark.parametrize(
    ("recent", "earlier", "ratio"),
    [
        (14, 136, Fraction(3, 5)),  # 14/14 against 150/90
        (14, 211, Fraction(2, 5)),  # 14/14 against 225/90
        (14, 76, Fraction(1)),
        (0, 50, Fraction(0)),
    ],
)
def test_the_ratio_is_exact_where_a_float_would_waver(recent: int, earlier: int, ratio: Fraction) -> None:
    found = signals(World([old_account()], level(recent, earlier, seats=3)))
    assert found.usage_ratio == ratio
    assert found.usage_basis is Basis.OWN_HISTORY


def test_sharper_baseline_leaves_the_last_14_days_out() -> None:
    world = World([old_account()], level(7, 76, seats=1), config=ScoreConfig(baseline_excludes_window=True))
    assert signals(world).usage_ratio == Fraction(1, 2)


@pytest.mark.parametrize(("line", "share", "below"), [(Fraction(3, 5), 0.559, 156), (Fraction(2, 5), 0.360, 100)])
def test_including_the_14_days_moves_the_line_below_the_earlier_level(line: Fraction, share: float, below: int) -> None:
    """The 60 % line sits at 55.9 % of the earlier level, the 40 % line at 36.0 % (rules, worked checks)."""
    full = 14 * 20
    assert below / full < share < (below + 1) / full
    assert signals(World([old_account()], level(below, 76 * 20, seats=20))).usage_ratio < line
    assert signals(World([old_account()], level(below + 1, 76 * 20, seats=20))).usage_ratio >= line


def test_silence_for_90_days_leaves_nothing_to_compare() -> None:
    found = signals(World([old_account()], [Use(ago(120), "acme", "ann", "report")]))
    assert found.usage_ratio is None
    assert found.last_active_on == ago(120)


def newcomers(count: int, *, age: int, days_used: int) -> World:
    """`count` accounts that were born one after the other, each used on its first days; acme is born `age` days ago."""
    accounts = [Account(f"n{n}", f"n{n}", tier="pro", seats=1, created_on=ago(age + 100 + n)) for n in range(count)]
    uses = [use for n in range(count) for use in every_day(f"n{n}", ago(age + 100 + n), days_used)]
    accounts.append(Account("acme", "Acme", tier="pro", seats=1, created_on=ago(age)))
    return World(accounts, uses)


def test_a_new_account_is_compared_with_what_others_did_at_its_age() -> None:
    world = newcomers(5, age=20, days_used=60)
    world.uses += every_day("acme", ago(6), 7)
    found = signals(world)
    assert (found.usage_ratio, found.usage_basis) == (Fraction(1, 2), Basis.NEW_ACCOUNTS)


def test_with_fewer_than_five_peers_a_new_account_has_no_ratio() -> None:
    world = newcomers(4, age=20, days_used=60)
    world.uses += every_day("acme", ago(6), 7)
    found = signals(world)
    assert (found.usage_ratio, found.usage_basis) == (None, Basis.NO_PEERS)


def test_from_30_to_90_days_of_age_the_own_past_counts_more_each_day() -> None:
    world = newcomers(5, age=60, days_used=100)
    world.uses += every_day("acme", ago(60), 61)
    # Half own history (used on all 61 days: 1), half peers (1 as well).
    assert signals(world).usage_ratio == Fraction(1)
    world.uses = [use for use in world.uses if use.account != "acme" or use.day > ago(7)]
    # 7 of 14 days, against half of (7 of 61) and half of 1.
    assert signals(world).usage_ratio == Fraction(1, 2) / (Fraction(1, 2) * Fraction(7, 61) + Fraction(1, 2))
    assert signals(world).usage_basis is Basis.BLENDED


def test_accounts_born_later_are_nobodys_benchmark() -> None:
    world = newcomers(5, age=20, days_used=60)
    world.accounts = [
        Account(one.id, one.id, tier="pro", seats=1, created_on=ago(19)) if one.id != "acme" else one
        for one in world.accounts
    ]
    world.uses = [use for n in range(5) for use in every_day(f"n{n}", ago(19), 20)] + every_day("acme", ago(6), 7)
    assert signals(world).usage_ratio is None
