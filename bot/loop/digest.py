"""The morning digest: one message per CSM and one for the channel, each working day, at a local time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.loop.briefing import decisions_waiting
from bot.loop.leaving import leaving_alone
from bot.loop.morning import Morning, morning_of
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock
from bot.loop.records import Store, UnitOfWork
from scoring.briefs import DigestBrief, Section
from scoring.hours import zone_named
from scoring.messages import Post
from scoring.model import Band, Person

READER, CHANNEL = "digest of CSM", "channel"
FRIDAY = 4
LINES = 10
LATEST_HOURS = 6
WATCH = "Worth watching"
DECIDE = "Decide now"
ALONE = "Leaves by itself"
WAITING = "Waiting"
CHANGED = "Changed since last week"
HELD = "Triggered, but no card"
MAILED = "Mails of the last seven days"
STALE_DAYS = 2


@dataclass(frozen=True, slots=True)
class Digest:
    """Queues what is due and builds what is delivered. `at` is a local time; the channel uses the workspace's zone."""

    store: Store
    clock: Clock
    at: time
    zone: ZoneInfo
    channel: str
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self) -> int:
        """Queue every digest whose local time has come; the key makes it once per person and local day (F1)."""
        now = self.clock()
        async with self.store.reading() as work:
            done, csms = await work.flags.get("day_done"), await work.accounts.csms()
        if done is None:
            return 0
        here = {csm.id: csm for csm in csms if csm.slack_id and not csm.left}
        due = await self.one_by_one.each(READER, here, partial(self._due, done, now))
        if key := morning_key(CHANNEL, now.astimezone(self.zone), self.at):
            due.append(Post(key, "digest", self.channel, f"{done}|{CHANNEL}"))
        async with self.store() as work:
            return sum([await work.slack.say(post) for post in due if post.target])

    async def _due(self, done: str, now: datetime, csm: Person) -> Post | None:
        local = now.astimezone(zone_named(csm.timezone, fallback=self.zone))
        key = morning_key(csm.id, local, self.at)
        return Post(key, "digest", csm.slack_id, f"{done}|{csm.id}") if key else None

    async def brief(self, work: UnitOfWork, body: str) -> DigestBrief | None:
        """What a queued digest says when it is delivered; None when there is nothing to say (UX 25)."""
        day_text, who = body.split("|", 1)
        person = None if who == CHANNEL else await work.accounts.person(who)
        day = date.fromisoformat(day_text)
        zone = zone_named(person.timezone if person else "", fallback=self.zone)
        morning = await morning_of(work, day, person, self.clock(), zone=zone)
        sections = await _sections(work, morning, self.clock())
        notes = await _notes(work, morning, self.clock().astimezone(self.zone).date())
        if person is not None and not sections:
            return None
        healthy = sum(snap.health.band is Band.HEALTHY for snap in morning.snapshots.values())
        return DigestBrief(day, person, sections, notes, healthy, len(morning.snapshots))


def morning_key(who: str, local: datetime, at: time) -> str:
    """The key of the digest that is due at a reader's local time, the same all morning; empty while none is (F1)."""
    due = datetime.combine(local.date(), at, local.tzinfo)
    late = local > due + timedelta(hours=LATEST_HOURS)
    return "" if local.weekday() > FRIDAY or local < due or late else f"digest:{who}:{local.date()}"


async def _sections(work: UnitOfWork, morning: Morning, now: datetime) -> tuple[Section, ...]:
    """Decide now, waiting, held, last week's mails, changed, watch; ten lines altogether (UX 26)."""
    reader = morning.person
    decide = await decisions_waiting(work, reader.id if reader else None, now, leads=bool(reader and reader.lead))
    listed = {line.account_id for line in decide}
    rows = (
        (DECIDE, list(decide)),
        (ALONE, await leaving_alone(work, morning.acted_for, now, morning.zone)),
        (WAITING, morning.waiting(now)),
        (HELD, morning.held(listed)),
        (MAILED, await morning.mailed(work, now)),
        (CHANGED, morning.changed(listed)),
        (WATCH, morning.watch(listed)),
    )
    told: set[str] = set()
    sections = []
    for title, lines in rows:
        new = [line for line in lines if line.account_id not in told]  # an account stands once, where it matters most
        told |= {line.account_id for line in new}
        label = "Read or stop" if title is ALONE else "Decide"
        sections += [Section(title, tuple(new), button=label)] if new else []
    return _fitted(sections)


def _fitted(sections: list[Section]) -> tuple[Section, ...]:
    """Ten lines altogether: from the top down, but no section is squeezed out by those above it.

    What leaves by itself stands there in full, or nobody could stop what they were not shown.
    """
    room, fitted = LINES, []
    for place, section in enumerate(sections):
        if section.title == ALONE:
            fitted.append(section)
            continue
        shown = section.lines[: max(room - (len(sections) - place - 1), 1)]
        room -= len(shown)
        fitted.append(replace(section, lines=shown, held=len(section.lines) - len(shown)))
    return tuple(fitted)


async def _notes(work: UnitOfWork, morning: Morning, today: date) -> tuple[str, ...]:
    """What a reader must know before trusting the lines: paused, held, blind, stale (R8, R35)."""
    notes = []
    if await work.flags.get("paused") is not None:
        notes.append("All sending is paused.")
    if await work.flags.get("storm") is not None:
        notes.append("Cards and sends are held: many accounts moved together. See the notice in the alert channel.")
    blind = sum(snap.health.coverage < 0.5 for snap in morning.snapshots.values())  # noqa: PLR2004 - R8
    if blind:
        notes.append(f"Blind on {blind} accounts: too little data for an alert.")
    if (today - morning.day).days > STALE_DAYS:
        notes.append(f"Scores are old: the last day scored is {morning.day}.")
    return tuple(notes)
