"""The usage index of an account against its own past, or against what accounts of its age used to do (R10-R12).

Ratios are whole numbers over whole numbers, so that exactly 60 % is never taken for less.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.cohort import Floats
from scoring.config import ScoreConfig
from scoring.model import Basis
from scoring.roster import Roster
from scoring.windows import LATER, NEVER, Ints, Span, Windows

YOUNG = 30
"""Below this age in days an account has no history of its own to speak of (R11)."""
GROWN = 90
"""From this age in days on its own history alone is the comparison (R11)."""
FORTNIGHT = 14
BASES = tuple(Basis)
UNKNOWN = 0


@dataclass(frozen=True, slots=True)
class Beginnings:
    """How each account used the product in its first days of life, as far as it is known.

    `user_days[a, k]` are the distinct active user-days of account `a` in the 14 days up to its age `k` (0 to 89), and
    `seats[a, k]` its seats, else the users known at that age.
    """

    user_days: npt.NDArray[np.int32]
    seats: Ints


@dataclass(slots=True)
class UsageRatio:
    """The ratio as `over` / `under` (`UNKNOWN` below: nothing can be said); as-of days x accounts.

    `basis` is what was compared with, as a place in `BASES`.
    """

    over: Ints
    under: Ints
    basis: Ints


def beginnings(roster: Roster, owner: Ints, day: Ints, users: Ints, first_people: tuple[Ints, Ints]) -> Beginnings:
    """From rows (account, day, distinct users active) around the first 90 days of life, and each person's first day."""
    accounts, lead = len(roster), FORTNIGHT - 1
    width = GROWN + lead + 1
    age = day - roster.born[owner] + lead
    within = (age >= 0) & (age < GROWN + lead)
    running = np.zeros((accounts, width), np.int32)
    np.add.at(running.reshape(-1), owner[within] * width + age[within] + 1, users[within].astype(np.int32))
    np.cumsum(running, axis=1, out=running)
    people, first = first_people
    known = np.zeros((accounts, GROWN + 1), np.int32)
    seen_at = np.clip(first - roster.born[people], 0, GROWN)
    np.add.at(known.reshape(-1), people * (GROWN + 1) + seen_at, np.int32(1))
    np.cumsum(known, axis=1, out=known)
    return Beginnings(
        user_days=running[:, FORTNIGHT:] - running[:, :-FORTNIGHT],
        seats=np.where(roster.seats[:, None] > 0, roster.seats[:, None], known[:, :GROWN]),
    )


def benchmarks(
    roster: Roster, begun: Beginnings, least: int, *, during: tuple[int, int] = (-LATER, LATER)
) -> tuple[Ints, Ints]:
    """What peers did at each age: user-days over seats of the middle peer, (accounts x 90) each; seats 0: too few.

    Only ages that an account reaches on the days `during` (both included) are filled in: a run asks for no others.

    Peers are accounts of the same tier, born no later, at the same age and still customers then: all of it had
    happened by the day the account itself reached that age. Fewer than `least` peers: none (R11).
    """
    over, under = (np.zeros(begun.seats.shape, np.int64) for _ in range(2))
    for tier in np.unique(roster.tier):
        members = _Members.of(roster, begun, np.flatnonzero((roster.tier == tier) & (roster.born < LATER)))
        for age in range(GROWN):
            for row, middle in members.middles(age, least=least, during=during):
                place = members.place[row]
                over[place, age], under[place, age] = members.days[age, middle], members.seats[age, middle]
    return over, under


@dataclass(frozen=True, slots=True)
class _Members:
    """The accounts of a tier, the first born first; `days` and `seats` are their beginnings, a row an age."""

    place: Ints
    born: Ints
    churned: Ints
    first_use: Ints
    days: npt.NDArray[np.int32]
    seats: Ints

    @classmethod
    def of(cls, roster: Roster, begun: Beginnings, place: Ints) -> _Members:
        place = place[np.argsort(roster.born[place], kind="stable")]
        days, seats = np.ascontiguousarray(begun.user_days[place].T), np.ascontiguousarray(begun.seats[place].T)
        return cls(place, roster.born[place], roster.churned[place], roster.first_use[place], days, seats)

    def middles(self, age: int, *, least: int, during: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Each member that is `age` days old `during` some days, with its middle peer, from the first born on."""
        first, last = np.searchsorted(self.born, [during[0] - age, during[1] - age + 1]).tolist()
        if first == last:
            return
        day = self.born[:last] + age
        seats = self.seats[age, :last]
        counts = (day < self.churned[:last]) & (self.first_use[:last] <= day) & (seats > 0)
        # Equal fractions give equal floats and unequal ones keep their order, so floats may sort them.
        index = np.where(counts, self.days[age, :last] / np.maximum(seats, 1), np.nan)
        if self.born[first] == self.born[last - 1]:
            yield from _of_one_birth(index, first, least)
        else:
            yield from _one_by_one(index, self.born[:last], first, least)


def _of_one_birth(index: Floats, first: int, least: int) -> Iterator[tuple[int, int]]:
    """Where all that are asked for (from place `first` on) were born the same day: their peers are the same."""
    counted = index[~np.isnan(index)]
    # Up to two values in order are wanted: the middle of all, and where one of them is left out, the one after.
    kept = max((len(counted) - 2) // 2, 0)
    wanted = [place for place in (kept, kept + 1, (len(counted) - 1) // 2) if 0 <= place < len(counted)]
    ordered = np.partition(counted, wanted) if wanted else counted
    for row, value in enumerate(index[first:].tolist(), first):
        itself = value == value  # noqa: PLR0124 - only nan differs from itself
        peers = len(counted) - itself
        if peers >= max(least, 1):
            middle = (peers - 1) // 2
            yield row, int(np.flatnonzero(index == ordered[middle + (itself and value <= ordered[middle])])[0])


def _one_by_one(index: Floats, born: Ints, first: int, least: int) -> Iterator[tuple[int, int]]:
    """From the first born to the last, each with those that were born by then."""
    order = np.argsort(index)[: int((~np.isnan(index)).sum())]
    ordered, so_far = index[order].tolist(), index[order[order < first]].tolist()
    taken = first
    values, births = index.tolist(), born.tolist()
    counted = (~np.isnan(index)).tolist()
    for row in range(first, len(births)):
        while taken < len(births) and births[taken] <= births[row]:
            if counted[taken]:
                insort(so_far, values[taken])
            taken += 1
        peers = len(so_far) - counted[row]
        if peers >= max(least, 1):
            middle = (peers - 1) // 2
            if counted[row] and bisect_left(so_far, values[row]) <= middle:
                middle += 1
            yield row, int(order[bisect_left(ordered, so_far[middle])])


def usage_ratio(
    span: Span, roster: Roster, found: Windows, *, peers: tuple[Ints, Ints], config: ScoreConfig
) -> UsageRatio:
    """The index of the last 14 days over its comparison, for every account and as-of day (R10, R11).

    `peers` are the `benchmarks`.
    """
    days = np.arange(span.first, span.last + 1)[:, None]
    age = np.clip(days - roster.born, 0, GROWN)
    lived = np.minimum(age + 1, GROWN)
    if config.baseline_excludes_window:
        own, over_days = found.user_days_90 - found.user_days_14, np.maximum(lived - FORTNIGHT, 0)
    else:
        own, over_days = found.user_days_90, lived
    seats = np.where(roster.seats > 0, roster.seats, found.known_users)
    own_share = np.clip(age - YOUNG, 0, GROWN - YOUNG)
    peer_share = (GROWN - YOUNG) - own_share
    peer_days, peer_seats = np.zeros_like(age), np.zeros_like(age)
    young = age < GROWN
    column = np.broadcast_to(np.arange(len(roster)), age.shape)[young]
    peer_days[young], peer_seats[young] = peers[0][column, age[young]], peers[1][column, age[young]]
    fellows = np.where(young, peer_seats, 1)
    # (recent / 14 seats) / ((share * own / days seats + (60 - share) * peers / 14 fellows) / 60), cleared of fractions.
    numerator = (GROWN - YOUNG) * found.user_days_14 * np.maximum(over_days, 1) * fellows
    denominator = FORTNIGHT * own_share * own * fellows + peer_share * peer_days * seats * np.maximum(over_days, 1)
    # Never seen in use: we may be blind there, which is not the same as a fall to nothing (R8).
    known = (fellows > 0) & (denominator > 0) & (days >= roster.born) & (found.last_day > NEVER)
    basis = np.where(own_share == 0, BASES.index(Basis.NEW_ACCOUNTS), BASES.index(Basis.BLENDED))
    basis = np.where(young, basis, BASES.index(Basis.OWN_HISTORY))
    return UsageRatio(
        over=np.where(known, numerator, 0),
        under=np.where(known, denominator, UNKNOWN),
        basis=np.where(fellows > 0, basis, BASES.index(Basis.NO_PEERS)),
    )
