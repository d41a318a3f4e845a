"""What comes back for a mail that left: an answer, an automatic one, a bounce, or word that they answered elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReplyKind(StrEnum):
    """What came back. `AUTO` and `DELAYED` are no answers; `BOUNCE` is for good, `DELAYED` is still being tried."""

    ANSWER = "answer"
    AUTO = "auto"
    BOUNCE = "bounce"
    DELAYED = "delayed"
    ELSEWHERE = "elsewhere"


ANSWERS = frozenset({ReplyKind.ANSWER, ReplyKind.ELSEWHERE})
"""What counts as an answer of the account (R50, R53)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing that came back for an outreach.

    `from_email` is who wrote it, which need not be who was written to; for `ELSEWHERE` it is our person who said so, by
    our id. `text` is what they wrote, without quotes and signature, cut; `received_at` is when their mail arrived.
    `id` is the same whenever the same mail is read again.
    """

    id: str
    outreach_id: str
    case_id: str
    account_id: str
    kind: ReplyKind
    from_email: str
    text: str
    received_at: datetime
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """How far a mailbox was read: everything below `uid` is done; UIDs mean nothing once `validity` is another."""

    mailbox: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Clues:
    """Which mail an arriving one may belong to: Message-IDs that it names, nearest first, and tokens of addresses."""

    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail that arrived, read as far as it concerns us.

    `key` is its Message-ID, else a digest of it. Of a bounce, `lost` names the address that could not be reached, if
    it says so, and `dead` whether nobody should write there again; `text` is then the mail server's reason. `stop`: its
    reader pressed the button for no more mail.
    """

    key: str
    kind: ReplyKind
    from_email: str
    text: str
    received_at: datetime
    clues: Clues
    message_id: str = ""
    lost: str = ""
    dead: bool = False
    stop: bool = False
