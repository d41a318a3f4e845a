"""A standard account whose mail was sent and not answered, and the parts that follow it up; a week is one call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.loop.follow_up import Follow
from bot.loop.second_look import MailRules
from prompts.library import Library
from prompts.writer import DraftWriter
from scoring.casework import CaseState, Outreach, OutreachKind, OutreachState
from scoring.config import PolicyConfig
from scoring.follow_up import FollowUp
from scoring.guardrails import Rules
from tests.builders import a_contact, a_csm, a_snapshot, an_account, remember
from tests.mail_world import World, a_world

SENT = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)  # a Tuesday
LIBRARY = Library.load()


def a_writer() -> DraftWriter:
    """The real writer without a model: templates behind the real gate."""
    return DraftWriter(LIBRARY, api_key="", model="m", links={}, product_name="Orbit")


def the_rules(**policy: Any) -> MailRules:
    """Mail rules with some numbers changed."""
    return MailRules(Rules(ZoneInfo("UTC"), policy=PolicyConfig(**policy)), domains=("us.test",))


@dataclass
class FollowWorld(World):
    """`World`, with the sweep over follow-ups and a step through days."""

    writer: Any = field(default_factory=a_writer)

    @property
    def follow(self) -> Follow:
        return Follow(self.store, self.writer, self.rules, self.clock)

    async def sweep_all(self) -> None:
        """What the schedule does on each tick."""
        await self.follow.run()
        await self.sweep().run()

    async def to_day(self, days: float, *, score: float | None = 52.0) -> FollowWorld:
        """Let time go by, half a day at a time, with a score each day."""
        end = SENT + timedelta(days=days)
        while self.now < end:
            self.now = min(self.now + timedelta(hours=12), end)
            if self.now.hour < 12 and score is not None:
                await self.scored(score)
            await self.sweep_all()
        return self

    async def at_due(self) -> FollowWorld:
        """Seven days at a call, with yesterday's score."""
        await self.follow.run()
        self.now = (await self.follow_up()).due_at
        await self.scored(52.0)
        return self

    async def queued(self) -> Outreach:
        """The follow-up as it waits in the outbox."""
        await (await self.at_due()).follow.run()
        mail = await self.mail()
        assert (mail.kind, mail.state) == (OutreachKind.FOLLOW_UP, OutreachState.APPROVED)
        return mail

    async def leave(self) -> Outreach:
        """An hour and a half later: the second look, and what became of the mail."""
        self.later(minutes=61)
        await self.sweep().run()
        return await self.mail()

    async def scored(self, score: float, **more: Any) -> None:
        """The snapshot of yesterday."""
        day = (self.now - timedelta(days=1)).date()
        await remember(self.store, a_snapshot(day=day, score=score, last_feature="report_builder", **more))

    async def follow_up(self) -> FollowUp:
        async with self.store.reading() as work:
            found = await work.follow_ups.of_case("case-1")
        assert found is not None
        return found

    async def mails(self) -> list[Outreach]:
        """Every mail of the case, oldest first."""
        found = []
        async with self.store.reading() as work:
            for number in range(40):
                mail = await work.outreach.get(f"case-1.{number:05d}")
                found += [mail] if mail else []
        return found

    async def change_account(self, **more: Any) -> None:
        async with self.store() as work:
            account = await work.accounts.get("acme")
            await work.accounts.upsert([replace(account, **more)])


async def a_sent_mail(store: Any, **more: Any) -> FollowWorld:
    """Acme among dearer accounts: its mail was approved on a Tuesday at ten and left."""
    account = {"arr": 1_000, "renewal_on": None} | more.pop("account", {})
    world = FollowWorld(store, now=SENT, rules=more.pop("rules", the_rules()), **more)
    await a_world(store, now=SENT)
    dear = [an_account(f"dear-{n}", arr=900_000) for n in range(3)]
    poor = [an_account(f"poor-{n}", arr=10) for n in range(8)]
    await remember(store, *dear, *poor, an_account(**account), a_contact(timezone="Europe/Berlin"), a_csm())
    await world.scored(52.0)
    draft = await world.draft()
    async with store() as work:
        case = await work.cases.get("case-1")
        opened = replace(case, opened_at=SENT, last_trigger_on=date(2026, 11, 16), version=case.version + 1)
        await work.cases.save(opened, expected=case.version)
    assert draft.version == 1
    assert (await world.approve()).ok
    world.later(seconds=11)
    await world.sweep().run()
    assert (await world.mail()).state is OutreachState.SENT
    assert (await world.case()).state is CaseState.CONTACTED
    return world
