"""Whether everything a text claims stands in the facts: numbers, days, names, terms, links (R48)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import regex

from prompts import names
from prompts.dates import mentions
from prompts.links import found as pointers
from prompts.numbers import amounts
from prompts.vocabulary import Vocabulary
from scoring.casework import Finding

RULE = "R48"
NUMBER = "“{what}” is a number that is not in the facts"
DAY = "“{what}” is a date that is not in the facts"
NAME = "“{what}” is a name that is not in the facts"
TERM = "“{what}” is a term that is not in the facts"
LETTERS = "“{what}” has letters of another alphabet"
LINK = "“{what}” is a link or address that is not on the list"


def findings(text: str, known: Sequence[str], *, people: Iterable[str], vocabulary: Vocabulary) -> Iterator[Finding]:
    """What `text` says that none of the `known` texts says; `people` are names that need no fact.

    Links that code placed are taken out of the text before (`without_links`): whatever still points somewhere is not
    on the list.
    """
    ground = [fold(part) for part in known]
    named = [*ground, *(fold(name) for name in people)]
    folded = fold(text)
    timeless = mentions(folded)[1]
    for pattern, strange in (
        (LINK, pointers(text)),
        (NUMBER, _numbers(timeless, ground)),
        (DAY, _days(folded, ground)),
        (LETTERS, names.foreign(folded, named)),
        (NAME, names.unknown(timeless, named, vocabulary)),
        (TERM, names.unquoted(folded, named)),
    ):
        yield from (Finding(RULE, pattern.format(what=" ".join(what.split())[:80])) for what in dict.fromkeys(strange))


def fold(text: str) -> str:
    """Compatibility forms as plain letters and digits, invisible characters gone: 𝟓𝟎 reads 50."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(char for char in folded if char == "\n" or unicodedata.category(char) not in {"Cf", "Cc"})


def without_links(text: str, links: Iterable[str]) -> str:
    """The text without the links of the allow-list, where they stand alone between blanks, whole and unchanged."""
    for link in sorted(links, key=len, reverse=True):
        text = regex.sub(rf"(?<!\S){regex.escape(link)}(?=[.,;:!?)]?(?:\s|$))", " ", text)
    return text


def _numbers(text: str, known: Sequence[str]) -> list[str]:
    ground = {amount.key for part in known for amount in amounts(mentions(part)[1])}
    ground |= {(Fraction(day.year), "plain", "") for part in known for day in mentions(part)[0] if day.year}
    return [amount.shown for amount in amounts(text) if amount.key not in ground]


def _days(text: str, known: Sequence[str]) -> list[str]:
    ground = [mention for part in known for mention in mentions(part)[0]]
    return [mention.shown for mention in mentions(text)[0] if not mention.stands_in(ground)]
