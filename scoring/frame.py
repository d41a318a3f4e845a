"""Scores of whole runs: as columns for files and backtests, as snapshots for the loop, from one computation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.config import ScoreConfig
from scoring.day_columns import Day, Texts, signal_columns, signals_of
from scoring.field_column import FieldColumn
from scoring.health import SIGNALS, Scored, score
from scoring.model import Band, Health, Part, Reading, Snapshot
from scoring.roster import day_of
from scoring.signals import Run, Values, values
from scoring.usage_ratio import UNKNOWN, UsageRatio
from scoring.windows import Ints

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
OWN = ("activity", "engagement")
"""The signals whose reading against the own past is kept beside the score (R4, R5)."""
EDGES = np.array([20.0, 40.0, 60.0, 80.0])


@dataclass(frozen=True, slots=True)
class Labels:
    """A column of few distinct texts: which of them stands in each row."""

    distinct: npt.NDArray[np.object_]
    which: Ints

    def whole(self) -> npt.NDArray[np.object_]:
        """A text a row."""
        rows: npt.NDArray[np.object_] = self.distinct[self.which]
        return rows


@dataclass(frozen=True, slots=True)
class Same:
    """A column that holds one number in every row; nan stands for no value."""

    value: float
    rows: int

    def whole(self) -> npt.NDArray[Any]:
        """A number a row."""
        return np.full(self.rows, self.value)


Column = npt.NDArray[Any] | Labels | Same


def whole(column: Column) -> npt.NDArray[Any]:
    """A column with a value a row."""
    return column.whole() if isinstance(column, Labels | Same) else column


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

    def columns(self) -> Mapping[str, Column]:
        """One entry an account and day that is scored, sorted by account, by `COLUMNS`; nan where there is no value."""
        run = self.run
        days = np.arange(run.span.first, run.span.last + 1)
        place, row = np.nonzero(np.array([run.roster.scored(int(day)) for day in days]).T)
        cells = row * len(run.roster) + place
        health = self.scored.score.take(cells)
        under = self.ratio.under.take(cells)
        ratio = np.where(under == UNKNOWN, np.nan, self.ratio.over.take(cells) / np.maximum(under, 1))
        return {
            "account_id": Labels(run.roster.ids, place),
            "day": days[row].astype("datetime64[D]").astype("datetime64[us]"),
            "health": health,
            **{name: self.signals[part].take(cells) for part, name in enumerate(SIGNALS)},
            "usage_ratio": ratio,
            "band": Labels(BANDS, np.searchsorted(EDGES, health, side="right")),
            "coverage": self.scored.coverage.take(cells),
            "config_version": Same(run.config.version, len(row)),
            "churn_probability": Same(np.nan, len(row)),
        }

    def snapshots(self, day: date, texts: Texts) -> list[Snapshot]:
        """One snapshot for each account that is scored on an as-of day (R9)."""
        return snapshots_of(self.day_columns(day, texts))

    def day_columns(self, day: date, texts: Texts) -> Mapping[str, FieldColumn]:
        """All that the snapshots of an as-of day hold: the fields of `Signals`, then the score with its parts."""
        on, config = Day.of(self.run, day), self.run.config
        columns = dict(signal_columns(self.run, day, self.ratio, vs_peers=self.values.vs_peers, texts=texts))
        for name, matrix in (
            ("score", self.scored.score),
            ("coverage", self.scored.coverage),
            ("own activity", self.values.activity_own),
            ("own engagement", self.values.engagement_own),
        ):
            columns[name] = FieldColumn.real(on.row_of(matrix))
        for part, name in enumerate(SIGNALS):
            columns[name] = FieldColumn.real(on.row_of(self.signals[part]))
            columns[f"{name} weight"] = FieldColumn.real(on.row_of(self.scored.weights[part]))
            columns[f"{name} points"] = FieldColumn.real(on.row_of(self.scored.points[part]))
        columns["reading"] = FieldColumn.same(str(config.reading), len(on.places))
        columns["config_version"] = FieldColumn.whole(np.full(len(on.places), config.version))
        return columns

    def days(self) -> list[date]:
        """The as-of days, oldest first."""
        return [day_of(number) for number in range(self.run.span.first, self.run.span.last + 1)]

    def names(self) -> set[int]:
        """The numbers of all event names that snapshots name."""
        return numbers(self.run.windows.last_name)

    def people(self) -> set[int]:
        """The numbers of all people whom snapshots name."""
        return numbers(self.run.windows.last_person) | numbers(self.run.power.person)


def numbers(matrix: Ints) -> set[int]:
    """The distinct whole numbers of a matrix from 0 on; -1 stands for none."""
    return set(np.flatnonzero(np.bincount(np.ravel(matrix) + 1)[1:]).tolist())


def snapshots_of(columns: Mapping[str, FieldColumn]) -> list[Snapshot]:
    """The values that `Frame.day_columns` stand for."""
    signals, reading = signals_of(columns), (Reading(word) for word in columns["reading"].told())
    fixed = (columns[name].told() for name in ("score", "coverage", "config_version"))
    own = zip(*(columns[f"own {name}"].told() for name in OWN), strict=True)
    parts = zip(*(_parts(name, columns) for name in SIGNALS), strict=True)
    rows = zip(signals, reading, *fixed, own, parts, strict=True)
    return [
        Snapshot(
            Health(
                one.account_id, one.day, points, four, coverage, how, version,
                {name: value for name, value in zip(OWN, ours, strict=True) if value is not None},
            ),
            one,
        )
        for one, how, points, coverage, version, ours, four in rows
    ]  # fmt: skip


def _parts(name: str, columns: Mapping[str, FieldColumn]) -> Iterator[Part]:
    for row in zip(*(columns[f"{name}{kind}"].told() for kind in ("", " weight", " points")), strict=True):
        yield Part(name, *row)


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
