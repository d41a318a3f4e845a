"""What the team's CRM is told, and which of its records is which of ours."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from scoring.crm import CRM_OPEN, CrmKind, CrmState, CrmThing
from storage.columns import Choice, Row, UTCDateTime, one_of, words

UNSETTLED = text(f"state IN ({words(CRM_OPEN)})")


class CrmJobRow(Row, table=True):
    """One thing to tell the CRM (R52); the kind and our id make it one."""

    __tablename__ = "crm_jobs"
    __table_args__ = (
        UniqueConstraint("kind", "ref"),
        Index("ix_crm_jobs_unsettled", "made_at", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        one_of("kind", CrmKind),
        one_of("state", CrmState),
        CheckConstraint("attempts >= 0", name="attempts"),
    )

    id: str = Field(primary_key=True)
    kind: CrmKind = Field(sa_column=Column(Choice(CrmKind), nullable=False))
    ref: str
    account_id: str
    case_id: str = Field(index=True)
    made_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    state: CrmState = Field(sa_column=Column(Choice(CrmState), nullable=False))
    attempts: int
    not_before: datetime | None = Field(sa_column=Column(UTCDateTime))
    error: str = Field(sa_column=Column(Text, nullable=False))
    crm_id: str
    content: str


class CrmLinkRow(Row, table=True):
    """Which record of a CRM is which account, person or owner of ours."""

    __tablename__ = "crm_links"
    __table_args__ = (one_of("thing", CrmThing),)

    crm: str = Field(primary_key=True)
    thing: CrmThing = Field(sa_column=Column(Choice(CrmThing), primary_key=True, nullable=False))
    ref: str = Field(primary_key=True)
    crm_id: str
