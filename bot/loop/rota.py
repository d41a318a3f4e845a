"""Plans absences: who is away from when to when, and who covers. Slack and the command line use it alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from bot.loop.records import UnitOfWork
from scoring import wording
from scoring.casework import AuditEntry
from scoring.cover import LONGEST, Absence, AbsenceSource, NoAbsence, whole_days
from scoring.errors import NotFound
from scoring.hours import zone_named
from scoring.model import Person
from scoring.routing import Routing

OPERATOR = "operator at the command line"

UNKNOWN = "{email} is no CSM that Lookout knows. Nothing was planned; import that person first."
LEFT = "{email} is marked as having left. Nothing was planned."
THEMSELVES = "Nobody covers for themselves. Nothing was planned; name a colleague."
BACKWARDS = "The absence ends before it begins. Nothing was planned."
COVER_AWAY = "{cover} is away from {first} to {last}, too. Nothing was planned; choose somebody who is there."
AWAY_ALREADY = "{owner} is away from {first} to {last} already. Nothing was planned; change or end that absence."
PAST = "That absence is over already. Nothing was planned."
LONG = "An absence lasts at most a year. Nothing was planned; give the account to somebody else instead."
NO_SUCH = "No absence with the id {id} lasts any longer. Nothing was changed; `lookout cover list` shows them."
PLANNED = "{owner} is away from {since} to {until}, and {cover} covers. Id: {id}"
ENDED = "The absence {id} ends now."
LINE = "{id}  {owner} away {since} to {until}, {cover} covers ({source}){now}"
NONE = "Nobody is away or will be."


@dataclass(frozen=True, slots=True)
class Wish:
    """An absence as somebody asks for it: whole days, both included; `replaces` is the one that it changes."""

    owner: Person
    cover: Person
    first: date
    last: date
    replaces: Absence | None = None


async def plan(work: UnitOfWork, who: str, by: str, *, first: date, last: date, zone: ZoneInfo, at: datetime) -> str:
    """Plan an absence of people known by their addresses; gives what was planned.

    Raises:
        NoAbsence: a person is unknown or has left, or the days make no absence.
    """
    wish = Wish(await _csm(work, who, "who"), await _csm(work, by, "cover"), first, last)
    absence = await enter(work, wish, zone=zone, at=at, by=OPERATOR)
    owner, cover = name_of(wish.owner), name_of(wish.cover)
    return PLANNED.format(owner=owner, since=first, until=last, cover=cover, id=absence.id)


async def enter(work: UnitOfWork, wish: Wish, *, zone: ZoneInfo, at: datetime, by: str) -> Absence:
    """Keep an absence, in the zone of who is away; gives it as it is kept.

    One that has begun is ended now, and what it becomes begins now: the past stays true, and so drafts in the name of
    the old cover are known for what they are.

    Raises:
        NoAbsence: somebody has left, the days make no absence, or owner or cover are away otherwise.
    """
    local = zone_named(wish.owner.timezone, fallback=zone)
    since, until = whole_days(wish.first, wish.last, local)
    _must_make_sense(wish, since, until, at)
    kept, old = await work.absences.all(), wish.replaces
    others = [one for one in kept if one.lasts(at) and (old is None or one.id != old.id)]
    _must_be_free(wish, others, since, until, local)
    begun = old is not None and old.holds(at)
    if old is not None and begun:
        await work.absences.end(old.id, at)
        since = max(since, at)
    absence_id = _free_id(wish, kept) if old is None or begun else old.id
    absence = Absence(absence_id, wish.owner.id, wish.cover.id, since, until)
    await work.absences.keep(absence)
    said = f"{absence.id} by {wish.cover.id} from {wish.first} to {wish.last}"
    await work.audit.add(AuditEntry(at, by, "cover changed" if old else "cover planned", detail=said))
    return absence


async def end(work: UnitOfWork, absence_id: str, at: datetime, *, by: str = OPERATOR) -> str:
    """Let an absence end now; one that has not begun never does. `NotFound` for an unknown or past one."""
    if not await work.absences.end(absence_id, at):
        raise NotFound(NO_SUCH.format(id=absence_id))
    await work.audit.add(AuditEntry(at, by, "cover ended early", detail=absence_id))
    return ENDED.format(id=absence_id)


async def listing(work: UnitOfWork, zone: ZoneInfo, at: datetime) -> str:
    """Who is away or will be, a line each."""
    lines = []
    for one in await work.absences.all():
        if not one.lasts(at):
            continue
        people = await work.accounts.people([one.person_id, one.cover_id])
        owner, cover = people.get(one.person_id), people.get(one.cover_id)
        shown = {"owner": name_of(owner), "cover": name_of(cover), "source": one.source.value, "id": one.id}
        (since, until), now = one.days(zone), ", now" if one.holds(at) else ""
        lines.append(LINE.format(since=since, until=until, now=now, **shown))
    return "\n".join(lines) or NONE


@dataclass(frozen=True, slots=True)
class ByStatus:
    """What Slack's status says of absences. `stand_ins` maps a CSM's address to their cover's; else the lead covers."""

    routing: Routing
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    async def told(self, work: UnitOfWork, person: Person, until: datetime | None, at: datetime) -> None:
        """Begin, prolong or end the absence that a person's status says; None: the status says nothing."""
        absence_id = f"slack:{person.id}"
        held = next((one for one in await work.absences.all() if one.id == absence_id and one.holds(at)), None)
        if until is None or until <= at:
            if held is not None:
                await work.absences.end(absence_id, at)
            return
        cover = await self._cover(work, person)
        if cover is None or (held is not None and (held.until, held.cover_id) == (until, cover.id)):
            return
        since = held.since if held else at
        kept = Absence(absence_id, person.id, cover.id, since, min(until, at + LONGEST), AbsenceSource.SLACK)
        await work.absences.keep(kept)

    async def _cover(self, work: UnitOfWork, person: Person) -> Person | None:
        named = {owner.strip().lower(): cover for owner, cover in self.stand_ins.items()}
        address = named.get(person.email.strip().lower())
        cover = await work.accounts.csm_by_email(address) if address else None
        cover = cover or self.routing.lead(await work.accounts.csms())
        return cover if cover and cover.id != person.id and not cover.left else None


def _must_make_sense(wish: Wish, since: datetime, until: datetime, at: datetime) -> None:
    faults = (
        (wish.owner.left, LEFT.format(email=wish.owner.email), "who"),
        (wish.cover.left, LEFT.format(email=wish.cover.email), "cover"),
        (wish.owner.id == wish.cover.id, THEMSELVES, "cover"),
        (until <= since, BACKWARDS, "last"),
        (until <= at, PAST, "last"),
        (until - since > LONGEST, LONG, "last"),
    )
    for wrong, text, about in faults:
        if wrong:
            raise NoAbsence(text, about)


def _must_be_free(wish: Wish, others: Sequence[Absence], since: datetime, until: datetime, zone: ZoneInfo) -> None:
    """A cover who is away then covers nobody, and two absences at once would leave open who does."""
    for one in others:
        if not one.meets(since, until):
            continue
        first, last = (wording.day(day) for day in one.days(zone))
        if one.person_id == wish.cover.id:
            raise NoAbsence(COVER_AWAY.format(cover=name_of(wish.cover), first=first, last=last), "cover")
        if one.person_id == wish.owner.id and one.source is AbsenceSource.PLANNED:
            raise NoAbsence(AWAY_ALREADY.format(owner=name_of(wish.owner), first=first, last=last), "first")


def _free_id(wish: Wish, kept: Sequence[Absence]) -> str:
    """Whose absence from when; with a number where an ended one has that name already."""
    known, plain = {one.id for one in kept}, f"{wish.owner.id}:{wish.first}"
    return next(name for number in count(1) if (name := plain if number == 1 else f"{plain}:{number}") not in known)


async def _csm(work: UnitOfWork, email: str, about: str) -> Person:
    person = await work.accounts.csm_by_email(email)
    if person is None:
        raise NoAbsence(UNKNOWN.format(email=email), about)
    return person


def name_of(person: Person | None) -> str:
    """One of our people as a sentence calls them."""
    return (person.name or person.email) if person else "somebody unknown"
