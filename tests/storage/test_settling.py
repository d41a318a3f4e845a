"""Months and first days say what a plain dictionary would, in whatever order a refresh sees its days."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.usage.column_files import read_columns
from storage.usage.columns import day_of
from storage.usage.daily import Daily
from storage.usage.files import Files
from storage.usage.settling import Settling
from tests.thoroughness import examples

ACCOUNTS, PEOPLE = st.integers(1, 3), st.integers(1, 4)
USES = st.dictionaries(st.tuples(ACCOUNTS, PEOPLE), st.integers(1, 3), max_size=5)
DAYS = st.dictionaries(st.integers(20_000, 20_070), USES, max_size=8)
"""Three months, in the order that hypothesis thinks of."""


def daily(uses: dict[tuple[int, int], int]) -> Daily:
    rows = np.array([(*pair, n) for pair, n in uses.items()], np.int64).reshape(-1, 3)
    account, person, n = rows.T
    return Daily.of_events({"account": account, "person": person, "name": person, "n": n}, np.zeros(0, np.int64))


@settings(max_examples=examples(60), deadline=None)
@given(refreshes=st.lists(DAYS, min_size=1, max_size=3))
def test_a_day_that_is_seen_again_replaces_what_was_known_of_it(
    refreshes: list[dict[int, dict[tuple[int, int], int]]],
) -> None:
    states: dict[str, str] = {}
    last: dict[int, dict[tuple[int, int], int]] = {}
    first: dict[tuple[int, int], int] = {}
    with tempfile.TemporaryDirectory() as home:
        files = Files(Path(home))
        for generation, days in enumerate(refreshes):
            settling = Settling(files, states, generation)
            for day, uses in days.items():
                settling.see(day, daily(uses))
                first |= {pair: min(day, first.get(pair, day)) for pair in uses}
            states |= settling.finish()
            last |= days
        months = {item: read_columns(files.path(name)) for item, name in states.items() if item != "firsts"}
        firsts = read_columns(files.path(states["firsts"])) if "firsts" in states else {}

    users: dict[str, set[tuple[int, int, int]]] = defaultdict(set)
    for day, uses in last.items():
        active = {account: len({person for owner, person in uses if owner == account}) for account, _ in uses}
        users[f"month:{day_of(day).isoformat()[:7]}"] |= {(account, day, many) for account, many in active.items()}
    told = {
        item: [*zip(*(month[name].tolist() for name in ("account", "day", "users")), strict=True)]
        for item, month in months.items()
    }
    assert {item: sorted(rows) for item, rows in told.items()} == {item: sorted(rows) for item, rows in users.items()}
    for kind in ("person", "name") if firsts else ():
        rows = zip(*(firsts[name].tolist() for name in (f"{kind}_account", kind, f"{kind}_day")), strict=True)
        assert [*rows] == sorted((*pair, day) for pair, day in first.items())
