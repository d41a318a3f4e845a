"""Finds accounts that started a journey and did not take its next step in the time that others needed (R23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scoring.config import ScoreConfig
from scoring.roster import Milestones
from scoring.windows import LATER, Bools, Ints

LEAST_DAYS = 3
SHARE = 80
"""Percent of the successful accounts that were done within the limit (R23)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a journey: who started towards it when, and who took it when; parallel entries."""

    name: str
    owner: Ints
    started: Ints
    done: Ints

    def limit(self, day: int, config: ScoreConfig) -> int:
        """Days after which an account counts as stuck, learned from those that had succeeded by `day` (R23)."""
        ended = (self.done <= day) & (self.started <= self.done)
        took = np.sort((self.done - self.started)[ended])
        if len(took) < config.min_benchmark_peers:
            return config.journey_fallback_days
        return max(LEAST_DAYS, int(took[-(-SHARE * len(took) // 100) - 1]))


@dataclass(frozen=True, slots=True)
class Stuck:
    """An account waits `days` days at `step`; accounts that succeeded were through within `limit`."""

    step: str
    days: int
    limit: int


def steps(journey: Iterable[tuple[str, str]], firsts: dict[str, Ints], milestones: Milestones) -> list[Step]:
    """Steps from the configured journey (`firsts`: first day of an event by account, `LATER`), and from milestones."""
    found = []
    for before, after in journey:
        if before in firsts:
            started = firsts[before]
            owner = np.flatnonzero(started < LATER)
            done = firsts.get(after, np.full_like(started, LATER))
            found.append(Step(after, owner, started[owner], done[owner]))
    names = np.array(milestones.name, object)
    for name in sorted(set(milestones.name)):
        rows = np.flatnonzero((names == name) & (milestones.started < LATER))
        if len(rows):
            found.append(Step(name, milestones.owner[rows], milestones.started[rows], milestones.done[rows]))
    return found


def stuck(found: Iterable[Step], day: int, alive: Bools, config: ScoreConfig) -> dict[int, Stuck]:
    """By account place: the step at which it is furthest over the limit by the end of `day`; only those over it."""
    worst: dict[int, Stuck] = {}
    for step in found:
        limit = step.limit(day, config)
        waiting = (step.started <= day - limit - 1) & (step.done > day) & alive[step.owner]
        for row in np.flatnonzero(waiting):
            one = Stuck(step.name, int(day - step.started[row]), limit)
            place = int(step.owner[row])
            if place not in worst or one.days - one.limit > worst[place].days - worst[place].limit:
                worst[place] = one
    return worst
