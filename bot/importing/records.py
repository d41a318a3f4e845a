"""Makes accounts, people, milestones and tickets out of clean rows and of what we knew before; pure.

A column that a file lacks changes nothing. An empty cell leaves texts and owners as they are, and clears what may truly
end or be unknown: seats, sums and days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from bot.intake.values import shown
from scoring.model import Account, Milestone, Person, Role, Ticket

CLEARED = frozenset({
    "seats", "arr", "created_on", "renewal_on", "churned_on", "due_on", "done_on", "started_on", "closed_at",
})  # fmt: skip
NO_ID = "has neither id nor email"
NO_ACCOUNT = "has no account"
UNKNOWN_ACCOUNT = "is of an account that nobody told us: {account}"


class Unfit(ValueError):
    """A row that says too little, or contradicts itself or what we know; the text is the reason."""


class UnknownAccount(Unfit):
    """A row of an account that nobody told us of."""

    def __init__(self, account: str) -> None:
        super().__init__(UNKNOWN_ACCOUNT.format(account=shown(account)))
        self.account = account


def account_of(fields: Mapping[str, Any], known: Account | None) -> Account:
    """The account of a row; its CSM is decided by the caller, who knows our CSMs."""
    before = known or Account(id=fields["id"], name=fields.get("name") or fields["id"])
    return replace(before, **_changes(fields, leave={"id", "csm"}))


def person_id(fields: Mapping[str, Any]) -> str:
    """What a person is known by: an id, else the e-mail address."""
    found = fields.get("id") or fields.get("email")
    if not found:
        raise Unfit(NO_ID)
    return str(found)


def person_of(fields: Mapping[str, Any], known: Person | None, role: Role) -> Person:
    """The contact or CSM of a row; a contact needs an account, a CSM has none."""
    before = known or Person(id=person_id(fields), role=role)
    changes = _changes(fields, leave={"id", "role", "account", "first_name", "last_name"})
    parts = [fields[part] for part in ("first_name", "last_name") if fields.get(part)]
    if parts and not fields.get("name"):
        changes["name"] = " ".join(parts)
    account = None if role is Role.CSM else fields.get("account") or before.account_id
    if role is Role.CONTACT and account is None:
        raise Unfit(NO_ACCOUNT)
    return replace(before, role=role, account_id=account, **changes)


def milestone_of(fields: Mapping[str, Any], known: Milestone | None) -> Milestone:
    """The milestone of a row."""
    before = known or Milestone(fields["account"], fields["name"])
    return replace(before, **_changes(fields, leave={"account", "name"}))


def ticket_id(fields: Mapping[str, Any], ordinal: int) -> str:
    """A ticket's own id, else one made of what does not change over its life; `ordinal` tells equal ones apart."""
    if fields.get("id"):
        return str(fields["id"])
    content = "\x1f".join(
        (fields["account"], fields["opened_at"].isoformat(), str(fields.get("priority")), str(ordinal))
    )
    return "t-" + blake2b(content.encode(), digest_size=12).hexdigest()


def ticket_of(fields: Mapping[str, Any], known: Ticket | None, made_id: str) -> Ticket:
    """The ticket of a row."""
    before = known or Ticket(made_id, fields["account"], fields["opened_at"])
    changes = _changes(fields, leave={"id", "account"})
    return replace(before, account_id=fields["account"], **changes)


def _changes(fields: Mapping[str, Any], *, leave: set[str]) -> dict[str, Any]:
    return {
        name: value for name, value in fields.items() if name not in leave and (value is not None or name in CLEARED)
    }
