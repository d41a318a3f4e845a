"""What a team's CRM is told of Lookout's work: each mail, each reply and each outcome once, and the health of the day.

A `CrmJob` is a promise to tell one thing (R52). An `Entry` is that thing in words that any CRM understands; its `id` is
ours, travels along, and is looked for before anything is told a second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scoring.model import Band


class CrmKind(StrEnum):
    """What a job tells: a mail that left, what came back for one, how a case ended, an account's health."""

    MAIL = "mail"
    REPLY = "reply"
    OUTCOME = "outcome"
    HEALTH = "health"


class CrmState(StrEnum):
    """Where a job stands; `FAILED` waits for a person, who tries again or lets it be (`DISMISSED`)."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    DISMISSED = "dismissed"


CRM_OPEN = frozenset({CrmState.PENDING, CrmState.FAILED})


@dataclass(frozen=True, slots=True)
class CrmJob:
    """One thing that the CRM is to be told; `ref` is our id of it, unique with its kind.

    `attempts` counts tries that were begun: with one or more, the CRM may know it already. `content` is what a health
    job tells (`72 Monitor`); `crm_id` is the CRM's own id of the record, once it is there.
    """

    id: str
    kind: CrmKind
    ref: str
    account_id: str
    case_id: str
    made_at: datetime
    state: CrmState = CrmState.PENDING
    attempts: int = 0
    not_before: datetime | None = None
    error: str = ""
    crm_id: str = ""
    content: str = ""


def crm_job_id(kind: CrmKind, ref: str) -> str:
    """A job's id, from what it tells: short, always the same, and safe in any address or text."""
    return f"{kind}-{hashlib.sha256(ref.encode()).hexdigest()[:20]}"


class EntryForm(StrEnum):
    """What an entry is in the CRM."""

    SENT = "sent mail"
    RECEIVED = "received mail"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a customer's history, for their records `account` and, where known, `contact` (the CRM's ids).

    `owner` is our person in the CRM; names and addresses are those of the mail, empty for a note.
    """

    id: str
    form: EntryForm
    at: datetime
    subject: str
    text: str
    account: str
    contact: str = ""
    owner: str = ""
    from_email: str = ""
    from_name: str = ""
    to_email: str = ""
    to_name: str = ""


@dataclass(frozen=True, slots=True)
class CrmHealth:
    """What the CRM shows of an account's health: a whole score, its band, and the day it is of."""

    score: int
    band: Band
    day: date


class CrmThing(StrEnum):
    """What of ours has a record of its own in the CRM."""

    ACCOUNT = "account"
    PERSON = "person"
    OWNER = "owner"


def owner_of(account_id: str) -> str:
    """The name under which it is kept who owned an account there when it was read last."""
    return f"of {account_id}"


@dataclass(frozen=True, slots=True)
class TheirAccount:
    """A company as the CRM has it: our fields with their values as written there, and who owns it there."""

    crm_id: str
    name: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TheirContact:
    """A person as the CRM has it; `account_crm_id` is the record of their company there, empty without one."""

    crm_id: str
    name: str
    account_crm_id: str
    fields: Mapping[str, object]
