"""Signals and weights make a score; the score says where each of its points comes from, and what moved it (R2-R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from scoring.briefs import Bar
from scoring.cohort import Floats
from scoring.config import ScoreConfig
from scoring.model import Health, Part, Reading

SIGNALS = ("activity", "engagement", "milestones", "recency")
LABELS: Mapping[str, str] = MappingProxyType(
    {"activity": "Activity", "engagement": "Engagement", "milestones": "Milestones", "recency": "Recency"}
)
WEIGHTS_CHANGED = "Scoring settings"
GONE = "No data: {signals}"
CAME = "New data: {signals}"
DATA_CHANGED = "Missing data"
GRID = float(1 << 40)
"""Points are kept as whole multiples of 1/GRID, so that they add up to the score, and bars to a change, exactly."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of many accounts at once; `weights` and `points` have one more leading axis, the four signals (R2).

    Where no signal is present, both `score` and `coverage` are 0: we are blind there, and `coverage` says so (R8).
    """

    score: Floats
    coverage: Floats
    weights: Floats
    points: Floats


def on_grid(points: Floats) -> Floats:
    """The nearest multiple of 1/`GRID`; takes away the noise of floating point, far below anything that is shown."""
    rounded: Floats = points * GRID
    np.rint(rounded, out=rounded)
    rounded /= GRID
    return rounded


def score(signals: Floats, config: ScoreConfig) -> Scored:
    """Score from the four signals (leading axis, in `SIGNALS` order; nan is missing).

    A missing signal's weight moves to the others in proportion; coverage is the weight that was present (R8).
    """
    present = ~np.isnan(signals)
    coverages, all_weights = _by_presence(config)
    # The four truths as bits: there are only sixteen ways to weigh four signals.
    which = np.zeros(signals.shape[1:], np.intp)
    for part in range(len(SIGNALS)):
        which |= present[part].astype(np.intp) << part
    weights = np.stack([one.take(which) for one in all_weights])
    points = on_grid(weights * np.where(present, signals, 0.0))
    return Scored(points.sum(axis=0), coverages.take(which), weights, points)


def _by_presence(config: ScoreConfig) -> tuple[Floats, Floats]:
    """For each set of present signals, as a number with a bit a signal: the coverage, and each signal's weight."""
    base = np.array([config.weights[name] for name in SIGNALS]) / sum(config.weights.values())
    present = np.arange(1 << len(SIGNALS)) >> np.arange(len(SIGNALS))[:, None] & 1
    weights = base[:, None] * present
    coverage = weights.sum(axis=0)
    return np.round(coverage, 12), weights / np.where(coverage > 0, coverage, 1.0)


def health(
    account_id: str,
    day: date,
    *,
    signals: Mapping[str, float | None],
    config: ScoreConfig,
    own: Mapping[str, float] | None = None,
) -> Health:
    """The score of one account on one day from its four signals; None is a missing one (R2, R8).

    `own` are activity and engagement read against the account's own past, for the card (R4).
    """
    given = [signals.get(name) for name in SIGNALS]
    scored = score(np.array([np.nan if value is None else value for value in given]), config)
    parts = tuple(
        Part(name, value, float(weight), float(points))
        for name, value, weight, points in zip(SIGNALS, given, scored.weights, scored.points, strict=True)
    )
    return Health(
        account_id=account_id,
        day=day,
        score=float(scored.score),
        parts=parts,
        coverage=float(scored.coverage),
        reading=config.reading,
        config_version=config.version,
        own=dict(own or {}),
    )


# -- what moved it -----------------------------------------------------------------------------------------------------


def waterfall(before: Health, after: Health, facts: Mapping[str, str] | None = None) -> tuple[Bar, ...]:
    """What moved an account from one score to the other; the bars' points add up exactly to the change.

    One bar a signal for behaviour; one for changed settings (weights, or the reading of R4 and R5); one for signals
    whose data came or went (R8). `facts` explains a signal by its name, and is placed on that signal's bar.
    """
    both = [name for name in SIGNALS if before.value(name) is not None and after.value(name) is not None]
    old, new = _weights(before, both), _weights(after, both)
    start = _values(before, both)
    reread = _reread(before, after, start)
    end = _values(after, both)
    behaviour = {name: _snap(new[name] * (end[name] - reread[name])) for name in both}
    settings = _snap(sum(new[name] * reread[name] - old[name] * start[name] for name in both))
    change = _snap(after.score) - _snap(before.score)
    rest = change - sum(behaviour.values()) - settings
    label = _data_label(before, after)
    if not label and behaviour:
        # No data came or went, so the rest is rounding: it belongs to the largest mover.
        largest = max(both, key=lambda name: abs(behaviour[name]))
        behaviour[largest] += rest
        rest = 0.0
    bars = [Bar(LABELS[name], behaviour[name], "behaviour", (facts or {}).get(name, "")) for name in both]
    bars += [Bar(WEIGHTS_CHANGED, settings, "configuration"), Bar(label or DATA_CHANGED, rest, "missing data")]
    return tuple(bar for bar in bars if bar.points != 0)


def _values(one: Health, names: list[str]) -> dict[str, float]:
    return {part.signal: part.value for part in one.parts if part.signal in names and part.value is not None}


def _weights(one: Health, names: list[str]) -> dict[str, float]:
    """The weights as they would be if only these signals had data."""
    present = {part.signal: part.weight for part in one.parts if part.signal in names}
    total = sum(present.values()) or 1.0
    return {name: weight / total for name, weight in present.items()}


def _reread(before: Health, after: Health, values: dict[str, float]) -> dict[str, float]:
    """The old values as the new reading sees them, as far as the old snapshot holds that."""
    if before.reading is after.reading:
        return values
    if after.reading is Reading.OWN:
        return {name: before.own.get(name, value) for name, value in values.items()}
    # The old cohort reading was not kept: what the reading and what behaviour changed cannot be told apart, so that
    # the whole move of these two counts as a change of settings.
    return {name: (after.value(name) or 0.0) if name in before.own else value for name, value in values.items()}


def _data_label(before: Health, after: Health) -> str:
    """Whose data went or came; empty when the same signals were present."""
    had = {name for name in SIGNALS if before.value(name) is not None}
    has = {name for name in SIGNALS if after.value(name) is not None}
    if gone := [LABELS[name].lower() for name in SIGNALS if name in had - has]:
        return GONE.format(signals=", ".join(gone))
    if came := [LABELS[name].lower() for name in SIGNALS if name in has - had]:
        return CAME.format(signals=", ".join(came))
    return ""


def _snap(points: float) -> float:
    return round(points * GRID) / GRID
