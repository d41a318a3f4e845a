"""What a trigger rule may look at: one account on one day, and the days before it, nothing later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scoring.config import PolicyConfig
from scoring.model import Account, Band, Signals, Snapshot

Past = tuple[date, float, int]
PEAK_DAYS = 7
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Sight:
    """One account at the end of `day`. `past` holds its earlier (day, score, config version), oldest first.

    Only days scored with the same config version are in `past`: a change of weights is no change of behaviour (R21).
    """

    account: Account
    day: date
    score: float
    signals: Signals
    past: tuple[Past, ...]
    config: PolicyConfig

    @classmethod
    def of(cls, account: Account, today: Snapshot, history: Sequence[Past], config: PolicyConfig) -> Sight:
        """What is to be seen at the end of `today`, whatever else `history` holds."""
        health = today.health
        past = sorted(p for p in history if p[0] < health.day and p[2] == health.config_version)
        return cls(account, health.day, health.score, today.signals, tuple(past), config)

    @property
    def band(self) -> Band:
        """The band of today's score."""
        return Band.of(self.score)

    def score_before(self) -> Sight | None:
        """The same account at its newest earlier score; its signals are still today's."""
        if not self.past:
            return None
        day, score, _ = self.past[-1]
        return Sight(self.account, day, score, self.signals, self.past[:-1], self.config)

    def with_signals(self, signals: Signals) -> Sight:
        """The same score seen with other signals."""
        return Sight(self.account, signals.day, self.score, signals, self.past, self.config)

    def peak(self) -> Past | None:
        """The highest daily score of the last seven days, the latest of equals (R21)."""
        week = [p for p in self.past if p[0] >= self.day - timedelta(days=PEAK_DAYS)]
        return max(week, key=lambda p: (p[1], p[0]), default=None)

    def drop(self) -> float:
        """How far below that peak the score stands; 0 without a peak."""
        peak = self.peak()
        return peak[1] - self.score if peak else 0.0

    def dropped(self) -> bool:
        """Whether the fall is as deep as R21 asks, forgiving the last bits of a float."""
        return self.drop() >= self.config.drop_points - ROUNDING


def seen_now(today: Snapshot, config: PolicyConfig) -> bool:
    """Whether enough signals were present for any alert (R8)."""
    return today.health.coverage >= config.min_coverage - ROUNDING
