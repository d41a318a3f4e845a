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
        self._uses_14, self._prior, self._uses_90 = (np.zeros(len(people.key), np.int64) for _ in range(3))
        self._past: deque[Rows] = deque(maxlen=LEAD)

    def step(self, rows: Rows) -> None:
        """The next day comes into the windows, an older one leaves each."""
        for uses in (self._uses_14, self._uses_90):
            np.add.at(uses, rows.pair, rows.n.astype(np.int64))
        if (old := self._ago(FADE)) is not None:
            n = old.n.astype(np.int64)
            np.subtract.at(self._uses_14, old.pair, n)
            np.add.at(self._prior, old.pair, n)
        if (old := self._ago(FADE + PRIOR)) is not None:
            np.subtract.at(self._prior, old.pair, old.n.astype(np.int64))
        if (old := self._ago(LEAD)) is not None:
            np.subtract.at(self._uses_90, old.pair, old.n.astype(np.int64))
        # Half as wide as when they came: ninety days of them are kept.
        self._past.append(Rows(rows.pair.astype(np.int32), rows.n))

    def tell(self, power: Power, row: int, *, last: npt.NDArray[np.int32], users_14: Ints) -> None:
        """Fill in the figures of this day; `last` is each pair's last day, `users_14` each account's active people."""
        if not len(self._edges):
            return
        best = np.maximum.reduceat((self._prior << KEY_BITS) - np.arange(len(last)), self._edges)
        did = best > 0
        top = -best[did] & KEY_MASK
        places = self._people.owner[top]
        power.person[row, places] = self._people.key[top]
        power.uses[row, places] = self._prior[top]
        power.total[row] = stretches(self._prior, self._bounds)
        power.users[row] = stretches(self._prior > 0, self._bounds)
        power.uses_14[row, places] = self._uses_14[top]
        power.uses_90[row, places] = self._uses_90[top]
        power.last_day[row, places] = last[top]
        power.others_14[row, places] = users_14[places] - (self._uses_14[top] > 0)

    def _ago(self, days: int) -> Rows | None:
        return self._past[-days] if len(self._past) >= days else None
