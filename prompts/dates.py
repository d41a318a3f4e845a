"""Every day, month and weekday that a text names, however it is written (R48)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import regex

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
MONTHS = {form: at for at, name in enumerate(_MONTHS, start=1) for form in (name, name[:3])} | {"sept": 9}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = {name: at for at, name in enumerate(_WEEKDAYS)}

_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b[.]?"
_DAY = r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?[.]?"
_YEAR = r"(?:,?\s+(?P<year>\d{4})\b)?"
_EXACT = (
    regex.compile(r"\b(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b"),
    regex.compile(rf"{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}", regex.IGNORECASE),
    regex.compile(rf"\b{_MONTH}\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b{_YEAR}", regex.IGNORECASE),
)
_SLASHED = regex.compile(r"\b(?P<first>\d{1,2})[./](?P<second>\d{1,2})(?:[./](?P<year>\d{4}|\d{2}))?(?=\W|$)(?!\d)")
_CLEAR = "|".join(
    sorted((m for m in MONTHS if m not in {"may", "mar", "march", "jan", "dec", "sep"}), key=len, reverse=True)
)
_MONTH_ALONE = regex.compile(
    rf"\b(?P<month>{_CLEAR})\b(?:\s+(?P<year>\d{{4}}))?"
    r"|(?<=\b(?:in|by|since|until|till|of|last|next|this|early|late|mid|before|after|from|during|for)[\s-])"
    r"(?P<month>may|march|dec|jan|sep)\b(?:\s+(?P<year>\d{4}))?",
    regex.IGNORECASE,
)
_WEEKDAY = regex.compile(rf"\b(?P<weekday>{'|'.join(WEEKDAYS)})s?\b", regex.IGNORECASE)
_PAST = regex.compile(
    r"\b(?:yesterday|(?:the\s+)?last\s+(?:night|week|weekend|month|quarter|year|spring|summer|autumn|fall|winter|few\s+\w+)"
    r"|(?:a|some|few|several|couple\s+of)\s+(?:days?|weeks?|months?|years?|hours?)\s+ago|the\s+other\s+day"
    r"|(?:the\s+)?past\s+(?:days?|weeks?|months?|quarter|year|few\s+\w+)|earlier\s+this\s+\w+|(?:this|the)\s+time\s+last\s+\w+)\b",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One named time: the parts that are known. `past` is a relative one, kept as it is written."""

    shown: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    past: str = ""

    def stands_in(self, known: Iterable[Mention]) -> bool:
        """Whether one of the known times says the same, or more."""
        return any(self._within(other) for other in known)

    def _within(self, other: Mention) -> bool:
        if self.past:
            return self.past == other.past
        if self.weekday is not None:
            return self.weekday == other.weekday
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return other.month is not None and all(mine is None or mine == theirs for mine, theirs in pairs)


def mentions(text: str) -> tuple[tuple[Mention, ...], str]:
    """All named times of a text, and the text without them (so that their digits are not read as numbers)."""
    found: list[Mention] = []
    for pattern in (*_EXACT, _SLASHED, _MONTH_ALONE, _WEEKDAY, _PAST):
        text = _take(pattern, text, found)
    return tuple(found), text


def _take(pattern: regex.Pattern[str], text: str, found: list[Mention]) -> str:
    def take(match: regex.Match[str]) -> str:
        taken = _mention(match)
        if taken is None:
            return str(match[0])
        found.append(taken)
        return " "

    return str(pattern.sub(take, text))


def _mention(match: regex.Match[str]) -> Mention | None:
    parts, shown = match.groupdict(), match[0].strip()
    if "weekday" in parts:
        return Mention(shown, weekday=WEEKDAYS[parts["weekday"].casefold()])
    if "first" in parts:
        return _slashed(shown, int(parts["first"]), int(parts["second"]), parts["year"])
    if "month" not in parts:
        return Mention(shown, past=" ".join(shown.casefold().split()))
    month = MONTHS.get(parts["month"].casefold()) or int(parts["month"])
    year, day = parts.get("year"), parts.get("day")
    return Mention(shown, int(year) if year else None, month, int(day) if day else None)


def _slashed(shown: str, first: int, second: int, year: str | None) -> Mention | None:
    """`21.11.2026` and `11/21`: day first unless that is no date; without a year only where it can be nothing else."""
    if year is None and "/" not in shown:
        return None
    day, month = (first, second) if second <= 12 else (second, first)  # noqa: PLR2004 - months
    if not (1 <= day <= 31 and 1 <= month <= 12):  # noqa: PLR2004
        return None
    full = int(year) + (2000 if len(year) == 2 else 0) if year else None  # noqa: PLR2004
    return Mention(shown, full, month, day)
