"""Whole lives of some accounts, made ready for their windows: for engines that hand over all roll-ups of a block."""

from __future__ import annotations

import numpy as np

from scoring.windows import KEY_BITS, KEY_MASK, NEVER, Before, Block, Ints, Names, Span, Uses


def block_of(people: Uses, names: Uses, accounts: int, *, span: Span, numbers: Names) -> Block:
    """The block of `accounts` accounts from every roll-up row they ever had, sorted by account, key, day.

    The usage store answers the same questions from small files of months and first days; here nothing is left out.
    """
    meaningful = names.only(~np.isin(names.key, numbers.ignored))
    return Block(
        accounts=accounts,
        people=_within(people, span),
        names=_within(names, span),
        before=_before(people, meaningful, accounts, span),
        first_people=first_days(people),
        first_logins=first_days(names.among(numbers.logins)),
    )


def first_days(uses: Uses) -> tuple[Ints, Ints]:
    """(account, first day) of each key of each account."""
    starts = np.ones(len(uses.day), np.bool_)
    starts[1:] = (np.diff(uses.account) != 0) | (np.diff(uses.key) != 0)
    return uses.account[starts], uses.day[starts]


def _within(uses: Uses, span: Span) -> Uses:
    return uses.only((uses.day >= span.start) & (uses.day <= span.last))


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
