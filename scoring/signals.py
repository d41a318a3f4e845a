"""What is known of every account at the end of each day: the numbers behind score, triggers and cards.

`Run` holds whole matrices (as-of days x accounts). A history of 400 days and this morning's score are the same call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.cohort import Cohorts, Floats
from scoring.config import ScoreConfig
from scoring.journeys import Step
from scoring.power import Power
from scoring.roster import Milestones, Roster
from scoring.usage_ratio import UNKNOWN, UsageRatio, usage_ratio
from scoring.windows import NEVER, Bools, Ints, Span, Windows


@dataclass(frozen=True, slots=True)
class Run:
    """Everything one scoring run knows; `peers` are the new-account benchmarks."""

    span: Span
    roster: Roster
    milestones: Milestones
    steps: tuple[Step, ...]
    windows: Windows
    power: Power
    peers: tuple[Ints, Ints]
    config: ScoreConfig

    def ratio(self) -> UsageRatio:
        """The usage ratio of every account and day (R10, R11)."""
        return usage_ratio(self.span, self.roster, self.windows, peers=self.peers, config=self.config)


@dataclass(frozen=True, slots=True)
class Values:
    """The four signals, 0-100 or nan where missing, as-of days x accounts; activity and engagement in both readings."""

    activity_own: Floats
    activity_cohort: Floats
    engagement_own: Floats
    engagement_cohort: Floats
    milestones: Floats
    recency: Floats
    vs_peers: Floats


def seen(run: Run, row: int) -> Bools:
    """Accounts with any meaningful use up to the end of an as-of day; we are blind on the others (R8)."""
    active: Bools = run.windows.last_day[row] > NEVER
    return active


def values(run: Run, ratio: UsageRatio) -> Values:
    """The four signals of every account and day (R4-R7)."""
    shape = run.windows.volume_14.shape
    cohort = [_on_day(run, row) for row in range(shape[0])]
    due, done = run.milestones.counts(run.span, len(run.roster))
    activity, engagement, vs_peers = (np.array([day[part] for day in cohort]).reshape(shape) for part in range(3))
    # Too few accounts to be a cohort: each is read against its own past, which needs nobody else.
    own_activity, own_engagement = _own_activity(run, ratio), _own_engagement(run)
    return Values(
        activity_own=own_activity,
        activity_cohort=np.where(np.isnan(activity), own_activity, activity),
        engagement_own=own_engagement,
        engagement_cohort=np.where(np.isnan(engagement), own_engagement, engagement),
        milestones=np.where(due > 0, 100.0 * done / np.maximum(due, 1), np.nan),
        recency=recency(run),
        vs_peers=vs_peers,
    )


def recency(run: Run) -> Floats:
    """100 at 0-1 days since the last meaningful use, linear to 0 at 60 days, missing where there was none (R7)."""
    days = np.arange(run.span.first, run.span.last + 1)[:, None]
    silent = np.clip(days - run.windows.last_day, 1, 60)
    return np.where(run.windows.last_day > NEVER, 100.0 * (60 - silent) / 59, np.nan)


def _on_day(run: Run, row: int) -> tuple[Floats, Floats, Floats]:
    """One day in the cohort's eyes: activity, engagement, and the usage index as a multiple of the median (R11)."""
    found, config = run.windows, run.config
    cohorts = Cohorts.on(run.span.first + row, run.roster, seen(run, row), config)
    volume, features, people = (
        capped(cohorts.percentile(figure[row])) for figure in (found.volume_14, found.features_28, found.users_28)
    )
    seats = np.where(run.roster.seats > 0, run.roster.seats, found.known_users[row])
    index = found.user_days_14[row] / np.where(seats > 0, 14.0 * seats, np.nan)
    return volume, (features + people) / 2, cohorts.multiple_of_median(index, config.min_benchmark_peers)


def capped(percentile: Floats) -> Floats:
    """100 from the cohort's median on, in proportion below (R4)."""
    result: Floats = 100.0 * np.minimum(1.0, percentile / 0.5)
    return result


def _own_activity(run: Run, ratio: UsageRatio) -> Floats:
    """100 x the usage ratio, at most 100; silence is 0, use without comparison is missing (R4)."""
    compared = np.where(ratio.under != UNKNOWN, ratio.over / np.maximum(ratio.under, 1), np.nan)
    silent = (run.windows.user_days_14 == 0) & (run.windows.last_day > NEVER)
    return np.where(silent, 0.0, 100.0 * np.minimum(1.0, compared))


def _own_engagement(run: Run) -> Floats:
    """The share of the features and of the people of 90 days that were seen in the last 28, half each (R5)."""
    found = run.windows
    features = found.features_28 / np.maximum(found.features_90, 1)
    people = found.users_28 / np.maximum(found.users_90, 1)
    return np.where(found.last_day > NEVER, 50.0 * (features + people), np.nan)
