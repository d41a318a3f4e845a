"""The morning digest: one message per CSM and one for the channel, each working day, at a local time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.loop.briefing import decisions_waiting
from bot.loop.cover import covered_by
from bot.loop.leaving import leaving_alone
from bot.loop.ports import Clock
from bot.loop.records import Store, UnitOfWork
from scoring.briefs import DigestBrief, Line, Section
from scoring.casework import Case, CaseState, Decision, Trigger
from scoring.hours import zone_named
from scoring.messages import Post
from scoring.model import Account, Band, Person, Snapshot
from scoring.wording import shown

FRIDAY = 4
LINES = 10
CHANGED_POINTS = 5.0
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

    async def run(self) -> int:
        """Queue every digest whose local time has come; the key makes it once per person and local day (F1)."""
        now = self.clock()
        queued = 0
        async with self.store() as work:
            done = await work.flags.get("day_done")
            if done is None:
                return 0
            day = date.fromisoformat(done)
            for csm in await work.accounts.csms():
                if csm.slack_id and not csm.left:
                    queued += await self._queue(
                        work, csm.slack_id, csm.id, now.astimezone(zone_named(csm.timezone, fallback=self.zone)), day
                    )
            queued += await self._queue(work, self.channel, "channel", now.astimezone(self.zone), day)
        return queued

    async def _queue(self, work: UnitOfWork, target: str, who: str, local: datetime, day: date) -> bool:
        key = morning_key(who, local, self.at)
        if not key or not target:
            return False
        return await work.slack.say(Post(key=key, kind="digest", target=target, body=f"{day}|{who}"))

    async def brief(self, work: UnitOfWork, body: str) -> DigestBrief | None:
        """What a queued digest says when it is delivered; None when there is nothing to say (UX 25)."""
        day_text, who = body.split("|", 1)
        person = None if who == "channel" else await work.accounts.person(who)
        day = date.fromisoformat(day_text)
        picture = await _picture(work, day, person, self.clock())
        sections = await _sections(work, picture, self.clock())
        notes = await _notes(work, picture, self.clock())
        if person is not None and not sections:
            return None
        healthy = sum(snap.health.band is Band.HEALTHY for snap in picture.snapshots.values())
        return DigestBrief(day, person, sections, notes, healthy, len(picture.snapshots))


def morning_key(who: str, local: datetime, at: time) -> str:
    """The key of the digest that is due at a reader's local time, the same all morning; empty while none is (F1)."""
    due = datetime.combine(local.date(), at, local.tzinfo)
    late = local > due + timedelta(hours=LATEST_HOURS)
    return "" if local.weekday() > FRIDAY or local < due or late else f"digest:{who}:{local.date()}"


@dataclass(frozen=True, slots=True)
class _Picture:
    """One day of the accounts that a digest is about; `acted_for` are those and the ones that its reader covers."""

    day: date
    person: Person | None
    accounts: Mapping[str, Account]
    acted_for: Mapping[str, Account]
    snapshots: Mapping[str, Snapshot]
    week_ago: Mapping[str, Snapshot]
    live: tuple[Case, ...]
    decisions: tuple[Decision, ...]
    triggers: tuple[Trigger, ...]


async def _picture(work: UnitOfWork, day: date, person: Person | None, now: datetime) -> _Picture:
    live = {case.account_id: case for case in await work.cases.live()}
    customers = {account.id: account for account in await work.accounts.all() if account.churned_on is None}
    owners = {key: _owner(account, live.get(key)) for key, account in customers.items()}
    whose = await covered_by(work, person.id, now) if person else frozenset[str]()
    accounts = {key: account for key, account in customers.items() if person is None or owners[key] == person.id}
    covered = {key: account for key, account in customers.items() if owners[key] in whose}
    return _Picture(
        day=day,
        person=person,
        accounts=accounts,
        acted_for={**accounts, **covered},
        snapshots=await work.snapshots.on(day, accounts=accounts),
        week_ago=await work.snapshots.on(day - timedelta(days=7), accounts=accounts),
        live=tuple(case for case in live.values() if case.account_id in accounts),
        decisions=tuple(d for d in await work.cases.decisions(day) if d.account_id in accounts),
        triggers=tuple(t for t in await work.cases.fired_on(day) if t.account_id in accounts),
    )


def _owner(account: Account, case: Case | None) -> str | None:
    return (case.csm_id if case else None) or account.csm_id


async def _sections(work: UnitOfWork, picture: _Picture, now: datetime) -> tuple[Section, ...]:
    """Decide now, waiting, held, last week's mails, changed, watch; ten lines altogether (UX 26)."""
    reader = picture.person
    decide = await decisions_waiting(work, reader.id if reader else None, now, leads=bool(reader and reader.lead))
    listed = {line.account_id for line in decide}
    rows = (
        (DECIDE, list(decide)),
        (ALONE, await leaving_alone(work, picture.acted_for, now)),
        (WAITING, _waiting(picture, now)),
        (HELD, _held(picture, listed)),
        (MAILED, await _mailed(work, picture, now)),
        (CHANGED, _changed(picture, listed)),
        (WATCH, _watch(picture, listed)),
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


def _waiting(picture: _Picture, now: datetime) -> list[Line]:
    """What is snoozed, and until when: silence is visible (UX 23)."""
    snoozed = [c for c in picture.live if c.state is CaseState.SNOOZED and c.snoozed_until and c.snoozed_until > now]
    snoozed.sort(key=lambda case: case.snoozed_until or now)
    return [
        _line(picture, c.account_id, f"snoozed until {_day(c.snoozed_until or now)}: {c.snooze_reason}", case_id=c.id)
        for c in snoozed
    ]


def _held(picture: _Picture, listed: set[str]) -> list[Line]:
    """What triggered and got no card, with the reason (R37, R38); money at risk first."""
    held = [d for d in picture.decisions if d.action in {"hold", "digest", "mail"} and d.account_id not in listed]
    held.sort(key=lambda d: -(picture.accounts[d.account_id].arr or 0))
    return [_line(picture, d.account_id, d.reason) for d in held]


def _changed(picture: _Picture, listed: set[str]) -> list[Line]:
    """Accounts whose score moved by five points or more in a week, falls first."""
    moves = []
    for account_id, snap in picture.snapshots.items():
        before = picture.week_ago.get(account_id)
        same = before is not None and before.health.config_version == snap.health.config_version
        if before is None or not same or account_id in listed:
            continue
        change = snap.health.score - before.health.score
        if abs(change) >= CHANGED_POINTS:
            moves.append((shown(snap.health.score) - shown(before.health.score), account_id))
    return [_line(picture, account_id, f"{change:+d} points in a week") for change, account_id in sorted(moves)]


def _watch(picture: _Picture, listed: set[str]) -> list[Line]:
    """Lines for the digest alone: falling fast, logins down, nearly inactive (R13, R21, R22)."""
    quiet = [t for t in picture.triggers if t.digest_only and t.account_id not in listed and t.why]
    return [_line(picture, t.account_id, t.why[0].text) for t in quiet]


async def _mailed(work: UnitOfWork, picture: _Picture, now: datetime) -> list[Line]:
    """What became of the accounts we wrote to in the last seven days."""
    sent = await work.outreach.sent_since(now - timedelta(days=7))
    return [
        _line(picture, account_id, f"mail to {mail.to_email} on {_day(mail.sent_at or now)}")
        for account_id, mail in sent.items()
        if account_id in picture.accounts
    ]


async def _notes(work: UnitOfWork, picture: _Picture, now: datetime) -> tuple[str, ...]:
    """What a reader must know before trusting the lines: paused, held, blind, stale (R8, R35)."""
    notes = []
    if await work.flags.get("paused") is not None:
        notes.append("All sending is paused.")
    if await work.flags.get("storm") is not None:
        notes.append("Cards and sends are held: many accounts moved together. See the notice in the alert channel.")
    blind = sum(snap.health.coverage < 0.5 for snap in picture.snapshots.values())  # noqa: PLR2004 - R8
    if blind:
        notes.append(f"Blind on {blind} accounts: too little data for an alert.")
    if (now.date() - picture.day).days > STALE_DAYS:
        notes.append(f"Scores are old: the last day scored is {picture.day}.")
    return tuple(notes)


def _line(picture: _Picture, account_id: str, text: str, *, case_id: str = "") -> Line:
    account, snap = picture.accounts[account_id], picture.snapshots.get(account_id)
    before = picture.week_ago.get(account_id)
    return Line(
        account_id=account_id,
        name=account.name,
        text=text,
        score=snap.health.score if snap else None,
        previous=before.health.score if before else None,
        severity=snap.health.band.value if snap else "",
        arr=account.arr,
        domain=account.domain,
        case_id=case_id,
    )


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"
