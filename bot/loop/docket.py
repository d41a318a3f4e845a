"""Opens, joins and ends cases: each move in one transaction with its decision, its card and its trace (R31-R41)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.loop.cover import acting_for
from bot.loop.matters import to_come
from bot.loop.records import UnitOfWork
from bot.loop.saying import say_in_thread, tell
from bot.loop.second_look import followed_by, unattended
from scoring.budget import Pace
from scoring.casework import LOOKOUT, AuditEntry, Case, CaseState, Decision
from scoring.config import PolicyConfig
from scoring.hours import WorkingHours, zone_named
from scoring.matter import Act, Matter, Move
from scoring.model import Account, Person, Role
from scoring.playbook import Playbook, Row
from scoring.routing import Routing
from scoring.wording import worst

HOUR = timedelta(hours=1)

WORSE_NOTE = "Worse: {before} before, {after} now. {fact}"
ALONE_NOTE = (
    "{account} is {severity} now, and only automatic mail went there so far: its card waits for your decision. {fact}"
)
CLOSED_NOTE = "Closed. {reason}"
LEAD_NOTE = "{account} is {severity}. {fact} {owner} has the card."
NOBODY = "Nobody owns this account; the channel"
FASTER = "A person changed the case in the same moment; it is looked at again tomorrow."
TRIES = 3


def new_id() -> str:
    """A fresh id for a case or a draft."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Docket:
    """What opening a case needs to know; it reads and writes inside the transaction it is handed."""

    routing: Routing
    playbook: Playbook
    policy: PolicyConfig
    zone: ZoneInfo
    new_id: Callable[[], str] = field(default=new_id)
    hours: WorkingHours = field(default_factory=WorkingHours)

    async def carry_out(self, work: UnitOfWork, move: Move, now: datetime) -> Case | None:
        """Do what a move says and store its decision; the case that was changed, if any."""
        act = {Act.OPEN: self._open, Act.UPDATE: self._update, Act.CLOSE: self._close}.get(move.act)
        case = await act(work, move, now) if act else None
        faster = act is not None and case is None
        decision = replace(move.decision, case_id=case.id if case else move.decision.case_id)
        if faster:
            decision = replace(decision, action=Act.NONE.value, reason=FASTER)
        await work.cases.decide([decision])
        return case

    async def _open(self, work: UnitOfWork, move: Move, now: datetime) -> Case | None:
        """A new case with its card; None when a person opened one in the same moment."""
        account = move.matter.account
        csm = await owner_of(work, account)
        case = self._case(move, csm, now)
        if not await work.cases.add(case):
            return None
        lead = self.routing.lead(await work.accounts.csms())
        acting = await acting_for(work, csm, now)
        route = self.routing.route(case.severity, account, acting, lead)
        start = self._at_work(acting or lead, move, now)
        an_hour = max(1, self.policy.cards_per_channel_hour)
        pace = Pace({}, {route.channel: await _ahead(work, route.channel, now, start, an_hour)})
        slot = pace.slot(route.channel, case.severity, start, self.policy) or start
        await work.slack.want_card(
            case.id, channel=route.channel, mention=route.mention, not_before=slot if slot > now else None
        )
        await self._remember(work, case, "opened", move.decision, now)
        if (
            lead is not None
            and lead.slack_id != route.mention
            and self.row(move).copies_lead(valued=move.matter.valued)
        ):
            await self._copy_lead(work, move, case, lead=lead, owner=csm.name if csm else "")
        return case

    def _at_work(self, person: Person | None, move: Move, now: datetime) -> datetime:
        """When a new card or a word of it may reach somebody: in their working hours, unless it presses (UX 21)."""
        if person is None or move.matter.asked or self.row(move).presses:
            return now
        return self.hours.next_open(now, zone_named(person.timezone, fallback=self.zone))

    def _case(self, move: Move, csm: Person | None, now: datetime) -> Case:
        matter = move.matter
        return Case(
            id=self.new_id(),
            account_id=matter.account.id,
            state=CaseState.OPEN,
            severity=move.severity,
            opened_at=now,
            triggers=matter.listed,
            high_priority=move.high_priority,
            high_value=matter.high_value,
            play=move.play,
            csm_id=csm.id if csm else None,
            due_at=self.row(move).due_at(now, self.zone),
            last_trigger_on=move.decision.day,
            worst_score=matter.snapshot.health.score,
            changed_by=LOOKOUT,
            changed_at=now,
        )

    async def _update(self, work: UnitOfWork, move: Move, now: datetime) -> Case | None:
        """Join what is new; when it became worse, say so in the thread, and wake what no person looks at (R33, R40)."""
        for _ in range(TRIES):
            case = await work.cases.live_of(move.matter.account.id)
            if case is None:
                return None
            alone = move.worse and await _left_to_machines(work, case)
            changed = self._joined(case, move, now, alone=alone)
            if await work.cases.save(changed, expected=case.version):
                break
        else:
            return None
        await self._show_worse(work, changed, now)
        if move.worse:
            text = WORSE_NOTE.format(before=case.severity, after=changed.severity, fact=move.matter.fact)
            await say_in_thread(work, changed, f"worse:{changed.severity}", text)
        if alone:
            await self._ask_a_person(work, move, changed, now)
        await self._remember(work, changed, "worse" if move.worse else "joined", move.decision, now)
        return changed

    async def _show_worse(self, work: UnitOfWork, case: Case, now: datetime) -> None:
        """Draw it anew; one that still waits for its person's morning waits no longer once it presses."""
        card = await work.slack.card(case.id)
        presses = self.playbook.row(case.severity, high_priority=case.high_priority).presses
        early = card is not None and card.not_before is not None and not card.posted and presses
        await work.slack.want_card(case.id, not_before=now if early else None)

    async def refresh(self, work: UnitOfWork, matter: Matter) -> bool:
        """Tell what still holds with today's numbers, on the card too; silently, and not while a mail is on its way.

        So that a card, the digest, App Home and `/health` say the same of an account (UX 27), and a recovery is seen.
        """
        case = await work.cases.live_of(matter.account.id)
        if case is None or case.state is CaseState.APPROVED:
            return False
        score = matter.snapshot.health.score
        worst_score = score if case.worst_score is None else min(score, case.worst_score)
        told = replace(case, triggers=matter.listed, worst_score=worst_score, version=case.version + 1)
        if not await work.cases.save(told, expected=case.version):
            return False
        await work.slack.want_card(case.id)
        return True

    def _joined(self, case: Case, move: Move, now: datetime, *, alone: bool) -> Case:
        score, due = move.matter.snapshot.health.score, self.row(move).due_at(now, self.zone)
        woken = alone or (move.worse and case.state is CaseState.SNOOZED)
        return replace(
            case,
            state=CaseState.OPEN if woken else case.state,
            snoozed_until=None if woken else case.snoozed_until,
            severity=worst(case.severity, move.severity),
            play=move.play if alone else case.play,
            triggers=move.matter.listed,
            high_priority=case.high_priority or move.high_priority,
            due_at=min(due, case.due_at) if due and case.due_at else due or case.due_at,
            last_trigger_on=move.decision.day if move.matter.alerts else case.last_trigger_on,
            worst_score=score if case.worst_score is None else min(score, case.worst_score),
            version=case.version + 1,
            changed_by=LOOKOUT,
            changed_at=now,
        )

    async def _ask_a_person(self, work: UnitOfWork, move: Move, case: Case, now: datetime) -> None:
        """A card that only changes reaches nobody: who acts for the account hears of it, else the lead."""
        account, lead = move.matter.account, self.routing.lead(await work.accounts.csms())
        owner = await acting_for(work, await owner_of(work, account, case), now)
        text = ALONE_NOTE.format(account=account.name, severity=case.severity, fact=move.matter.fact)
        await tell(work, owner or lead, f"worse:{case.id}:{case.severity}:direct", text)

    async def _close(self, work: UnitOfWork, move: Move, now: datetime) -> Case | None:
        """End a case with its reason (R36); None when a person has done something else meanwhile."""
        case = await work.cases.live_of(move.matter.account.id)
        if case is None or move.matter.live is None or case.version != move.matter.live.version:
            return None
        changed = replace(
            case,
            state=CaseState.CLOSED,
            closed_at=now,
            close_reason=move.ending,
            version=case.version + 1,
            changed_by=LOOKOUT,
            changed_at=now,
        )
        if not await work.cases.save(changed, expected=case.version):
            return None
        await work.slack.want_card(changed.id)
        await say_in_thread(work, changed, "closed", CLOSED_NOTE.format(reason=move.decision.reason))
        await self._remember(work, changed, "closed", move.decision, now)
        return changed

    def row(self, move: Move) -> Row:
        """The playbook's row for a move."""
        return self.playbook.row(move.severity, high_priority=move.high_priority)

    async def _copy_lead(self, work: UnitOfWork, move: Move, case: Case, *, lead: Person, owner: str) -> None:
        """The lead hears of the gravest cards directly (R40)."""
        matter, now = move.matter, case.opened_at
        text = LEAD_NOTE.format(
            account=matter.account.name, severity=case.severity, fact=matter.fact, owner=owner or NOBODY
        )
        at = self._at_work(lead, move, now)
        await tell(work, lead, f"lead:{case.id}", text, not_before=at if at > now else None)

    async def _remember(self, work: UnitOfWork, case: Case, action: str, decision: Decision, now: datetime) -> None:
        detail = f"{decision.reason} ({decision.rule})"
        await work.audit.add(AuditEntry(now, LOOKOUT, action, case.account_id, case.id, detail))


async def owner_of(work: UnitOfWork, account: Account, case: Case | None = None) -> Person | None:
    """Who acts for an account: the case's person, else the account's; nobody who left (G7)."""
    for csm_id in filter(None, (case.csm_id if case else None, account.csm_id)):
        person = await work.accounts.person(csm_id)
        if person and person.role is Role.CSM and not person.left:
            return person
    return None


async def _left_to_machines(work: UnitOfWork, case: Case) -> bool:
    """Whether all that the customer got was written and sent without a person, so that nobody has decided yet."""
    mail = await work.outreach.latest_of(case.id) if case.state is CaseState.CONTACTED else None
    first = (await followed_by(work, mail) or mail) if mail else None
    return first is not None and unattended(first)


async def _ahead(work: UnitOfWork, channel: str, now: datetime, start: datetime, an_hour: int) -> int:
    """How many cards stand before one that may come at `start`, in the hours until there is room for it (R37)."""
    ahead = await work.slack.cards_posted_since(channel, start - HOUR)
    coming = [card.not_before for card in (await to_come(work, now)).values() if card.channel == channel]
    for at in sorted(max(not_before or now, now) for not_before in coming):
        ahead += start - HOUR < at < start + (ahead // an_hour + 1) * HOUR
    return ahead
