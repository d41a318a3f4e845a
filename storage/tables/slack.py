"""The Slack outbox: what Slack shows and what it should show. Delivered at least once, the newest state wins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field

from storage.columns import Row, UTCDateTime, one_of

STALE = text("wanted > posted")
UNSAID = text("posted_at IS NULL")


class CardRow(Row, table=True):
    """A case's one card: `wanted` grows with every change, `posted` is what Slack shows."""

    __tablename__ = "cards"
    __table_args__ = (
        Index("ix_cards_stale", "case_id", sqlite_where=STALE, postgresql_where=STALE),
        CheckConstraint("posted >= 0 AND posted <= wanted", name="posted"),
    )

    case_id: str = Field(primary_key=True, foreign_key="cases.id")
    channel: str
    wanted: int
    posted: int
    ts: str
    posted_channel: str
    first_posted_at: datetime | None = Field(sa_column=Column(UTCDateTime, index=True))
    not_before: datetime | None = Field(sa_column=Column(UTCDateTime))
    attempts: int
    error: str
    mention: str


class PostRow(Row, table=True):
    """One other message; its key is unique, so that it is said once."""

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_unsaid", "seq", sqlite_where=UNSAID, postgresql_where=UNSAID),
        one_of("kind", ("note", "digest", "notice", "storm", "shadow")),
    )

    seq: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: str
    target: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    case_id: str
    not_before: datetime | None = Field(sa_column=Column(UTCDateTime))
    attempts: int
    error: str
    posted_at: datetime | None = Field(sa_column=Column(UTCDateTime))
