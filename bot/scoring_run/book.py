"""Joins what the usage store rolled up with what is known of accounts into one scoring run, some accounts at a time.

A history and this morning's score are the same call with another span of days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scoring.config import ScoreConfig
from scoring.journeys import Step, steps
from scoring.model import Account, Milestone
from scoring.power import Power, power_users
from scoring.roster import Milestones, Roster, day_number
from scoring.signals import Run
from scoring.usage_ratio import FORTNIGHT, GROWN, Beginnings, beginnings, benchmarks
from scoring.windows import LATER, LEAD, NEVER, Before, Block, Ints, Names, Span, Uses, Windows, windows
from storage.usage.columns import NAME, PERSON
from storage.usage.rollups import Rollups, month_start

CELLS = 500_000
"""Accounts times as-of days that are worked on at once; with `MOST_DAYS` it keeps memory flat over any history."""
MOST_DAYS = 366


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
    first_people: tuple[Ints, Ints]
    first_logins: tuple[Ints, Ints]
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
        logins = np.isin(events["key"], numbers.logins)
        return cls(
            rollups=rollups,
            config=config,
            keys=keys,
            roster=roster,
            milestones=known,
            steps=tuple(steps(config.journey.items(), _first_days(rollups, events, config, len(roster)), known)),
            names=numbers,
            first_people=(people["account"], people["day"]),
            first_logins=(events["account"][logins], events["day"][logins]),
            begun=_begun(rollups, roster, keys, people),
        )

    def runs(self, first: date, last: date) -> Iterator[Run]:
        """The run of each part of the days `first` to `last`, oldest first."""
        during = (day_number(first), day_number(last))
        peers = benchmarks(self.roster, self.begun, self.config.min_benchmark_peers, during=during)
        step = min(MOST_DAYS, max(1, CELLS // max(len(self.roster), 1)))
        for start in range(day_number(first), day_number(last) + 1, step):
            stop = min(start + step - 1, day_number(last))
            span = Span(day_number(month_start(start - LEAD + 1)), start, stop)
            found, power = self._windows(span)
            yield Run(span, self.roster, self.milestones, self.steps, found, power, peers=peers, config=self.config)

    def _windows(self, span: Span) -> tuple[Windows, Power]:
        found = Windows.empty(span.days, len(self.roster))
        power = Power.empty(span.days, len(self.roster))
        before = self._before(span)
        for low, high in self.rollups.ranges(span.start, span.last):
            start, stop = np.searchsorted(self.keys, [low, high + 1])
            if start == stop:
                continue
            places = np.arange(start, stop)
            block = self._block(span, (low, high), places, before)
            found.put(windows(block, span, self.names), places)
            power.put(power_users(block.people, span, len(places)), places)
        return found, power

    def _block(self, span: Span, numbers: tuple[int, int], places: Ints, before: Before) -> Block:
        keys = self.keys[places]
        people, names = (
            _uses(self.rollups.uses(kind, span.start, span.last, numbers), keys) for kind in (PERSON, NAME)
        )
        return Block(
            accounts=len(places),
            people=people,
            names=names,
            before=Before(before.day[places], before.person[places], before.name[places]),
            first_people=_between(self.first_people, places),
            first_logins=_between(self.first_logins, places),
        )

    def _before(self, span: Span) -> Before:
        found = _placed(self.rollups.before(month_start(span.start)), self.keys)
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
    place = np.minimum(np.searchsorted(keys, columns["account"]), len(keys) - 1)
    known = keys[place] == columns["account"]
    if known.all():
        return {**columns, "account": place}
    return {name: (place if name == "account" else column)[known] for name, column in columns.items()}


def _uses(columns: dict[str, Ints], keys: Ints) -> Uses:
    rows = _placed(columns, keys)
    return Uses(rows["account"], rows["key"], rows["day"], rows["n"])


def _between(pair: tuple[Ints, Ints], places: Ints) -> tuple[Ints, Ints]:
    """The entries of a block's accounts; entries are sorted by account."""
    low, high = np.searchsorted(pair[0], [places[0], places[-1] + 1])
    return pair[0][low:high] - places[0], pair[1][low:high]
