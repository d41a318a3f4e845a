"""What fired, the case it opened, and why a case was or was not opened."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field

from scoring.casework import LIVE_STATES, CaseState, Fact, Trigger, TriggerKind, Verdict
from scoring.model import Band
from storage.columns import Choice, Document, Row, UTCDateTime, one_of, words

LIVE = text(f"state IN ({words(LIVE_STATES)})")


class CaseRow(Row, table=True):
    """The matter of one account; at most one of an account is live, by a partial unique index."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_live_account_id", "account_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index(None, "account_id", "opened_at"),
        one_of("state", CaseState),
        one_of("severity", Band),
        one_of("verdict", Verdict),
        CheckConstraint("version >= 1", name="version"),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id")
    state: CaseState = Field(sa_column=Column(Choice(CaseState), nullable=False))
    severity: Band = Field(sa_column=Column(Choice(Band), nullable=False))
    opened_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False, index=True))
    triggers: tuple[Trigger, ...] = Field(sa_column=Column(Document(tuple[Trigger, ...]), nullable=False))
    version: int
    high_priority: bool
    high_value: bool
    play: str
    csm_id: str | None
    due_at: datetime | None = Field(sa_column=Column(UTCDateTime))
    last_trigger_on: date | None
    worst_score: float | None
    snoozed_until: datetime | None = Field(sa_column=Column(UTCDateTime))
    snooze_reason: str
    closed_at: datetime | None = Field(sa_column=Column(UTCDateTime, index=True))
    close_reason: str
    verdict: Verdict | None = Field(sa_column=Column(Choice(Verdict)))
    changed_by: str
    changed_at: datetime | None = Field(sa_column=Column(UTCDateTime))


class TriggerRow(Row, table=True):
    """One rule that fired; (account, kind, window) makes it fire once."""

    __tablename__ = "triggers"
    __table_args__ = (UniqueConstraint("account_id", "kind", "window"),)

    seq: int | None = Field(default=None, primary_key=True)
    kind: TriggerKind = Field(sa_column=Column(Choice(TriggerKind), nullable=False))
    account_id: str
    day: date = Field(index=True)
    window: str
    why: tuple[Fact, ...] = Field(sa_column=Column(Document(tuple[Fact, ...]), nullable=False))
    rule: str
    floor: Band = Field(sa_column=Column(Choice(Band), nullable=False))
    high_priority: bool
    digest_only: bool
    detail: str


class DecisionRow(Row, table=True):
    """Why something was or was not done about an account on a day; the newest stands."""

    __tablename__ = "decisions"

    account_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True, index=True)
    action: str
    reason: str
    rule: str
    case_id: str | None
