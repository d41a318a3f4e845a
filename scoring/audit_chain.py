"""The audit as a chain: each row holds the hash of the one before, so that a changed or missing row is seen (J12)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from scoring.casework import AuditEntry

MAKE = "lookout audit 1"
"""Which canonical form the hashes are made of; another form would be another make."""

START = ""
"""What stands before the first row."""

MISSING = "rows before it are missing"
REPLACED = "it does not follow on the row before"
CHANGED = "its content is not what was written"


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the audit in its place; `previous` is the hash of the row before."""

    seq: int
    entry: AuditEntry
    previous: str
    hash: str

    def as_dict(self) -> dict[str, object]:
        """The row as plain values, in the form that the hash is made of, and its hash."""
        return content(self.entry, self.seq, self.previous) | {"hash": self.hash}


@dataclass(frozen=True, slots=True)
class Break:
    """The first row that is not as it was written, and what is wrong with it."""

    seq: int
    why: str


def content(entry: AuditEntry, seq: int, previous: str) -> dict[str, object]:
    """What a row's hash covers: everything, instants as UTC with microseconds."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = {"actor": entry.actor, "action": entry.action, "detail": entry.detail}
    about = {"account_id": entry.account_id, "case_id": entry.case_id}
    return {"make": MAKE, "seq": seq, "at": at, **said, **about, "previous": previous}


def fingerprint(entry: AuditEntry, seq: int, previous: str) -> str:
    """sha256 over a row's content as JSON with sorted keys and no blanks, in UTF-8."""
    text = json.dumps(content(entry, seq, previous), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def linked(entry: AuditEntry, last: Link | None) -> Link:
    """The entry as the row after `last`."""
    seq, previous = (last.seq + 1, last.hash) if last else (1, START)
    return Link(seq, entry, previous, fingerprint(entry, seq, previous))


def first_break(links: Iterable[Link], *, after: Link | None = None, whole: bool = True) -> Break | None:
    """The first row that does not hold, None when all do.

    `after` is the row before the first of `links`; `whole` says that they begin where the audit begins.
    """
    previous = after.hash if after else START
    known = after is not None or whole
    for link in links:
        if known and link.previous != previous:
            return Break(link.seq, MISSING if previous == START else REPLACED)
        if link.hash != fingerprint(link.entry, link.seq, link.previous):
            return Break(link.seq, CHANGED)
        previous, known = link.hash, True
    return None
