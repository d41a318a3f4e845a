"""Remembers what products told us, from the moment we said yes until it stands in the usage store.

Nothing is lost and nothing counts twice, whenever the process is killed: a parcel leaves in the transaction that notes
its keys and fixes a batch, and a batch leaves after the usage store took it, which takes each batch once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from scoring.arrivals import Arrival, Kind
from storage.transaction import Transaction

# Keys are hexadecimal; their first two digits divide them evenly.
PARTS = 256
KINDS = {kind.value: kind for kind in Kind}
PARCEL = 1_000


class Parcels(NamedTuple):
    """What the parcels up to the number `last` hold, in the order of acceptance; what was sent again is in it again."""

    last: int
    arrivals: list[Arrival]


class SqlInbox:
    """The inbox inside one transaction; bulk work in the driver's own words."""

    def __init__(self, transaction: Transaction) -> None:
        self._db = transaction

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Keep what came; whether it came before is asked when it is worked off."""
        for start in range(0, len(arrivals), PARCEL):
            await self._put(arrivals[start : start + PARCEL], fixed=False)

    async def fresh(self, limit: int) -> Parcels | None:
        """The oldest parcels that nobody has looked at, with `limit` arrivals or a few more; None without any."""
        counted = await self._db.raw(self._sql(COUNTED), (False, limit))
        held, last = 0, -1
        for seq, n in counted:
            if held >= limit:
                break
            held, last = held + n, seq
        if not counted:
            return None
        bodies = await self._db.raw(self._sql(BODIES), (False, last))
        return Parcels(last, [arrival for row in bodies for arrival in _opened(row[0])])

    async def unseen(self, arrivals: Iterable[Arrival], *, day: int) -> list[Arrival]:
        """Those that are new by their key, the first of equal ones, in their order; from now on they are known.

        `day` counts from 1970-01-01 and says how old a key is.
        """
        first = {arrival.key: arrival for arrival in reversed(list(arrivals))}
        found = [first[key] for key in reversed(first)]
        if await self._all_new(found, day):
            return found
        new = {row[0] for row in await self._db.raw(self._sql(NEW_KEYS), (day, self._list(first)))}
        return [arrival for arrival in found if arrival.key in new]

    async def _all_new(self, found: Sequence[Arrival], day: int) -> bool:
        """Note the keys if all of them are new; what comes mostly is, and counting is cheaper than asking for each."""
        if not self._db.sqlite:
            return False
        await self._db.raw(HERE)
        if await self._db.pour(EVERY_KEY, [(arrival.key, day) for arrival in found], then=IF_NEW) == len(found):
            return True
        await self._db.raw(BACK)
        return False

    async def settle(self, last: int, uses: Sequence[Arrival]) -> None:
        """Let the parcels up to `last` go: `uses` with an account become a batch, those without wait for one."""
        await self._db.raw(self._sql(SETTLED), (False, last))
        await self._fix([use for use in uses if use.account_id])
        waiting = [(u.key, u.at_us, u.user_id, u.domain, u.name, u.n) for u in uses if not u.account_id]
        if waiting:
            await self._db.raw(self._sql(WAIT), waiting)

    async def _fix(self, uses: Sequence[Arrival]) -> None:
        if uses:
            await self._put(uses, fixed=True)

    async def _put(self, arrivals: Sequence[Arrival], *, fixed: bool) -> None:
        body = orjson.dumps([tuple(arrival) for arrival in arrivals])
        await self._db.raw(self._sql(PUT), (fixed, len(arrivals), body))

    async def batches(self) -> list[int]:
        """The batches that have to go to the usage store, oldest first."""
        return [int(row[0]) for row in await self._db.raw(self._sql(BATCHES), (True,))]

    async def batch(self, number: int) -> list[Arrival]:
        """A batch's uses, always the same ones in the same order."""
        return [arrival for row in await self._db.raw(self._sql(BATCH), (number,)) for arrival in _opened(row[0])]

    async def leave(self, number: int) -> None:
        """The usage store holds this batch; its keys stay."""
        await self._db.raw(self._sql(LEAVE), (number,))

    async def waiting(self) -> list[tuple[str, str, int]]:
        """Whose use waits for an account: (user id, domain, how many), the most first."""
        return [(str(user), str(domain), int(n)) for user, domain, n in await self._db.raw(WAITERS)]

    async def release(self, found: Iterable[tuple[str, str, str]]) -> None:
        """Waiting use has an account now and becomes a batch: (account id, user id, domain)."""
        uses: list[Arrival] = []
        for account_id, user_id, domain in found:
            rows = await self._db.raw(self._sql(RELEASE), (user_id, domain))
            uses += [Arrival(key, Kind.USE, at, account_id, user_id, domain, name, n) for key, at, name, n in rows]
        await self._fix(uses)

    async def backlog(self) -> int:
        """How many arrivals are on their way to the usage store; waiting ones are not."""
        return int((await self._db.raw(BACKLOG))[0][0])

    async def forget_keys(self, part: int, *, before_day: int) -> None:
        """Forget keys seen before a day, one of `PARTS` parts of them: each is a short transaction."""
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


def _opened(body: Any) -> list[Arrival]:
    return [Arrival(key, KINDS[kind], *rest) for key, kind, *rest in orjson.loads(body)]


HERE, BACK = "SAVEPOINT keys", "ROLLBACK TO SAVEPOINT keys"
EVERY_KEY, IF_NEW = "INSERT INTO inbox_keys (key, day)", "ON CONFLICT DO NOTHING"
NEW_KEYS = "INSERT INTO inbox_keys (key, day) {keys} ON CONFLICT DO NOTHING RETURNING key"
PUT = "INSERT INTO inbox_parcels (fixed, n, body) VALUES (?, ?, ?)"
COUNTED = "SELECT seq, n FROM inbox_parcels WHERE fixed = ? ORDER BY seq LIMIT ?"
BODIES = "SELECT body FROM inbox_parcels WHERE fixed = ? AND seq <= ? ORDER BY seq"
SETTLED = "DELETE FROM inbox_parcels WHERE fixed = ? AND seq <= ?"
BATCHES = "SELECT seq FROM inbox_parcels WHERE fixed = ? ORDER BY seq"
BATCH = "SELECT body FROM inbox_parcels WHERE seq = ?"
LEAVE = "DELETE FROM inbox_parcels WHERE seq = ?"
WAIT = (
    "INSERT INTO inbox_waiting (key, at_us, user_id, domain, name, n) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
WAITERS = "SELECT user_id, domain, count(*) FROM inbox_waiting GROUP BY user_id, domain ORDER BY count(*) DESC, user_id"
RELEASE = "DELETE FROM inbox_waiting WHERE user_id = ? AND domain = ? RETURNING key, at_us, name, n"
BACKLOG = "SELECT coalesce(sum(n), 0) FROM inbox_parcels"
OLD_KEYS = "DELETE FROM inbox_keys WHERE key >= ? AND key < ? AND day < ?"
OLD_WAITERS = "DELETE FROM inbox_waiting WHERE at_us < ? RETURNING key"
