"""Tables of pairs answer what a plain dictionary would, however people and accounts are numbered."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.counts import Counts
from scoring.windows import Pairs
from storage.usage import pairs
from storage.usage.pairs import Firsts, Places
from tests.thoroughness import examples

NUMBERS = st.sampled_from([1, 2, 3, 40, 5_000_000])
DAY = st.dictionaries(st.tuples(NUMBERS, NUMBERS), st.integers(1, 9), max_size=8)


def counts(day: dict[tuple[int, int], int]) -> Counts:
    rows = np.array([(*pair, n) for pair, n in day.items()], np.int64).reshape(-1, 3)
    return Counts.of(rows[:, 0], rows[:, 1], rows[:, 2])


@pytest.mark.parametrize("noted", [0, 5, pairs.MOST_NOTED])
@settings(max_examples=examples(60), deadline=None)
@given(days=st.lists(st.tuples(st.integers(1, 9), DAY), max_size=6))
def test_first_days_are_the_earliest_in_whatever_order_days_come(
    noted: int, days: list[tuple[int, dict[tuple[int, int], int]]]
) -> None:
    wanted: dict[tuple[int, int], int] = defaultdict(lambda: 99)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "MOST_NOTED", noted)
        known = Firsts.none()
        for number, day in days:
            known.see(counts(day), number)
            wanted.update({pair: min(number, wanted[pair]) for pair in day})
            known = Firsts.of_file(known.columns("person"), "person") if number == 5 else known
        found = known.columns("person")
    rows = zip(*(found[name].tolist() for name in ("person_account", "person", "person_day")), strict=True)
    assert [*rows] == sorted((*pair, day) for pair, day in wanted.items())


@settings(max_examples=examples(100), deadline=None)
@given(known=DAY, used=DAY, accounts=st.sets(NUMBERS))
def test_pairs_are_found_by_their_place_and_what_nobody_knows_is_left_out(
    known: dict[tuple[int, int], int], used: dict[tuple[int, int], int], accounts: set[int]
) -> None:
    numbers = sorted(accounts)
    there = sorted((numbers.index(account), key) for account, key in known if account in accounts)
    owner, key = np.array(there, np.int64).reshape(-1, 2).T
    places = Places(np.array(numbers, np.int64), Pairs(owner, key, np.zeros(len(there), np.int64)))

    found = places.find(counts(used))

    wanted = {(numbers.index(account), key): n for (account, key), n in used.items() if account in accounts}
    assert [(there[place], n) for place, n in zip(found.pair.tolist(), found.n.tolist(), strict=True)] == [
        (pair, n) for pair, n in sorted(wanted.items()) if pair in there
    ]
