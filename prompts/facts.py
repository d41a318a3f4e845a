"""Which facts about one customer may reach the model and the mail, and what a template may place (R45, R48).

Facts arrive as `scoring.casework.Fact`. Three doors stand before the model: ids that begin with `internal.` are left
out; a fact whose text holds a link, an address, a phone number or anything a mail may not say is left out; names are
cut to first names. Names of features, steps and goals were written by customers: they are data, never instruction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex

from prompts import links as pointers
from prompts.library import Library
from prompts.tips import Tip, readable
from scoring.casework import Fact
from scoring.model import Account, Person

INTERNAL = "internal."
MADE_HERE = frozenset({"contact.first_name", "account.name"})
PLACED = {
    "feature.last": "feature",
    "step.stuck": "step",
    "milestone.last": "done",
    "milestone.next": "next",
    "goal": "goal",
}
LONGEST = {"feature": 4, "step": 6, "done": 6, "next": 6, "goal": 14}
MAX_FACT = 300
MAX_FACTS = 40

CONTACT = "The person written to is called {value}."
CSM = "The person who writes is called {value}."
PRODUCT = "The product is called {value}."
ACCOUNT = "The company is called {value}."
GOAL = "The goal the customer named is: {value}."
FEATURE = "In a mail the feature they used last is called {value}."
STEP = "In a mail the step before them is called {value}."
DONE = "In a mail what they finished is called {value}."
TIP = "A tip that may be passed on: {value}"

TITLES = frozenset({"dr", "mr", "mrs", "ms", "mx", "miss", "prof", "herr", "frau", "sir", "madam", "the"})
_NAME = regex.compile(r"[\p{L}][\p{L}\p{M}'’-]{0,29}")
_ADDRESS = regex.compile(rf"://|@|\bwww[.]|[.]{pointers.ENDINGS}\b", regex.IGNORECASE)
_PLAIN = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N} ,'’&/+%()-]*[\p{L}\p{N}%)]?")


@dataclass(frozen=True, slots=True)
class Material:
    """All that a draft for one person may be built on: the facts with their ids, and the values a template places."""

    facts: tuple[Fact, ...]
    values: Mapping[str, str]
    names: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of features, where milder phrase lists look away."""
        return tuple(self.values[place] for place in ("feature", "step", "done", "next") if place in self.values)

    @property
    def ids(self) -> frozenset[str]:
        """The ids that a draft may name as used."""
        return frozenset(fact.id for fact in self.facts)


def gather(
    library: Library,
    facts: Sequence[Fact],
    *,
    account: Account,
    contact: Person,
    csm: Person,
    product: str,
    links: Mapping[str, str],
    play: str = "",
) -> Material:
    """Everything one draft may say (R45). Facts that may not pass fall away; nothing here raises."""
    given = {fact.id: fact for fact in facts if fact.id not in MADE_HERE and not fact.id.startswith(INTERNAL)}
    if account.goal and "goal" not in given:
        given["goal"] = Fact("goal", GOAL.format(value=account.goal), account.goal)
    feature = given["feature.last"].value if "feature.last" in given else ""
    tip = library.tips.find(feature)
    people = {"contact": first_name(contact), "csm": _signature(csm)}
    values = {"product": product, **people, **_placed(library, given.values(), tip)}
    values["tip"] = tip.fill(values.get("feature", "")) if tip else ""
    values["link"] = _link(links, tip, feature, play)
    known = {place: value for place, value in values.items() if value}
    made = _made(account, known, first_name(csm))
    usable = [_without_surnames(fact, (contact, csm)) for fact in given.values() if _passes(library, fact)]
    names = tuple(filter(None, (contact.name, csm.name, account.name, product)))
    return Material((*made, *usable[:MAX_FACTS]), known, names)


def first_name(person: Person) -> str:
    """How a greeting names a person; empty where the stored name is none (an address, a code, markup)."""
    last, comma, first = person.name.partition(",")
    words = (first if comma else last).split()
    named = [word for word in words if word.casefold().rstrip(".") not in TITLES]
    word = unicodedata.normalize("NFC", named[0]) if named else ""
    if not _NAME.fullmatch(word):
        return ""
    return word if word != word.upper() or len(word) <= 2 else word.capitalize()  # noqa: PLR2004 - "JP", "AJ"


def _signature(csm: Person) -> str:
    words = csm.name.split()
    return " ".join(words) if words and all(_NAME.fullmatch(word.rstrip(".")) for word in words) else first_name(csm)


def _placed(library: Library, facts: Iterable[Fact], tip: Tip | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for fact in facts:
        place = PLACED.get(fact.id)
        if place is None or _ADDRESS.search(fact.value):
            continue
        value = fact.value.strip().rstrip(".!") if place == "goal" else readable(fact.value)
        if place == "feature" and tip and tip.name:
            value = tip.name
        if value and len(value.split()) <= LONGEST[place] and _harmless(library, value):
            values[place] = value
    return values


def _harmless(library: Library, value: str) -> bool:
    """Whether customer-written words may stand in a mail: plain, short, one line, and nothing a mail may not say."""
    if len(value) > 120 or not _PLAIN.fullmatch(value) or pointers.found(value):  # noqa: PLR2004 - two lines of a mail
        return False
    return not library.phrases.findings(value, names=(value,), facts=value)


def _passes(library: Library, fact: Fact) -> bool:
    if len(fact.text) > MAX_FACT or pointers.found(fact.text) or not fact.text.isprintable():
        return False
    return not library.phrases.findings(fact.text, names=(fact.value,), facts=fact.text)


def _made(account: Account, values: Mapping[str, str], csm: str) -> list[Fact]:
    company = account.name if _PLAIN.fullmatch(account.name) and not pointers.found(account.name) else ""
    made = [
        ("contact.first_name", CONTACT, values.get("contact", "")),
        ("csm.first_name", CSM, csm),
        ("product", PRODUCT, values.get("product", "")),
        ("account.name", ACCOUNT, company),
        ("feature.name", FEATURE, values.get("feature", "")),
        ("step.name", STEP, values.get("step", "") or values.get("next", "")),
        ("done.name", DONE, values.get("done", "")),
        ("tip", TIP, values.get("tip", "")),
    ]
    return [Fact(name, text.format(value=value), value) for name, text, value in made if value]


def _without_surnames(fact: Fact, people: Iterable[Person]) -> Fact:
    text = fact.text
    for person in people:
        if len(person.name.split()) > 1:
            text = text.replace(person.name, first_name(person) or "the contact")
    return Fact(fact.id, text, fact.value)


def _link(links: Mapping[str, str], tip: Tip | None, feature: str, play: str) -> str:
    """The one link a mail may carry: the tip's, the feature's, the play's, or the one for everything (R48)."""
    wanted = (tip.link if tip else "", feature, readable(feature), play, "default")
    return next((links[key] for key in wanted if key and key in links), "")
