"""Forgetting a person or an account: what is looked for, what is found, and what stands in its place (J10, J11).

Ids, times, kinds and states stay: the ledger must still add up, and the audit cannot be changed and names nobody. An
address becomes a keyed hash, so that it is known again and never written to, and cannot be read back.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from scoring.casework import Outreach
from scoring.model import Person

SALT_FLAG = "erasure_salt"
"""The flag that holds the key of the hashes; it is made with the first erasure."""
ERASED = "(erased)"
OLD = "(deleted: older than texts are kept)"
REASON = "it was erased at somebody's request"
PREFIX = "erased-"
SHORTEST_NAME = 5


def pseudonym(email: str, salt: str) -> str:
    """What stands in the place of an address: the same for the same address, and no address itself."""
    key = email.strip().lower()
    if not key or key.startswith(PREFIX):
        return key
    return PREFIX + hmac.new(salt.encode(), key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:24]


def forgotten(person: Person, name: str) -> Person:
    """What stays of a person: an id that other rows name, nothing to write to, nobody to call by name."""
    return replace(
        person, name="", email=name, title="", slack_id="", timezone="", primary=False, left=True, first_seen_on=None
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom to forget: people by id and address, or all of `account_id`. `names` are those that texts may mention."""

    person_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    account_id: str = ""
    account_name: str = ""
    account_ids: tuple[str, ...] = ()
    """Whose texts may mention those names: a colleague of that name at another customer is somebody else."""

    @property
    def people(self) -> tuple[str, ...]:
        """The names of people that are long enough to mean one person."""
        return tuple(name for name in self.names if len(name) >= SHORTEST_NAME and " " in name)

    @property
    def telling(self) -> tuple[str, ...]:
        """The names that are taken out of texts."""
        return (*self.people, self.account_name) if self.account_name else self.people


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a scope stands: its mails, cases and answers, and what outside of Lookout knows of it.

    `addresses` are all that its rows name; `crm_ids` are records in the CRM, `threads` cards in Slack.
    """

    mails: tuple[Outreach, ...]
    case_ids: tuple[str, ...]
    reply_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    crm_ids: tuple[str, ...]
    threads: tuple[tuple[str, str], ...]
