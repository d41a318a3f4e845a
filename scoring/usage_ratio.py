"""The usage index of an account against its own past, or against what accounts of its age used to do (R10-R12).

Ratios are whole numbers over whole numbers, so that exactly 60 % is never taken for less.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise

import numpy as np
import numpy.typing as npt

from scoring.cohort import Floats
from scoring.config import ScoreConfig
from scoring.model import Basis
from scoring.roster import Roster
from scoring.windows import LATER, NEVER, Bools, Ints, Span, Windows, starts

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
            row, middle = members.middles(age, least=least, during=during)
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

    def middles(self, age: int, *, least: int, during: tuple[int, int]) -> tuple[Ints, Ints]:
        """The members that are `age` days old `during` some days, and the middle peer of each."""
        first, last = np.searchsorted(self.born, [during[0] - age, during[1] - age + 1]).tolist()
        if first == last:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        day = self.born[:last] + age
        seats = self.seats[age, :last]
        counts = (day < self.churned[:last]) & (self.first_use[:last] <= day) & (seats > 0)
        # Equal fractions give equal floats and unequal ones keep their order, so floats may sort them.
        index = np.where(counts, self.days[age, :last] / np.maximum(seats, 1), np.nan)
        born = np.append(first + starts(self.born[first:last]), last)
        rows, chosen = _chosen(index, born, max(least, 1))
        return rows, _first_with(index, chosen, few=len(born[1:]) == 1)


def _chosen(index: Floats, born: Ints, least: int) -> tuple[Ints, Floats]:
    """Those who have enough peers, and the middle value of these; each stretch between `born` was born the same day.

    They all have the same peers, but for themselves: who counts and does not stand behind the middle moves it by one.
    """
    counted = ~np.isnan(index)
    if len(born[1:]) == 1:
        values = index[counted]
        wanted = range(max(len(values) // 2 - 1, 0), min(len(values) // 2 + 1, len(values)))
        found = [_middle(np.partition(values, [*wanted]) if len(values) else values)]
    else:
        found = [*_middles(index, counted, born)]
    many, left_out, moved, middle = np.repeat(np.array(found), np.diff(born), axis=0).T
    value, itself = index[born[0] :], counted[born[0] :]
    chosen = np.where(itself, np.where(value <= left_out, moved, left_out), middle)
    enough = many - itself >= least
    return born[0] + np.flatnonzero(enough), chosen[enough]


def _middles(index: Floats, counted: Bools, born: Ints) -> Iterator[tuple[float, ...]]:
    """`_middle` of all that were born by each day."""
    start = int(born[0])
    values, counts = index[start:].tolist(), counted[start:].tolist()
    so_far = np.sort(index[:start][counted[:start]]).tolist()
    for low, high in pairwise((born - start).tolist()):
        for value in compress(values[low:high], counts[low:high]):
            insort(so_far, value)
        yield _middle(so_far)


def _middle(ordered: Sequence[float] | Floats) -> tuple[float, ...]:
    """How many there are; the middle value without one behind it, the one without one before it, the one of all."""
    many = len(ordered)
    if not many:
        return 0, np.nan, np.nan, np.nan
    place = max(many // 2 - 1, 0)
    return many, ordered[place], ordered[min(place + 1, many - 1)], ordered[(many - 1) // 2]


def _first_with(index: Floats, values: Floats, *, few: bool) -> Ints:
    """Where each value stands in an index; where they are `few` different ones, nothing needs to be sorted."""
    if few:
        distinct, which = np.unique(values, return_inverse=True)
        return np.array([np.argmax(index == one) for one in distinct], np.int64)[which]
    order = np.argsort(index)
    return order[np.searchsorted(index[order], values)]


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
