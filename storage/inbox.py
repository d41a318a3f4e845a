"""Remembers what products told us, from the moment we said yes until it stands in the usage store.

Nothing is lost and nothing counts twice, whenever the process is killed: keys keep out what came before, a batch is
fixed here before it goes to the usage store, which takes each batch once, and its rows leave only after that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from scoring.arrivals import Arrival, Kind
from storage.tables.inbox import WAITING
from storage.transaction import Transaction

# Keys are hexadecimal; their first two digits divide them evenly.
PARTS = 256
KINDS = {kind.value: kind for kind in Kind}
WORDS = {kind: kind.value for kind in Kind}
COLUMNS = "key, kind, at_us, account_id, user_id, domain, name, n, traits"


class Stored(NamedTuple):
    """An arrival and its place in the order of acceptance."""

    seq: int
    arrival: Arrival


class SqlInbox:
    """The inbox inside one transaction; bulk work in the driver's own words."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def accept(self, arrivals: Iterable[Arrival], *, day: int) -> int:
        """Keep what is new by its key; how many were. `day` counts from 1970-01-01 and says how old a key is."""
        first = {arrival.key: arrival for arrival in reversed(list(arrivals))}
        taken = [first[key] for key in reversed(first)]
        if not taken:
            return 0
        if not await self._all_new(taken, day):
            new = {row[0] for row in await self._db.raw(self._sql(NEW_KEYS), (day, self._list(first)))}
            taken = [arrival for arrival in taken if arrival.key in new]
        rows = [_row(arrival) for arrival in taken]
        if self._db.sqlite:
            await self._db.pour(ADD, rows)
        elif rows:
            await self._db.copy(COPY, rows)
        return len(rows)

    async def _all_new(self, taken: Sequence[Arrival], day: int) -> bool:
        """Keep the keys if all of them are new; what comes mostly is, and counting is cheaper than asking for each."""
        if not self._db.sqlite:
            return False
        await self._db.raw(HERE)
        if await self._db.pour(EVERY_KEY, [(arrival.key, day) for arrival in taken], then=IF_NEW) == len(taken):
            return True
        await self._db.raw(BACK)
        return False

    async def fresh(self, limit: int) -> list[Stored]:
        """The oldest rows that nobody has looked at."""
        return [_stored(row) for row in await self._db.raw(self._sql(FRESH), (limit,))]

    async def assign(self, found: Sequence[tuple[str, int]]) -> None:
        """Note the account of rows that came without one: (account id, seq)."""
        if found:
            await self._db.raw(self._sql(ASSIGN), list(found))

    async def settle(self, first: int, last: int) -> int | None:
        """Decide on the rows that `fresh` gave, from `first` to `last`: use with an account becomes a batch (its number
        comes back, None if there is none), use without one waits, and what told of people and accounts is done.
        """  # noqa: D205 - one sentence
        span = (first, last)
        await self._db.raw(self._sql(DONE), span)
        newest = (await self._db.raw(self._sql(LAST_USE), span))[0][0]
        await self._db.raw(self._sql(PARK), span)
        if newest is None:
            return None
        await self._db.raw(self._sql(CLAIM), (newest, *span))
        return int(newest)

    async def batches(self) -> list[int]:
        """The batches that have to go to the usage store, oldest first."""
        return [int(row[0]) for row in await self._db.raw(BATCHES)]

    async def batch(self, number: int) -> list[Stored]:
        """A batch's rows, always the same ones in the same order."""
        return [_stored(row) for row in await self._db.raw(self._sql(BATCH), (number,))]

    async def leave(self, number: int) -> None:
        """The usage store holds this batch: its rows leave, their keys stay."""
        await self._db.raw(self._sql(LEAVE), (number,))

    async def waiting(self) -> list[tuple[str, str, int]]:
        """Whose use waits for an account: (user id, domain, how many), the most first."""
        return [(str(user), str(domain), int(n)) for user, domain, n in await self._db.raw(WAITERS)]

    async def release(self, found: Sequence[tuple[str, str, str]]) -> None:
        """Waiting use has an account now and is fresh again: (account id, user id, domain)."""
        if found:
            await self._db.raw(self._sql(RELEASE), list(found))

    async def backlog(self) -> int:
        """How many rows are on their way to the usage store; waiting ones are not."""
        return int((await self._db.raw(BACKLOG))[0][0])

    async def forget_keys(self, part: int, *, before_day: int) -> None:
        """Forget keys accepted before a day, one of `PARTS` parts of them: each is a short transaction."""
        since, until = f"{part:02x}" if part else "", f"{part + 1:02x}" if part + 1 < PARTS else "g"
        await self._db.raw(self._sql(OLD_KEYS), (since, until, before_day))

    async def drop_waiting(self, before_us: int) -> int:
        """Drop use from before an instant that still waits for an account; how much that was."""
        return len(await self._db.raw(self._sql(OLD_WAITERS), (before_us,)))

    def _sql(self, text: str) -> str:
        """The statement in the driver's dialect: how parameters are marked, and how a list becomes rows."""
        if self._db.sqlite:
            return text.replace("{keys}", "SELECT value, ? FROM json_each(?) WHERE true")
        return text.replace("{keys}", "SELECT value, ? FROM unnest(?::text[]) AS value WHERE true").replace("?", "%s")

    def _list(self, texts: Iterable[str]) -> object:
        return json.dumps(list(texts)) if self._db.sqlite else list(texts)


def _row(arrival: Arrival) -> tuple[object, ...]:
    # The plain word: a driver may spell a member of an enumeration by its name.
    return (arrival.key, WORDS[arrival.kind], *arrival[2:])


def _stored(row: Sequence[Any]) -> Stored:
    seq, key, kind, *rest = row
    return Stored(seq, Arrival(key, KINDS[kind], *rest))


HERE, BACK = "SAVEPOINT keys", "ROLLBACK TO SAVEPOINT keys"
EVERY_KEY, IF_NEW = "INSERT INTO inbox_keys (key, day)", "ON CONFLICT DO NOTHING"
NEW_KEYS = "INSERT INTO inbox_keys (key, day) {keys} ON CONFLICT DO NOTHING RETURNING key"
ADD = f"INSERT INTO inbox ({COLUMNS})"
COPY = f"COPY inbox ({COLUMNS}) FROM STDIN"
FRESH = f"SELECT seq, {COLUMNS} FROM inbox WHERE batch IS NULL ORDER BY seq LIMIT ?"  # noqa: S608
ASSIGN = "UPDATE inbox SET account_id = ? WHERE seq = ?"
SPAN = "seq BETWEEN ? AND ? AND batch IS NULL"
DONE = f"DELETE FROM inbox WHERE {SPAN} AND kind <> 'use'"  # noqa: S608
LAST_USE = f"SELECT max(seq) FROM inbox WHERE {SPAN} AND account_id <> ''"  # noqa: S608
PARK = f"UPDATE inbox SET batch = {WAITING} WHERE {SPAN} AND account_id = ''"  # noqa: S608
CLAIM = f"UPDATE inbox SET batch = ? WHERE {SPAN}"  # noqa: S608
BATCHES = "SELECT DISTINCT batch FROM inbox WHERE batch > 0 ORDER BY batch"
BATCH = f"SELECT seq, {COLUMNS} FROM inbox WHERE batch = ? ORDER BY seq"  # noqa: S608
LEAVE = "DELETE FROM inbox WHERE batch = ?"
WAITERS = (
    f"SELECT user_id, domain, count(*) FROM inbox WHERE batch = {WAITING} "  # noqa: S608
    "GROUP BY user_id, domain ORDER BY count(*) DESC, user_id"
)
RELEASE = f"UPDATE inbox SET account_id = ?, batch = NULL WHERE batch = {WAITING} AND user_id = ? AND domain = ?"  # noqa: S608
BACKLOG = f"SELECT count(*) FROM inbox WHERE batch IS NULL OR batch <> {WAITING}"  # noqa: S608
OLD_KEYS = "DELETE FROM inbox_keys WHERE key >= ? AND key < ? AND day < ?"
OLD_WAITERS = f"DELETE FROM inbox WHERE batch = {WAITING} AND at_us < ? RETURNING seq"  # noqa: S608
