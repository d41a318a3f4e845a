"""Looks through every text of every table for addresses and names: to take them out, and to prove that they are gone.

It reads the tables' own columns, so a table that is added later is looked through, too (J10).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
TOLD = "SELECT seq, body FROM inbox_parcels"
TOLD_LESS = "UPDATE inbox_parcels SET n = ?, body = ? WHERE seq = ?"


class SqlMentions:
    """Implements the loop's `Mentions`."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def clear(self, addresses: Sequence[str], names: Sequence[str], *, belongs: Sequence[str]) -> None:
        """Take addresses out of every text, and names out of the texts of their accounts and cases (`belongs`)."""
        for kept in looked_through():
            columns = [] if kept.name in UNCHANGED else texts(kept)
            for place in _places(kept, columns, addresses, names, belongs):
                change = self._sql(place.change)
                for key, text in await self._found(place):
                    await self._db.raw(change, (place.pattern.sub(ERASED, text), *key))
        needles = [_pattern(needle) for needle in (*addresses, *names)]
        for seq, body in await self._db.raw(TOLD):
            told = orjson.loads(body)
            left = [one for one in told if not _named(json.dumps(one, ensure_ascii=False), needles)]
            if len(left) < len(told):
                await self._db.raw(self._sql(TOLD_LESS), (len(left), orjson.dumps(left), seq))

    async def where(self, addresses: Sequence[str], names: Sequence[str], *, belongs: Sequence[str]) -> list[str]:
        """Where any of these still stands, as `table.column`; ids and the audit are looked at, too."""
        found = set()
        for kept in looked_through():
            every = [column.name for column in kept.columns if _holds_text(column)]
            for place in _places(kept, every, addresses, names, belongs):
                if await self._found(place):
                    found.add(f"{kept.name}.{place.column}")
        needles = [_pattern(needle) for needle in (*addresses, *names)]
        for _, body in await self._db.raw(TOLD):
            found |= {f"{PARCELS}.body"} if _named(bytes(body).decode(), needles) else set()
        return sorted(found)

    async def _found(self, place: _Place) -> list[tuple[tuple[object, ...], str]]:
        """The rows (key, text) in which it stands by itself, and not as a part of another address or word."""
        rows = await self._db.raw(self._sql(place.ask), (*_like(place.needle), *place.owners))
        return [(tuple(key), text) for *key, text in rows if place.pattern.search(text or "")]

    def _sql(self, text: str) -> str:
        return text.replace("?", self._db.mark)


@dataclass(frozen=True, slots=True)
class _Place:
    """One column in which one address or name is looked for; with an `owner`, in the rows of these `owners` alone."""

    kept: Table
    column: str
    needle: str
    owner: str = ""
    owners: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        return _pattern(self.needle)

    @property
    def ask(self) -> str:
        keys = ", ".join(_quoted(key.name) for key in self.kept.primary_key)
        within = f" AND {self.owner} IN ({', '.join('?' * len(self.owners))})" if self.owner else ""
        return IN_TEXT.format(keys=keys, table=self.kept.name, column=_quoted(self.column), within=within)

    @property
    def change(self) -> str:
        same = " AND ".join(f"{_quoted(key.name)} = ?" for key in self.kept.primary_key)
        return CHANGE.format(table=self.kept.name, column=_quoted(self.column), same=same)


def _places(
    kept: Table, columns: Sequence[str], addresses: Sequence[str], names: Sequence[str], belongs: Sequence[str]
) -> Iterator[_Place]:
    owner = next((name for name in ("account_id", "case_id") if name in kept.columns), "")
    for column in columns:
        yield from (_Place(kept, column, address) for address in addresses)
        if owner and kept.name not in WHOLE_ROWS:
            yield from (_Place(kept, column, name, owner, (*belongs, "")) for name in names)


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


def _like(needle: str) -> tuple[str, str]:
    return f"%{needle.lower()}%", f"%{needle}%"


def _pattern(needle: str) -> re.Pattern[str]:
    """An address is no part of a longer one, and a name no part of a longer word."""
    around = (r"(?<![\w.+-])", r"(?![\w-]|\.\w)") if "@" in needle else (r"(?<!\w)", r"(?!\w)")
    return re.compile(around[0] + re.escape(needle) + around[1], re.IGNORECASE)


def _named(text: str, needles: Iterable[re.Pattern[str]]) -> bool:
    return any(needle.search(text) for needle in needles)


def _quoted(name: str) -> str:
    """A column's name as SQL takes it: some are words of the language."""
    return f'"{name}"'
