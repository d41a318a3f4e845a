"""Scores of whole runs: as columns for files and backtests, as snapshots for the loop, from one computation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.config import ScoreConfig
from scoring.health import SIGNALS, Scored, score
from scoring.model import Band, Health, Part, Reading, Snapshot
from scoring.roster import day_number, day_of
from scoring.signals import Run, Texts, Values, signals_on, values
from scoring.usage_ratio import UNKNOWN, UsageRatio

Columns = Mapping[str, npt.NDArray[Any]]
COLUMNS = (
    "account_id",
    "day",
    "health",
    "activity",
    "engagement",
    "milestones",
    "recency",
    "usage_ratio",
    "band",
    "coverage",
    "config_version",
    "churn_probability",
)
BANDS = np.array([band.value for band in reversed(Band)], object)
EDGES = np.array([20.0, 40.0, 60.0, 80.0])


@dataclass(frozen=True, slots=True)
class Frame:
    """One run and its scores; `signals` has the four signals as its leading axis, then as-of days x accounts."""

    run: Run
    ratio: UsageRatio
    values: Values
    signals: npt.NDArray[np.float64]
    scored: Scored

    @classmethod
    def of(cls, run: Run) -> Frame:
        """Score every account and day of a run (R2-R8)."""
        ratio = run.ratio()
        found = values(run, ratio)
        signals = read(found, run.config)
        return cls(run, ratio, found, signals, score(signals, run.config))

    def columns(self) -> Columns:
        """One entry an account and day that is scored, by `COLUMNS`; nan where there is no value."""
        run = self.run
        days = np.arange(run.span.first, run.span.last + 1)
        row, place = np.nonzero(np.array([run.roster.scored(int(day)) for day in days]))
        health = self.scored.score[row, place]
        under = self.ratio.under[row, place]
        ratio = np.where(under == UNKNOWN, np.nan, self.ratio.over[row, place] / np.maximum(under, 1))
        ids = np.array([account.id for account in run.roster.accounts], object)
        return {
            "account_id": ids[place],
            "day": days[row].astype("datetime64[D]").astype("datetime64[us]"),
            "health": health,
            **{name: self.signals[part, row, place] for part, name in enumerate(SIGNALS)},
            "usage_ratio": ratio,
            "band": BANDS[np.searchsorted(EDGES, health, side="right")],
            "coverage": self.scored.coverage[row, place],
            "config_version": np.full(len(row), run.config.version),
            "churn_probability": np.full(len(row), np.nan),
        }

    def snapshots(self, day: date, texts: Texts) -> list[Snapshot]:
        """One snapshot for each account that is scored on an as-of day (R9)."""
        number = day_number(day)
        row = number - self.run.span.first
        found = signals_on(self.run, day, self.ratio, vs_peers=self.values.vs_peers, texts=texts)
        places = np.flatnonzero(self.run.roster.scored(number))
        return [
            Snapshot(self._health(row, int(place), one.account_id, day), one)
            for place, one in zip(places, found, strict=True)
        ]

    def days(self) -> list[date]:
        """The as-of days, oldest first."""
        return [day_of(number) for number in range(self.run.span.first, self.run.span.last + 1)]

    def names(self, day: date) -> set[int]:
        """The numbers of all event names that snapshots of a day name."""
        return set(self.run.windows.last_name[day_number(day) - self.run.span.first].tolist())

    def people(self, day: date) -> set[int]:
        """The numbers of all people whom snapshots of a day name."""
        row = day_number(day) - self.run.span.first
        return {*self.run.windows.last_person[row].tolist(), *self.run.power.person[row].tolist()}

    def _health(self, row: int, place: int, account_id: str, day: date) -> Health:
        cell = (row, place)
        own = {"activity": self.values.activity_own[cell], "engagement": self.values.engagement_own[cell]}
        return Health(
            account_id=account_id,
            day=day,
            score=float(self.scored.score[cell]),
            parts=tuple(
                Part(
                    signal=name,
                    value=None if np.isnan(value := self.signals[part, row, place]) else float(value),
                    weight=float(self.scored.weights[part, row, place]),
                    points=float(self.scored.points[part, row, place]),
                )
                for part, name in enumerate(SIGNALS)
            ),
            coverage=float(self.scored.coverage[cell]),
            reading=self.run.config.reading,
            config_version=self.run.config.version,
            own={name: float(value) for name, value in own.items() if not np.isnan(value)},
        )


def read(found: Values, config: ScoreConfig) -> npt.NDArray[np.float64]:
    """The four signals in the configured reading (R4, R5), leading axis in `SIGNALS` order."""
    own = config.reading is Reading.OWN
    return np.array(
        [
            found.activity_own if own else found.activity_cohort,
            found.engagement_own if own else found.engagement_cohort,
            found.milestones,
            found.recency,
        ]
    )
