"""Finds the one person on whom an account's use hangs, and whether they are going quiet (R25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scoring.windows import KEY_BITS, KEY_MASK, NEVER, Ints, Span, Uses, window

BLOCK_CELLS = 1_000_000
"""People times read days that are worked on at once; some 4,096 people for a history of half a year."""
FADE = 14
PRIOR = 28


@dataclass(slots=True)
class Power:
    """The person who did most in the 28 days before the last 14; as-of days x accounts, `person` -1 where nobody did.

    `uses` of `total` uses in those 28 days were theirs, by `users` people; `uses_14` and `uses_90` are their own last
    14 and 90 days, `last_day` their last active day, `others_14` the number of other people active in the last 14.
    """

    person: Ints
    uses: Ints
    total: Ints
    users: Ints
    uses_14: Ints
    uses_90: Ints
    last_day: Ints
    others_14: Ints

    @classmethod
    def empty(cls, days: int, accounts: int) -> Power:
        """Nobody did anything."""
        zeros = [np.zeros((days, accounts), np.int64) for _ in cls.__dataclass_fields__]
        power = cls(*zeros)
        power.person -= 1
        power.last_day += NEVER
        return power

    def put(self, part: Power, places: Ints) -> None:
        """Write a block's figures into these, at the accounts' places."""
        for field in self.__dataclass_fields__:
            getattr(self, field)[:, places] = getattr(part, field)


def power_users(people: Uses, span: Span, accounts: int) -> Power:
    """The power user of each account on each as-of day, in bounded memory."""
    power = Power.empty(span.days, accounts)
    if not len(people.day):
        return power
    starts = np.flatnonzero(np.r_[True, (np.diff(people.account) != 0) | (np.diff(people.key) != 0)])
    column = np.zeros(len(people.day), np.int64)
    column[starts[1:]] = 1
    column = np.cumsum(column)
    owner, key = people.account[starts], people.key[starts]
    for low, high in _blocks(owner, BLOCK_CELLS // span.read):
        rows = slice(starts[low], starts[high] if high < len(starts) else None)
        matrix = np.zeros((span.read, high - low), np.int64)
        matrix[people.day[rows] - span.start, column[rows] - low] = people.n[rows]
        _put(power, matrix, owner[low:high], key[low:high], span)
    return power


def _blocks(owner: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of people that never split an account and hold `most` people, more only for one huge account."""
    edges = np.r_[np.flatnonzero(np.r_[True, np.diff(owner) != 0]), len(owner)]
    low = 0
    while low < len(owner):
        fits = edges[(edges > low) & (edges <= low + most)]
        high = int(fits[-1]) if len(fits) else int(edges[edges > low][0])
        yield low, high
        low = high


def _put(power: Power, matrix: Ints, owner: Ints, key: Ints, span: Span) -> None:
    """Fill in the figures of the accounts whose people are the columns of `matrix`."""
    edges = np.flatnonzero(np.r_[True, np.diff(owner) != 0])
    places = owner[edges]
    prior = window(matrix, span, PRIOR, ago=FADE)
    recent = window(matrix, span, FADE)
    # One maximum finds count and person together: the count in the high bits, the smaller column winning a tie.
    best = np.maximum.reduceat((prior << KEY_BITS) | (KEY_MASK - np.arange(len(owner))), edges, axis=1)
    top = KEY_MASK - (best & KEY_MASK)
    active = np.where(matrix > 0, np.arange(span.read)[:, None], NEVER - span.start)
    last = np.maximum.accumulate(active, axis=0)[span.lead :] + span.start

    power.uses[:, places] = best >> KEY_BITS
    power.person[:, places] = np.where(best >> KEY_BITS, key[top], -1)
    power.total[:, places] = np.add.reduceat(prior, edges, axis=1)
    power.users[:, places] = np.add.reduceat((prior > 0).astype(np.int64), edges, axis=1)
    power.uses_14[:, places] = np.take_along_axis(recent, top, axis=1)
    power.uses_90[:, places] = np.take_along_axis(window(matrix, span, 90), top, axis=1)
    power.last_day[:, places] = np.take_along_axis(last, top, axis=1)
    active_14 = np.add.reduceat((recent > 0).astype(np.int64), edges, axis=1)
    power.others_14[:, places] = active_14 - (power.uses_14[:, places] > 0)
