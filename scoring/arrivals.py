"""What arrives from a customer's product, before we know for certain whose it is."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What an arrival tells us."""

    USE = "use"
    PERSON = "person"
    ACCOUNT = "account"


class Arrival(NamedTuple):
    """One thing that a product told us; a plain row, because thousands a second pass through.

    `key` stays the same however often the sender repeats itself: it is what duplicates are known by. `at_us` is in
    microseconds since 1970, UTC, corrected for the sender's clock. `account_id` is empty where the sender named no
    account; then `user_id` or the e-mail `domain` may lead to one. `name` and `n` are the feature and how often it
    was used. `traits` is a JSON object of the fields of `Person` or `Account` that were told, empty for use.
    """

    key: str
    kind: Kind
    at_us: int
    account_id: str = ""
    user_id: str = ""
    domain: str = ""
    name: str = ""
    n: int = 1
    traits: str = ""
