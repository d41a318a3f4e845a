"""What Lookout does by itself: the follow-up of each mail, and every automatic mail that was planned."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from scoring.automatic import Fate, Mode
from scoring.follow_up import FollowUpState
from scoring.model import Band
from storage.columns import Choice, Row, UTCDateTime, one_of


class FollowUpRow(Row, table=True):
    """The follow-up of one mail (R53): its key is the mail's, so that there is never a second one."""

    __tablename__ = "follow_ups"
    __table_args__ = (Index(None, "state", "due_at"), one_of("state", FollowUpState))

    outreach_id: str = Field(primary_key=True, foreign_key="outreach.id")
    case_id: str = Field(foreign_key="cases.id", index=True)
    account_id: str
    due_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    state: FollowUpState = Field(sa_column=Column(Choice(FollowUpState), nullable=False))
    reason: str
    draft_id: str
    mail_id: str = Field(index=True)
    changed_by: str
    changed_at: datetime | None = Field(sa_column=Column(UTCDateTime))


class IntendedRow(Row, table=True):
    """One automatic mail as it was planned (R44); shadow's and live's stand in the same shape, to be compared."""

    __tablename__ = "intended"
    __table_args__ = (Index(None, "mode", "day"), one_of("mode", Mode), one_of("fate", Fate))

    id: str = Field(primary_key=True)
    day: date
    mode: Mode = Field(sa_column=Column(Choice(Mode), nullable=False))
    fate: Fate = Field(sa_column=Column(Choice(Fate), nullable=False))
    play: str
    account_id: str
    to_id: str
    to_name: str
    to_email: str
    from_id: str
    from_name: str
    from_email: str
    subject: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    origin: str
    prompt_version: str
    severity: Band = Field(sa_column=Column(Choice(Band), nullable=False))
    planned_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    leaves_at: datetime = Field(sa_column=Column(UTCDateTime, nullable=False))
    score_seen: float | None
    reason: str
