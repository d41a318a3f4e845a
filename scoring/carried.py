"""The windows of one day, carried on from the day before: what comes in and what leaves them, nothing else is read.

`walk.py` tells a history, this a single morning; tests hold both against the same slow oracle, and against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from scoring.power import FADE, PRIOR, Power
from scoring.windows import KEY_BITS, KEY_MASK, LEAD, NEVER, Bools, Ints, Names, Windows, starts

PEOPLE: Mapping[str, int] = MappingProxyType(
    {"uses_14": FADE, "uses_28": 2 * FADE, "uses_42": FADE + PRIOR, "uses_90": LEAD, "days_14": FADE, "days_90": LEAD}
)
"""What is summed up for each person of an account, and over how many days."""
NAMES: Mapping[str, int] = MappingProxyType({"uses_14": FADE, "uses_28": 2 * FADE})
LEAVES = tuple(sorted({*PEOPLE.values()}))
"""How many days ago a day is when it leaves some windows."""


@dataclass(frozen=True, slots=True)
class Used:
    """A day's roll-up: account and key in one number (`code`, ascending), and how often."""

    code: Ints
    n: Ints


@dataclass(frozen=True, slots=True)
class DayUse:
    """All that a day brings; `tops` are `account, person, name`: of each active account who and what was most."""

    people: Used
    names: Used
    tops: Mapping[str, Ints]


@dataclass(slots=True)
class PairSums:
    """Of each pair of account and key its last day, and its sums over the days of some windows."""

    windows: Mapping[str, int]
    code: Ints
    last: Ints
    sums: dict[str, Ints]

    @classmethod
    def none(cls, windows: Mapping[str, int], code: Ints) -> PairSums:
        """Pairs that did nothing yet."""
        return cls(windows, code, np.full(len(code), NEVER), {name: np.zeros(len(code), np.int64) for name in windows})

    def come(self, used: Used, day: int, ago: int = 0) -> None:
        """Take in a day that lies `ago` days back; days come in order."""
        place = self._places(used.code)
        self.last[place] = day
        for name, width in self.windows.items():
            if ago < width:
                # A pair stands in a day once, so that adding at places misses none.
                self.sums[name][place] += used.n if name.startswith("uses") else 1

    def leave(self, used: Used, width: int) -> None:
        """A day is too old for the windows of this width."""
        names = [name for name, days in self.windows.items() if days == width]
        if names:
            place = self._places(used.code)
            for name in names:
                self.sums[name][place] -= used.n if name.startswith("uses") else 1

    def _places(self, code: Ints) -> Ints:
        place = np.searchsorted(self.code, code)
        found = (
            self.code[np.minimum(place, len(self.code) - 1)] == code if len(self.code) else np.zeros(len(code), bool)
        )
        if found.all():
            return place
        at, new = place[~found], code[~found]
        self.code, self.last = np.insert(self.code, at, new), np.insert(self.last, at, NEVER)
        self.sums = {name: np.insert(values, at, 0) for name, values in self.sums.items()}
        return np.searchsorted(self.code, code)

    def only(self, keep: Bools) -> PairSums:
        """Some pairs."""
        if keep.all():
            return self
        sums = {name: values[keep] for name, values in self.sums.items()}
        return PairSums(self.windows, self.code[keep], self.last[keep], sums)


@dataclass(slots=True)
class LastUse:
    """The last active day of each account (ascending), with who and what was most on it."""

    account: Ints
    day: Ints
    person: Ints
    name: Ints

    def come(self, tops: Mapping[str, Ints], day: int) -> None:
        """Take in a day; days come in order."""
        place = np.searchsorted(self.account, tops["account"])
        found = np.append(self.account, -1)[place] == tops["account"]
        if not found.all():
            at = place[~found]
            self.account = np.insert(self.account, at, tops["account"][~found])
            self.day, self.person, self.name = (np.insert(part, at, 0) for part in (self.day, self.person, self.name))
            place = np.searchsorted(self.account, tops["account"])
        self.day[place], self.person[place], self.name[place] = day, tops["person"], tops["name"]


@dataclass(slots=True)
class Carried:
    """What the windows hold at the end of `day`, of every account that was ever used."""

    day: int
    people: PairSums
    names: PairSums
    last: LastUse

    def look_back(self, use: DayUse, day: int) -> None:
        """Take in an older day, in order, when nothing was carried."""
        ago = self.day - day
        if ago < LEAD:
            self.people.come(use.people, day, ago)
            self.names.come(use.names, day, ago)
        self.last.come(use.tops, day)

    def step(self, use: DayUse, leaving: Mapping[int, DayUse]) -> None:
        """On to the next day; `leaving` are the days that lie `LEAVES` days before it."""
        self.day += 1
        for pairs, used in ((self.people, use.people), (self.names, use.names)):
            pairs.come(used, self.day)
        for width, old in leaving.items():
            self.people.leave(old.people, width)
            self.names.leave(old.names, width)
        self.last.come(use.tops, self.day)

    def forget(self) -> None:
        """Let go of pairs that no window holds any more."""
        for pairs in (self.people, self.names):
            kept = pairs.only(pairs.last > self.day - LEAD)
            pairs.code, pairs.last, pairs.sums = kept.code, kept.last, kept.sums

    def tell(self, keys: Ints, accounts: int, marks: Names) -> tuple[Windows, Power]:
        """The figures of this one as-of day; `keys` are the known accounts' numbers, ascending, by their places.

        How many people and logins are known is for who knows the first days.
        """
        found, power = Windows.empty(1, accounts), Power.empty(1, accounts)
        people, names = _Places.of(self.people, keys, accounts), _Places.of(self.names, keys, accounts)
        uses_14, uses_28 = people.total("uses_14"), people.total("uses_28")
        found.volume_14[0], found.volume_prior_14[0] = uses_14, uses_28 - uses_14
        found.user_days_14[0], found.user_days_90[0] = people.total("days_14"), people.total("days_90")
        for days, figure in ((14, found.users_14), (28, found.users_28), (90, found.users_90)):
            figure[0] = people.count(people.pairs.last > self.day - days)
        key = names.pairs.code & KEY_MASK
        features = ~np.isin(key, marks.ignored)
        if len(marks.features):
            features &= np.isin(key, marks.features)
        for days, figure in ((28, found.features_28), (90, found.features_90)):
            figure[0] = names.count(features & (names.pairs.last > self.day - days))
        logins = np.isin(key, marks.logins)
        found.logins_14[0] = names.total("uses_14", logins)
        found.logins_prior_14[0] = names.total("uses_28", logins) - found.logins_14[0]
        place, known = _among(self.last.account, keys)
        for figure, values in (
            (found.last_day, self.last.day),
            (found.last_person, self.last.person),
            (found.last_name, self.last.name),
        ):
            figure[0, place[known]] = values[known]
        people.power(power, found.users_14[0])
        return found, power


@dataclass(frozen=True, slots=True)
class _Places:
    """The pairs of known accounts, and where each account begins."""

    pairs: PairSums
    edges: Ints
    places: Ints
    accounts: int

    @classmethod
    def of(cls, pairs: PairSums, keys: Ints, accounts: int) -> _Places:
        place, known = _among(pairs.code >> KEY_BITS, keys)
        owner = place[known]
        edges = starts(owner)
        return cls(pairs.only(known), edges, owner[edges], accounts)

    def total(self, name: str, among: Bools | None = None) -> Ints:
        values = self.pairs.sums[name]
        return self._added(values if among is None else np.where(among, values, 0))

    def count(self, which: Bools) -> Ints:
        return self._added(which)

    def _added(self, values: Ints | Bools) -> Ints:
        found = np.zeros(self.accounts, np.int64)
        if len(self.edges):
            found[self.places] = np.add.reduceat(values, self.edges, dtype=np.int64)
        return found

    def power(self, power: Power, users_14: Ints) -> None:
        """The person who did most in the 28 days before the last 14 (R25), the smaller number winning a tie."""
        if not len(self.edges):
            return
        sums, code = self.pairs.sums, self.pairs.code
        prior = sums["uses_42"] - sums["uses_14"]
        best = np.maximum.reduceat((prior << KEY_BITS) | (KEY_MASK - np.arange(len(prior))), self.edges)
        did = best >> KEY_BITS > 0
        top, places = KEY_MASK - (best[did] & KEY_MASK), self.places[did]
        power.person[0, places] = code[top] & KEY_MASK
        power.uses[0, places] = prior[top]
        power.total[0, places] = np.add.reduceat(prior, self.edges)[did]
        power.users[0, places] = np.add.reduceat(prior > 0, self.edges, dtype=np.int64)[did]
        power.uses_14[0, places], power.uses_90[0, places] = sums["uses_14"][top], sums["uses_90"][top]
        power.last_day[0, places] = self.pairs.last[top]
        power.others_14[0, places] = users_14[places] - (sums["uses_14"][top] > 0)


def _among(account: Ints, keys: Ints) -> tuple[Ints, Bools]:
    """The place of each account among the known ones, and whether it has one."""
    if not len(keys):
        return np.zeros(len(account), np.int64), np.zeros(len(account), np.bool_)
    place = np.minimum(np.searchsorted(keys, account), len(keys) - 1)
    return place, keys[place] == account
