"""What lists show of an account: its name, and where it stands; narrow, because there are thousands of them."""

from __future__ import annotations

from typing import NamedTuple


class Named(NamedTuple):
    """What an account is called; enough to find the one that somebody means."""

    id: str
    name: str
    domain: str = ""


class Standing(NamedTuple):
    """Where an account stands in a list by score; `previous` is its score a week before, None without one."""

    account_id: str
    name: str
    domain: str
    arr: int | None
    score: float
    previous: float | None
