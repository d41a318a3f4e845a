"""When many accounts move together, the fault is more likely ours than theirs: hold everything and ask (R35)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from statistics import median

from scoring.config import PolicyConfig

WEEK = 7
MIN_WEEKS = 2

OUTAGE = (
    "Almost no events came in on {day}: {now:,}, where {usual:,} are usual for that weekday. A data feed may be down."
)
MASS = "{moved} of {total} accounts would open or worsen at once. That is more than {share} % and more than {limit}."


def outage(volumes: Sequence[int], config: PolicyConfig) -> tuple[int, int] | None:
    """Whether a feed went to zero: (events now, usual for that weekday), or None when all is well.

    `volumes` are the fleet's events per day, oldest first; the last is the day in question, complete. It is compared
    with the same weekday of the weeks before, so that a quiet Sunday is no outage.
    """
    if not volumes:
        return None
    usual = int(median(weeks)) if len(weeks := volumes[-1 - WEEK :: -WEEK]) >= MIN_WEEKS else 0
    enough = usual >= config.outage_min_events
    return (volumes[-1], usual) if enough and volumes[-1] <= Fraction(str(config.outage_share)) * usual else None


def mass(moved: int, total: int, config: PolicyConfig) -> bool:
    """Whether more than 20 % of all accounts, and more than 25, would open or worsen in one run."""
    return moved > config.storm_accounts and moved > Fraction(str(config.storm_share)) * total
