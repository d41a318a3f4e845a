"""The nouns of the product: who is watched, what was seen, and how healthy it looks.

Everything here is a frozen value. Units: days are calendar days of the workspace's time zone, instants are aware
UTC datetimes, money is a whole number of the account's currency a year, scores run from 0 to 100.
What happens to an account once it fades (cases, drafts, mails) stands in `scoring/casework.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction


class Band(StrEnum):
    """Health band, worst last; also the severity of a case (R3, R32)."""

    HEALTHY = "Healthy"
    MONITOR = "Monitor"
    AT_RISK = "At Risk"
    CRITICAL = "Critical"
    CHURNING = "Churning"

    @property
    def rank(self) -> int:
        """0 for Healthy up to 4 for Churning, to compare and to take the worst."""
        return RANKS[self]

    @classmethod
    def of(cls, score: float) -> Band:
        """The band of an unrounded score; edges belong to the better band (R3)."""
        edges = ((80.0, cls.HEALTHY), (60.0, cls.MONITOR), (40.0, cls.AT_RISK), (20.0, cls.CRITICAL))
        return next((band for edge, band in edges if score >= edge), cls.CHURNING)


RANKS = {band: rank for rank, band in enumerate(Band)}
"""Asked for thousands of times a morning."""


class Reading(StrEnum):
    """Against what activity and engagement are read (R4, R5)."""

    COHORT = "cohort"
    OWN = "own"


class Basis(StrEnum):
    """What the usage index was compared with (R11); the card says so."""

    OWN_HISTORY = "own history"
    BLENDED = "own history blended with new-account peers"
    NEW_ACCOUNTS = "new-account peers"
    NO_PEERS = "too few peers"


class Role(StrEnum):
    """On which side of the table a person sits."""

    CONTACT = "contact"
    CSM = "csm"


@dataclass(frozen=True, slots=True)
class Account:
    """A customer company."""

    id: str
    name: str
    tier: str = "standard"
    segment: str = ""
    domain: str = ""
    seats: int | None = None
    arr: int | None = None
    currency: str = "USD"
    created_on: date | None = None
    renewal_on: date | None = None
    csm_id: str | None = None
    complex: bool = False
    goal: str = ""
    timezone: str = ""
    churned_on: date | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A contact at a customer, or one of our CSMs (`account_id` is None then)."""

    id: str
    role: Role
    name: str = ""
    email: str = ""
    account_id: str | None = None
    title: str = ""
    timezone: str = ""
    slack_id: str = ""
    primary: bool = False
    left: bool = False
    lead: bool = False
    first_seen_on: date | None = None

    @property
    def first_name(self) -> str:
        """What a mail's greeting says."""
        return self.name.split()[0] if self.name.strip() else ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something an account should have done by a day (R6), or a journey step it started (R23)."""

    account_id: str
    name: str
    due_on: date | None = None
    done_on: date | None = None
    started_on: date | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A support ticket."""

    id: str
    account_id: str
    opened_at: datetime
    priority: str = "normal"
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """`n` uses of the feature `name` by one person at one instant."""

    id: str
    at: datetime
    account_id: str
    user_id: str
    name: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Signals:
    """What the windows of one account say at the end of `day`, using nothing later.

    `usage_ratio` is exact: the index of the last 14 days over its comparison (R10, R11); None when nothing can be said.
    The `power_*` fields describe the user who did most in the 28 days before the last 14 (R25); `power_users` and
    `power_events` count everybody's people and uses in those 28 days (None: not counted), `power_silent_days` are
    calendar days since that user's last use. `stuck_days` count from the step's start (R23).
    """

    account_id: str
    day: date
    age_days: int | None = None
    last_active_on: date | None = None
    last_feature: str = ""
    last_user_id: str = ""
    volume_14: int = 0
    volume_prior_14: int = 0
    user_days_14: int = 0
    user_days_90: int = 0
    active_users_14: int = 0
    active_users_28: int = 0
    active_users_90: int = 0
    features_28: int = 0
    features_90: int = 0
    seats: int | None = None
    known_users: int = 0
    usage_ratio: Fraction | None = None
    usage_basis: Basis = Basis.NO_PEERS
    usage_vs_peers: float | None = None
    milestones_due: int = 0
    milestones_done: int = 0
    overdue: tuple[str, ...] = ()
    stuck_step: str = ""
    stuck_days: int | None = None
    stuck_limit: int | None = None
    power_user_id: str = ""
    power_share: Fraction | None = None
    power_ratio: Fraction | None = None
    power_silent_days: int | None = None
    power_alone: bool = False
    power_users: int | None = None
    power_events: int | None = None
    sole_user: bool = False
    logins_14: int | None = None
    logins_prior_14: int | None = None

    @property
    def days_silent(self) -> int | None:
        """Days since the last meaningful activity; 0 is today, None is never (R7, R22)."""
        return None if self.last_active_on is None else (self.day - self.last_active_on).days


@dataclass(frozen=True, slots=True)
class Part:
    """One signal's share of a score: `points = weight x value`; `value` None means that the signal is missing (R8)."""

    signal: str
    value: float | None
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Health:
    """The score of one account on one day, with where each point comes from.

    `parts` follow the order activity, engagement, milestones, recency; their points add up to `score`. `coverage` is
    the weight (0-1) of the signals that were present before the missing ones' weight moved to them (R8).
    """

    account_id: str
    day: date
    score: float
    parts: tuple[Part, ...]
    coverage: float = 1.0
    reading: Reading = Reading.COHORT
    config_version: int = 1
    own: Mapping[str, float] = field(default_factory=dict)

    @property
    def band(self) -> Band:
        """The band of the unrounded score (R3)."""
        return Band.of(self.score)

    def value(self, signal: str) -> float | None:
        """A signal's value 0-100, or None where it is missing."""
        return next((part.value for part in self.parts if part.signal == signal), None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is stored for an account and day: its score, and the signals behind it."""

    health: Health
    signals: Signals
