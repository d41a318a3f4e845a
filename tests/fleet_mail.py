"""A fleet of standard accounts that fade, with everything that Lookout does by itself around one store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from bot.loop.alert import Alert
from bot.loop.by_itself import ByItself
from bot.loop.detect import Detect
from bot.loop.digest import Digest
from bot.loop.docket import Docket
from bot.loop.drafting import Drafting
from bot.loop.second_look import MailRules
from bot.loop.send import Send
from prompts.library import Library
from prompts.writer import DraftWriter
from scoring.automatic import MODE_FLAG, Intended, Mode
from scoring.casework import Outreach
from scoring.config import PolicyConfig
from scoring.guardrails import Rules
from scoring.messages import Post
from scoring.routing import Routing
from tests.builders import a_contact, a_csm, a_snapshot, an_account, remember
from tests.mail_world import Postman

FIRST = date(2026, 3, 2)  # a Monday
MORNING = time(8, 30)
LIBRARY = Library.load()
PLAYS = ("low_score", "score_drop", "inactivity", "stuck", "usage_drop", "power_user", "seats_idle")
OPEN_HANDED = {"budget_per_account_month": 30.0, "storm_accounts": 10_000}


@dataclass
class Fleet:
    """Days go by at a call: scored, detected, alerted, and what is due is sent into `mailer`."""

    store: Any
    policy: PolicyConfig = field(default_factory=lambda: PolicyConfig(**OPEN_HANDED))
    mailer: Postman = field(default_factory=Postman)
    now: datetime = datetime(2026, 3, 2, 6, tzinfo=UTC)
    ids: Any = field(default_factory=lambda: count(1))
    ops: str = "#ops"
    pen: Any = None
    slack_away: bool = False

    def clock(self) -> datetime:
        return self.now

    def wake(self) -> None:
        """Nobody sleeps here."""

    def new_id(self) -> str:
        return f"id-{next(self.ids)}"

    async def volume(self, days: int, until: date) -> list[int]:
        return [1000] * days

    async def score(self, day: date, *, since: date | None = None) -> list[Any]:
        return []

    @property
    def rules(self) -> MailRules:
        return MailRules(Rules(ZoneInfo("UTC"), policy=self.policy), domains=("us.test",))

    @property
    def routing(self) -> Routing:
        return Routing("#cs-alerts")

    @property
    def writer(self) -> Any:
        return self.pen or DraftWriter(LIBRARY, api_key="", model="m", links={}, product_name="Orbit")

    @property
    def by_itself(self) -> ByItself:
        return ByItself(
            self.store,
            self.writer,
            LIBRARY.playbook,
            self.routing,
            self.rules,
            self.clock,
            self.wake,
            MORNING,
            self.ops,
        )

    @property
    def sending(self) -> Send:
        return Send(self.store, self.mailer, clock=self.clock, rules=self.rules, ops_channel=self.ops)

    async def switch(self, mode: Mode, *plays: str) -> Fleet:
        async with self.store() as work:
            for play in plays or PLAYS:
                await work.flags.set(f"{MODE_FLAG}{play}", mode.value)
        return self

    async def settle(self, accounts: Mapping[str, Mapping[str, Any]]) -> Fleet:
        """Accounts with one CSM and one contact each; dearer ones stand aside, so that these are standard."""
        people = [a_csm(timezone="UTC")]
        for name, more in accounts.items():
            contact = {"timezone": "UTC"} | dict(more).pop("contact", {})
            told = {key: value for key, value in more.items() if key != "contact"}
            people += [
                an_account(name, **{"arr": 1_000, "seats": 20} | told),
                a_contact(f"kim-{name}", name, **contact),
            ]
        dear = [an_account(f"dear-{n}", arr=1_000_000) for n in range(1 + len(accounts) // 3)]
        await remember(self.store, *people, *dear)
        async with self.store() as work:
            await work.flags.set("first_run", "2026-01-01")
        return self

    async def day(self, number: int, scores: Mapping[str, Any]) -> None:
        """Score the day, and let the morning after it go by until it has been acted on."""
        day = FIRST + timedelta(days=number)
        said = {
            name: {"last_active_on": day, "active_users_28": 20, "last_feature": "report_builder"}
            | (dict(score) if isinstance(score, Mapping) else {"score": float(score)})
            for name, score in scores.items()
        }
        await remember(self.store, *(a_snapshot(name, day, **more) for name, more in said.items()))
        self.now = datetime(day.year, day.month, day.day, 6, tzinfo=UTC) + timedelta(days=1)
        await Detect(self.store, self.policy).run(day)
        docket = Docket(self.routing, LIBRARY.playbook, self.policy, ZoneInfo("UTC"), self.new_id)
        drafting = Drafting(self.store, self.writer, self.routing, self.clock, self.new_id)
        await Alert(self.store, self, docket, drafting, self.clock, self.wake, "#cs-digest").run(day)
        await self.by_itself.automatic.run(day)
        await self.by_itself.shadow.run(day)
        async with self.store() as work:
            await work.flags.set("day_done", day.isoformat())

    async def pass_time(self, hours: float = 24, *, step: float = 6) -> None:
        """Let time go by with every sweep."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            self.now = min(self.now + timedelta(hours=step), end)
            if self.now.time() >= MORNING and not self.slack_away:
                await self.show_digests(datetime.combine(self.now.date(), MORNING, UTC))
            await self.by_itself.shadow.settle()
            await self.by_itself.follow.run()
            await self.sending.run()

    async def show_digests(self, at: datetime) -> None:
        """The digests that are due, as Slack shows them from an instant on."""
        await Digest(self.store, lambda: at, MORNING, ZoneInfo("UTC"), "#cs-digest").run()
        for post in await self.posts("digest"):
            async with self.store() as work:
                await work.slack.post_done(post.key, at)

    async def intended(self, mode: Mode) -> list[Intended]:
        async with self.store.reading() as work:
            return await work.intended.since(date(2000, 1, 1), frozenset({mode}))

    async def outreach(self) -> list[Outreach]:
        """Every mail that left, of every kind."""
        async with self.store.reading() as work:
            return sorted((await work.outreach.sent_since(datetime(2000, 1, 1, tzinfo=UTC))).values(), key=_key)

    async def posts(self, kind: str) -> list[Post]:
        async with self.store.reading() as work:
            return [post for post in await work.slack.posts_due(self.now + timedelta(days=999)) if post.kind == kind]

    async def change(self, told: Mapping[str, Mapping[str, Any]]) -> None:
        """Other facts about some accounts."""
        async with self.store() as work:
            known = await work.accounts.some(told)
            await work.accounts.upsert([replace(account, **told[name]) for name, account in known.items()])


def _key(mail: Outreach) -> tuple[str, str]:
    return mail.account_id, mail.id
