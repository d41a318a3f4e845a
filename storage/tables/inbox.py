"""What products told us, kept from the moment we said yes until it stands in the usage store or with its account.

A parcel is what one commit accepted, as one row: a row an event would cost more than all the rest of taking it in. When
it is worked off it becomes a parcel that is `fixed`, one batch for the usage store, which leaves when it has arrived
there. Use whose account nobody knows yet waits as rows. Keys stay for a while: what is sent again is known again.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary
from sqlmodel import Field

from storage.columns import Row

# SQLite numbers rows by itself only where the key is exactly INTEGER.
Sequence = BigInteger().with_variant(Integer, "sqlite")


class ParcelRow(Row, table=True):
    """`n` arrivals as JSON; `seq` is the order of acceptance and never used twice, not even after rows were removed."""

    __tablename__ = "inbox_parcels"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - as SQLModel wants it

    seq: int | None = Field(default=None, sa_column=Column(Sequence, primary_key=True, autoincrement=True))
    fixed: bool
    n: int
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WaitingRow(Row, table=True):
    """One use whose account nobody knows yet."""

    __tablename__ = "inbox_waiting"
    __table_args__ = (Index(None, "user_id", "domain"),)

    key: str = Field(primary_key=True)
    at_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    user_id: str
    domain: str
    name: str
    n: int


class InboxKeyRow(Row, table=True):
    """One key that was seen, and on which day (days since 1970), so that old ones can be forgotten.

    There is no index by day: it would double the work of every event, to spare a daily sweep that runs in small parts.
    """

    __tablename__ = "inbox_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLModel wants it

    key: str = Field(primary_key=True)
    day: int
