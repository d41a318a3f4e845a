"""How numbers, days, links and names are read out of a text, however they are written (R48)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import links, names
from prompts.dates import mentions
from prompts.frame import Frame
from prompts.numbers import amounts

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("37 %", [(Fraction(37, 100), "share", "")]),
        ("thirty-seven per cent", [(Fraction(37, 100), "share", "")]),
        ("half", [(HALF, "share", "")]),
        ("50%", [(HALF, "share", "")]),
        ("a dozen", [(12, "plain", "")]),
        ("twice", [(2, "times", "")]),
        ("3x", [(3, "times", "")]),
        ("two thirds", [(Fraction(2, 3), "share", ""), (Fraction(1, 3), "share", "")]),
        ("5,000 EUR", [(5000, "money", "EUR")]),
        ("€ 5.000", [(5000, "money", "EUR")]),
        ("$1,234.50", [(Fraction(2469, 2), "money", "USD")]),
        ("USD 48,000 a year", [(48_000, "money", "USD")]),
        ("10k users", [(10_000, "plain", "")]),
        ("1 000 000", [(1_000_000, "plain", "")]),
        ("two hundred and fifty seats", [(250, "plain", "")]),
        ("twenty-first", [(20, "plain", "")]),
        ("the third time", [(3, "plain", "")]),
        ("fourteen days", [(14, "span", "day")]),
        ("a 14-day window", [(14, "span", "day")]),
        ("hundreds of", [("hundreds", "vague", "")]),
        ("10:30", [("10:30", "clock", "")]),
        ("disc0unt", [("disc0unt", "mixed", "")]),
        ("½", [(HALF, "plain", "")]),
        ("𝟓𝟎", [(50, "plain", "")]),
        ("one of you, first of all, a second look", []),
        ("double-check it with a third-party tool this quarter", []),
        ("from one week to the next", []),
        ("within one week", [(1, "span", "week")]),
        ("everyone often tends to weigh in", []),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text, read):
    assert [amount.key for amount in amounts(text)] == read


@given(st.integers(0, 10**9))
def test_every_whole_number_is_read_with_and_without_separators(number):
    assert [amount.value for amount in amounts(f"about {number:,} of them")] == [number]
    assert [amount.value for amount in amounts(f"about {number} of them")] == [number]


@given(st.text(max_size=300))
def test_reading_any_text_never_fails(text):
    amounts(text)
    mentions(text)
    links.found(text)
    Frame("Hello,", "", "", "Kind regards").around(text)


@pytest.mark.parametrize(
    ("said", "fact", "stands"),
    [
        ("3 September", "They finished it on 3 Sep 2026.", True),
        ("September 3rd, 2026", "They finished it on 3 Sep 2026.", True),
        ("2026-09-03", "They finished it on 3 Sep 2026.", True),
        ("3.9.2026", "They finished it on 3 Sep 2026.", True),
        ("in September", "They finished it on 3 Sep 2026.", True),
        ("4 September", "They finished it on 3 Sep 2026.", False),
        ("September 2025", "They finished it on 3 Sep 2026.", False),
        ("on Thursday", "They finished it on 3 Sep 2026.", False),
        ("on Thursday", "The call is on Thursday.", True),
        ("yesterday", "They finished it on 3 Sep 2026.", False),
        ("last month", "They finished it last month.", True),
        ("in May", "They finished it on 3 Sep 2026.", False),
    ],
)
def test_a_day_stands_where_a_fact_says_the_same(said, fact, stands):
    known, _ = mentions(fact)
    (mention,), _ = mentions(said)

    assert mention.stands_in(known) is stands


def test_may_and_march_are_verbs_unless_they_are_months():
    assert mentions("You may march on. May I help?")[0] == ()


@pytest.mark.parametrize(
    "text",
    [
        "Done. Next we look at it, e.g. the report, i.e. this.",
        "Ask at the desk: it is open.",
        "On 3 Sep 2026 at noon.",
        "It is 24/7.",
    ],
)
def test_plain_prose_holds_no_link(text):
    assert links.found(text) == ()


@pytest.mark.parametrize("link", ["https://a.example/x", "evil.com", "a@b.example", "+49 30 1234567", "evil[.]com"])
def test_a_pointer_is_found_wherever_it_stands(link):
    assert links.found(f"See ({link}), or not.")
    assert links.found(link)


def test_names_of_several_words_are_told_as_one(library):
    found = names.unknown("We met Northwind Traders and Bob. Globex came too.", [], library.vocabulary)

    assert found == ("Northwind Traders", "Bob", "Globex")


def test_a_word_of_another_alphabet_is_no_latin_word_even_if_it_looks_like_one():
    assert names.foreign("a dіscount for Юлия", ["Юлия Петрова"]) == ("dіscount",)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Hi Dana,\n\nThe idea.\n\nBest,\nAna", "The idea."),
        ("Dear Ms Whitfield,\nThe idea.\n\nKind regards\nAna Ruiz\nOrbit", "The idea."),
        ("Hello Dana, the idea.\n\nThanks!\nAna", "the idea."),
        ("The idea.\n\n\n\nThe rest.", "The idea.\n\nThe rest."),
        ("Thank you is what I say first. The idea.", "Thank you is what I say first. The idea."),
    ],
)
def test_only_greeting_and_signature_are_taken_off(written, kept):
    assert Frame("Hello Dana,", "", "", "Kind regards\nAna Ruiz").around(written) == (
        f"Hello Dana,\n\n{kept}\n\nKind regards\nAna Ruiz"
    )
