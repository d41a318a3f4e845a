"""Makes the automatic mails of a day, complete and looked at, without sending: shadow and live share every line (R44).

It can only read and write words: what it is given opens transactions that cannot write, and no mail server at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import partial

from bot.loop.correspondents import recipient_for, sender_for
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Writer
from bot.loop.records import UnitOfWork
from bot.loop.second_look import MailRules
from bot.loop.wishes import Wish, as_live, rehearse
from scoring.automatic import MODE_FLAG, Earlier, Fate, Intended, Mode, intended_id, leaves_at, play_of
from scoring.budget import MONTH_DAYS, budget_left
from scoring.casework import LOOKOUT, Case, CaseState, Fact, Trigger
from scoring.facts import draft_facts
from scoring.guardrails import No
from scoring.hours import zone_named
from scoring.lifetime import quiet_until
from scoring.mail_plan import zone_of
from scoring.matter import Act
from scoring.model import Account, Person, Snapshot
from scoring.playbook import Playbook
from scoring.routing import Routing
from scoring.severity import severity

Reading = Callable[[], AbstractAsyncContextManager[UnitOfWork]]

CANDIDATE = "automatic mail to account"

COUNTED: Mapping[Mode, frozenset[Mode]] = {
    Mode.LIVE: frozenset({Mode.LIVE}),
    Mode.SHADOW: frozenset({Mode.LIVE, Mode.SHADOW}),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account whose play may write today."""

    account: Account
    snapshot: Snapshot
    fired: tuple[Trigger, ...]
    case: Case


@dataclass(frozen=True, slots=True)
class Material:
    """Whom a mail is for, who writes it, and what it may say."""

    contact: Person
    sender: Person
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """The way from a day's decisions to finished mails. `digest_at` is when a CSM can first see and stop one."""

    reading: Reading
    writer: Writer
    playbook: Playbook
    routing: Routing
    rules: MailRules
    clock: Clock
    digest_at: time
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def wishes(self, day: date, mode: Mode) -> list[Wish]:
        """The mails of all plays in this mode, the riskiest accounts first, within every cap."""
        guard = self.rules.guard
        if self.rules.off or (self.clock().astimezone(guard.zone).date() - day).days > 1:
            return []  # what happened days ago, as after an outage, is no reason to write today
        async with self.reading() as work:
            candidates = await self._candidates(work, day, mode)
            known = await self._known(work, day, mode) if candidates else []
            room = await self._room(work, day, mode, known)
        earlier, wishes = Earlier.of(known, day), list[Wish]()
        planned = {one.id for one in known}
        for candidate in candidates:
            if intended_id(candidate.account.id, day, mode) in planned or (room is not None and len(wishes) >= room):
                continue
            write = partial(self._wish, candidate, day, mode, earlier=earlier)
            wish = await self.one_by_one.one(CANDIDATE, candidate.account.id, write)
            if wish is not None:
                wishes.append(wish)
                earlier = earlier.with_one(candidate.account.id, wish.intended.to_email, day)
        return wishes

    async def _known(self, work: UnitOfWork, day: date, mode: Mode) -> list[Intended]:
        config = self.rules.guard.policy
        longest = max(config.automatic_account_days, config.contact_gap_days, MONTH_DAYS)
        return await work.intended.since(day - timedelta(days=longest), COUNTED[mode])

    async def _room(self, work: UnitOfWork, day: date, mode: Mode, known: Sequence[Intended]) -> int | None:
        """What cards and automatic mails together may still be in 30 days (R38); what shadow only said counts there."""
        since = self.clock() - timedelta(days=MONTH_DAYS)
        opened = await work.cases.opened_since(since)
        if mode is Mode.SHADOW:
            opened += sum(one.mode is Mode.SHADOW and one.planned_at >= since for one in known)
        return budget_left(await work.snapshots.count(day), opened, self.rules.guard.policy)

    async def _candidates(self, work: UnitOfWork, day: date, mode: Mode) -> list[Candidate]:
        """Who was decided to be written to, by a play in this mode; nobody with a card, nobody in a quiet period."""
        ids = [decision.account_id for decision in await work.cases.decisions(day) if decision.action == Act.MAIL]
        if not ids:
            return []
        accounts, today = await work.accounts.some(ids), await work.snapshots.on(day, accounts=ids)
        live, last = await work.cases.live_ids(), await work.cases.last_of_all()
        fired = [trigger for trigger in await work.cases.fired_on(day) if trigger.account_id in accounts]
        own = dict[str, tuple[Trigger, ...]]()
        for account_id in sorted(set(ids) & accounts.keys() & today.keys() - live.keys()):
            if quiet_until(last.get(account_id), day, self.rules.guard.policy) is None:
                own[account_id] = tuple(trigger for trigger in fired if trigger.account_id == account_id)
        noted = {account_id: triggers for account_id, triggers in own.items() if triggers}
        found = await self.one_by_one.each(CANDIDATE, noted, partial(self._candidate, accounts, today, day))
        switched = {c.case.play: await work.flags.get(f"{MODE_FLAG}{c.case.play}") for c in found}
        found.sort(key=lambda c: (c.snapshot.health.score, -(c.account.arr or 0), c.account.id))
        return [candidate for candidate in found if switched[candidate.case.play] == mode]

    async def _candidate(
        self, accounts: Mapping[str, Account], today: Mapping[str, Snapshot], day: date, fired: tuple[Trigger, ...]
    ) -> Candidate:
        account, snapshot = accounts[fired[0].account_id], today[fired[0].account_id]
        band = severity(account, snapshot.health.score, fired, day, self.rules.guard.policy)
        case = Case(
            id=intended_id(account.id, day, Mode.LIVE),
            account_id=account.id,
            state=CaseState.APPROVED,
            severity=band,
            opened_at=self.clock(),
            triggers=fired,
            play=play_of(self.playbook, fired, band),
            csm_id=account.csm_id,
            last_trigger_on=day,
            worst_score=snapshot.health.score,
            changed_by=LOOKOUT,
            changed_at=self.clock(),
        )
        return Candidate(account, snapshot, fired, case)

    async def _wish(self, candidate: Candidate, day: date, mode: Mode, *, earlier: Earlier) -> Wish | None:
        """Write one, put it through the gate, and look at it a second time as of when it would leave."""
        account, config = candidate.account, self.rules.guard.policy
        async with self.reading() as work:
            material = await self._material(work, candidate)
        if material is None or earlier.objection(
            account.name, account.id, material.contact.email, day=day, config=config
        ):
            return None
        intended = await self._written(candidate, material, day, mode)
        if intended is None:
            return None
        wish = as_live(intended, candidate.case)
        async with self.reading() as work:
            verdict = await rehearse(work, self.rules, wish, wish.mail.not_before)
        return None if isinstance(verdict, No) and not verdict.waits else wish

    async def _material(self, work: UnitOfWork, candidate: Candidate) -> Material | None:
        account = candidate.account
        sender = await sender_for(work, candidate.case, account, self.routing, now=self.clock())
        snapshot = await work.snapshots.newest(account.id)
        contact = await recipient_for(work, candidate.case, snapshot)
        if sender is None or contact is None:
            return None
        milestones = await work.accounts.milestones()
        facts = draft_facts(account, contact, snapshot, triggers=candidate.fired, milestones=milestones)
        return Material(contact, sender, facts)

    async def _written(self, candidate: Candidate, material: Material, day: date, mode: Mode) -> Intended | None:
        """The finished text with everything around it; None when the gate objects: then nobody sends it by himself."""
        contact, sender, account, now = material.contact, material.sender, candidate.account, self.clock()
        written = await self.writer.write(
            play=candidate.case.play, account=account, contact=contact, csm=sender, facts=material.facts, now=now
        )
        if self.writer.check(
            written.subject, written.body, facts=material.facts, account=account, contact=contact, csm=sender
        ):
            return None
        guard = self.rules.guard
        return Intended(
            id=intended_id(account.id, day, mode),
            day=day,
            mode=mode,
            fate=Fate.PLANNED if mode is Mode.SHADOW else Fate.QUEUED,
            play=candidate.case.play,
            account_id=account.id,
            to_id=contact.id,
            to_name=contact.name,
            to_email=contact.email.strip(),
            from_id=sender.id,
            from_name=sender.name,
            from_email=sender.email.strip(),
            subject=written.subject,
            body=written.body,
            origin=written.origin,
            prompt_version=written.prompt_version,
            severity=candidate.case.severity,
            planned_at=now,
            leaves_at=leaves_at(
                now,
                digest=self.digest_at,
                reader=zone_named(sender.timezone, fallback=guard.zone),
                contact=zone_of(contact, account, sender, guard),
                hours=guard.hours,
                hold=timedelta(minutes=guard.policy.automatic_hold_minutes),
            ),
            score_seen=candidate.snapshot.health.score,
        )
