"""Finds the account that a person means, however they type it (UX 29): case, accents, legal suffixes, domain, typos."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from scoring.model import Account

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

    hits: list[Account]
    near: list[Account]


@dataclass(frozen=True, slots=True)
class NameBook:
    """All accounts by name, id and domain."""

    accounts: Iterable[Account]

    def find(self, query: str) -> Found:
        """Exact id, then domain, then name without its trimmings, then part of a name, then the likeliest typos."""
        accounts = list(self.accounts)
        wanted = plain(query)
        exact = [a for a in accounts if query.strip() in {a.id, a.name}]
        if len(exact) == 1 and not _twins(exact[0], accounts):
            return Found(exact, [])
        for matches in (_by_domain(query, accounts), _by_name(wanted, accounts), _by_part(wanted, accounts)):
            if matches:
                return Found(matches[:LISTED], [])
        return _by_likeness(wanted, accounts)


@lru_cache(maxsize=50_000)
def plain(name: str) -> str:
    """A name without accents, case, punctuation and legal form: `Ácme, Inc.` and `acme` are the same."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(ch for ch in decomposed if not unicodedata.combining(ch))
    joined = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", letters)  # B.V. is one word
    words = re.findall(r"\w+", joined)
    kept = [word for word in words if word not in LEGAL]
    return " ".join(kept or words)


def _twins(account: Account, accounts: list[Account]) -> bool:
    """Whether another account reads the same: then nobody guesses (G8)."""
    return any(other.id != account.id and plain(other.name) == plain(account.name) for other in accounts)


def _by_domain(query: str, accounts: list[Account]) -> list[Account]:
    wanted = query.strip().casefold().removeprefix("www.").rpartition("@")[2]
    return [a for a in accounts if a.domain and a.domain.casefold() == wanted]


def _by_name(wanted: str, accounts: list[Account]) -> list[Account]:
    return [a for a in accounts if wanted and plain(a.name) == wanted]


def _by_part(wanted: str, accounts: list[Account]) -> list[Account]:
    if len(wanted) < 3:  # noqa: PLR2004 - two letters are in half of all names
        return []
    starts = [a for a in accounts if plain(a.name).startswith(wanted)]
    return starts or [a for a in accounts if f" {wanted}" in plain(a.name)]


def _by_likeness(wanted: str, accounts: list[Account]) -> Found:
    """The one clear winner among typos, else the nearest names to choose from."""
    names = [plain(a.name) for a in accounts]
    ranked = process.extract(wanted, names, scorer=fuzz.WRatio, limit=LISTED, score_cutoff=NEAR) if wanted else []
    clear = [(score, index) for _, score, index in ranked if score >= CLEAR]
    best = [accounts[index] for score, index in clear if score > clear[0][0] - MARGIN]
    return Found(best, [] if best else [accounts[index] for _, _, index in ranked[:NEAREST]])
