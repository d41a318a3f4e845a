"""A person finds an account however they type it, and nobody guesses when two could be meant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from bot.loop import names
from bot.loop.names import NameBook, Names, plain
from scoring.listing import Named
from storage.unit_of_work import SqlStore
from tests.builders import an_account, remember

BOOK = NameBook(
    [
        Named("a1", "Ácme, Inc.", "acme.test"),
        Named("a2", "Acme Logistics GmbH", "acme-logistics.test"),
        Named("a3", "Blue Harbor Ltd.", "blueharbor.test"),
        Named("a4", "Northwind", "northwind.test"),
        Named("a5", "Quarry & Sons", "quarry.test"),
        Named("a6", "Fenwick", "fenwick.test"),
        Named("a7", "FENWICK B.V.", "fenwick-nl.test"),
    ]
)


def ids(query: str) -> list[str]:
    return [account.id for account in BOOK.find(query).hits]


@pytest.mark.parametrize(
    "query", ["acme", "ACME", "Ácme, Inc.", "acme inc", "acme.test", "dana@acme.test", "www.acme.test", "a1"]
)
def test_case_accents_legal_form_and_domain_do_not_matter(query: str) -> None:
    assert ids(query) == ["a1"]


@pytest.mark.parametrize("query", ["bleu harbor", "blue habor", "blueharbor", "Blue Harbour", "blue"])
def test_a_typo_or_a_part_is_enough_when_one_account_is_meant(query: str) -> None:
    assert ids(query) == ["a3"]


def test_two_accounts_of_the_same_name_are_a_choice_and_never_a_guess() -> None:
    assert ids("fenwick") == ["a6", "a7"]
    assert ids("Fenwick") == ["a6", "a7"]


def test_the_domain_tells_twins_apart() -> None:
    assert ids("fenwick-nl.test") == ["a7"]


def test_an_unknown_name_gives_no_hit_but_at_most_three_near_ones() -> None:
    found = BOOK.find("northbrook")

    assert found.hits == []
    assert 0 < len(found.near) <= 3
    assert "a4" in [account.id for account in found.near]


@pytest.mark.parametrize("query", ["", "   ", "!!!", "🙂", "'; DROP TABLE account; --", "x" * 4000])
def test_nonsense_finds_nothing_and_breaks_nothing(query: str) -> None:
    assert ids(query) == []


def test_a_name_made_of_legal_words_only_keeps_them() -> None:
    assert plain("Limited Company") == "limited company"


async def test_of_all_who_ask_at_once_one_makes_the_book_and_an_import_makes_it_anew(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(store, an_account("acme", name="Acme"))
    made: list[NameBook] = []

    class Counted(NameBook):
        def __init__(self, accounts: Iterable[Named]) -> None:
            super().__init__(accounts)
            made.append(self)

    monkeypatch.setattr(names, "NameBook", Counted)
    asked = Names()

    async def hits(query: str) -> list[str]:
        async with store.reading() as work:
            return [named.id for named in (await asked.find(work.accounts, query)).hits]

    assert await asyncio.gather(*(hits("acme") for _ in range(4))) == [["acme"]] * 4
    assert len(made) == 1
    await remember(store, an_account("blue", name="Blue Harbor"))
    assert await hits("blue harbor") == ["blue"]
    assert len(made) == 2
