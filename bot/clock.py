"""What time it is, and whether to believe it: a mail or a card at a wrong time cannot be taken back (F2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.loop.ports import Clock

SMALL = timedelta(minutes=10)
"""Steps that a time server makes after a start are taken as they come."""


def system_clock() -> datetime:
    """The time, aware and UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class ClockWatch:
    """Compares a clock with one that cannot jump; `ticks` counts seconds, also while the machine sleeps (F3)."""

    clock: Clock
    ticks: Callable[[], float]
    _offset: float | None = None

    def jumped(self) -> bool:
        """Whether more or less time went by than passed; false again when the clock was put right."""
        offset = self.clock().timestamp() - self.ticks()
        if self._offset is not None and abs(offset - self._offset) > SMALL.total_seconds():
            return True
        self._offset = offset
        return False


def watched(clock: Clock) -> ClockWatch | None:
    """The watch over the system's clock; nobody watches one that is turned by hand, in tests and in the demo."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is not system_clock or boottime is None:
        return None
    return ClockWatch(clock, lambda: time.clock_gettime(boottime))
