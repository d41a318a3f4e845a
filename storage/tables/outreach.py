"""Words to customers: numbered drafts, the mail outbox (at most once), and addresses that must not be written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from scoring.casework import Finding, OutreachKind, OutreachState
from storage.columns import Choice, Document, Row, UTCDateTime, one_of, words

IN_FLIGHT = frozenset({OutreachState.APPROVED, OutreachState.SENDING, OutreachState.UNCERTAIN})
ON_ITS_WAY = text(f"state IN ({words(IN_FLIGHT)})")


class DraftRow(Row, table=True):
    """One version of a case's mail; a version is never overwritten."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("case_id", "version"), CheckConstraint("version >= 1", name="version"))

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id")
    account_id: str
    version: int
    to_id: str
    to_name: str
    to_email: str
    from_id: str
    from_name: str
    from_email: str
    subject: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    origin: str
    play: str
    created_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    prompt_version: str
    note: str
    fact_ids: tuple[str, ...] = Field(sa_column=Column(Document(tuple[str, ...]), nullable=False))
    findings: tuple[Finding, ...] = Field(sa_column=Column(Document(tuple[Finding, ...]), nullable=False))


class OutreachRow(Row, table=True):
    """One approved mail (R54): a case has at most one that is approved, being sent, or of unknown fate.

    `email_key` is the recipient's address in small letters, for the rule over all accounts (R51).
    """

    __tablename__ = "outreach"
    __table_args__ = (
        Index(
            "uq_outreach_in_flight_case_id",
            "case_id",
            unique=True,
            sqlite_where=ON_ITS_WAY,
            postgresql_where=ON_ITS_WAY,
        ),
        Index(None, "state", "not_before"),
        one_of("state", OutreachState),
        one_of("kind", OutreachKind),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("state <> 'sending' OR claimed_at IS NOT NULL", name="claimed"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id", index=True)
    account_id: str = Field(index=True)
    draft_id: str = Field(foreign_key="drafts.id")
    content_hash: str
    state: OutreachState = Field(sa_column=Column(Choice(OutreachState), nullable=False))
    approved_by: str
    approved_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    not_before: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    to_id: str
    to_email: str
    email_key: str = Field(index=True)
    message_id: str = Field(unique=True)
    attempts: int
    claimed_at: datetime | None = Field(sa_column=Column(UTCDateTime))
    sent_at: datetime | None = Field(sa_column=Column(UTCDateTime))
    error: str
    score_seen: float | None
    kind: OutreachKind = Field(sa_column=Column(Choice(OutreachKind), nullable=False))
    needs_second: bool
    confirmed_by: str


class SuppressionRow(Row, table=True):
    """An address that must not be written to, in small letters, and why (R51)."""

    __tablename__ = "suppressions"

    email_key: str = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
