"""Who is watched: customer companies, the people on both sides, their milestones and support tickets.

All of it comes from other systems in any order, so these tables do not insist on each other.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from scoring.model import Role
from storage.columns import Choice, Row, UTCDateTime, one_of


class AccountRow(Row, table=True):
    """A customer company."""

    __tablename__ = "accounts"

    id: str = Field(primary_key=True)
    name: str
    tier: str
    segment: str
    domain: str
    seats: int | None
    arr: int | None = Field(sa_column=Column(BigInteger))
    currency: str
    created_on: date | None
    renewal_on: date | None
    csm_id: str | None = Field(index=True)
    complex: bool
    goal: str
    timezone: str
    churned_on: date | None
    stage: str


class PersonRow(Row, table=True):
    """A contact or a CSM; `email_key` is the address in small letters, to find it by."""

    __tablename__ = "people"
    __table_args__ = (one_of("role", Role),)

    id: str = Field(primary_key=True)
    role: Role = Field(sa_column=Column(Choice(Role), nullable=False))
    name: str
    email: str
    email_key: str = Field(index=True)
    account_id: str | None = Field(index=True)
    title: str
    timezone: str
    slack_id: str = Field(index=True)
    primary: bool
    left: bool
    lead: bool
    first_seen_on: date | None


class MilestoneRow(Row, table=True):
    """Something an account should have done by a day."""

    __tablename__ = "milestones"

    account_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    due_on: date | None
    done_on: date | None
    started_on: date | None


class TicketRow(Row, table=True):
    """A support ticket."""

    __tablename__ = "tickets"

    id: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    opened_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    priority: str
    closed_at: datetime | None = Field(sa_column=Column(UTCDateTime))
