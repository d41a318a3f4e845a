"""Who did what when, and the small facts that survive a restart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field

from storage.columns import Row, UTCDateTime


class AuditRow(Row, table=True):
    """One thing somebody did; rows are only ever added, `seq` is their order.

    `hash` covers the row and `previous`, the hash of the row before; a trigger of the database refuses changes.
    """

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("previous"),)

    seq: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    actor: str
    action: str
    account_id: str
    case_id: str = Field(index=True)
    detail: str = Field(sa_column=Column(Text, nullable=False))
    previous: str
    hash: str


class FlagRow(Row, table=True):
    """One named fact, such as `paused`."""

    __tablename__ = "flags"

    name: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))


class LeaseRow(Row, table=True):
    """Who may do a thing that only one process may do, and until when."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
