"""Turns what fired into cases with cards, or into a stored reason why not: one decision for each account and day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

from bot.loop.docket import Docket
from bot.loop.drafting import Drafting
from bot.loop.matters import Matters, Picture, held_day, picture, room, tomorrow
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, UsageScores, Wake
from bot.loop.records import Store, UnitOfWork
from scoring import wording
from scoring.casework import LOOKOUT, AuditEntry, Decision
from scoring.matter import Act, Matter, Move, Today
from scoring.messages import Post
from scoring.model import Band, Snapshot
from scoring.policy import decide, holds
from scoring.sight import seen_now
from scoring.storm import OUTAGE, outage

STORM, ANSWER, FIRST_RUN = "storm", "storm_answer", "first_run"
VOLUME_DAYS = 36
LISTED = 15

STORM_NOTICE = "{reason}\n{held} and all sends are held until a lead releases or drops them."
STILL_HELD = "Cards and sends have been held since {day}, until a lead releases or drops them."
DROPPED = "A person dropped what was held on this day."
STARTING_LIST = "Lookout has looked at {total} for the first time. {found}"
FROM_TOMORROW = "No cards today: from tomorrow on, an account that gets worse gets one."
AT_RISK = "{number} at risk, the lowest health first:"
NONE_AT_RISK = "None looks at risk."
LIST_LINE = "• {name}: {band}, health {score}"
AND_MORE = "and {number} more; /health shows any of them."
CASE, DECISION = "case of account", "decision about account"
CASES_OPENED = (Act.OPEN, Act.UPDATE, Act.CLOSE)


@dataclass(frozen=True, slots=True)
class Alert:
    """The third stage of the daily run. Doing a day again changes nothing: an account is decided about once a day."""

    store: Store
    usage: UsageScores
    docket: Docket
    drafting: Drafting
    clock: Clock
    wake: Wake
    digest_channel: str
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self, day: date) -> list[Decision]:
        """Decide about every account with a trigger, an open case or a wait on a complete, detected day."""
        await self.after_storm()
        volumes = await self.usage.volume(VOLUME_DAYS, day)
        async with self.store.reading() as work:
            seen = await picture(work, day, self.docket.policy)
            asked = await self._matters.of(work, seen) if seen.today else []
            today = await self._today(work, seen, volumes)
        if not seen.today:
            return []
        return await self._carry_out(seen, asked, today, seen.concerned(None))

    @property
    def _matters(self) -> Matters:
        return Matters(self.docket.policy, self.one_by_one)

    async def after_storm(self) -> list[Decision]:
        """Carry out a person's answer to a storm: open what was held, riskiest first, or drop it (R35)."""
        async with self.store.reading() as work:
            answer = await work.flags.get(ANSWER)
            held = await held_day(work) if answer else None
        if answer is None:
            return []
        decided: list[Decision] = []
        if held is not None:
            decided = await (self._release(*held) if answer == "release" else self._drop(*held))
        async with self.store() as work:
            await work.flags.set(ANSWER, None)
        return decided

    async def _release(self, day: date, held: frozenset[str]) -> list[Decision]:
        async with self.store.reading() as work:
            seen = await picture(work, day, self.docket.policy)
            asked = await self._matters.of(work, seen, only=held)
            today = replace(await self._today(work, seen, []), held="", released=True)
        return await self._carry_out(seen, asked, today, seen.concerned(held))

    async def _drop(self, day: date, held: frozenset[str]) -> list[Decision]:
        dropped = [Decision(account_id, day, Act.NONE.value, DROPPED, "R35") for account_id in sorted(held)]
        async with self.store() as work:
            await work.cases.decide(dropped)
        return dropped

    async def _today(self, work: UnitOfWork, seen: Picture, volumes: Sequence[int]) -> Today:
        """The day's room, and whether something holds everything before any account is looked at (R34, R35)."""
        docket = self.docket
        today = await room(work, self.clock(), seen.total, zone=docket.zone, config=docket.policy)
        storm, first = await work.flags.get(STORM), await work.flags.get(FIRST_RUN)
        held = STILL_HELD.format(day=storm) if storm else ""
        if not held and (silent := outage(volumes, docket.policy)):
            held = OUTAGE.format(day=wording.day(seen.day), now=silent[0], usual=silent[1])
        return replace(today, day=seen.day, held=held, first_run=first in {None, seen.day.isoformat()})

    async def _carry_out(
        self, seen: Picture, asked: Sequence[Matter], today: Today, concerned: Sequence[str]
    ) -> list[Decision]:
        docket = self.docket
        by_account = {matter.account.id: matter for matter in asked}
        asked = await self.one_by_one.each(DECISION, by_account, partial(self._decidable, today))
        today = replace(today, held=holds(asked, today, docket.policy))
        moves = decide(asked, today, config=docket.policy, playbook=docket.playbook)
        now = self.clock()
        async with self.store() as work:
            await work.cases.decide(move.decision for move in moves if move.act not in CASES_OPENED)
            if today.held:
                await self._hold(work, today, moves)
            elif today.first_run:
                await self._start(work, seen)
        changing = {move.matter.account.id: move for move in moves if move.act in CASES_OPENED}
        changed = await self.one_by_one.each(CASE, changing, partial(self._change, now))
        tripped_over = {*concerned} - {matter.account.id for matter in asked} | changing.keys() - {*changed}
        async with self.store() as work:
            await work.cases.decide(tomorrow(tripped_over, seen.day))
        if not today.held:
            await self._refresh(asked, changing.keys())
        self.wake()
        await self.drafting.write_missing_drafts()
        return [move.decision for move in moves]

    async def _decidable(self, today: Today, matter: Matter) -> Matter:
        """One that the rules can decide about: they look at all together, and one they trip over would end the day."""
        decide([matter], today, config=self.docket.policy, playbook=self.docket.playbook)
        return matter

    async def _change(self, now: datetime, move: Move) -> str:
        async with self.store() as work:
            await self.docket.carry_out(work, move, now)
        return move.matter.account.id

    async def _refresh(self, asked: Sequence[Matter], changed: Collection[str]) -> None:
        """The other live cases are told with today's numbers; what cannot be seen today is left as it was (R8)."""
        others = {matter.account.id: matter for matter in asked if matter.live and matter.account.id not in changed}
        seen = {key: matter for key, matter in others.items() if seen_now(matter.snapshot, self.docket.policy)}
        await self.one_by_one.each(CASE, seen, self._tell_anew)

    async def _tell_anew(self, matter: Matter) -> None:
        async with self.store() as work:
            await self.docket.refresh(work, matter)

    async def _hold(self, work: UnitOfWork, today: Today, moves: Sequence[Move]) -> None:
        """One notice for one storm; it stays until a person answers (R35)."""
        if not await work.flags.claim(STORM, today.day.isoformat()):
            return
        cards = sum(move.act is Act.HOLD for move in moves)
        text = STORM_NOTICE.format(reason=today.held, held=f"{wording.count(cards, 'account')}")
        await work.slack.say(Post(f"storm:{today.day}", "storm", self.docket.routing.default, text))
        await work.audit.add(AuditEntry(self.clock(), LOOKOUT, "storm held", detail=today.held))

    async def _start(self, work: UnitOfWork, seen: Picture) -> None:
        """The starting list, once in the life of a workspace (R34)."""
        if await work.flags.claim(FIRST_RUN, seen.day.isoformat()):
            await work.slack.say(Post("first_run", "notice", self.digest_channel, _starting_list(seen)))


def _starting_list(seen: Picture) -> str:
    """The accounts at risk, lowest health first, as one message (R34)."""
    bad = sorted(
        (snap for snap in seen.today.values() if snap.health.band.rank >= Band.AT_RISK.rank and _customer(seen, snap)),
        key=lambda snap: (snap.health.score, snap.health.account_id),
    )
    found = AT_RISK.format(number=len(bad)) if bad else NONE_AT_RISK
    lines = [STARTING_LIST.format(total=wording.count(seen.total, "account"), found=found)]
    lines += [_list_line(seen, snap) for snap in bad[:LISTED]]
    if len(bad) > LISTED:
        lines.append(AND_MORE.format(number=len(bad) - LISTED))
    return "\n".join([*lines, FROM_TOMORROW])


def _list_line(seen: Picture, snap: Snapshot) -> str:
    account = seen.accounts[snap.health.account_id]
    return LIST_LINE.format(name=account.name, band=snap.health.band, score=wording.score(snap.health.score))


def _customer(seen: Picture, snap: Snapshot) -> bool:
    return seen.accounts[snap.health.account_id].churned_on is None
