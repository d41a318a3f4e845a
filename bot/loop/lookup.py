"""Answers what people ask: one account's health, my worst five, what needs a decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.loop.briefing import card_brief, data_until, decisions_waiting
from bot.loop.names import Names
from bot.loop.ports import Actor, Clock
from bot.loop.records import Store, UnitOfWork
from scoring.briefs import Bar, CardBrief, Choice, HealthBrief, HomeBrief, Line
from scoring.casework import CaseState, Fact, Outreach
from scoring.errors import NotFound
from scoring.facts import explain
from scoring.health import waterfall
from scoring.listing import Standing
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
    Band.MONITOR: "Keep an eye on it; a short, useful tip helps now.",
    Band.AT_RISK: "Open a case and write to the main contact.",
    Band.CRITICAL: "Open a case and call the main contact.",
    Band.CHURNING: "Open a case and bring in the lead.",
}


@dataclass(frozen=True)
class Lookup:
    """The reading half of the desk; it changes nothing but the link between a CSM and a Slack user."""

    store: Store
    clock: Clock
    names: Names = field(default_factory=Names)

    async def member(self, slack_id: str, email: str, timezone: str) -> str:
        """The CSM with this verified e-mail, linked to the Slack user; empty for anybody else.

        Without a verified address (some sign-on systems confirm none) an import may have named the Slack user.
        """
        async with self.store.reading() as work:
            accounts = work.accounts
            person = await (accounts.csm_by_email(email) if email else accounts.csm_by_slack_id(slack_id))
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
            found = await self.names.find(work.accounts, query)
            ids = [named.id for named in found.hits or found.near]
            accounts = await work.accounts.some(ids)
            listed = [accounts[account_id] for account_id in ids if account_id in accounts]
            if len(found.hits) != 1:
                return await self._choice(work, query, listed, exact=bool(found.hits))
            return await self._brief(work, listed[0])

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
            lines, _ = await self._portfolio(work, actor.person_id, limit=limit)
            return lines

    async def home(self, actor: Actor, page: int = 1, *, leads: bool = False) -> HomeBrief:
        """App Home: what needs a decision, then the portfolio by risk and money, 20 a page (UX 32).

        Somebody who `leads` also sees the cards that nobody owns.
        """
        async with self.store.reading() as work:
            lines, count = await self._portfolio(work, actor.person_id, limit=PAGE, page=page)
            pages = max(1, -(-count // PAGE))
            if page > pages:
                lines, _ = await self._portfolio(work, actor.person_id, limit=PAGE, page=pages)
            return HomeBrief(
                person=await work.accounts.person(actor.person_id) if actor.person_id else None,
                decide=await decisions_waiting(work, actor.person_id or None, self.clock(), leads=leads),
                portfolio=lines,
                page=min(max(1, page), pages),
                pages=pages,
                paused=await work.flags.get("paused") is not None,
                notes=() if count else (NO_DATA,),
                now=self.clock(),
            )

    async def _choice(self, work: UnitOfWork, query: str, accounts: list[Account], *, exact: bool) -> Choice:
        owners = {csm.id: csm.name for csm in await work.accounts.csms()}
        lines = tuple(
            Line(a.id, a.name, a.domain or a.tier, domain=a.domain, owner=owners.get(a.csm_id or "", "nobody"))
            for a in accounts
        )
        return Choice(query=query, lines=lines, exact=exact)

    async def _portfolio(
        self, work: UnitOfWork, person_id: str, *, limit: int, page: int = 1
    ) -> tuple[tuple[Line, ...], int]:
        """A page of a CSM's accounts (everybody's if they have none), worst first, and how many there are."""
        day = await work.snapshots.latest_day()
        if day is None:
            return (), 0
        offset = (max(1, page) - 1) * limit
        found, count = await work.snapshots.standings(day, csm_id=person_id, limit=limit, offset=offset)
        if not count:
            found, count = await work.snapshots.standings(day, limit=limit, offset=offset)
        live = await work.cases.live_ids()
        return tuple(_line(standing, live.get(standing.account_id, "")) for standing in found), count

    async def _brief(self, work: UnitOfWork, account: Account) -> HealthBrief:
        latest = await work.snapshots.latest_day()
        trend = await work.snapshots.course(account.id, latest - timedelta(days=TREND_DAYS), latest) if latest else []
        if not trend:
            raise NotFound(f"{account.name} has no score yet. {NO_DATA}")
        days = [day for day, _ in trend]
        then, now = await _compared(work, account.id, days)
        case = await work.cases.live_of(account.id)
        csm_id = (case.csm_id if case else None) or account.csm_id
        return HealthBrief(
            account=account,
            health=now.health,
            signals=now.signals,
            compared_on=then.health.day if then else None,
            trend=tuple(trend),
            bars=_bars(then, now),
            facts=_facts(account, now),
            csm=await work.accounts.person(csm_id) if csm_id else None,
            last_contact=_contact_text(
                await work.outreach.last_for(account.id), await work.replies.last_answer_at(account.id)
            ),
            case=case,
            next_step=STEP_BY_STATE[case.state] if case else STEP_BY_BAND[now.health.band],
            data_until=await data_until(work),
            now=self.clock(),
        )


def _line(standing: Standing, case_id: str) -> Line:
    band = Band.of(standing.score).value
    return Line(
        account_id=standing.account_id,
        name=standing.name,
        text=band,
        score=standing.score,
        previous=standing.previous,
        severity=band,
        arr=standing.arr,
        domain=standing.domain,
        case_id=case_id,
    )


async def _compared(work: UnitOfWork, account_id: str, days: list[date]) -> tuple[Snapshot | None, Snapshot]:
    """The snapshot four weeks before the newest, else the oldest, None for the first one ever; and the newest."""
    earlier = [day for day in days if day <= days[-1] - timedelta(days=COMPARE_DAYS)]
    *before, now = await work.snapshots.at(account_id, {earlier[-1] if earlier else days[0], days[-1]})
    return before[0] if before else None, now


def _bars(then: Snapshot | None, now: Snapshot) -> tuple[Bar, ...]:
    return waterfall(then.health, now.health) if then else ()


def _facts(account: Account, now: Snapshot) -> tuple[Fact, ...]:
    return explain(account, now)


def _contact_text(outreach: Outreach | None, answered_at: datetime | None) -> str:
    """When we last wrote and they last answered, in words; only what is known to have left counts as contact."""
    answer = f"answered on {_day(answered_at)}" if answered_at else ""
    if outreach is None or outreach.sent_at is None:
        return answer or "none on record"
    wrote = f"mail to {outreach.to_email} on {_day(outreach.sent_at)}"
    if answered_at is None or answered_at < outreach.sent_at:
        return f"{wrote}; they {answer}" if answer else wrote
    return f"{wrote}, {answer}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"
