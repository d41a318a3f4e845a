"""Mailboxes of CSMs; what opens them is sealed before it comes here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field

from scoring.mailboxes import Access, MailboxKind
from storage.columns import Choice, Document, Row, UTCDateTime, one_of


class MailboxRow(Row, table=True):
    """One mailbox; `email_key` is its address in small letters."""

    __tablename__ = "mailboxes"
    __table_args__ = (one_of("kind", MailboxKind),)

    email_key: str = Field(primary_key=True)
    email: str
    kind: MailboxKind = Field(sa_column=Column(Choice(MailboxKind), nullable=False))
    access: Access = Field(sa_column=Column(Document(Access), nullable=False))
    sealed: str = Field(sa_column=Column(Text, nullable=False))
    added_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
