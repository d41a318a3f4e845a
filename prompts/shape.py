"""The form of a mail: length, one line of subject, plain text, one ask, nothing invisible, English (R47)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

from prompts.vocabulary import Vocabulary
from scoring.casework import Finding

FEWEST, MOST = 60, 140
LONGEST_SUBJECT = 78
LEAST_ENGLISH, ENOUGH_WORDS = 0.6, 12
INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})

_SENTENCE = regex.compile(r"(?<=[.!?…])['”’\")]*\s+|\n+")
_REQUEST = regex.compile(
    r"\b(?:please|could you|can you|would you|will you|kindly|may i ask|i need you|i'd like you to|i would like you to"
    r"|send me|call me|book (?:a|me|some|your)|schedule (?:a|some)|pick a (?:slot|time)|fill (?:in|out)|sign up"
    r"|get back to me|tell me|give me|drop me|introduce me|forward|confirm (?:by|that|whether))\b",
    regex.IGNORECASE,
)
_ANSWER = regex.compile(r"\b(?:reply|let me know|write back|answer this|hit reply|respond)\b", regex.IGNORECASE)
_MARKUP = (
    regex.compile(r"</?[a-z!][^>]{0,200}>?|&(?:\w{2,8}|#\d+);", regex.IGNORECASE),
    regex.compile(r"^\s{0,3}#{1,6}\s", regex.MULTILINE),
    regex.compile(
        r"\*\*|__|~~|```|`|^\s*\*\s|^\s*>\s|^\s*\d+[.)]\s|^\s*[•▪◦‣]\s|^\s*(?:[-*_]\s*){3,}$", regex.MULTILINE
    ),
    regex.compile(r"(?<![\w*])\*[^*\s][^*\n]*\*(?![\w*])|(?<![\w_])_[^_\s][^_\n]*_(?![\w_])"),
    regex.compile(r"\|.*\||^\s*[-*]\s", regex.MULTILINE),
)
_PLACEHOLDER = regex.compile(r"[\[\]{}<>]|\bX{2,}\b|%\w+%|\$\w*[A-Za-z_]\w*|__+|\.{4,}|\bN/?A\b")
_SPACED_OUT = regex.compile(r"(?<![\p{L}\p{N}])(?:\p{L}[ .\-_*|/\\~]){3,}\p{L}(?![\p{L}\p{N}])")
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}--\p{N}--[#*©®™]]", regex.VERSION1)


def findings(subject: str, body: str, vocabulary: Vocabulary) -> Iterator[Finding]:
    """What is wrong with the form of a mail (R47); the words themselves are read elsewhere."""
    yield from _subject(subject)
    yield from _length(body)
    yield from _plain_text(f"{subject}\n{body}")
    yield from _ask(body)
    share, count = vocabulary.share(body)
    if count >= ENOUGH_WORDS and share < LEAST_ENGLISH:
        yield Finding("R47", "the text is not in English")


def words(body: str) -> int:
    """How many words a mail has, greeting and signature included."""
    return sum(any(char.isalnum() for char in word) for word in body.split())


def _subject(subject: str) -> Iterator[Finding]:
    if not subject.strip():
        yield Finding("R47", "the subject is empty")
    if "\n" in subject or "\r" in subject:
        yield Finding("R47", "the subject has more than one line")
    if len(subject) > LONGEST_SUBJECT:
        yield Finding("R47", f"the subject is {len(subject)} characters long; {LONGEST_SUBJECT} are the limit")
    if subject.count("!") or (len(subject) > 3 and subject == subject.upper() and subject != subject.lower()):  # noqa: PLR2004
        yield Finding("R47", "the subject shouts")


def _length(body: str) -> Iterator[Finding]:
    count = words(body)
    if not FEWEST <= count <= MOST:
        yield Finding("R47", f"the text has {count} words; {FEWEST} to {MOST} are right")


def _plain_text(text: str) -> Iterator[Finding]:
    hidden = sorted({f"U+{ord(char):04X}" for char in text if _invisible(char)})
    if hidden:
        yield Finding("R48", f"invisible or control characters stand in the text: {', '.join(hidden[:3])}")
    if any(pattern.search(text) for pattern in _MARKUP):
        yield Finding("R47", "the text has markup or lists; it must be plain text")
    if match := _PLACEHOLDER.search(text):
        yield Finding("R48", f"a placeholder or bracket was left in the text: {match[0]}")
    if match := _SPACED_OUT.search(text):
        yield Finding("R48", f"a word is spelled out letter by letter: {match[0]}")
    if match := _EMOJI.search(text):
        yield Finding("R47", f"an emoji stands in the text: {match[0]}")


def _invisible(char: str) -> bool:
    return char != "\n" and unicodedata.category(char) in INVISIBLE


def _ask(body: str) -> Iterator[Finding]:
    sentences = [sentence for sentence in _SENTENCE.split(body) if sentence and sentence.strip()]
    asks = [one for one in sentences if "?" in one or _REQUEST.search(one)]
    questions = body.count("?")
    if not asks:
        asks = [one for one in sentences if _ANSWER.search(one)]
    if len(asks) > 1 or questions > 1:
        yield Finding("R47", f"the text asks for {max(len(asks), questions)} things; one is right")
