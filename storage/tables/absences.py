"""When CSMs are away, and who covers for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column
from sqlmodel import Field

from scoring.cover import AbsenceSource
from storage.columns import Choice, Row, UTCDateTime, one_of


class AbsenceRow(Row, table=True):
    """One absence with its cover; nobody covers for themselves."""

    __tablename__ = "absences"
    __table_args__ = (one_of("source", AbsenceSource), CheckConstraint("person_id <> cover_id", name="cover"))

    id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    cover_id: str
    since: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    until: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    source: AbsenceSource = Field(sa_column=Column(Choice(AbsenceSource), nullable=False))
