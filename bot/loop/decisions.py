"""What every decision of a person shares: who may decide, one transaction, the trace it leaves, and who was faster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.loop.modes import AutopilotParts
from bot.loop.ports import Actor, Clock, Wake, Writer
from bot.loop.records import Store, UnitOfWork
from bot.loop.refusals import remember
from bot.loop.rights import Rights
from bot.loop.saying import say_in_thread, show
from bot.loop.second_look import MailRules
from scoring.briefs import Answer, CardBrief
from scoring.casework import LOOKOUT, AuditEntry, Case, CaseState, OutreachState
from scoring.errors import NotAllowed, Refused, TooLate
from scoring.hours import zone_named
from scoring.model import Person
from scoring.roles import Deed

Brief = Callable[[UnitOfWork, str], Awaitable[CardBrief | None]]

UTC_ZONE = ZoneInfo("UTC")

GONE = "This case or its account no longer exists. Nothing was sent."
BEATEN = {
    CaseState.OPEN: "This card is open: {who} changed it at {when}. Nothing was sent.",
    CaseState.SNOOZED: "{who} snoozed this at {when}. Nothing was sent. Wake it first.",
    CaseState.APPROVED: "{who} approved this at {when}. Nothing more was sent.",
    CaseState.CONTACTED: "{who} approved this at {when}, and its mail was sent. Nothing more was sent.",
    CaseState.DISMISSED: "{who} dismissed this at {when}. Nothing was sent.",
    CaseState.CLOSED: "{who} closed this case at {when}. Nothing was sent.",
}
BY_MAIL = {
    OutreachState.APPROVED: "{who} approved this at {when}. Nothing more was sent. Until it leaves it can be undone.",
    OutreachState.SENDING: "{who} approved this at {when}, and the mail is being sent. Nothing more was sent.",
    OutreachState.UNCERTAIN: (
        "{who} approved this at {when}, and nobody knows yet whether the mail arrived. Nothing more was sent."
    ),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One person acting at one moment, in one transaction."""

    work: UnitOfWork
    now: datetime
    actor: Actor
    person: Person | None = None
    """The actor as one of our people, where they are one."""

    @property
    def key(self) -> str:
        """How the actor stands in our records: by our id, else by the Slack id; never by a name (GoAlert#4439)."""
        return self.actor.person_id or self.actor.slack_id

    async def who(self) -> str:
        """The actor as a sentence calls them."""
        return _called(self.person) if self.person else await name_of(self.work, self.key)

    def at(self, instant: datetime) -> str:
        """A time as the actor's clock shows it; with the day when that is not today."""
        zone = zone_named(self.actor.timezone, fallback=UTC_ZONE)
        local, today = instant.astimezone(zone), self.now.astimezone(zone).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%H:%M} on {local.day} {local:%b}"

    async def case(self, case_id: str, *states: CaseState) -> Case:
        """The case, if it is in one of these states; else raises what the slower of two people is told."""
        case = await self.work.cases.get(case_id)
        if case is None:
            raise Refused(GONE)
        if case.state not in states:
            raise await self.beaten(case)
        return case

    async def change(self, case: Case, **fields: object) -> Case:
        """Move a case by compare-and-set on its version, and ask for its card; `TooLate` when beaten (C1-C3)."""
        changed = replace(case, **fields, version=case.version + 1, changed_by=self.key, changed_at=self.now)  # type: ignore[arg-type]
        if not await self.work.cases.save(changed, expected=case.version):
            raise await self.beaten(await self.work.cases.get(case.id) or case)
        await show(self.work, case.id)
        return changed

    async def record(self, case: Case, action: str, said: str, *, detail: str = "", mark: int = 0) -> None:
        """Who did what when, in the audit and the card's thread (UX 11); `mark` tells repeats apart."""
        entry = AuditEntry(self.now, self.key, action, account_id=case.account_id, case_id=case.id, detail=detail)
        await self.work.audit.add(entry)
        await say_in_thread(self.work, case, f"{action} {mark}" if mark else action, said)

    async def beaten(self, case: Case) -> TooLate:
        """Who was faster, when, and whether anything was sent (UX 9)."""
        text, who, when = BEATEN[case.state], case.changed_by, case.changed_at or case.opened_at
        outreach = await self.work.outreach.latest_of(case.id)
        if outreach and case.state in {CaseState.APPROVED, CaseState.CONTACTED}:
            text = BY_MAIL.get(outreach.state, text)
            who, when = outreach.approved_by, outreach.approved_at
        name = "You" if who == self.key else await name_of(self.work, who)
        return TooLate(text.format(who=name, when=self.at(when)))


@dataclass(frozen=True, slots=True)
class Decisions:
    """The parts that acting needs; `brief` gives what a card shows, inside an open transaction."""

    store: Store
    clock: Clock
    wake: Wake
    writer: Writer
    brief: Brief
    rules: MailRules
    rights: Rights = field(default_factory=Rights)
    autopilot: AutopilotParts | None = None

    async def act(
        self, actor: Actor, decide: Callable[[Act], Awaitable[Answer]], *, deed: Deed, about: str = ""
    ) -> Answer:
        """One decision in one transaction: whoever is refused has changed nothing; else the sweeps wake up.

        Who may not do it stands in the audit, once a try.

        `deed` is what the table of rights is asked for, `about` the case or mail that it is done to.
        """
        try:
            async with self.store() as work:
                now = self.clock()
                person = await self.rights.must(work, actor, deed, now, about=about)
                answer = await decide(Act(work, now, actor, person))
        except NotAllowed as refusal:
            await remember(self.store, actor, deed, self.clock(), about=about)
            return Answer(ok=False, text=str(refusal))
        except (Refused, TooLate) as refusal:
            return Answer(ok=False, text=str(refusal))
        self.wake()
        return answer

    async def may(self, deed: Deed, case_id: str, actor: Actor) -> str:
        """Why this person may not do that to a case, now; empty when they may. The deed itself asks again."""
        try:
            async with self.store.reading() as work:
                await self.rights.must(work, actor, deed, self.clock(), about=case_id)
        except NotAllowed as refusal:
            await remember(self.store, actor, deed, self.clock(), about=case_id)
            return str(refusal)
        return ""


async def name_of(work: UnitOfWork, key: str) -> str:
    """A person by our id or Slack id, as a sentence calls them."""
    if key in {"", LOOKOUT}:
        return "Lookout"
    person = await work.accounts.person(key) or await work.accounts.csm_by_slack_id(key)
    return _called(person) if person else "A colleague"


def _called(person: Person) -> str:
    return person.name or person.email
