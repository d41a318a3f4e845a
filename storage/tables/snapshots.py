"""How healthy each account looked at the end of each day: the score with its parts, and the signals behind it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from scoring.model import Reading
from storage.columns import Row, one_of


class SnapshotRow(Row, table=True):
    """One account's day (R9): what is asked for often in columns, everything else in two JSON texts.

    `signals` holds every signal, the exact usage ratio too (its column is the nearest float, for SQL); `own` holds the
    values of the other reading (R4, R5).
    """

    __tablename__ = "snapshots"
    # Covers the narrow scan over a week for all accounts (R21) without touching the wide rows.
    __table_args__ = (Index(None, "day", "account_id", "score", "config_version"), one_of("reading", Reading))

    account_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    score: float
    coverage: float
    reading: str
    config_version: int
    activity: float | None
    activity_weight: float | None
    activity_points: float | None
    engagement: float | None
    engagement_weight: float | None
    engagement_points: float | None
    milestones: float | None
    milestones_weight: float | None
    milestones_points: float | None
    recency: float | None
    recency_weight: float | None
    recency_points: float | None
    usage_ratio: float | None
    own: str = Field(sa_column=Column(Text, nullable=False))
    signals: str = Field(sa_column=Column(Text, nullable=False))
