"""Joins what the usage store rolled up with what is known of accounts into one scoring run, some accounts at a time.

A history and this morning's score are the same call with another span of days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from scoring.config import ScoreConfig
from scoring.errors import InvalidInput
from scoring.journeys import Step, steps
from scoring.model import Account, Milestone
from scoring.roster import Milestones, Roster, day_number
from scoring.signals import Run
from scoring.usage_ratio import FORTNIGHT, GROWN, Beginnings, beginnings, benchmarks
from scoring.walk import DayRows, Walk
from scoring.windows import LATER, LEAD, NEVER, Before, Ints, Names, Pairs, Span, known
from storage.usage.columns import NAME, PERSON
from storage.usage.memory import Memory
from storage.usage.pairs import Places, placed
from storage.usage.rollups import Rollups, month_start

GONE = "Usage before {kept} was deleted (LOOKOUT_KEEP_DAYS), so {day} cannot be scored any more; {earliest} can."
USUAL = Memory(1_000)
MOST_DAYS = 366
"""As-of days that are worked on at once; with `Memory.cells` it keeps memory flat over any history."""


@dataclass(frozen=True, slots=True)
class Book:
    """What stays the same over all days of a run; `keys` are the store's account numbers, in the roster's order."""

    rollups: Rollups
    config: ScoreConfig
    keys: Ints
    roster: Roster
    milestones: Milestones
    steps: tuple[Step, ...]
    names: Names
    pairs: tuple[Pairs, Pairs]
    begun: Beginnings

    @classmethod
    def open(
        cls, rollups: Rollups, accounts: Sequence[Account], milestones: Sequence[Milestone], *, config: ScoreConfig
    ) -> Book:
        """Read what does not depend on the day. Accounts that no event names stand last in the roster."""
        keys = rollups.account_keys([account.id for account in accounts])
        order = sorted(range(len(accounts)), key=lambda place: (keys[place] < 0, keys[place], accounts[place].id))
        keys, ranked = keys[order], [accounts[place] for place in order]
        keys = keys[keys >= 0]
        people = _placed(rollups.firsts(PERSON), keys)
        first_use = np.full(len(ranked), LATER, np.int64)
        np.minimum.at(first_use, people["account"], people["day"])
        roster = Roster.of(ranked, first_use)
        known = Milestones.of(milestones, {account.id: place for place, account in enumerate(ranked)})
        numbers, events = _names(rollups, config), _placed(rollups.firsts(NAME), keys)
        return cls(
            rollups=rollups,
            config=config,
            keys=keys,
            roster=roster,
            milestones=known,
            steps=tuple(steps(config.journey.items(), _first_days(rollups, events, config, len(roster)), known)),
            names=numbers,
            pairs=(_pairs(people), _pairs(events)),
            begun=_begun(rollups, roster, keys, people),
        )

    def runs(self, first: date, last: date, memory: Memory = USUAL) -> Iterator[Run]:
        """The run of each part of the days `first` to `last`, oldest first.

        Raises:
            InvalidInput: usage that the first days look back on was deleted.
        """
        kept = self.rollups.kept_from()
        if kept is not None and first < (earliest := kept + timedelta(days=LEAD - 1)):
            raise InvalidInput(GONE.format(day=first, kept=kept, earliest=earliest))
        during = (day_number(first), day_number(last))
        if first == last:
            yield self._morning(during[0])
            return
        peers = benchmarks(self.roster, self.begun, self.config.min_benchmark_peers, during=during)
        step = min(MOST_DAYS, max(1, memory.cells // max(len(self.roster), 1)))
        lead = day_number(month_start(during[0] - LEAD + 1))
        people, names = self.pairs
        before = self._before(lead)
        walk = Walk(len(self.roster), start=lead, people=people, names=names, marks=self.names, before=before)
        days = self._days(lead, during[1])
        for start in range(during[0], during[1] + 1, step):
            span = Span(lead, start, min(start + step - 1, during[1]))
            found, power = walk.over(days, span)
            yield Run(span, self.roster, self.milestones, self.steps, found, power, peers=peers, config=self.config)

    def _morning(self, day: int) -> Run:
        """The run of one day, from windows that are carried on from the day before."""
        span = Span(day - LEAD + 1, day, day)
        found, power = self.rollups.carried(day).tell(self.keys, len(self.roster), self.names)
        people, names = self.pairs
        logins = np.isin(names.key, self.names.logins)
        found.known_users = known(people.first, people.owner, span, len(self.roster))
        found.logins_known = known(names.first[logins], names.owner[logins], span, len(self.roster))
        peers = benchmarks(self.roster, self.begun, self.config.min_benchmark_peers, during=(day, day))
        return Run(span, self.roster, self.milestones, self.steps, found, power, peers=peers, config=self.config)

    def _days(self, first: int, last: int) -> Iterator[DayRows]:
        """Every day's uses by pairs."""
        people, names = (Places(self.keys, pairs) for pairs in self.pairs)
        for day in self.rollups.each(first, last):
            yield placed(day, people, names)

    def _before(self, start: int) -> Before:
        found = _placed(self.rollups.before(month_start(start)), self.keys)
        last = Before(*(np.full(len(self.roster), value, np.int64) for value in (NEVER, -1, -1)))
        last.day[found["account"]] = found["day"]
        last.person[found["account"]] = found["person"]
        last.name[found["account"]] = found["name"]
        return last


def _names(rollups: Rollups, config: ScoreConfig) -> Names:
    ignored, features, logins = (
        np.array(sorted(rollups.name_keys(names).values()), np.int64)
        for names in (config.ignored_events, config.key_features, config.login_events)
    )
    if config.key_features and not len(features):
        # Key features are configured and none was ever used: that is not the same as "every name is a feature".
        features = np.array([-1], np.int64)
    return Names(ignored, features, logins)


def _first_days(rollups: Rollups, events: dict[str, Ints], config: ScoreConfig, accounts: int) -> dict[str, Ints]:
    """For each event of the configured journey: its first day by account (R23)."""
    keys = rollups.name_keys({*config.journey, *config.journey.values()})
    found = {}
    for name, key in keys.items():
        days = np.full(accounts, LATER, np.int64)
        rows = events["key"] == key
        days[events["account"][rows]] = events["day"][rows]
        found[name] = days
    return found


def _begun(rollups: Rollups, roster: Roster, keys: Ints, people: dict[str, Ints]) -> Beginnings:
    born = roster.born[: len(keys)]
    life = (np.maximum(born - FORTNIGHT + 1, 0), np.minimum(born + GROWN - 1, LATER))
    found = _placed(rollups.beginnings(keys, *life), keys)
    return beginnings(roster, found["account"], found["day"], found["users"], (people["account"], people["day"]))


def _placed(columns: dict[str, Ints], keys: Ints) -> dict[str, Ints]:
    """The rows of known accounts, with their place instead of their number."""
    if not len(keys):
        return {name: column[:0] for name, column in columns.items()}
    places = np.full(int(keys[-1]) + 2, -1, np.int64)
    places[keys] = np.arange(len(keys))
    place = places[np.minimum(columns["account"], len(places) - 1)]
    known = place >= 0
    if known.all():
        return {**columns, "account": place}
    return {name: (place if name == "account" else column)[known] for name, column in columns.items()}


def _pairs(firsts: dict[str, Ints]) -> Pairs:
    return Pairs(firsts["account"], firsts["key"], firsts["day"])
