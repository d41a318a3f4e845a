"""What becomes of an invented customer: how much of their usual use each of their people shows, day by day.

Days are counted from the demo's first day: −1 is the day before it. A share of 1 is the person's usual use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The stories that the world tells."""

    HEALTHY = "healthy"
    SLOW_FADE = "slow fade"
    SUDDEN_STOP = "sudden stop"
    CHAMPION_LEAVES = "champion leaves"
    SEATS_IDLE = "seats idle"
    STUCK = "stuck in onboarding"
    COMES_BACK = "comes back alone"
    SEASONAL = "seasonal"
    GIVES_UP = "gives up early"
    DORMANT = "dormant"


FADE_DAYS = 45
FADE_FLOOR = 0.08
DIP_DAYS = 16
SEASON_DAYS = 56
OFF_SEASON = 0.3
WITHOUT_CHAMPION = 0.55
STUCK_SHARE = 0.5
STUCK_PEOPLE = 5
KEPT_SEATS = 2
CHAMPION = 1
WARM_UP = (2.0, 2.5, 2.0, 1.5, 1.2)


@dataclass(frozen=True, slots=True)
class Fate:
    """One account's story; `turn` is the day it turns. `recovers`: how likely a mail brings them back, 0 to 1."""

    kind: Kind
    turn: int = 0
    recovers: float = 0.6

    def share(self, day: int, person: int, people: int) -> float:
        """How much of their usual use a person (0 is the main contact) shows on a day, had nobody written."""
        if self.kind is Kind.STUCK:
            return STUCK_SHARE if person < STUCK_PEOPLE else 0.0
        if self.kind is Kind.SEASONAL:
            return 1.0 if ((day - self.turn) // SEASON_DAYS) % 2 else OFF_SEASON
        if day < self.turn or self.kind is Kind.HEALTHY:
            return 1.0
        return self._after(day - self.turn, person, people)

    def _after(self, days: int, person: int, people: int) -> float:
        if self.kind is Kind.SLOW_FADE:
            left = max(FADE_FLOOR, 1 - days / FADE_DAYS)
            return left if person < 1 or person / people < left else 0.0
        if self.kind is Kind.CHAMPION_LEAVES:
            return 0.0 if person == CHAMPION else WITHOUT_CHAMPION
        if self.kind is Kind.SEATS_IDLE:
            return 1.0 if person < KEPT_SEATS else 0.0
        if self.kind is Kind.COMES_BACK:
            return 0.1 if days < DIP_DAYS else 1.0
        return 0.0


def after_mail(days: int) -> float:
    """The share of everyone's usual use, `days` after a mail that was answered: they come back and catch up."""
    return 0.0 if days < 1 else WARM_UP[min(days, len(WARM_UP)) - 1]


# Position in `names.COMPANIES` → story. Positions not listed are healthy. Turns are chosen so that the two weeks before
# the demo open a few cards within the alert budget, and the days after it bring one now and then.
STORIES: dict[int, Fate] = {
    0: Fate(Kind.SUDDEN_STOP, -12, recovers=1.0),
    1: Fate(Kind.SLOW_FADE, -10, recovers=0.8),
    2: Fate(Kind.SEASONAL, -32),
    3: Fate(Kind.CHAMPION_LEAVES, -12, recovers=1.0),
    4: Fate(Kind.SEATS_IDLE, -10, recovers=0.8),
    5: Fate(Kind.STUCK, -10, recovers=0.9),
    6: Fate(Kind.COMES_BACK, -19),
    7: Fate(Kind.SLOW_FADE, -15, recovers=0.8),
    8: Fate(Kind.SUDDEN_STOP, -3, recovers=0.7),
    10: Fate(Kind.SLOW_FADE, -8, recovers=0.6),
    11: Fate(Kind.GIVES_UP, -29, recovers=0.4),
    12: Fate(Kind.DORMANT, -90, recovers=0.0),
    13: Fate(Kind.CHAMPION_LEAVES, 2, recovers=0.6),
    14: Fate(Kind.DORMANT, -120, recovers=0.0),
    15: Fate(Kind.SEASONAL, 6),
}
