"""Answers what people ask: one account's health, my worst five, what needs a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.loop.briefing import card_brief, data_until, decisions_waiting
from bot.loop.names import NameBook
from bot.loop.ports import Actor, Clock
from bot.loop.records import Store, UnitOfWork
from scoring.briefs import Bar, CardBrief, Choice, HealthBrief, HomeBrief, Line
from scoring.casework import CaseState, Fact, Outreach
from scoring.errors import NotFound
from scoring.facts import explain
from scoring.health import waterfall
from scoring.model import Account, Band, Snapshot

TREND_DAYS = 90
COMPARE_DAYS = 28
PAGE = 20
NO_DATA = "Nothing has been scored yet. Import usage data, or send events; the first scores come with the next run."
STEP_BY_STATE = {
    CaseState.OPEN: "A draft waits for your decision on its card.",
    CaseState.SNOOZED: "Snoozed; the card comes back when the snooze ends or the account gets worse.",
    CaseState.APPROVED: "A mail is approved and on its way.",
    CaseState.CONTACTED: "A mail was sent; see whether usage comes back.",
}
STEP_BY_BAND = {
    Band.HEALTHY: "Nothing to do. A good account for a tip, a beta invitation or a reference.",
    Band.MONITOR: "Keep an eye on it; a useful tip now is cheap.",
    Band.AT_RISK: "Open a case and write to the main contact.",
    Band.CRITICAL: "Open a case and call the main contact.",
    Band.CHURNING: "Open a case and bring in the lead.",
}


@dataclass(frozen=True)
class Lookup:
    """The reading half of the desk; it changes nothing but the link between a CSM and a Slack user."""

    store: Store
    clock: Clock

    async def member(self, slack_id: str, email: str, timezone: str) -> str:
        """The CSM with this verified e-mail, linked to the Slack user; empty for anybody else."""
        async with self.store.reading() as work:
            person = await work.accounts.csm_by_email(email) if email else None
        if person is None:
            return ""
        if person.slack_id != slack_id or (timezone and person.timezone != timezone):
            async with self.store() as work:
                await work.accounts.link_slack(person.id, slack_id, timezone or person.timezone)
        return person.id

    async def card(self, case_id: str) -> CardBrief | None:
        """What the card of a case shows now."""
        async with self.store.reading() as work:
            return await card_brief(work, case_id, self.clock())

    async def health(self, query: str) -> HealthBrief | Choice:
        """One account's health, or a choice when the name is not clear (UX 29). `NotFound` before the first score."""
        async with self.store.reading() as work:
            accounts = await work.accounts.all()
            found = NameBook(accounts).find(query)
            if len(found.hits) != 1:
                return await self._choice(work, query, found.hits or found.near, exact=bool(found.hits))
            return await self._brief(work, found.hits[0])

    async def health_of(self, account_id: str) -> HealthBrief:
        """The health of an account picked from a list; `NotFound` if it is gone."""
        async with self.store.reading() as work:
            account = await work.accounts.get(account_id)
            if account is None:
                raise NotFound("That account no longer exists.")
            return await self._brief(work, account)

    async def worst(self, actor: Actor, limit: int = 5) -> tuple[Line, ...]:
        """The actor's lowest scores (everybody's, for somebody without accounts), worst first (UX 30)."""
        async with self.store.reading() as work:
            lines = await self._portfolio(work, actor.person_id)
            return tuple(lines[:limit])

    async def home(self, actor: Actor, page: int = 1) -> HomeBrief:
        """App Home: what needs a decision, then the portfolio by risk and money, 20 a page (UX 32)."""
        async with self.store.reading() as work:
            lines = await self._portfolio(work, actor.person_id)
            pages = max(1, -(-len(lines) // PAGE))
            page = min(max(1, page), pages)
            return HomeBrief(
                person=await work.accounts.person(actor.person_id) if actor.person_id else None,
                decide=await decisions_waiting(work, actor.person_id or None),
                portfolio=tuple(lines[(page - 1) * PAGE : page * PAGE]),
                page=page,
                pages=pages,
                paused=await work.flags.get("paused") is not None,
                notes=() if lines else (NO_DATA,),
                now=self.clock(),
            )

    async def _choice(self, work: UnitOfWork, query: str, accounts: list[Account], *, exact: bool) -> Choice:
        owners = {csm.id: csm.name for csm in await work.accounts.csms()}
        lines = tuple(
            Line(a.id, a.name, a.domain or a.tier, domain=a.domain, owner=owners.get(a.csm_id or "", "nobody"))
            for a in accounts
        )
        return Choice(query=query, lines=lines, exact=exact)

    async def _portfolio(self, work: UnitOfWork, person_id: str) -> list[Line]:
        """One line per account of a CSM (of everybody if they have none), worst first, money breaking ties."""
        latest = await work.snapshots.latest_day()
        if latest is None:
            return []
        snapshots = await work.snapshots.on(latest)
        earlier = await work.snapshots.on(latest - timedelta(days=7))
        accounts = [a for a in await work.accounts.all() if a.id in snapshots and a.churned_on is None]
        mine = [a for a in accounts if a.csm_id == person_id]
        live = {case.account_id: case.id for case in await work.cases.live()}
        lines = [_line(a, snapshots[a.id], earlier.get(a.id), live.get(a.id, "")) for a in mine or accounts]
        return sorted(lines, key=lambda line: (line.score or 0.0, -(line.arr or 0), line.name))

    async def _brief(self, work: UnitOfWork, account: Account) -> HealthBrief:
        latest = await work.snapshots.latest_day()
        history = await work.snapshots.of(account.id, latest - timedelta(days=TREND_DAYS), latest) if latest else []
        if not history:
            raise NotFound(f"{account.name} has no score yet. {NO_DATA}")
        now, then = history[-1], _compared(history)
        case = await work.cases.live_of(account.id)
        csm_id = (case.csm_id if case else None) or account.csm_id
        return HealthBrief(
            account=account,
            health=now.health,
            signals=now.signals,
            compared_on=then.health.day if then else None,
            trend=tuple((snapshot.health.day, snapshot.health.score) for snapshot in history),
            bars=_bars(then, now),
            facts=_facts(account, now),
            csm=await work.accounts.person(csm_id) if csm_id else None,
            last_contact=_contact_text(await work.outreach.last_for(account.id)),
            case=case,
            next_step=STEP_BY_STATE[case.state] if case else STEP_BY_BAND[now.health.band],
            data_until=await data_until(work),
            now=self.clock(),
        )


def _line(account: Account, now: Snapshot, then: Snapshot | None, case_id: str) -> Line:
    return Line(
        account_id=account.id,
        name=account.name,
        text=now.health.band.value,
        score=now.health.score,
        previous=then.health.score if then else None,
        severity=now.health.band.value,
        arr=account.arr,
        domain=account.domain,
        case_id=case_id,
    )


def _compared(history: list[Snapshot]) -> Snapshot | None:
    """The snapshot four weeks before the newest, else the oldest; None for the first one ever."""
    until: date = history[-1].health.day - timedelta(days=COMPARE_DAYS)
    earlier = [snapshot for snapshot in history[:-1] if snapshot.health.day <= until]
    return earlier[-1] if earlier else (history[0] if len(history) > 1 else None)


def _bars(then: Snapshot | None, now: Snapshot) -> tuple[Bar, ...]:
    return waterfall(then.health, now.health) if then else ()


def _facts(account: Account, now: Snapshot) -> tuple[Fact, ...]:
    return explain(account, now)


def _contact_text(outreach: Outreach | None) -> str:
    """When we last wrote, in words; only what is known to have left counts as contact."""
    if outreach is None or outreach.sent_at is None:
        return "none on record"
    return f"mail to {outreach.to_email} on {_day(outreach.sent_at)}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"
