"""Proper names, quoted terms and foreign letters in a text that stand nowhere in the facts (R48)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import regex

from prompts.vocabulary import Vocabulary

NEUTRAL = frozenset({"i", "i'm", "i'd", "i'll", "i've", "ok", "ps", "english"})
OBJECTS = frozenset(
    {"it", "the", "a", "an", "your", "this", "these", "those", "each", "every", "them", "everything", "everyone"}
    | {"someone", "something", "down", "up", "out", "off", "away", "what"}
)
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}\p{N}]*(?:['’&.-]?[\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*")
_STARTS = regex.compile(r"(?:\A|[.!?:…]['”’\")]*\s+|\n\s*)[\"'“‘(\s–—-]*\Z")
_QUOTED = regex.compile(r"[“\"„«]\s*([^”\"“»\n]{1,120}?)\s*[”\"“»]")
_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"\p{Latin}")
_POSSESSIVE = regex.compile(r"['’]s$")


def unknown(text: str, known: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Names in `text` that none of the `known` texts holds; names of several words are given as one."""
    words = frozenset(_bare(match[0]) for part in known for match in _WORD.finditer(part))
    return tuple(dict.fromkeys(_joined(text, _strange(text, words, vocabulary))))


def unquoted(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Terms in quotation marks that none of the `known` texts holds."""
    ground = " ".join(" ".join(part.casefold().split()) for part in known)
    quoted = (" ".join(match[1].split()) for match in _QUOTED.finditer(text))
    return tuple(term for term in quoted if term.casefold().strip(".,!?") not in ground)


def foreign(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Words with letters of another alphabet than ours, where they are not a known name: Сyrillic С, Greek ο."""
    words = frozenset(_bare(match[0]) for part in known for match in _WORD.finditer(part))
    found = (match[0] for match in _WORD.finditer(text))
    return tuple(word for word in found if not _all_latin(word) and _bare(word) not in words)


def _strange(text: str, words: frozenset[str], vocabulary: Vocabulary) -> Iterator[regex.Match[str]]:
    for match in _WORD.finditer(text):
        word = match[0]
        if word == word.lower() or _bare(word) in words or word.casefold().replace("’", "'") in NEUTRAL:
            continue
        parts = [part for part in _bare(word).split("-") if part]
        if len(parts) > 1 and all(part in words for part in parts):
            continue
        starts = _STARTS.search(text[max(0, match.start() - 12) : match.start()]) is not None
        if starts and word[1:] == word[1:].lower() and (vocabulary.knows(word) or _commands(text, match.end())):
            continue
        yield match


def _commands(text: str, end: int) -> bool:
    """Whether a sentence's first word is followed by its object: "Strip the report down" begins with a verb."""
    following = _WORD.match(text, end + 1) if text[end : end + 1] == " " else None
    return following is not None and following[0] in OBJECTS


def _joined(text: str, matches: Iterable[regex.Match[str]]) -> Iterator[str]:
    start = end = -1
    for match in matches:
        if end >= 0 and text[end : match.start()] == " ":
            end = match.end()
            continue
        if end >= 0:
            yield text[start:end]
        start, end = match.span()
    if end >= 0:
        yield text[start:end]


def _bare(word: str) -> str:
    return str(_POSSESSIVE.sub("", word.casefold()).replace("’", "'"))


def _all_latin(word: str) -> bool:
    return all(_LATIN.fullmatch(letter) for letter in _LETTER.findall(word))
