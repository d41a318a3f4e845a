"""Reads the values that people and programs write into files and messages: ids, names, counts, money, addresses.

Each function takes the raw value and gives the clean one, None where the cell is empty, or raises `Unusable` with a
reason that names the mend. Nothing is guessed: an ambiguous sum is refused (faults G4, G9). Days and instants are in
`bot/intake/instants.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import available_timezones

from scoring.addresses import one_address
from scoring.errors import InvalidInput

Parse = Callable[[object, tzinfo], object]

LONGEST_ID = 255
LONGEST_TEXT = 2_000
YES, NO = frozenset({"true", "yes", "y", "1", "t"}), frozenset({"false", "no", "n", "0", "f"})
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
THOUSANDS = re.compile(r"\d{1,3}\.\d{3}")
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")

NOT_UTF8 = "has bytes that are not UTF-8; save the file as UTF-8"


class Unusable(ValueError):
    """A value that cannot be used; the text is the reason, ready to follow the field's name."""


def blank(value: object) -> bool:
    """Whether a cell holds nothing: absent, empty, or the NaN by which data frames mean nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, float) and math.isnan(value))


def shown(value: object) -> str:
    """A value as a reason may quote it: short, one line, nothing invisible."""
    text = str(value)
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[:60])
    return f"“{clean}{'…' if len(text) > len(clean) else ''}”"


def identity(value: object, _zone: tzinfo = UTC) -> str | None:
    """An id exactly as written, without outer blanks; a whole number becomes its digits."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        # Most ids are printable ASCII: the fast way out of all other checks.
        if not (text.isascii() and text.isprintable()):
            _refuse_control(text)
        if len(text) > LONGEST_ID:
            raise Unusable(f"is longer than {LONGEST_ID} characters: {shown(text)}")
        return text
    if blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value % 1 != 0:
        raise Unusable(f"is no text: {shown(value)}")
    return identity(str(int(value)))


def words(value: object, _zone: tzinfo = UTC) -> str | None:
    """A name or sentence, kept literally (a spreadsheet formula too), with line breaks turned into blanks."""
    if blank(value):
        return None
    if isinstance(value, (dict, list)):
        raise Unusable("is no plain text")
    text = " ".join(str(value).split())
    _refuse_control(text)
    if len(text) > LONGEST_TEXT:
        raise Unusable(f"is longer than {LONGEST_TEXT} characters: {shown(text)}")
    return text


def _refuse_control(text: str) -> None:
    found = CONTROL.search(text)
    if found is None:
        return
    if "\ud800" <= found[0] <= "\udfff":
        raise Unusable(NOT_UTF8)
    raise Unusable(f"has a control character: {shown(text)}")


def whole(value: object, _zone: tzinfo = UTC) -> int | None:
    """A count, zero or more."""
    number = _number(value)
    if number is None:
        return None
    if number % 1 != 0:
        raise Unusable(f"is no whole number: {shown(value)}")
    if not 0 <= number < 2**31:
        raise Unusable(f"is {'negative' if number < 0 else 'too large'}: {shown(value)}")
    return int(number)


def seats(value: object, _zone: tzinfo = UTC) -> int | None:
    """Seats bought; 0 means that nobody knows (fault G4)."""
    return whole(value) or None


def times(value: object, _zone: tzinfo = UTC) -> int | None:
    """How often something happened: once or more."""
    number = whole(value)
    if number == 0:
        raise Unusable("is 0: nothing happened")
    return number


def money(value: object, _zone: tzinfo = UTC) -> int | None:
    """A sum in whole units of the currency, rounded; no separators, no signs: they mean different things to people."""
    if isinstance(value, str) and THOUSANDS.fullmatch(value.strip()):
        # In half of Europe 48.000 is forty-eight thousand, and no sum has tenths of a cent.
        raise Unusable(f"can be read in two ways, write it without a point: {shown(value)}")
    number = _number(value)
    if number is None:
        return None
    if not 0 <= number < 10**15:
        raise Unusable(f"is {'negative' if number < 0 else 'too large'}: {shown(value)}")
    return math.floor(number + 0.5)


def _number(value: object) -> float | None:
    if blank(value):
        return None
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()) and len(value) < LONGEST_ID:
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise Unusable(f"is no plain number; write it like 12500 or 12.5: {shown(value)}")


def yes_no(value: object, _zone: tzinfo = UTC) -> bool | None:
    """Yes or no, in the usual spellings."""
    if blank(value):
        return None
    text = str(value).strip().lower()
    if text not in YES | NO:
        raise Unusable(f"is neither yes nor no: {shown(value)}")
    return text in YES


def currency(value: object, _zone: tzinfo = UTC) -> str | None:
    """A three-letter currency code."""
    text = identity(value)
    if text is None:
        return None
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise Unusable(f"is no currency code like USD: {shown(text)}")
    return text.upper()


def email(value: object, _zone: tzinfo = UTC) -> str | None:
    """One e-mail address in lower case; a list of them or a display name is refused (it would add a recipient)."""
    text = identity(value)
    if text is None:
        return None
    try:
        return one_address(text).lower()
    except InvalidInput as fault:
        raise Unusable(f"is not usable: {fault}") from None


def domain(value: object, _zone: tzinfo = UTC) -> str | None:
    """A company's mail domain, also out of a web address."""
    text = identity(value)
    if text is None:
        return None
    host = re.sub(r"^[a-z]+://", "", text.lower()).partition("/")[0].partition(":")[0].removeprefix("www.").rstrip(".")
    if not HOST.fullmatch(host):
        raise Unusable(f"is no domain like acme.com: {shown(text)}")
    return host


def zone_name(value: object, _zone: tzinfo = UTC) -> str | None:
    """An IANA time zone."""
    text = identity(value)
    if text is not None and text not in available_timezones():
        raise Unusable(f"is no time zone like Europe/Berlin: {shown(text)}")
    return text
