"""One account with a card, a draft and its people, and the parts that decide about its mail and send it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.loop.briefing import card_brief
from bot.loop.intervene import Intervene
from bot.loop.second_look import MailRules
from bot.loop.send import Send
from scoring.casework import Case, CaseState, Draft, Outreach
from scoring.guardrails import Rules
from scoring.messages import Mail, Post, Receipt
from scoring.roles import TeamRole
from tests.builders import NOW, a_case, a_contact, a_csm, a_draft, a_snapshot, an_account, an_outreach, remember

RULES = MailRules(guard=Rules(zone=ZoneInfo("UTC")), domains=("us.test",))


@dataclass(frozen=True)
class Actor:
    """Somebody who clicks."""

    person_id: str
    slack_id: str
    name: str = ""
    timezone: str = "UTC"
    role: TeamRole = TeamRole.VIEWER


DANA, BEN_ACTS, STRANGER = Actor("csm-dana", "UDANA"), Actor("csm-ben", "UBEN"), Actor("", "UEVE", "Eve")


@dataclass
class Postman:
    """A mail server of ours that a test can script: it says these receipts, then always `sent`."""

    says: list[Receipt | Exception] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> Receipt:
        self.mails.append(mail)
        said = self.says.pop(0) if self.says else Receipt("sent")
        if isinstance(said, Exception):
            raise said
        return said


@dataclass
class Gate:
    """A draft gate that objects to one word."""

    async def write(self, **_: Any) -> Any:
        raise AssertionError("nobody writes here")

    def check(self, subject: str, body: str, **_: Any) -> tuple[tuple[str, str], ...]:
        return (("R48", "“discount” is a promise."),) if "discount" in f"{subject} {body}" else ()


@dataclass
class World:
    """The parts around one store; `now` is the clock's hand and can be moved."""

    store: Any
    now: datetime = NOW
    rules: MailRules = RULES
    mailer: Postman = field(default_factory=Postman)
    woken: int = 0

    def clock(self) -> datetime:
        return self.now

    def wake(self) -> None:
        self.woken += 1

    @property
    def desk(self) -> Intervene:
        async def brief(work: Any, case_id: str) -> Any:
            return await card_brief(work, case_id, self.now)

        return Intervene(self.store, self.clock, self.wake, Gate(), brief, self.rules)

    def sweep(self, **more: Any) -> Send:
        known = {"clock": self.clock, "rules": self.rules, "ops_channel": "#ops"}
        return Send(self.store, more.pop("mailer", self.mailer), **known | more)

    def later(self, **delta: float) -> World:
        self.now += timedelta(**delta)
        return self

    async def approve(self, actor: Actor = DANA, case_id: str = "case-1") -> Any:
        draft = await self.draft(case_id)
        return await self.desk.approve(case_id, draft.version, draft.content_hash, actor)

    async def case(self, case_id: str = "case-1") -> Case:
        async with self.store.reading() as work:
            found = await work.cases.get(case_id)
        assert found is not None
        return found

    async def draft(self, case_id: str = "case-1") -> Draft:
        async with self.store.reading() as work:
            found = await work.outreach.latest_draft(case_id)
        assert found is not None
        return found

    async def mail(self, case_id: str = "case-1") -> Outreach:
        async with self.store.reading() as work:
            found = await work.outreach.latest_of(case_id)
        assert found is not None
        return found

    async def posts(self) -> list[Post]:
        async with self.store.reading() as work:
            return await work.slack.posts_due(self.now + timedelta(days=999))

    async def notes(self) -> list[str]:
        return [post.body for post in await self.posts() if post.kind == "note"]

    async def notices(self) -> list[tuple[str, str]]:
        return [(post.target, post.body) for post in await self.posts() if post.kind == "notice"]

    async def actions(self, case_id: str = "case-1") -> list[str]:
        async with self.store.reading() as work:
            return [entry.action for entry in await work.audit.of_case(case_id)]

    async def card_wanted(self, case_id: str = "case-1") -> int:
        async with self.store.reading() as work:
            card = await work.slack.card(case_id)
        assert card is not None
        return card.wanted

    async def learn(self, *things: Any) -> None:
        await remember(self.store, *things)

    async def set_flag(self, name: str, value: str | None) -> None:
        async with self.store() as work:
            await work.flags.set(name, value)


async def a_world(store: Any, **more: Any) -> World:
    """Acme with an open case, a draft from Dana to Kim, and a colleague named Ben."""
    world = World(store, **more)
    await remember(
        store, an_account(), a_csm(), a_csm("csm-ben"), a_contact(), a_snapshot(score=52.0), a_case(), a_draft()
    )
    async with store() as work:
        await work.slack.want_card("case-1", channel="#cs")
    return world


async def another_case(world: World, name: str, **draft: Any) -> None:
    """A second account with its own case and draft."""
    await remember(
        world.store,
        an_account(name),
        a_contact(f"kim-{name}", name, email=draft.pop("to_email", f"kim@{name}.test")),
        a_snapshot(name, score=45.0),
        a_case(f"case-{name}", name),
    )
    async with world.store.reading() as work:
        kim = await work.accounts.person(f"kim-{name}")
    made = a_draft(f"draft-{name}", f"case-{name}", account_id=name, to_id=kim.id, to_email=kim.email)
    await remember(world.store, replace(made, **draft))
    async with world.store() as work:
        await work.slack.want_card(f"case-{name}", channel="#cs")


async def many_cases(world: World, count: int) -> None:
    """Accounts n0, n1 … each with a contact, a case, a draft and a card, in few transactions."""
    names = [f"n{n}" for n in range(count)]
    await remember(
        world.store,
        *(an_account(name) for name in names),
        *(a_contact(f"kim-{name}", name, email=f"kim@{name}.test") for name in names),
        *(a_snapshot(name, score=45.0) for name in names),
        *(a_case(f"case-{name}", name) for name in names),
        *(
            a_draft(f"draft-{name}", f"case-{name}", account_id=name, to_id=f"kim-{name}", to_email=f"kim@{name}.test")
            for name in names
        ),
    )
    async with world.store() as work:
        for name in names:
            await work.slack.want_card(f"case-{name}", channel="#cs")


async def approved_mails(store: Any, numbers: range) -> None:
    """Accounts, each with a mail that was approved and is due."""
    names = [f"n{n:03d}" for n in numbers]
    drafts = [
        a_draft(f"d-{name}", f"c-{name}", account_id=name, to_id=f"kim-{name}", to_email=f"kim@{name}.test")
        for name in names
    ]
    await remember(
        store,
        a_csm(),
        *(an_account(name) for name in names),
        *(a_contact(f"kim-{name}", name, email=f"kim@{name}.test", timezone="UTC") for name in names),
        *(a_snapshot(name, score=45.0) for name in names),
        *(a_case(f"c-{name}", name, state=CaseState.APPROVED) for name in names),
        *drafts,
        *(
            an_outreach(
                f"o-{draft.account_id}", draft.case_id, account_id=draft.account_id, draft_id=draft.id,
                content_hash=draft.content_hash, approved_by="csm-dana", to_id=draft.to_id, to_email=draft.to_email,
            )
            for draft in drafts
        ),
    )  # fmt: skip
