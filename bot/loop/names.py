"""Finds the account that a person means, however they type it (UX 29): case, accents, legal suffixes, domain, typos."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz, process

from bot.loop.records import Accounts
from scoring.listing import Named

LEGAL = frozenset({
    "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "limited",
    "llc", "llp", "ltd", "nv", "oy", "plc", "pty", "sa", "sarl", "sas", "se", "spa", "srl",
})  # fmt: skip
CLEAR = 82.0
NEAR = 45.0
MARGIN = 8.0
LISTED = 8
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` is what the name says: one is clear, several are for a pick list. `near` is what comes close otherwise."""

    hits: list[Named]
    near: list[Named]


class NameBook:
    """All accounts by name, id and domain."""

    def __init__(self, accounts: Iterable[Named]) -> None:
        self._accounts = list(accounts)
        self._plain = [plain(account.name) for account in self._accounts]
        self._exact = _by(self._accounts, lambda account: {account.id, account.name})
        self._domains = _by(self._accounts, lambda account: {account.domain.casefold()} - {""})
        self._names = _by(self._accounts, lambda account: {plain(account.name)})

    def find(self, query: str) -> Found:
        """Exact id, then domain, then name without its trimmings, then part of a name, then the likeliest typos."""
        wanted = plain(query)
        exact = self._exact.get(query.strip(), [])
        if len(exact) == 1 and len(self._names[plain(exact[0].name)]) == 1:  # two that read the same: nobody guesses
            return Found(exact, [])
        host = query.strip().casefold().removeprefix("www.").rpartition("@")[2]
        by_name = self._names.get(wanted, []) if wanted else []
        for matches in (self._domains.get(host, []), by_name, self._by_part(wanted)):
            if matches:
                return Found(matches[:LISTED], [])
        return self._by_likeness(wanted)

    def _by_part(self, wanted: str) -> list[Named]:
        if len(wanted) < 3:  # noqa: PLR2004 - two letters are in half of all names
            return []
        named = list(zip(self._plain, self._accounts, strict=True))
        starts = [account for name, account in named if name.startswith(wanted)]
        return starts or [account for name, account in named if f" {wanted}" in name]

    def _by_likeness(self, wanted: str) -> Found:
        """The one clear winner among typos, else the nearest names to choose from."""
        ranked = (
            process.extract(wanted, self._plain, scorer=fuzz.WRatio, limit=LISTED, score_cutoff=NEAR) if wanted else []
        )
        clear = [(score, index) for _, score, index in ranked if score >= CLEAR]
        best = [self._accounts[index] for score, index in clear if score > clear[0][0] - MARGIN]
        return Found(best, [] if best else [self._accounts[index] for _, _, index in ranked[:NEAREST]])


@dataclass(slots=True)
class Names:
    """Keeps the book of all names, and makes it anew when an account changed."""

    _version: str = ""
    _book: NameBook | None = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, accounts: Accounts, query: str) -> Found:
        """Whom a name means; comparing ten thousand names takes a while, and clicks go on meanwhile."""
        version = await accounts.names_version()
        async with self._making:  # who asks meanwhile waits for the one book instead of making another
            book = self._book
            if book is None or version != self._version:
                book = await asyncio.to_thread(NameBook, await accounts.names())
                self._book, self._version = book, version
        return await asyncio.to_thread(book.find, query)


def _by(accounts: Iterable[Named], keys: Callable[[Named], Iterable[str]]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for account in accounts:
        for key in keys(account):
            found.setdefault(key, []).append(account)
    return found


@lru_cache(maxsize=50_000)
def plain(name: str) -> str:
    """A name without accents, case, punctuation and legal form: `Ácme, Inc.` and `acme` are the same."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(ch for ch in decomposed if not unicodedata.combining(ch))
    joined = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", letters)  # B.V. is one word
    words = re.findall(r"\w+", joined)
    kept = [word for word in words if word not in LEGAL]
    return " ".join(kept or words)
