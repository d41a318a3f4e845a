"""Working hours: when a mail may reach a customer, in the customer's own time zone (R51)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SATURDAY = 5
LONGEST_SEARCH = 10


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Monday to Friday from `start` to before `end`, as wall clocks show it where the reader sits."""

    start: time = time(9)
    end: time = time(18)

    def open_at(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether `now` lies in working hours in `zone`."""
        local = now.astimezone(zone)
        return local.weekday() < SATURDAY and self.start <= local.time() < self.end

    def next_open(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first instant from `now` on that lies in working hours, in UTC.

        Wall times are computed day by day and then checked as instants, so that a start in a spring gap moves to the
        first minute that exists and an hour repeated in autumn is taken once.
        """
        if self.open_at(now, zone):
            return now.astimezone(UTC)
        today = now.astimezone(zone).date()
        for ahead in range(LONGEST_SEARCH):
            opening = self._opening(today + timedelta(days=ahead), zone)
            if opening >= now and self.open_at(opening, zone):
                return opening
        return self._opening(today + timedelta(days=LONGEST_SEARCH), zone)

    def _opening(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, self.start, zone).astimezone(UTC)


def zone_named(*names: str, fallback: ZoneInfo) -> ZoneInfo:
    """The first of some zone names that exists: the contact's, else the CSM's, else the workspace's (R51, F5)."""
    for name in names:
        if name:
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return fallback


def weekday_hours_after(start: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """The instant that lies `hours` after `start` when Saturdays and Sundays in `zone` do not count, in UTC."""
    now, left = start.astimezone(UTC), timedelta(hours=hours)
    while True:
        day = now.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
        if day.weekday() < SATURDAY:
            if left <= midnight - now:
                return now + left
            left -= midnight - now
        now = midnight


def working_days(until: date, days: int) -> int:
    """How many of the last `days` days up to `until` were Monday to Friday."""
    weeks, rest = divmod(max(0, days), 7)
    return weeks * 5 + sum((until - timedelta(days=n)).weekday() < SATURDAY for n in range(rest))
