"""Reads the days and instants that people and programs write, and refuses what could be read in two ways.

What has no offset is read in the workspace's zone, so that data by the day stays on its day (fault G3).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from bot.intake.values import NUMBER, Unusable, blank, shown

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
NEWEST = datetime(2200, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_US = timedelta(days=1) // MICROSECOND
BASIC_DAY = len("20261120")
LONGEST = 64
# A number's size tells its unit: epoch seconds stay below 1e11 until the year 5138, milliseconds below 1e14, and so on.
UNITS = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))
# Before 1970 by more than a year is no epoch time that anybody writes.
EARLIEST_EPOCH = -4e7


def moment(value: object, zone: tzinfo) -> datetime | None:
    """An instant in UTC from ISO 8601 text, a datetime, a day, or epoch seconds to microseconds."""
    if blank(value):
        return None
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise Unusable(f"is no date: {shown(value)}")
        return _written(value.strip(), zone)
    return _checked(_converted(value, zone), value)


@lru_cache(maxsize=16_384)
def _written(text: str, zone: tzinfo) -> datetime:
    """Events of one export repeat their instants, so each is parsed once."""
    if NUMBER.fullmatch(text) and len(text.lstrip("+-")) > BASIC_DAY:
        return _checked(_from_epoch(float(text)), text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"is no date; write it like 2026-11-20 or 2026-11-20T09:30:00Z: {shown(text)}") from None
    return _checked(_in_zone(found, zone), text)


def _converted(value: object, zone: tzinfo) -> datetime:
    if isinstance(value, datetime):
        return _in_zone(value, zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_epoch(value)
    raise Unusable(f"is no date: {shown(value)}")


def _in_zone(found: datetime, zone: tzinfo) -> datetime:
    return found.replace(tzinfo=zone) if found.tzinfo is None else found


def _from_epoch(number: float) -> datetime:
    for below, factor in UNITS:
        if EARLIEST_EPOCH < number < below:
            return EPOCH + timedelta(microseconds=round(number * factor))
    raise Unusable(f"is no epoch time: {shown(number)}")


def _checked(found: datetime, value: object) -> datetime:
    try:
        instant = found.astimezone(UTC)
    except OverflowError:
        raise Unusable(f"is out of the calendar: {shown(value)}") from None
    if not OLDEST <= instant < NEWEST:
        raise Unusable(f"lies in the year {instant.year}, so it is no real date: {shown(value)}")
    return instant


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (instant - EPOCH) // MICROSECOND


def day(value: object, zone: tzinfo) -> date | None:
    """A calendar day of the workspace."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=zone)
    found = moment(value, zone)
    return None if found is None else found.astimezone(zone).date()
