"""Gives accounts, people and event names short numbers, which files hold instead of texts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

KINDS = ("account", "user", "name")
MOST_KNOWN = 300_000
"""Numbers of one kind that are kept in memory."""


class Numbers:
    """The tables of numbers within the ledger's database, one for each of `KINDS`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}

    def keys(self, kind: str, ids: Collection[str], *, make: bool = False) -> dict[str, int]:
        """The number of each id that has one; with `make` (inside `writing`) the others get one."""
        known = self._known[kind]
        if len(known) > MOST_KNOWN:
            known.clear()
        find = f"SELECT id, key FROM {kind} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - of KINDS
        known |= self._db.execute(find, (json.dumps([text for text in ids if text not in known]),)).fetchall()
        found = {text: known[text] for text in ids if text in known}
        missing = sorted(text for text in ids if text not in found) if make else []
        if missing:
            # Not known yet for good: the transaction may be rolled back.
            self._db.executemany(f"INSERT INTO {kind} (id) VALUES (?)", ((text,) for text in missing))  # noqa: S608
            found |= self._db.execute(find, (json.dumps(missing),)).fetchall()
        return found

    def texts(self, kind: str, keys: Iterable[int]) -> dict[int, str]:
        """The id behind each number."""
        wanted = json.dumps([int(key) for key in keys])
        find = f"SELECT key, id FROM {kind} WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608 - of KINDS
        return dict(self._db.execute(find, (wanted,)).fetchall())
