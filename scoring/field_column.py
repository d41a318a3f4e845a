"""One field of many accounts as arrays: made in one go, stored as they are, and told as values when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.roster import day_of

Part = npt.NDArray[Any] | list[Any]


class Kind(StrEnum):
    """What the arrays of a column mean. Stored pages name these words: a meaning never changes, new ones get new words.

    `REAL` nan is None · `COUNT` and `DAY` numbers, and whether there is one · `RATIO` two numbers, None over 0 ·
    `WORD` places in `words` · `LIST` values as they are · `TEXTS` several texts each.
    """

    WHOLE = "whole"
    TRUTH = "truth"
    REAL = "real"
    COUNT = "count"
    DAY = "day"
    RATIO = "ratio"
    WORD = "word"
    LIST = "list"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """`parts` are equally long, an account a place."""

    kind: Kind
    parts: tuple[Part, ...]
    words: tuple[str, ...] = ()

    @classmethod
    def real(cls, values: npt.NDArray[np.float64]) -> FieldColumn:
        """Floats; nan where there is no value."""
        return cls(Kind.REAL, (values,))

    @classmethod
    def whole(cls, values: npt.NDArray[Any]) -> FieldColumn:
        """Whole numbers, one for each account."""
        return cls(Kind.WHOLE, (values,))

    @classmethod
    def same(cls, word: str, rows: int) -> FieldColumn:
        """One text for all."""
        return cls(Kind.WORD, (np.broadcast_to(np.uint8(0), rows),), (word,))

    def at(self, places: slice | list[int]) -> FieldColumn:
        """The same of some accounts."""
        if isinstance(places, slice):
            return FieldColumn(self.kind, tuple(part[places] for part in self.parts), self.words)
        parts = ([part[place] for place in places] if isinstance(part, list) else part[places] for part in self.parts)
        return FieldColumn(self.kind, tuple(parts), self.words)

    def told(self) -> list[Any]:
        """A value an account."""
        if self.kind is Kind.WORD:
            return [self.words[place] for place in _numbers(self.parts[0])]
        return TELL[self.kind](*self.parts)


def _numbers(part: Part) -> list[Any]:
    return part if isinstance(part, list) else part.tolist()


def _reals(values: Part) -> list[float | None]:
    # Only nan differs from itself.
    return [value if value == value else None for value in _numbers(values)]  # noqa: PLR0124


def _counts(values: Part, known: Part) -> list[int | None]:
    return [value if there else None for value, there in zip(_numbers(values), _numbers(known), strict=True)]


def _days(values: Part, known: Part) -> list[date | None]:
    told = {number: day_of(number) for number in set(_numbers(values))}
    return [told[value] if there else None for value, there in zip(_numbers(values), _numbers(known), strict=True)]


def _ratios(over: Part, under: Part) -> list[Fraction | None]:
    pairs = list(zip(_numbers(over), _numbers(under), strict=True))
    told = {pair: Fraction(*pair) if pair[1] else None for pair in set(pairs)}
    return [told[pair] for pair in pairs]


TELL: Mapping[Kind, Callable[..., list[Any]]] = MappingProxyType(
    {
        Kind.WHOLE: _numbers,
        Kind.TRUTH: lambda values: [bool(value) for value in _numbers(values)],
        Kind.REAL: _reals,
        Kind.COUNT: _counts,
        Kind.DAY: _days,
        Kind.RATIO: _ratios,
        Kind.LIST: _numbers,
        Kind.TEXTS: lambda values: [tuple(several) for several in _numbers(values)],
    }
)
