"""The demo's clock: real time plus an offset that the "Next day" button moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(9, 30)
SATURDAY = 5


def _now() -> datetime:
    return datetime.now(UTC)


class DemoClock:
    """Call it for the time (aware, UTC). It never goes back: a workspace whose clock did would contradict itself."""

    def __init__(self, zone: ZoneInfo, *, real: Callable[[], datetime] = _now, start: datetime | None = None) -> None:
        self.zone = zone
        self._real = real
        self._offset = timedelta()
        if start is not None:
            self._offset = start - real()

    def __call__(self) -> datetime:
        """What time it is in the demo."""
        return (self._real() + self._offset).astimezone(UTC)

    @property
    def today(self) -> date:
        """The local day."""
        return self().astimezone(self.zone).date()

    def at(self, day: date, moment: time = MORNING) -> datetime:
        """A local time of a day, in UTC."""
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def move_to(self, instant: datetime) -> None:
        """Jump ahead; an instant that has passed changes nothing."""
        self._offset += max(instant - self(), timedelta())

    @property
    def next_workday(self) -> date:
        """The next local day from Monday to Friday."""
        return workday(self.today + timedelta(days=1))


def workday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day
