"""What leaves the house: mails to customers, and messages to our own people in Slack.

The two outboxes differ on purpose. Slack messages are delivered at least once, the newest state wins; a mail is
delivered at most once by itself, and one whose fate is unknown waits for a person (R54).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Card:
    """The Slack message of a case: what we want it to show and what it shows."""

    case_id: str
    channel: str
    wanted: int
    posted: int = 0
    ts: str = ""
    posted_channel: str = ""
    not_before: datetime | None = None
    attempts: int = 0
    error: str = ""
    mention: str = ""
    first_posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One other Slack message on its way: a thread note, a digest, a notice. `key` is unique: it is posted once.

    `case_id` set: goes into that card's thread. `kind` is `note`, `digest`, `notice`, `storm` (a notice with the
    buttons of R35) or `shadow` (one with the button of R44; its first line names the play); `body` is plain text, or
    what a digest needs to be built when it is delivered.
    """

    key: str
    kind: str
    target: str
    body: str
    case_id: str = ""
    not_before: datetime | None = None
    attempts: int = 0
    error: str = ""
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """What Slack says of one of our people: deactivated there, and until when their status says that they are away."""

    deactivated: bool = False
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer gives: `origin` is `template` or the model's name, `note` says why a template stands in."""

    subject: str
    body: str
    origin: str
    prompt_version: str
    note: str = ""
    fact_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person, in the CSM's name.

    `reply_to` is where answers go (empty: to the sender), `unsubscribe` a mailto or https address for List-Unsubscribe;
    `in_reply_to` and `references` are Message-IDs of earlier mails, for a follow-up in the same thread.
    """

    message_id: str
    from_name: str
    from_email: str
    to_name: str
    to_email: str
    subject: str
    body: str
    reply_to: str = ""
    unsubscribe: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mail: `sent`, `refused` (certain, for good), `deferred` (certain, try later), `unknown`.

    `cause` says whom a refusal or deferral is about: `address` (the recipient's address), `setup` (our host, TLS, login
    or sender: an operator must act), else empty. `own`: that is about the sender's own mailbox; others can go on.
    """

    state: str
    detail: str = ""
    cause: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class SlackReceipt:
    """Where a message stands in Slack."""

    channel: str
    ts: str
