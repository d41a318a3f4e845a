"""The desk that Slack's handlers talk to: deciding, looking up, and asking for a card, in one."""

from __future__ import annotations

from dataclasses import replace

from bot.loop.asked import OnRequest
from bot.loop.decisions import Decisions
from bot.loop.intervene import Intervene
from bot.loop.lookup import Lookup
from bot.loop.names import Names
from bot.loop.ports import Actor
from scoring.briefs import Answer, HomeBrief
from scoring.casework import AuditEntry


class Desk(Intervene, Lookup):
    """Implements `handlers.ports.Desk`."""

    def __init__(self, parts: Decisions, on_request: OnRequest) -> None:
        Intervene.__init__(
            self,
            store=parts.store,
            clock=parts.clock,
            wake=parts.wake,
            writer=parts.writer,
            brief=parts.brief,
            rules=parts.rules,
            rights=parts.rights,
            autopilot=parts.autopilot,
        )
        object.__setattr__(self, "names", Names())
        object.__setattr__(self, "_on_request", on_request)

    _on_request: OnRequest

    async def open_case(self, account_id: str, actor: Actor) -> Answer:
        """A person asks for a card on this account (R39)."""
        return await self._on_request.open_case(account_id, actor)

    async def home(self, actor: Actor, page: int = 1) -> HomeBrief:  # type: ignore[override]
        """App Home, with the absences that concern this person."""
        away, may_plan = await self.absences(actor)
        brief = await Lookup.home(self, actor, page, leads=await self._leads(actor))
        return replace(brief, away=away, may_plan=may_plan)

    async def _leads(self, actor: Actor) -> bool:
        async with self.store.reading() as work:
            return await self.rights.leads(work, actor)

    async def turned_away(self, slack_id: str) -> None:
        """Somebody was refused at the door (J1, J2): one row a day in the audit, however often they press."""
        now = self.clock()
        key = f"turned away:{slack_id}:{now.date()}"
        async with self.store.reading() as work:
            if await work.flags.get(key) is not None:
                return
        async with self.store() as work:
            if await work.flags.claim(key, now.isoformat()):
                await work.audit.add(AuditEntry(now, slack_id, "turned away at the door"))

    async def shown_at(self, case_id: str) -> str:
        """Which message of Slack is the card of a case; empty while none is known."""
        async with self.store.reading() as work:
            card = await work.slack.card(case_id)
        return card.ts if card else ""
