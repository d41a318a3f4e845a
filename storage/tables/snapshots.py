"""How healthy each account looked at the end of each day: the score in a row, all else on pages."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Integer, LargeBinary
from sqlmodel import Field

from storage.columns import Row


class SnapshotRow(Row, table=True):
    """One account's day (R9): what is asked for often; everything, this too, stands on its page.

    The day comes first in the key: a day's rows lie together, landing one adds at the end, and a week of all accounts
    (R21) is read in one go.
    """

    __tablename__ = "snapshots"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLModel wants it

    day: date = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    score: float
    coverage: float
    config_version: int
    page: int


class SnapshotPageRow(Row, table=True):
    """The whole snapshots of some accounts of a day, as `storage.packed` writes them; no row, no page."""

    __tablename__ = "snapshot_pages"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    day: date = Field(index=True)
    held: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
