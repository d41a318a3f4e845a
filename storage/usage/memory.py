"""How much memory reading usage may take; everything that is cut into pieces for its sake is cut by this."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np

from scoring.errors import InvalidInput

SPELLING = re.compile(r"(\d+)\s*(MB|GB)", re.IGNORECASE)
UNITS = {"MB": 1, "GB": 1_000}
LEAST_ENGINE = 64
MOST_KEPT = 33_000_000
"""What glibc takes notice of, in bytes."""
UNREADABLE = "LOOKOUT_MEMORY is written like 512MB or 2GB, not “{text}”."


@dataclass(frozen=True, slots=True)
class Memory:
    """A bound in megabytes. Half is the query engine's, the rest is for what numpy works on; pieces grow with it.

    Smaller pieces give the same numbers, later. What a piece cannot be smaller than (a day's events, a number or two
    for each person ever seen) is not bounded.
    """

    megabytes: int

    @classmethod
    def of(cls, text: str) -> Self:
        """From a setting, like `512MB`.

        Raises:
            InvalidInput: it is not written so.
        """
        found = SPELLING.fullmatch(text.strip())
        if found is None:
            raise InvalidInput(UNREADABLE.format(text=text))
        return cls(int(found[1]) * UNITS[found[2].upper()])

    def keep_freed(self) -> None:
        """Keep for the next column the memory of the last one, in a process that works on many.

        The C library gives large blocks back when they are freed and gets them again page by page, which costs more
        than the work on them. glibc stops doing so for blocks as large as one that it saw freed.
        """
        block = np.empty(min(self.megabytes * 31_250, MOST_KEPT), np.uint8)
        del block

    @property
    def engine(self) -> str:
        """The query engine's part, in its own spelling; beyond it, it goes on in a file."""
        return f"{max(self.megabytes // 2, LEAST_ENGINE)}MB"

    @property
    def gathered(self) -> int:
        """Events that are sorted into days at once."""
        return 2_000 * self.megabytes

    @property
    def rolled(self) -> int:
        """Bytes of event files that are rolled up before what they gave is booked."""
        return 128_000 * self.megabytes

    @property
    def read(self) -> int:
        """Bytes of event files that are read at once: in memory they take less, for ids of events are left out."""
        return 32_000 * self.megabytes

    @property
    def pulled(self) -> int:
        """Events whose counts a warehouse is asked for at once."""
        return 5_000 * self.megabytes

    @property
    def cells(self) -> int:
        """Accounts times as-of days that are scored at once."""
        return 100 * self.megabytes
