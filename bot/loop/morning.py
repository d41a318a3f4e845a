"""One morning of the accounts that a digest is about, and the lines that can be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.loop.cover import covered_by
from bot.loop.records import UnitOfWork
from scoring import wording
from scoring.briefs import Line
from scoring.casework import Case, CaseState, Decision, Trigger
from scoring.model import Account, Person, Snapshot
from scoring.wording import shown

CHANGED_POINTS = 5.0


@dataclass(frozen=True, slots=True)
class Morning:
    """What was found on one day; `acted_for` are the reader's accounts and those that they cover.

    `zone` is the reader's, for a channel the workspace's: days are named as they are there.
    """

    day: date
    zone: ZoneInfo
    person: Person | None
    accounts: Mapping[str, Account]
    acted_for: Mapping[str, Account]
    snapshots: Mapping[str, Snapshot]
    week_ago: Mapping[str, Snapshot]
    live: tuple[Case, ...]
    decisions: tuple[Decision, ...]
    triggers: tuple[Trigger, ...]

    def waiting(self, now: datetime) -> list[Line]:
        """What is snoozed, and until when: silence is visible (UX 23)."""
        asleep = [(c.snoozed_until, c) for c in self.live if c.state is CaseState.SNOOZED and c.snoozed_until]
        later = sorted((pair for pair in asleep if pair[0] > now), key=lambda pair: pair[0])
        return [
            self._line(c.account_id, f"snoozed until {self._day(until)}: {c.snooze_reason}", case_id=c.id)
            for until, c in later
        ]

    def held(self, listed: set[str]) -> list[Line]:
        """What triggered and got no card, with the reason (R37, R38); money at risk first."""
        held = [d for d in self.decisions if d.action in {"hold", "digest", "mail"} and d.account_id not in listed]
        held.sort(key=lambda d: -(self.accounts[d.account_id].arr or 0))
        return [self._line(d.account_id, d.reason) for d in held]

    def changed(self, listed: set[str]) -> list[Line]:
        """Accounts whose score moved by five points or more in a week, falls first."""
        moves = []
        for account_id, snap in self.snapshots.items():
            before = self.week_ago.get(account_id)
            same = before is not None and before.health.config_version == snap.health.config_version
            if before is None or not same or account_id in listed:
                continue
            change = snap.health.score - before.health.score
            if abs(change) >= CHANGED_POINTS:
                moves.append((shown(snap.health.score) - shown(before.health.score), account_id))
        return [self._line(account_id, f"{change:+d} points in a week") for change, account_id in sorted(moves)]

    def watch(self, listed: set[str]) -> list[Line]:
        """Lines for the digest alone: falling fast, logins down, nearly inactive (R13, R21, R22)."""
        quiet = [t for t in self.triggers if t.digest_only and t.account_id not in listed and t.why]
        return [self._line(t.account_id, t.why[0].text) for t in quiet]

    async def mailed(self, work: UnitOfWork, now: datetime) -> list[Line]:
        """What became of the accounts we wrote to in the last seven days."""
        sent = await work.outreach.sent_since(now - timedelta(days=7))
        return [
            self._line(account_id, f"mail to {mail.to_email} on {self._day(mail.sent_at or now)}")
            for account_id, mail in sent.items()
            if account_id in self.accounts
        ]

    def _line(self, account_id: str, text: str, *, case_id: str = "") -> Line:
        account, snap = self.accounts[account_id], self.snapshots.get(account_id)
        before = self.week_ago.get(account_id)
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

    def _day(self, at: datetime) -> str:
        return wording.day(at.astimezone(self.zone).date())


async def morning_of(work: UnitOfWork, day: date, person: Person | None, now: datetime, *, zone: ZoneInfo) -> Morning:
    """Read what a person's digest is about, or everybody's."""
    live = {case.account_id: case for case in await work.cases.live()}
    customers = {account.id: account for account in await work.accounts.all() if account.churned_on is None}
    owners = {key: _owner(account, live.get(key)) for key, account in customers.items()}
    whose = await covered_by(work, person.id, now) if person else frozenset[str]()
    accounts = {key: account for key, account in customers.items() if person is None or owners[key] == person.id}
    covered = {key: account for key, account in customers.items() if owners[key] in whose}
    return Morning(
        day=day,
        zone=zone,
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
