"""Finds the one person on whom an account's use hangs, and whether they are going quiet (R25)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.windows import KEY_BITS, KEY_MASK, LEAD, NEVER, Ints, Pairs, Rows, starts, stretches

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


class PowerSums:
    """What each person did in the windows that matter, carried on from day to day."""

    def __init__(self, people: Pairs, accounts: int) -> None:
        self._people = people
        self._bounds = people.bounds(accounts)
        self._edges = starts(people.owner)
        self._backwards = -np.arange(len(people.key))
        # All that each did up to so many days ago: what lies between two of them is a window.
        self._until = {ago: np.zeros(len(people.key), np.int64) for ago in (0, FADE, FADE + PRIOR, LEAD)}
        self._past: deque[Rows] = deque(maxlen=LEAD + 1)

    def step(self, rows: Rows) -> None:
        """The next day comes into the windows, an older one leaves each."""
        # Ninety days of them are kept: half as wide as when they came, and nothing besides that came along.
        self._past.append(Rows(rows.pair.astype(np.int32, copy=False), rows.n.copy()))
        for ago, uses in self._until.items():
            if len(self._past) > ago:
                old = self._past[-1 - ago]
                np.add.at(uses, old.pair, old.n.astype(np.int64))

    def tell(self, power: Power, row: int, *, last: npt.NDArray[np.int32], users_14: Ints, total: Ints) -> None:
        """Fill in the figures of this day.

        `last` is each pair's last day; `users_14` are each account's active people, `total` its uses in the 28 days.
        """
        if not len(self._edges):
            return
        now, fade, before, lead = self._until.values()
        prior = fade - before
        best = np.maximum.reduceat((prior << KEY_BITS) + self._backwards, self._edges)
        did = best > 0
        top = -best[did] & KEY_MASK
        places, uses_14 = self._people.owner[top], now[top] - fade[top]
        power.person[row, places] = self._people.key[top]
        power.uses[row, places] = prior[top]
        power.total[row] = total
        power.users[row] = stretches(prior > 0, self._bounds)
        power.uses_14[row, places] = uses_14
        power.uses_90[row, places] = now[top] - lead[top]
        power.last_day[row, places] = last[top]
        power.others_14[row, places] = users_14[places] - (uses_14 > 0)
