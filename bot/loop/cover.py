"""Who acts for an account right now: its owner, or whoever covers for the owner (R50)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.loop.records import UnitOfWork
from scoring.cover import absence_of, cover_of
from scoring.model import Person, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """The one who acts in an owner's place, and until when the owner is away."""

    cover: Person
    until: datetime


async def standing_in(work: UnitOfWork, owner_id: str | None, at: datetime) -> Standing | None:
    """Who covers for an owner at an instant; None while the owner is there, or the cover is not with us."""
    absences = await work.absences.at(at) if owner_id else []
    away = absence_of(owner_id, at, absences) if owner_id else None
    if owner_id is None or away is None:
        return None
    acting = cover_of(owner_id, at, absences)
    person = await work.accounts.person(acting) if acting != owner_id else None
    if person is None or person.role is not Role.CSM or person.left or not person.email:
        return None
    return Standing(person, away.until)


async def acting_for(work: UnitOfWork, owner: Person | None, at: datetime) -> Person | None:
    """The owner, or whoever covers for them at an instant."""
    stands = await standing_in(work, owner.id, at) if owner else None
    return stands.cover if stands else owner


async def covered_by(work: UnitOfWork, person_id: str, at: datetime) -> frozenset[str]:
    """Whose accounts somebody acts for at an instant, their own among them."""
    absences = await work.absences.at(at)
    away = {absence.person_id for absence in absences if cover_of(absence.person_id, at, absences) == person_id}
    return frozenset(away | {person_id})
