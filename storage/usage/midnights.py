"""The instants at which the workspace's days begin, worked out here, so that no warehouse needs to know time zones.

The same quarters of an hour as in `columns.Batch.days`: every engine puts every event on the same day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from storage.usage.columns import EPOCH, MICROSECOND, QUARTER_US, day_number, instant

QUARTERS_A_DAY = 24 * 4
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Midnights:
    """`starts` pairs each instant (UTC, ascending) with the day that begins then; the last day lasts until `end`."""

    starts: tuple[tuple[datetime, int], ...]
    end: datetime

    @property
    def start(self) -> datetime:
        """When the first day begins."""
        return self.starts[0][0]


def midnights(zone: ZoneInfo, first: int, last: int) -> Midnights:
    """When the days `first` to `last` (since 1970-01-01) begin and end.

    A zone that skips a day, or takes a minute of one back, has fewer or more beginnings than days; a day that was
    skipped begins and ends at once. Times before 1970 are mistakes of clocks, and not every warehouse can hold them:
    nothing is asked for before.
    """
    runs = list(_runs(zone, first - 2, last + 2))
    wanted = [place for place, (_, day) in enumerate(runs) if first <= day <= last]
    if not wanted:
        skipped = next(start for start, day in runs if day > last)
        return Midnights(((skipped, first),), skipped)
    kept = runs[wanted[0] : wanted[-1] + 1]
    starts = tuple((max(start, EPOCH), day) for start, day in kept)
    return Midnights(starts, runs[wanted[-1] + 1][0])


def local_day(moment: datetime, zone: ZoneInfo) -> int:
    """The day of an instant, as days since 1970-01-01."""
    return day_number(moment.astimezone(zone).date())


def offsets(zone: ZoneInfo, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """From which instant (microseconds since 1970) on a zone is how far ahead of UTC (microseconds).

    For engines that reckon days of many years in one go: the day of an event is that of its quarter of an hour plus
    the offset. Looked for every six hours of the days `first` to `last`, then to the quarter.
    """
    found: list[tuple[int, int]] = []
    step = QUARTERS_A_DAY // 4
    for quarter in range(first * QUARTERS_A_DAY, (last + 1) * QUARTERS_A_DAY + 1, step):
        ahead = _ahead(zone, quarter)
        if not found:
            found.append((quarter * QUARTER_US, ahead))
        elif ahead != found[-1][1]:
            change = next(one for one in range(quarter - step, quarter + 1) if _ahead(zone, one) != found[-1][1])
            found.append((change * QUARTER_US, ahead))
    return tuple(found)


def _ahead(zone: ZoneInfo, quarter: int) -> int:
    return (instant(quarter * QUARTER_US).astimezone(zone).utcoffset() or timedelta()) // MICROSECOND


def _runs(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[datetime, int]]:
    """Each quarter of an hour (of UTC days `first` to `last`) at which another day begins, and which one."""
    before: int | None = None
    for quarter in range(first * QUARTERS_A_DAY, (last + 1) * QUARTERS_A_DAY):
        start = instant(quarter * QUARTER_US)
        day = local_day(start, zone)
        if day != before:
            yield start, day
        before = day
