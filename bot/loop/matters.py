"""Reads everything that decides about a day: who triggered, what is open, what waited, and how much room is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.loop.one_by_one import OneByOne
from bot.loop.records import UnitOfWork
from scoring.budget import MONTH_DAYS, Pace, budget_left
from scoring.casework import Case, CaseState, Decision, Trigger
from scoring.config import PolicyConfig
from scoring.lifetime import came_back, close_line, quiet_until
from scoring.matter import Act, Matter, Today
from scoring.messages import Card
from scoring.model import Account, Snapshot
from scoring.severity import high_value, is_complex
from scoring.sight import Past, seen_now
from scoring.triggers import standing

HISTORY_DAYS = 16
DAY, A_WHILE = timedelta(days=1), timedelta(days=60)
WAITS_RULE = "R37"
ACCOUNT = "account"
TRIPPED = "Lookout tripped over this account; it is looked at again tomorrow."


@dataclass(frozen=True, slots=True)
class Picture:
    """The fleet on one day. `waiting` are the accounts held yesterday, or whose owner had enough cards (R35, R37)."""

    day: date
    accounts: Mapping[str, Account]
    today: Mapping[str, Snapshot]
    before: Mapping[str, Snapshot]
    scores: Mapping[str, list[Past]]
    fired: Mapping[str, tuple[Trigger, ...]]
    live: Mapping[str, Case]
    last: Mapping[str, Case]
    waiting: frozenset[str]
    decided: frozenset[str]
    high_value: frozenset[str]

    @property
    def total(self) -> int:
        """The accounts that were scored and are still customers."""
        return len(self.today)

    def concerned(self, only: Collection[str] | None) -> list[str]:
        """The accounts to decide about: with a trigger, an open case or a wait; each once a day."""
        if only is not None:
            return [account_id for account_id in self.today if account_id in only]
        asked = {*self.fired, *self.live, *self.waiting} - self.decided
        return [account_id for account_id in self.today if account_id in asked]


async def picture(work: UnitOfWork, day: date, config: PolicyConfig) -> Picture:
    """Read a day."""
    accounts = await work.accounts.all()
    known = {account.id: account for account in accounts}
    earlier = [scored for scored in await work.snapshots.days() if scored < day]
    return Picture(
        day=day,
        accounts=known,
        today={key: snap for key, snap in (await work.snapshots.on(day)).items() if key in known},
        before=await work.snapshots.on(earlier[-1]) if earlier else {},
        scores=await work.snapshots.scores(day - timedelta(days=HISTORY_DAYS), day - timedelta(days=1)),
        fired=_by_account(await work.cases.fired_on(day)),
        live={case.account_id: case for case in await work.cases.live()},
        last=await work.cases.last_of_all(),
        waiting=await _waiting(work, earlier[-1]) if earlier else frozenset(),
        decided=frozenset(decision.account_id for decision in await work.cases.decisions(day)),
        high_value=high_value(accounts, config),
    )


@dataclass(frozen=True, slots=True)
class Matters:
    """Finds one matter per account to decide about."""

    config: PolicyConfig
    one_by_one: OneByOne

    async def of(self, work: UnitOfWork, seen: Picture, *, only: Collection[str] | None = None) -> list[Matter]:
        """Those of a day; `only` are the accounts that a person has just released."""
        asked = {account_id: account_id for account_id in seen.concerned(only)}
        carried = seen.waiting if only is None else frozenset(only)
        return await self.one_by_one.each(ACCOUNT, asked, partial(self._one, work, seen, carried))

    async def _one(self, work: UnitOfWork, seen: Picture, carried: frozenset[str], account_id: str) -> Matter:
        matter = replace(_matter(seen, account_id, self.config), carried=account_id in carried)
        tickets = await work.accounts.open_tickets(account_id)
        matter = replace(matter, is_complex=is_complex(matter.account, tickets, seen.day, self.config))
        return await _with_return(work, matter, seen.day, self.config)


def tomorrow(tripped_over: Iterable[str], day: date) -> list[Decision]:
    """What is decided about accounts that went wrong: held, with the reason, and a candidate again the next day."""
    return [Decision(account_id, day, Act.HOLD.value, TRIPPED, "own") for account_id in sorted(tripped_over)]


async def room(work: UnitOfWork, now: datetime, total: int, *, zone: ZoneInfo, config: PolicyConfig) -> Today:
    """How many cards may still be opened now (R37, R38); the day and what holds are filled in by the caller."""
    opened = await work.cases.opened_since(now - timedelta(days=MONTH_DAYS))
    midnight = datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(now.tzinfo)
    cases = [*await work.cases.live(), *await work.cases.ended_since(midnight)]
    # What was opened on a free day comes today, or even later, and is among today's cards then.
    waits = {case.id for case in cases if case.state is CaseState.OPEN}
    comes = {case_id: card.not_before for case_id, card in (await to_come(work, now)).items() if case_id in waits}
    today = Counter(c.csm_id for c in cases if c.csm_id and (comes.get(c.id) or c.opened_at) >= midnight)
    return Today(now.date(), total, budget=budget_left(total, opened, config), pace=Pace(dict(today), {}))


async def to_come(work: UnitOfWork, now: datetime) -> dict[str, Card]:
    """Cards of live cases that were never shown, by case; without those that Slack has refused for a day (R37)."""
    live = {case.id: case for case in await work.cases.live()}
    wanted = [card for card in await work.slack.cards_due(now + A_WHILE) if not card.posted and card.case_id in live]
    return {card.case_id: card for card in wanted if not card.attempts or now - live[card.case_id].opened_at < DAY}


async def held_day(work: UnitOfWork) -> tuple[date, frozenset[str]] | None:
    """The newest day on which a storm held accounts, and which (R35); None when there is none in the last weeks."""
    for day in reversed((await work.snapshots.days())[-14:]):
        decisions = [d for d in await work.cases.decisions(day) if d.reason != TRIPPED]
        held = frozenset(d.account_id for d in decisions if d.action == Act.HOLD)
        if held:
            return day, held
    return None


async def _waiting(work: UnitOfWork, day: date) -> frozenset[str]:
    """Who was held on a day, or had to wait because their owner had enough."""
    decisions = await work.cases.decisions(day)
    return frozenset(d.account_id for d in decisions if d.action == Act.HOLD or d.rule == WAITS_RULE)


def _matter(seen: Picture, account_id: str, config: PolicyConfig) -> Matter:
    account, snapshot, live = seen.accounts[account_id], seen.today[account_id], seen.live.get(account_id)
    past = seen.scores.get(account_id, [])
    holding = standing(account, snapshot, past, config)
    return Matter(
        account=account,
        snapshot=snapshot,
        fired=seen.fired.get(account_id, ()),
        standing=holding,
        live=live,
        last=None if live else seen.last.get(account_id),
        high_value=account_id in seen.high_value,
        calm=live is not None and not holding and _calm(seen, live, config),
    )


def _calm(seen: Picture, case: Case, config: PolicyConfig) -> bool:
    """Whether both days were in sight, nothing held on the day before, and health stood at the line on both (R36)."""
    today, before = seen.today[case.account_id], seen.before.get(case.account_id)
    if before is None or not seen_now(today, config) or not seen_now(before, config):
        return False
    line = close_line(case, config)
    enough = today.health.score >= line and before.health.score >= line
    past = seen.scores.get(case.account_id, [])
    return enough and not standing(seen.accounts[case.account_id], before, past, config)


async def _with_return(work: UnitOfWork, matter: Matter, day: date, config: PolicyConfig) -> Matter:
    """Look up whether an account in its quiet period recovered in between; only then its months are read (R39)."""
    last = matter.last
    if last is None or not matter.alerts or quiet_until(last, day, config) is None:
        return matter
    known = await work.snapshots.of(matter.account.id, last.opened_at.date(), day - timedelta(days=1))
    past = [(s.health.day, s.health.score, s.health.config_version) for s in known if seen_now(s, config)]
    return replace(matter, came_back=came_back(last, past, config))


def _by_account(triggers: list[Trigger]) -> dict[str, tuple[Trigger, ...]]:
    found: dict[str, list[Trigger]] = {}
    for trigger in triggers:
        found.setdefault(trigger.account_id, []).append(trigger)
    return {account_id: tuple(fired) for account_id, fired in found.items()}
