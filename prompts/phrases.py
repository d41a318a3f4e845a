"""What a mail to a customer may never say: absence talk, pretexts, watching, promises, internal words (R46-R48).

The lists are data (`phrases.toml`, a team may add to them); here stands how they are read and found.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scoring.casework import Finding
from scoring.errors import InvalidInput

BREAK = "|"
_TOKEN = re.compile(r"[^\W_]+(?:['_][^\W_]+)*'?|%|[.!?;:\n]+")
_ELEMENT = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()]+")
_FEW_WORDS = r"(?:[^| ]+ ){0,3}"


@dataclass(frozen=True, slots=True)
class Section:
    """One list: the rule it serves, what it says of a text, and its phrases as one pattern over plain words."""

    name: str
    rule: str
    says: str
    names_allowed: bool
    facts_allowed: bool
    phrases: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Phrases:
    """All lists together."""

    sections: tuple[Section, ...]

    def findings(self, text: str, *, names: Iterable[str] = (), facts: str = "") -> tuple[Finding, ...]:
        """What stands in `text` that may not.

        `names` are features' own names, where the milder lists look away; a product term may stand if `facts` has it.
        """
        found: list[Finding] = []
        whole, named = readings(text), readings(_without(text, names))
        for section in self.sections:
            lines = named if section.names_allowed else whole
            hits = {hit for line in lines for hit in _hits(section.pattern, line)}
            if section.facts_allowed and hits:
                ground = readings(facts)
                hits = {hit for hit in hits if not _stands_in(hit, ground)}
            found += [Finding(section.rule, f"“{hit}” {section.says}") for hit in sorted(hits)]
        return tuple(found)

    def extended(self, text: str, source: str) -> Phrases:
        """These lists with a team's additions. Raises `InvalidInput` naming file and section."""
        added = _tables(text, source)
        known = {section.name for section in self.sections}
        for name in added:
            if name not in known:
                raise InvalidInput(f"{source}: [{name}] is no section; known are {', '.join(sorted(known))}.")
        return Phrases(tuple(_extend(section, added.get(section.name, {}), source) for section in self.sections))


def parse(text: str, source: str) -> Phrases:
    """Read the lists. Raises `InvalidInput` naming file and section."""
    return Phrases(tuple(_section(name, table, source) for name, table in _tables(text, source).items()))


def readings(text: str) -> tuple[str, ...]:
    """The text as plain words, lower case, without accents; hyphens once as spaces and once taken out."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(char for char in folded if unicodedata.category(char) not in {"Mn", "Cf"})
    straight = bare.translate({0x2018: "'", 0x2019: "'", 0x02BC: "'", 0x0060: "'", 0x00B4: "'"})
    joined = re.sub(r"(?<=\w)[-\u2010-\u2015_*.](?=\w)", "", straight)
    spaced = re.sub(r"(?<=\w)[-\u2010-\u2015/](?=\w)", " ", straight)
    return tuple(dict.fromkeys((_words(spaced), _words(joined))))


def _words(text: str) -> str:
    tokens = (BREAK if not (match[0][0].isalnum() or match[0] == "%") else match[0] for match in _TOKEN.finditer(text))
    return f" {' '.join(tokens)} "


def _hits(pattern: re.Pattern[str], line: str) -> list[str]:
    return [match[0].strip() for match in pattern.finditer(line)]


def _stands_in(hit: str, ground: Iterable[str]) -> bool:
    return any(f" {hit.removesuffix('s')}" in reading for reading in ground)


def _without(text: str, names: Iterable[str]) -> str:
    for name in filter(str.strip, names):
        text = re.sub(rf"\b{re.escape(name.strip())}s?\b", " ", text, flags=re.IGNORECASE)
    return text


def _tables(text: str, source: str) -> Mapping[str, Mapping[str, object]]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{source}: this is no TOML: {error}.") from None
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise InvalidInput(f"{source}: {name!r} must be a section like [{name}] with a list `phrases`.")
    return tables


def _section(name: str, table: Mapping[str, object], source: str) -> Section:
    rule, says = table.get("rule"), table.get("says")
    if not isinstance(rule, str) or not isinstance(says, str):
        raise InvalidInput(f"{source}: section [{name}] needs `rule` and `says`.")
    phrases = _phrases(name, table, source)
    return Section(
        name=name,
        rule=rule,
        says=says,
        names_allowed=table.get("names_allowed") is True,
        facts_allowed=table.get("facts_allowed") is True,
        phrases=phrases,
        pattern=_compiled(name, phrases, source),
    )


def _extend(section: Section, table: Mapping[str, object], source: str) -> Section:
    phrases = section.phrases + (_phrases(section.name, table, source) if table else ())
    return replace(section, phrases=phrases, pattern=_compiled(section.name, phrases, source))


def _phrases(name: str, table: Mapping[str, object], source: str) -> tuple[str, ...]:
    phrases = table.get("phrases")
    if not isinstance(phrases, list) or not all(isinstance(phrase, str) and phrase.strip() for phrase in phrases):
        raise InvalidInput(f"{source}: section [{name}] needs `phrases`, a list of texts.")
    return tuple(phrases)


def _compiled(name: str, phrases: Iterable[str], source: str) -> re.Pattern[str]:
    try:
        patterns = [_elements(phrase) for phrase in phrases]
        return re.compile("(?<= )(?:" + "|".join(patterns) + ")")
    except (re.error, ValueError) as error:
        raise InvalidInput(f"{source}: section [{name}] has a phrase that cannot be read: {error}.") from None


def _elements(phrase: str) -> str:
    if phrase.count("(") != phrase.count(")"):
        raise ValueError(f"{phrase!r} has a bracket without its partner")
    return "".join(_element(part) for part in _ELEMENT.findall(phrase))


def _element(part: str) -> str:
    if part == "*":
        return _FEW_WORDS
    if not part.startswith("("):
        return _word(part)
    choices = [choice.strip() for choice in _choices(part[1:-1])]
    pattern = "(?:" + "|".join(_elements(choice) for choice in choices if choice) + ")"
    return f"{pattern}?" if "" in choices else pattern


def _choices(inner: str) -> list[str]:
    """The alternatives of a group, where a group inside it may have its own."""
    choices, depth = [""], 0
    for char in inner:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and depth == 0:
            choices.append("")
        else:
            choices[-1] += char
    return choices


def _word(word: str) -> str:
    return re.escape(word).replace(r"\*", "[^ |]*") + " "
