"""A fleet on a real database that fades as a test says: each day is scored, detected and alerted about for real."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.loop.alert import Alert
from bot.loop.asked import OnRequest
from bot.loop.detect import Detect
from bot.loop.docket import Docket
from bot.loop.drafting import Drafting
from bot.loop.reminders import Reminders
from scoring.casework import Case, Decision
from scoring.config import PolicyConfig
from scoring.messages import Post, Written
from scoring.playbook import Playbook
from scoring.routing import Routing
from tests.builders import a_contact, a_csm, a_snapshot, an_account, remember

PLAYBOOK = Playbook.from_mapping(tomllib.loads((Path(__file__).parents[1] / "prompts" / "playbook.toml").read_text()))
FIRST_DAY = date(2026, 3, 2)
LEE = a_csm("csm-lee", lead=True)


@dataclass
class Scribe:
    """A writer that notes what it was given; `before` runs first, for a test that wants something to happen then."""

    given: list[dict[str, Any]] = field(default_factory=list)
    before: Any = None

    async def write(self, **material: Any) -> Written:
        self.given.append(material)
        if self.before is not None:
            await self.before()
        account, contact = material["account"], material["contact"]
        return Written(f"For {account.name}", f"Hello {contact.first_name}", "template", "1")

    def check(self, subject: str, body: str, **_: Any) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass
class Fleet:
    """The alert stages around one store; time stands at ten in the morning after the day that was run last."""

    store: Any
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    routing: Routing = field(default_factory=lambda: Routing("#cs-alerts"))
    writer: Scribe = field(default_factory=Scribe)
    now: datetime = datetime(2026, 3, 3, 10, tzinfo=UTC)
    volumes: list[int] = field(default_factory=lambda: [1000] * 36)
    woken: int = 0
    ids: Any = field(default_factory=lambda: count(1))

    def clock(self) -> datetime:
        return self.now

    def wake(self) -> None:
        self.woken += 1

    async def volume(self, days: int, until: date) -> list[int]:
        return self.volumes[-days:]

    async def score(self, day: date, *, since: date | None = None) -> list[Any]:
        return []

    async def data_until(self) -> datetime | None:
        return None

    async def dirty(self) -> bool:
        return False

    def new_id(self) -> str:
        return f"id-{next(self.ids)}"

    @property
    def docket(self) -> Docket:
        return Docket(self.routing, PLAYBOOK, self.policy, ZoneInfo("UTC"), self.new_id)

    @property
    def drafting(self) -> Drafting:
        return Drafting(self.store, self.writer, self.routing, self.clock, self.new_id)

    @property
    def alert(self) -> Alert:
        return Alert(self.store, self, self.docket, self.drafting, self.clock, self.wake, "#cs-digest")

    @property
    def reminders(self) -> Reminders:
        return Reminders(self.store, self.docket, self.clock, self.wake)

    @property
    def on_request(self) -> OnRequest:
        return OnRequest(self.store, self.docket, self.clock, self.wake)

    async def settle(self, *names: str, **more: Any) -> Fleet:
        """Accounts with a contact each, one CSM each ten, and a lead."""
        people: list[Any] = [LEE]
        for number, name in enumerate(names):
            csm = f"csm-{number % 10}"
            people += [an_account(name, **{"csm_id": csm, "arr": None} | more), a_contact(f"kim-{name}", name)]
            people += [a_csm(csm)] if number < 10 else []
        await remember(self.store, *people)
        return self

    async def day(self, number: int, scores: Mapping[str, Any], *, again: bool = False) -> list[Decision]:
        """Score, detect and alert about day `number`; a value is a score or a mapping of what a snapshot says."""
        day = FIRST_DAY + timedelta(days=number)
        self.now = datetime(day.year, day.month, day.day, 10, tzinfo=UTC) + timedelta(days=1)
        if not again:
            await remember(self.store, *(_snapshot(name, day, said) for name, said in scores.items()))
        await Detect(self.store, self.policy).run(day)
        return await self.alert.run(day)

    async def days(self, feeds: Mapping[str, Any]) -> None:
        """Several days, from lists of equal length."""
        for number in range(len(next(iter(feeds.values())))):
            await self.day(number, {name: feed[number] for name, feed in feeds.items()})

    async def cases(self) -> list[Case]:
        """Every case there ever was, by account."""
        async with self.store() as work:
            ended = await work.cases.ended_since(datetime(2000, 1, 1, tzinfo=UTC))
            return sorted([*await work.cases.live(), *ended], key=lambda case: (case.account_id, case.opened_at))

    async def decision(self, account_id: str) -> Decision:
        """The newest decision about an account."""
        async with self.store() as work:
            return (await work.cases.decisions_of(account_id))[-1]

    async def posts(self) -> list[Post]:
        """What waits to be said in Slack, beside cards."""
        async with self.store() as work:
            return await work.slack.posts_due(self.now + timedelta(days=400))

    async def flag(self, name: str) -> str | None:
        async with self.store() as work:
            return await work.flags.get(name)

    async def answer_storm(self, answer: str) -> list[Decision]:
        """What a lead's click on the storm notice leaves behind, and what the stage makes of it."""
        async with self.store() as work:
            await work.flags.set("storm", None)
            await work.flags.set("storm_answer", answer)
        return await self.alert.after_storm()


def _snapshot(name: str, day: date, said: Any) -> Any:
    known = {"active_users_28": 20, "last_active_on": day}
    more = dict(said) if isinstance(said, Mapping) else {"score": float(said)}
    return a_snapshot(name, day, **known | more)
