"""What came back for mails, and how far each mailbox was read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text
from sqlmodel import Field

from scoring.replies import ReplyKind
from storage.columns import Choice, Row, UTCDateTime, one_of


class ReplyRow(Row, table=True):
    """One thing that came back for a mail; its id is the mail's own, so that it is kept once."""

    __tablename__ = "replies"
    __table_args__ = (Index(None, "account_id", "received_at"), one_of("kind", ReplyKind))

    id: str = Field(primary_key=True)
    outreach_id: str = Field(foreign_key="outreach.id", index=True)
    case_id: str = Field(foreign_key="cases.id", index=True)
    account_id: str
    kind: ReplyKind = Field(sa_column=Column(Choice(ReplyKind), nullable=False))
    from_email: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False, index=True))
    message_id: str


class ReadUpToRow(Row, table=True):
    """How far a mailbox was read (RFC 9051, 2.3.1.1): the next UID that nobody looked at, under which validity."""

    __tablename__ = "read_up_to"
    __table_args__ = (CheckConstraint("uid >= 1", name="uid"),)

    mailbox: str = Field(primary_key=True)
    validity: int = Field(sa_column=Column(BigInteger, nullable=False))
    uid: int = Field(sa_column=Column(BigInteger, nullable=False))
