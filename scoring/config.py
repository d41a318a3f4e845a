"""Every number that a team may change, with the rule that set it. A change of scoring is a new `version` (R2, R80)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scoring.follow_up import FollowUps
from scoring.model import Reading

SIGNAL_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"activity": 0.40, "engagement": 0.30, "milestones": 0.20, "recency": 0.10}
)


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """How a score is made (R2-R11).

    `ignored_events` are not meaningful use. `key_features` empty means: every event name is a feature.
    `login_events` serve R13; `journey` maps a step to the step that must follow it (R23).
    """

    version: int = 1
    weights: Mapping[str, float] = field(default_factory=lambda: dict(SIGNAL_WEIGHTS))
    reading: Reading = Reading.COHORT
    baseline_excludes_window: bool = False
    min_peers: int = 20
    min_benchmark_peers: int = 5
    tenure_groups: tuple[int, ...] = (30, 90, 365)
    ignored_events: frozenset[str] = frozenset()
    key_features: frozenset[str] = frozenset()
    login_events: frozenset[str] = frozenset({"login", "logged_in", "Logged In", "session_start"})
    journey: Mapping[str, str] = field(default_factory=dict)
    journey_fallback_days: int = 7


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """When we act (R20-R44). `preset` `literal` fires as the articles say: no budget, no quiet period (R38)."""

    preset: str = "default"
    min_coverage: float = 0.5
    low_score: float = 60.0
    drop_points: float = 15.0
    drop_below: float = 70.0
    inactive_days: int = 14
    dormant_days: int = 61
    heads_up_days: int = 10
    idle_share: float = 0.8
    idle_min_seats: int = 5
    power_share: float = 0.5
    power_min_users: int = 3
    power_min_events: int = 20
    storm_share: float = 0.20
    storm_accounts: int = 25
    outage_share: float = 0.05
    outage_min_events: int = 20
    close_score: float = 65.0
    close_score_after_drop: float = 70.0
    close_after_days: int = 14
    cards_per_channel_hour: int = 10
    cards_per_csm_day: int = 5
    budget_per_account_month: float = 0.10
    quiet_days: int = 90
    high_value_tiers: frozenset[str] = frozenset()
    high_value_share: float = 0.20
    renewal_days: int = 90
    undo_seconds: int = 10
    contact_gap_days: int = 7
    automatic_per_day: int = 20
    automatic_account_days: int = 90
    automatic_hold_minutes: int = 60
    follow_ups: FollowUps = FollowUps.AUTOMATIC

    @property
    def literal(self) -> bool:
        """Whether the articles' rules fire unfiltered."""
        return self.preset == "literal"
