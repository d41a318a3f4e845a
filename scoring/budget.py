"""How many cards there may be: the alert budget, and the pace of cards for a channel and a person (R37, R38)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from scoring.config import PolicyConfig
from scoring.model import Band

MONTH_DAYS = 30


def budget_left(accounts: int, opened: int, config: PolicyConfig) -> int | None:
    """How many more cards fit into these 30 days; None without a limit (preset `literal`).

    A workspace with so few accounts that its share is less than one card still gets one a month: a radar that may
    never speak is none (own reading of R38).
    """
    if config.literal:
        return None
    share = Fraction(str(config.budget_per_account_month)) * accounts
    allowed = max(1, math.floor(share)) if share > 0 else 0
    return max(0, allowed - opened)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many cards went out: to each CSM today, to each channel within the last hour (R37)."""

    csm_today: Mapping[str, int]
    channel_hour: Mapping[str, int]

    def csm_is_full(self, csm_id: str | None, severity: Band, config: PolicyConfig) -> bool:
        """Whether a CSM has had their five new cards today; Critical and worse always pass."""
        if severity.rank >= Band.CRITICAL.rank or csm_id is None:
            return False
        return self.csm_today.get(csm_id, 0) >= config.cards_per_csm_day

    def slot(self, channel: str, severity: Band, now: datetime, config: PolicyConfig) -> datetime | None:
        """When the next card may be posted to a channel: ten each hour, the rest in the hours after; None is now."""
        hours = self.channel_hour.get(channel, 0) // max(1, config.cards_per_channel_hour)
        return now + timedelta(hours=hours) if hours and severity.rank < Band.CRITICAL.rank else None

    def with_card(self, *, csm_id: str | None, channel: str = "") -> Pace:
        """The counts after one more card."""
        people, channels = dict(self.csm_today), dict(self.channel_hour)
        if csm_id is not None:
            people[csm_id] = people.get(csm_id, 0) + 1
        if channel:
            channels[channel] = channels.get(channel, 0) + 1
        return Pace(people, channels)
