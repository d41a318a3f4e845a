"""Windows over whole lives of some accounts: for engines that hand over all roll-ups of a block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scoring.counts import Active, Counts
from scoring.power import Power
from scoring.walk import DayRows, Walk
from scoring.windows import KEY_BITS, KEY_MASK, NEVER, Before, Ints, Names, Pairs, Rows, Span, Uses, Windows


def lives(people: Uses, names: Uses, accounts: int, *, span: Span, marks: Names) -> tuple[Windows, Power]:
    """All figures of `accounts` accounts from every roll-up row they ever had, sorted by account, key, day.

    The usage store answers the same questions from small files of months and first days; here nothing is left out.
    """
    meaningful = ~np.isin(names.key, marks.ignored)
    (persons, people_pair), (features, name_pair) = _pairs(people), _pairs(names)
    before = _before(people, names.only(meaningful), accounts, span)
    walk = Walk(accounts, start=span.start, people=persons, names=features, marks=marks, before=before)
    both = zip(_by_day(people, span), _by_day(names, span), strict=True)
    days = (
        DayRows(
            Rows(people_pair[used_by], people.n[used_by]),
            Rows(name_pair[used], names.n[used]),
            Active.of(_counts(people, used_by), _counts(names, used[meaningful[used]])),
        )
        for used_by, used in both
    )
    return walk.over(days, span)


def _pairs(uses: Uses) -> tuple[Pairs, Ints]:
    """The pairs of account and key, and which of them each row is of."""
    new = np.ones(len(uses.day), np.bool_)
    new[1:] = (np.diff(uses.account) != 0) | (np.diff(uses.key) != 0)
    return Pairs(uses.account[new], uses.key[new], uses.day[new]), np.cumsum(new) - 1


def _by_day(uses: Uses, span: Span) -> Iterator[Ints]:
    """The rows of each day, in their order."""
    order = np.argsort(uses.day, kind="stable")
    edges = np.searchsorted(uses.day[order], np.arange(span.start, span.last + 2))
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield order[low:high]


def _counts(uses: Uses, rows: Ints) -> Counts:
    return Counts.sorted(uses.account[rows], uses.key[rows], uses.n[rows])


def _before(people: Uses, names: Uses, accounts: int, span: Span) -> Before:
    """Each account's last active day before the span, and who and what was used most on it."""
    last = np.full(accounts, NEVER, np.int64)
    earlier = people.only(people.day < span.start)
    np.maximum.at(last, earlier.account, earlier.day)
    return Before(last, _top(people, last), _top(names, last))


def _top(uses: Uses, on: Ints) -> Ints:
    """The most used key of each account on its own day `on` (the smaller key wins a tie), -1 where there is none."""
    best = np.full(len(on), -1, np.int64)
    rows = uses.only(uses.day == on[uses.account])
    np.maximum.at(best, rows.account, (rows.n << KEY_BITS) | (KEY_MASK - rows.key))
    return np.where(best < 0, -1, KEY_MASK - (best & KEY_MASK))
