"""Finds our CSMs in Slack by their e-mail address, and looks who of them is still there, and who is away."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot.loop.docket import owner_of
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Notifier
from bot.loop.records import Store, UnitOfWork
from bot.loop.rota import ByStatus, name_of
from bot.loop.saying import show, tell
from scoring.casework import LOOKOUT, AuditEntry
from scoring.errors import SlackRefused
from scoring.messages import Presence
from scoring.model import Person
from scoring.roles import SWITCHED_OFF
from scoring.routing import Routing
from scoring.wording import count

GONE = (
    "The Slack account of {who} was deactivated. They decide nothing here any more, and mails that they approved do "
    "not leave. {cards} of theirs {have} no owner now: App Home lists them. Give their accounts to somebody."
)
BACK = "The Slack account of {who} is active again, and they may decide as before."


CSM, UNLINKED = "CSM", "CSM without a Slack account"

AT_ONCE = 90
"""Slack answers some hundred such questions a minute; where a team is larger, the others come with a later sweep."""
MINUTES = 10


@dataclass(frozen=True, slots=True)
class RollCall:
    """A sweep over CSMs; `by_status`, where a team wants it, makes absences of what Slack's statuses say."""

    store: Store
    notifier: Notifier
    clock: Clock
    by_status: ByStatus | None = None
    routing: Routing = field(default_factory=lambda: Routing(""))
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self) -> int:
        """Link whoever Slack knows; how many were linked. When Slack refuses, the next sweep asks again."""
        linked = await self._link()
        async with self.store.reading() as work:
            known = [csm for csm in await work.accounts.csms() if csm.slack_id]
            off = {csm.id for csm in known if await work.flags.get(SWITCHED_OFF + csm.id) is not None}
        asked = {csm.id: csm for csm in _in_turn(known, self.clock()) if not csm.left or csm.id in off}
        with suppress(SlackRefused):
            await self.one_by_one.each(CSM, asked, partial(self._ask, off))
        return linked

    async def _ask(self, off: set[str], csm: Person) -> None:
        presence = await self.notifier.presence(csm.slack_id)
        if presence.deactivated is not (csm.id in off):
            await self._turn(csm, presence)
        elif self.by_status is not None and not presence.deactivated:
            async with self.store() as work:
                await self.by_status.told(work, csm, presence.away_until, self.clock())

    async def _turn(self, csm: Person, presence: Presence) -> None:
        """A deactivated account counts as having left until it is active again, whatever an import says (C7)."""
        now, off = self.clock(), presence.deactivated
        async with self.store() as work:
            await work.flags.set(SWITCHED_OFF + csm.id, None)
            await work.accounts.upsert_people([replace(csm, left=off)])
            open_cards = await self._redraw(work, csm) if off else 0
            if off:
                await work.flags.set(SWITCHED_OFF + csm.id, now.isoformat())
            action = "switched off in Slack" if off else "active in Slack again"
            await work.audit.add(AuditEntry(now, LOOKOUT, action, detail=csm.id))
            lead = self.routing.lead(await work.accounts.csms())
            cards, have = count(open_cards, "card"), "has" if open_cards == 1 else "have"
            text = (GONE if off else BACK).format(who=name_of(csm), cards=cards, have=have)
            if lead is not None and lead.id != csm.id:
                await tell(work, lead, f"presence:{csm.id}:{now.isoformat()}", text)

    async def _redraw(self, work: UnitOfWork, gone: Person) -> int:
        """Their cards say that they have no owner; how many those are."""
        cards = 0
        for case in await work.cases.live():
            account = await work.accounts.get(case.account_id)
            owner_id = case.csm_id or (account.csm_id if account else None)
            if account is not None and owner_id == gone.id and await owner_of(work, account, case) is None:
                await show(work, case.id)
                cards += 1
        return cards

    async def _link(self) -> int:
        async with self.store.reading() as work:
            unknown = [csm for csm in await work.accounts.csms() if csm.email and not csm.slack_id and not csm.left]
        linked = list[str]()
        with suppress(SlackRefused):
            await self.one_by_one.each(UNLINKED, {csm.id: csm for csm in unknown}, partial(self._find, linked))
        return len(linked)

    async def _find(self, linked: list[str], csm: Person) -> None:
        found = await self.notifier.user_by_email(csm.email)
        if found is not None:
            async with self.store() as work:
                await work.accounts.link_slack(csm.id, found[0], found[1] or csm.timezone)
            linked.append(csm.id)


def _in_turn(known: list[Person], now: datetime) -> list[Person]:
    """Everybody, or the part of a large team whose turn it is."""
    start = int(now.timestamp() // (60 * MINUTES)) * AT_ONCE % max(1, len(known))
    return (known[start:] + known[:start])[:AT_ONCE]
