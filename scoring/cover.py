"""Who stands in for whom: a CSM is away from one instant to another, and a colleague covers for them (R50)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scoring.errors import InvalidInput

LONGEST = timedelta(days=366)


class NoAbsence(InvalidInput):
    """What was asked for is no absence; `about` is what must be chosen anew: who, cover, first or last."""

    def __init__(self, text: str, about: str) -> None:
        super().__init__(text)
        self.about = about


class AbsenceSource(StrEnum):
    """How we know that somebody is away."""

    PLANNED = "planned"
    SLACK = "Slack status"


@dataclass(frozen=True, slots=True)
class Absence:
    """`person_id` is away from `since` until just before `until`; `cover_id` acts and writes in their place."""

    id: str
    person_id: str
    cover_id: str
    since: datetime
    until: datetime
    source: AbsenceSource = AbsenceSource.PLANNED

    def holds(self, at: datetime) -> bool:
        """Whether the person is away at an instant."""
        return self.since <= at < self.until

    def lasts(self, at: datetime) -> bool:
        """Whether it holds at an instant or later."""
        return self.since < self.until and at < self.until

    def meets(self, since: datetime, until: datetime) -> bool:
        """Whether the person is away at some time of a span."""
        return max(self.since, since) < min(self.until, until)

    def days(self, zone: ZoneInfo) -> tuple[date, date]:
        """Its first and last day on a wall clock, both included."""
        last = max(self.since, self.until - timedelta(microseconds=1))
        return self.since.astimezone(zone).date(), last.astimezone(zone).date()


def whole_days(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the midnight before the first day to the midnight after the last, on a wall clock."""
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def absence_of(person_id: str, at: datetime, absences: Iterable[Absence]) -> Absence | None:
    """Why a person is away at an instant; what was planned before what a status says, then the longest."""
    held = [one for one in absences if one.person_id == person_id and one.holds(at)]
    return min(
        held, key=lambda one: (one.source != AbsenceSource.PLANNED, -one.until.timestamp(), one.id), default=None
    )


def cover_of(person_id: str, at: datetime, absences: Iterable[Absence]) -> str:
    """Who acts for a person at an instant: themselves, their cover, or the cover's cover.

    Where everybody in the circle is away, nobody stands in: the person keeps what is theirs.
    """
    known, seen, acting = list(absences), {person_id}, person_id
    while (away := absence_of(acting, at, known)) is not None:
        if away.cover_id in seen:
            return person_id
        seen.add(away.cover_id)
        acting = away.cover_id
    return acting
