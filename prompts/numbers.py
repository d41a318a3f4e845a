"""Every number in a text, written in digits or in words, with what it counts: per cent, money, times, a span of time.

A draft may say only numbers that stand in the facts, and of the same kind: "14 days" does not ground "14 %" (R48).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import regex

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {word: value for value, word in enumerate(_UNITS)}
TENS = {word: 20 + 10 * at for at, word in enumerate(_TENS)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12, "k": 1000, "m": 10**6,
          "mio": 10**6, "bn": 10**9}  # fmt: skip
ORDINALS = {word: value for value, word in enumerate(
    ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"], start=3
)}  # fmt: skip
SHARES = {"half": Fraction(1, 2), "halves": Fraction(1, 2), "halve": Fraction(1, 2), "halved": Fraction(1, 2),
          "halving": Fraction(1, 2), "thirds": Fraction(1, 3), "quarters": Fraction(1, 4), "fifths": Fraction(1, 5),
          "tenths": Fraction(1, 10)}  # fmt: skip
PARTS = {"third": Fraction(1, 3), "quarter": Fraction(1, 4), "fifth": Fraction(1, 5), "tenth": Fraction(1, 10)}
TIMES = {"twice": 2, "thrice": 3, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "triple": 3, "tripled": 3,
         "tripling": 3, "treble": 3, "quadruple": 4, "quadrupled": 4, "twofold": 2, "threefold": 3, "fourfold": 4,
         "fivefold": 5, "tenfold": 10}  # fmt: skip
VAGUE = {"dozens", "hundreds", "thousands", "millions", "billions", "umpteen", "zillion", "nil", "nought"}
PERCENT = {"%", "percent", "per cent", "pct", "percentage", "percents", "‰"}
MONEY = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "usd": "USD", "eur": "EUR", "gbp": "GBP",
         "chf": "CHF", "dollar": "USD", "dollars": "USD", "bucks": "USD", "euro": "EUR", "euros": "EUR",
         "pound": "GBP", "pounds": "GBP", "cents": "USD", "francs": "CHF", "yen": "JPY"}  # fmt: skip
SPANS = {form: name for name in ("second", "minute", "hour", "day", "week", "month", "year", "quarter")
         for form in (name, name + "s")} | {"min": "minute", "mins": "minute", "hrs": "hour", "h": "hour"}  # fmt: skip
LETTERS_OF_A_SUFFIX = 3
TIMES_AFTER = {"x", "×", "times", "fold"}

_TOKEN = regex.compile(
    r"(?P<mixed>(?=\w*\d)(?=\w*\p{L})(?!\d[\d.,]*(?:k|m|mio|bn|x|h|min|mins|hrs|st|nd|rd|th|usd|eur)\b)[\p{L}\d]+(?:[.]\d+)?)"
    r"|(?P<clock>\d{1,2}[:.]\d{2}(?=\s?(?:am|pm|h|o'clock)\b)|\d{1,2}:\d{2}|\d{1,2}(?=\s?(?:am|pm|o'clock)\b))"
    r"|(?P<number>\d{1,3}(?:[.,’'\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    r"|(?P<word>\p{L}+)|(?P<sign>[%‰$€£¥₹×⁄½¼¾⅓⅔])|(?P<stop>[.!?;:,()\n])",
)
_HARMLESS = regex.compile(
    r"\bdouble[- ](?:check|click|tap|sided)\w*|\bthird[- ]part\w+|\bone[- ](?:by[- ]one|another)\b"
    r"|\bone (?:day|week|month|year|hour) (?:to the (?:next|other)|at a time|after (?:another|the other))\b"
)
_EVERY_SECOND = regex.compile(r"(?<=\bevery )second\b")
_LONG_SCALES = ("hundred", "thousand", "million", "billion", "dozen")
_HINT = regex.compile(
    r"\d|\b(?:" + "|".join((*UNITS, *TENS, *ORDINALS, *SHARES, *PARTS, *TIMES, *VAGUE, *_LONG_SCALES)) + r")"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """One number: how it is written, its exact value, and its kind with a unit (`money` `EUR`, `span` `day`)."""

    shown: str
    value: Fraction | str
    kind: str
    unit: str = ""

    @property
    def key(self) -> tuple[Fraction | str, str, str]:
        """What two mentions of the same number have in common, however they are written."""
        return (self.value, self.kind, self.unit)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def amounts(text: str) -> tuple[Amount, ...]:
    """All numbers of a text in order. "One" alone is a pronoun, "first" and "second" are no numbers."""
    calm = _HARMLESS.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    calm = _EVERY_SECOND.sub("2", calm)
    if _HINT.search(calm) is None:
        return ()
    tokens = [_Token(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(calm)]
    return tuple(_read(tokens))


def _read(tokens: Sequence[_Token]) -> Iterator[Amount]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.kind in {"mixed", "clock"}:
            yield Amount(token.text, token.text, token.kind)
            at += 1
        elif token.text in VAGUE:
            yield Amount(token.text, token.text, "vague")
            at += 1
        elif token.text in TIMES:
            yield Amount(token.text, Fraction(TIMES[token.text]), "times")
            at += 1
        elif token.text in SHARES or (token.text in PARTS and after == "of"):
            yield Amount(token.text, SHARES.get(token.text) or PARTS[token.text], "share")
            at += 1
        elif (end := _end(tokens, at)) > at:
            yield from _amount(tokens, at, end)
            at = max(end, at + 1)
        else:
            at += 1


def _end(tokens: Sequence[_Token], start: int) -> int:
    """Where the number that begins at `start` ends; `start` where none begins."""
    at = start
    while at < len(tokens):
        if tokens[at].text in ORDINALS and (at == start or tokens[at - 1].text in TENS):
            return at + 1
        if not _continues(tokens, start, at):
            break
        at += 1
    return at


def _continues(tokens: Sequence[_Token], start: int, at: int) -> bool:
    """Whether the token at `at` belongs to the number begun at `start`: "two hundred *and* fifty", "10 *k*"."""
    text, before = tokens[at].text, tokens[at - 1].text if at > start else ""
    if tokens[at].kind == "number":
        return at == start or before == "⁄"
    if text in SCALES:
        return at > start or len(text) > LETTERS_OF_A_SUFFIX
    if text in {"and", "a"}:
        following = tokens[at + 1].text if at + 1 < len(tokens) else ""
        return before in SCALES and (following in UNITS or following in TENS)
    return text in UNITS or text in TENS or (text == "⁄" and at > start)


def _amount(tokens: Sequence[_Token], start: int, end: int) -> Iterator[Amount]:
    words = [token.text for token in tokens[start:end]]
    value = _value(words)
    before = tokens[start - 1].text if start else ""
    after = [token.text for token in tokens[end : end + 2]]
    kind, unit, taken = _kind(before, after)
    if kind == "part":
        value, kind = value * PARTS[after[0].removesuffix("s")], "share"
    if words == ["one"] and kind == "plain":
        return
    shown = (
        " ".join([*words, *after[:taken]]) if before not in MONEY or before.isalpha() else f"{before}{' '.join(words)}"
    )
    yield Amount(
        shown, value / 100 if kind == "share" and unit == "%" else value, kind, "" if kind == "share" else unit
    )


def _kind(before: str, after: Sequence[str]) -> tuple[str, str, int]:
    """What a number counts, in which unit, and how many of the following words say so."""
    following = after[0] if after else ""
    if before in MONEY and (not before.isalpha() or len(before) <= LETTERS_OF_A_SUFFIX):
        return "money", MONEY[before], 0
    kinds = (
        (following in PERCENT or list(after) == ["per", "cent"], "share", "%"),
        (following in MONEY, "money", MONEY.get(following, "")),
        (following in TIMES_AFTER, "times", ""),
        (following in SPANS, "span", SPANS.get(following, "")),
        (following.removesuffix("s") in PARTS, "part", ""),
    )
    kind, unit = next(((kind, unit) for holds, kind, unit in kinds if holds), ("plain", ""))
    return kind, unit, 0 if kind == "plain" else 2 if following == "per" else 1


def _value(words: Sequence[str]) -> Fraction:
    if "⁄" in words:
        top, bottom = words.index("⁄") - 1, words.index("⁄") + 1
        return Fraction(int(words[top]), int(words[bottom]) or 1) if bottom < len(words) else Fraction(int(words[top]))
    total, part = Fraction(0), Fraction(0)
    for word in words:
        if word in SCALES:
            scaled = (part or Fraction(1)) * SCALES[word]
            total, part = (total + scaled, Fraction(0)) if SCALES[word] > 100 else (total, scaled)  # noqa: PLR2004
        elif word in ORDINALS:
            part += ORDINALS[word]
        elif word not in {"and", "a"}:
            part += Fraction(UNITS.get(word, 0) or TENS.get(word, 0)) if word.isalpha() else _digits(word)
    return total + part


def _digits(text: str) -> Fraction:
    if regex.fullmatch(r"\d{1,3}(?:[.,’'\u202f ]\d{3})+", text):
        return Fraction(regex.sub(r"\D", "", text))
    whole, _, rest = regex.sub(r"[’'\u202f ]", "", text).rpartition("." if text.rfind(".") > text.rfind(",") else ",")
    digits = regex.sub(r"\D", "", whole)
    return Fraction(f"{digits}.{rest}") if digits else Fraction(regex.sub(r"[^\d]", "", text))
