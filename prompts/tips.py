"""One specific tip for the feature a contact used last (R45), from a list that a team may extend."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.errors import InvalidInput

MAX_WORDS = 26
FIELDS = frozenset({"name", "tip", "link"})
ENDINGS = frozenset({"viewed", "opened", "clicked", "used", "visited", "loaded", "started", "view", "open", "click"})
NO_FEATURE = frozenset({"login", "logged in", "log in", "session start", "page", "screen", "event", "unknown", "none"})


@dataclass(frozen=True, slots=True)
class Tip:
    """What to tell someone who uses a feature: its name in a mail, one sentence, and the key of a link."""

    feature: str
    text: str = ""
    name: str = ""
    link: str = ""

    def fill(self, feature: str) -> str:
        """The tip with the feature's name in it; empty where it needs a name and there is none."""
        return "" if "{feature}" in self.text and not feature else self.text.replace("{feature}", feature)


@dataclass(frozen=True, slots=True)
class Tips:
    """All tips; the feature's own name wins over a word in it."""

    by_key: Mapping[str, Tip] = field(default_factory=dict)

    def find(self, feature: str) -> Tip | None:
        """The tip for a feature as it is named in events, or None."""
        if not readable(feature):
            return None
        words = readable(feature).casefold().split()
        keys = (feature, readable(feature).casefold(), *words, *(word.removesuffix("s") for word in words))
        return next((self.by_key[key] for key in keys if key in self.by_key), None)

    def extended(self, text: str, source: str) -> Tips:
        """These with a team's own, which win. Raises `InvalidInput` naming file and field."""
        return Tips({**self.by_key, **parse(text, source).by_key})


def parse(text: str, source: str) -> Tips:
    """Read a list of tips. Raises `InvalidInput` naming file and field."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{source}: this is no TOML: {error}.") from None
    return Tips({name: _tip(name, table, source) for name, table in tables.items()})


def readable(name: str) -> str:
    """An event's name as words: `ReportBuilder_opened` is `report builder`; empty where it is no feature."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"[_.:/\-\s]+", " ", name)).strip()
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in spaced.split()]
    while len(words) > 1 and words[-1] in ENDINGS:
        words.pop()
    return "" if " ".join(words) in NO_FEATURE else " ".join(words)


def _tip(name: str, table: object, source: str) -> Tip:
    if not isinstance(table, dict):
        raise InvalidInput(f"{source}: {name!r} must be a section like [{name}] with `tip`.")
    for key, value in table.items():
        if key not in FIELDS or not isinstance(value, str):
            raise InvalidInput(f"{source}: [{name}] {key!r} is no field with a text; known are name, tip and link.")
    if len(table.get("tip", "").split()) > MAX_WORDS:
        raise InvalidInput(f"{source}: [{name}] `tip` is longer than {MAX_WORDS} words.")
    return Tip(name, table.get("tip", ""), table.get("name", ""), table.get("link", ""))
