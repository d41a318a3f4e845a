"""Opens a case because a person asked for one: no trigger, budget or quiet period stands in the way (R39)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from bot.loop.decisions import name_of
from bot.loop.docket import Docket
from bot.loop.haste import ASKED as ASKED_FOR
from bot.loop.haste import CARDS_AN_HOUR, asks_again_at
from bot.loop.ports import Actor, Clock, Wake
from bot.loop.records import Store, UnitOfWork
from bot.loop.refusals import remember
from bot.loop.rights import Rights
from scoring.briefs import Answer
from scoring.casework import AuditEntry, Fact, Trigger, TriggerKind
from scoring.errors import NotAllowed
from scoring.hours import zone_named
from scoring.matter import Matter, Move, Today
from scoring.model import Account, Band
from scoring.policy import decide
from scoring.roles import Deed
from scoring.severity import high_value, is_complex
from scoring.triggers import standing

HISTORY_DAYS = 16

NOT_FOUND = "That account no longer exists. Nothing was opened."
CHURNED = "{account} is marked as churned. Nothing was opened."
UNSCORED = "{account} has no score yet, so there is nothing to put on a card. Nothing was opened."
OPEN_ALREADY = "{account} has an open case already; its card is in its channel."
OPENED = "A card for {account} is on its way; the draft follows."
ENOUGH = (
    "You asked for {count} cards within the last hour, so none was opened for {account}, and nothing was sent. "
    "You can ask for the next one at {when}."
)
ASKED = "{who} asked for this card."


@dataclass(frozen=True, slots=True)
class OnRequest:
    """The desk's `open_case`. It writes rows and answers; card and draft come with the sweeps."""

    store: Store
    docket: Docket
    clock: Clock
    wake: Wake
    rights: Rights = field(default_factory=Rights)

    async def open_case(self, account_id: str, actor: Actor) -> Answer:
        """Open a case on an account for one of our CSMs; a private answer says what happened."""
        account = None
        try:
            async with self.store() as work:
                account = await work.accounts.get(account_id)
                await self.rights.must(work, actor, Deed.OPEN_CASE, self.clock(), account=account)
                if account is None:
                    return Answer(ok=False, text=NOT_FOUND)
                answer = await self._open(work, account, actor)
        except NotAllowed as refusal:
            await remember(self.store, actor, Deed.OPEN_CASE, self.clock(), account_id=account.id if account else "")
            return Answer(ok=False, text=str(refusal))
        self.wake()
        return answer

    async def _open(self, work: UnitOfWork, account: Account, actor: Actor) -> Answer:
        if account.churned_on is not None:
            return Answer(ok=False, text=CHURNED.format(account=account.name))
        if await work.cases.live_of(account.id) is not None:
            return Answer(ok=False, text=OPEN_ALREADY.format(account=account.name))
        matter = await self._matter(work, account, actor)
        if matter is None:
            return Answer(ok=False, text=UNSCORED.format(account=account.name))
        who, now = actor.person_id or actor.slack_id, self.clock()
        if again_at := await asks_again_at(work, who, now):
            when = f"{again_at.astimezone(zone_named(actor.timezone, fallback=self.docket.zone)):%H:%M}"
            return Answer(ok=False, text=ENOUGH.format(count=CARDS_AN_HOUR, account=account.name, when=when))
        case = await self.docket.carry_out(work, self._move(matter), now)
        if case is not None:
            await work.audit.add(AuditEntry(now, who, ASKED_FOR, account.id, case.id))
        text = OPENED if case else OPEN_ALREADY
        return Answer(ok=case is not None, text=text.format(account=account.name))

    async def _matter(self, work: UnitOfWork, account: Account, actor: Actor) -> Matter | None:
        """The account as it stands at its newest score, with the wish as its trigger."""
        latest, config = await work.snapshots.latest_day(), self.docket.policy
        known = await work.snapshots.of(account.id, latest - timedelta(days=HISTORY_DAYS), latest) if latest else []
        if not known:
            return None
        now, day = known[-1], known[-1].health.day
        past = [(s.health.day, s.health.score, s.health.config_version) for s in known]
        wish = Trigger(
            kind=TriggerKind.ASKED,
            account_id=account.id,
            day=day,
            window=f"asked:{self.clock().isoformat()}",
            why=(Fact("internal.why.asked", ASKED.format(who=await name_of(work, actor.person_id))),),
            rule="R39",
            floor=Band.MONITOR,
        )
        tickets = await work.accounts.open_tickets(account.id)
        return Matter(
            account=account,
            snapshot=now,
            fired=(wish,),
            standing=standing(account, now, past, config),
            high_value=account.id in high_value(await work.accounts.all(), config),
            is_complex=is_complex(account, tickets, day, config),
        )

    def _move(self, matter: Matter) -> Move:
        today = Today(matter.snapshot.health.day, total=1, released=True)
        return decide([matter], today, config=self.docket.policy, playbook=self.docket.playbook)[0]
