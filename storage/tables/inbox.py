"""What products told us, kept from the moment we said yes until it stands in the usage store or with its account.

`batch` is empty for what nobody has looked at, `WAITING` for use whose account is not known yet, and else the batch in
which the row goes to the usage store. Rows leave when their batch has arrived there; their keys stay for a while, so
that what is sent again is known again.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text
from sqlmodel import Field

from scoring.arrivals import Kind
from storage.columns import Choice, Row, one_of

WAITING = -1
# SQLite numbers rows by itself only where the key is exactly INTEGER.
Sequence = BigInteger().with_variant(Integer, "sqlite")


class InboxRow(Row, table=True):
    """One arrival; `seq` is the order of acceptance and never used twice, not even after rows were removed."""

    __tablename__ = "inbox"
    __table_args__ = (
        one_of("kind", Kind),
        Index(
            "ix_inbox_batch",
            "batch",
            sqlite_where=text("batch IS NOT NULL"),
            postgresql_where=text("batch IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    seq: int | None = Field(default=None, sa_column=Column(Sequence, primary_key=True, autoincrement=True))
    key: str
    kind: Kind = Field(sa_column=Column(Choice(Kind), nullable=False))
    at_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    account_id: str
    user_id: str
    domain: str
    name: str
    n: int
    traits: str = Field(sa_column=Column(Text, nullable=False))
    batch: int | None = Field(default=None, sa_column=Column(BigInteger))


class InboxKeyRow(Row, table=True):
    """One key that was accepted, and on which day (days since 1970), so that old ones can be forgotten.

    There is no index by day: it would double the work of every event, to spare a daily sweep that runs in small parts.
    """

    __tablename__ = "inbox_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLModel wants it

    key: str = Field(primary_key=True)
    day: int
