"""Plans absences: who is away from when to when, and who covers. The command line and Slack's status use it alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.loop.records import UnitOfWork
from scoring.casework import AuditEntry
from scoring.cover import Absence, AbsenceSource
from scoring.errors import InvalidInput, NotFound
from scoring.hours import zone_named
from scoring.model import Person
from scoring.routing import Routing

LONGEST = timedelta(days=366)
OPERATOR = "operator at the command line"

UNKNOWN = "{email} is no CSM that Lookout knows. Nothing was planned; import that person first."
LEFT = "{email} is marked as having left. Nothing was planned."
THEMSELVES = "Nobody covers for themselves. Nothing was planned; name a colleague."
BACKWARDS = "The absence ends before it begins. Nothing was planned."
PAST = "That absence is over already. Nothing was planned."
LONG = "An absence lasts at most a year. Nothing was planned; give the account to somebody else instead."
NO_SUCH = "No absence with the id {id} lasts any longer. Nothing was changed; `lookout cover list` shows them."
PLANNED = "{owner} is away from {since} to {until}, and {cover} covers. Id: {id}"
ENDED = "The absence {id} ends now."
LINE = "{id}  {owner} away {since} to {until}, {cover} covers ({source}){now}"
NONE = "Nobody is away or will be."


async def plan(work: UnitOfWork, who: str, by: str, *, first: date, last: date, zone: ZoneInfo, at: datetime) -> str:
    """Plan an absence for whole days, both included, in the zone of who is away; gives what was planned.

    Raises:
        InvalidInput: a person is unknown or has left, or the days make no absence.
    """
    owner, cover = await _csm(work, who), await _csm(work, by)
    local = zone_named(owner.timezone, fallback=zone)
    since, until = (datetime.combine(day, time(), local) for day in (first, last + timedelta(days=1)))
    _must_make_sense(owner, cover, since, until, at)
    absence = Absence(f"{owner.id}:{first}", owner.id, cover.id, since, until)
    await work.absences.keep(absence)
    await work.audit.add(AuditEntry(at, OPERATOR, "cover planned", detail=f"{absence.id} by {cover.id} to {last}"))
    return PLANNED.format(owner=_name(owner), since=first, until=last, cover=_name(cover), id=absence.id)


async def end(work: UnitOfWork, absence_id: str, at: datetime) -> str:
    """Let an absence end now; one that has not begun never does. `NotFound` for an unknown or past one."""
    if not await work.absences.end(absence_id, at):
        raise NotFound(NO_SUCH.format(id=absence_id))
    await work.audit.add(AuditEntry(at, OPERATOR, "cover ended early", detail=absence_id))
    return ENDED.format(id=absence_id)


async def listing(work: UnitOfWork, zone: ZoneInfo, at: datetime) -> str:
    """Who is away or will be, a line each."""
    lines = []
    for one in await work.absences.all():
        if one.until <= at or one.until <= one.since:
            continue
        people = await work.accounts.people([one.person_id, one.cover_id])
        owner, cover = people.get(one.person_id), people.get(one.cover_id)
        last = (one.until - timedelta(microseconds=1)).astimezone(zone)
        shown = {"owner": _name(owner), "cover": _name(cover), "source": one.source.value, "id": one.id}
        since, now = one.since.astimezone(zone).date(), ", now" if one.holds(at) else ""
        lines.append(LINE.format(since=since, until=last.date(), now=now, **shown))
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


def _must_make_sense(owner: Person, cover: Person, since: datetime, until: datetime, at: datetime) -> None:
    faults = (
        (owner.id == cover.id, THEMSELVES),
        (until <= since, BACKWARDS),
        (until <= at, PAST),
        (until - since > LONGEST, LONG),
    )
    for wrong, text in faults:
        if wrong:
            raise InvalidInput(text)


async def _csm(work: UnitOfWork, email: str) -> Person:
    person = await work.accounts.csm_by_email(email)
    if person is None:
        raise InvalidInput(UNKNOWN.format(email=email))
    if person.left:
        raise InvalidInput(LEFT.format(email=email))
    return person


def _name(person: Person | None) -> str:
    return (person.name or person.email) if person else "somebody unknown"
