"""How numbers, days and names are put into the sentences that our own people read."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

from scoring.model import Band


def shown(score: float) -> int:
    """A score as a whole number that never stands in another band than the score itself: 59.6 is shown as 59 (R3)."""
    near = math.floor(score + 0.5)
    return near if Band.of(near) is Band.of(score) else math.floor(score)


def score(value: float) -> str:
    """`shown`, as text."""
    return str(shown(value))


def day(value: date) -> str:
    """A day as people say it: `21 Nov`."""
    return f"{value.day} {value:%b}"


def full_day(value: date) -> str:
    """A day with its year: `21 Nov 2026`."""
    return f"{value.day} {value:%b %Y}"


def below(ratio: Fraction) -> int:
    """How many per cent a ratio lies below 1, cut: 0.599 is 40 below, never rounded over an edge (R12)."""
    return math.floor((1 - ratio) * 100)


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 day`, `14 days`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def money(amount: int | None, currency: str) -> str:
    """A yearly sum: `USD 12,000 a year`; empty when it is unknown."""
    return f"{currency} {amount:,} a year" if amount else ""


def listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def worst(*bands: Band) -> Band:
    """The most severe of some bands."""
    return max(bands, key=lambda band: band.rank)
