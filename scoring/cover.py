"""Who stands in for whom: a CSM is away from one instant to another, and a colleague covers for them (R50)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
