"""Looks through every text of every table for addresses and names: to take them out, and to prove that they are gone.

It reads the tables' own columns, so a table that is added later is looked through, too (J10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, String, Table

from scoring.erasure import ERASED
from storage.columns import Choice, Row
from storage.transaction import Transaction

NUMBERS = frozenset({"snapshots", "snapshot_pages", "inbox_keys"})
"""Large, and of ids and numbers alone."""
UNCHANGED = frozenset({"audit", "leases"})
"""The audit cannot be changed and holds ids; the proof looks into it all the same."""
WHOLE_ROWS = frozenset({"people", "accounts"})
"""These are erased as whole rows; who has the same name in another row is somebody else."""
PARCELS = "inbox_parcels"
ID = re.compile(r"(^|_)(id|ids|by|ref|hash)$")

IN_TEXT = "SELECT {keys}, {column} FROM {table} WHERE (lower({column}) LIKE ? OR {column} LIKE ?){within}"
CHANGE = "UPDATE {table} SET {column} = ? WHERE {same}"
SOMEWHERE = "SELECT 1 FROM {table} WHERE lower({column}) LIKE ? OR {column} LIKE ? LIMIT 1"
TOLD = "SELECT seq, body FROM inbox_parcels"
TOLD_LESS = "UPDATE inbox_parcels SET n = ?, body = ? WHERE seq = ?"


class SqlMentions:
    """Implements the loop's `Mentions`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def clear(self, addresses: Sequence[str], names: Sequence[str], *, belongs: Sequence[str]) -> None:
        """Take addresses out of every text, and names out of the texts of their accounts and cases (`belongs`)."""
        for kept in looked_through():
            if kept.name in UNCHANGED:
                continue
            await self._clear(kept, addresses, "", ())
            owner = _owner(kept)
            if owner and kept.name not in WHOLE_ROWS:
                await self._clear(kept, names, owner, (*belongs, ""))
        await self._parcels((*addresses, *names))

    async def where(self, needles: Sequence[str]) -> list[str]:
        """Where any of these still stands, as `table.column`."""
        found = set()
        for kept in looked_through():
            for column in [column.name for column in kept.columns if _holds_text(column)]:
                sql = self._sql(SOMEWHERE.format(table=kept.name, column=_quoted(column)))
                if any([await self._db.raw(sql, _like(needle)) for needle in needles]):
                    found.add(f"{kept.name}.{column}")
        for _, body in await self._db.raw(TOLD):
            found |= {f"{PARCELS}.body"} if _names(body, needles) else set()
        return sorted(found)

    async def _clear(self, kept: Table, needles: Sequence[str], owner: str, owners: Sequence[str]) -> None:
        keys = [_quoted(column.name) for column in kept.primary_key]
        within = f" AND {owner} IN ({', '.join('?' * len(owners))})" if owner else ""
        change = " AND ".join(f"{key} = ?" for key in keys)
        for column in texts(kept):
            place = {"table": kept.name, "column": _quoted(column)}
            for needle in needles:
                asked = self._sql(IN_TEXT.format(keys=", ".join(keys), within=within, **place))
                for *key, text in await self._db.raw(asked, (*_like(needle), *(owners if owner else ()))):
                    without = re.sub(rf"(?<!\w){re.escape(needle)}(?!\w)", ERASED, text, flags=re.IGNORECASE)
                    await self._db.raw(self._sql(CHANGE.format(same=change, **place)), (without, *key))

    async def _parcels(self, needles: Sequence[str]) -> None:
        """What products told about them and nobody has worked off yet."""
        for seq, body in await self._db.raw(TOLD):
            told = orjson.loads(body)
            left = [one for one in told if not _names(orjson.dumps(one), needles)]
            if len(left) < len(told):
                await self._db.raw(self._sql(TOLD_LESS), (len(left), orjson.dumps(left), seq))

    def _sql(self, text: str) -> str:
        return text.replace("?", self._db.mark)


def looked_through() -> list[Table]:
    """Every table whose texts may name somebody, but the parcels, which are no texts."""
    return [kept for kept in Row.metadata.sorted_tables if kept.name not in NUMBERS | {PARCELS}]


def texts(kept: Table) -> list[str]:
    """Its columns from which something may be taken: texts that are no id, so that rows still find each other."""
    return [c.name for c in kept.columns if _holds_text(c) and not c.primary_key and not ID.search(c.name)]


def _holds_text(column: Column[Any]) -> bool:
    return isinstance(getattr(column.type, "impl_instance", column.type), String) and not isinstance(
        column.type, Choice
    )


def _owner(kept: Table) -> str:
    """The column by which a row belongs to an account or case; empty for tables of neither."""
    return next((name for name in ("account_id", "case_id") if name in kept.columns), "")


def _like(needle: str) -> tuple[str, str]:
    return f"%{needle.lower()}%", f"%{needle}%"


def _names(body: Any, needles: Iterable[str]) -> bool:
    folded = bytes(body).decode().casefold()
    return any(needle.casefold() in folded for needle in needles)


def _quoted(name: str) -> str:
    """A column's name as SQL takes it: some are words of the language."""
    return f'"{name}"'
