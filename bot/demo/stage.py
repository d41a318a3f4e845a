"""Plays the demo: lets the invented customers live through each day and the bot meet the next morning.

The bot is the real one. This module only moves the clock, hands over what customers did, and says when to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any, Protocol

from bot.demo.clock import MORNING, DemoClock
from bot.demo.mailbox import Mailbox, address_of
from bot.demo.page_server import PageServer
from bot.demo.world import World
from scoring.model import Account, Milestone, Person

SCORING = time(6, 10)
DIGEST = time(8, 35)
REPLAYED_DAYS = 14
BATCH_DAYS = 60
COMMANDS = (
    {"name": "/health", "usage": "name", "text": "How is a customer? Typing mistakes are fine."},
    {"name": "/health", "usage": "", "text": "Your five accounts that need you most."},
    {"name": "/health", "usage": "away", "text": "Say when you are away, and who covers."},
    {"name": "/health", "usage": "help", "text": "What else it can do."},
)
READING = "Lookout reads half a year of usage. The first cards stand here in a few seconds."
CATCHING_UP = "Lookout plays the last two weeks: {day}."
PASSING = "{day} passes at your customers…"


class DemoBot(Protocol):
    """The real bot, as the demo needs it. Everything happens at the time of the clock that it was built with."""

    async def load(
        self, accounts: Iterable[Account], people: Iterable[Person], milestones: Iterable[Milestone]
    ) -> None:
        """Store who the customers are."""

    async def take(self, batch_id: str, columns: Mapping[str, Any]) -> None:
        """Store usage: `event_id`, `ts` (UTC datetime64), `account_id`, `user_id`, `name`, `n`."""

    async def daily(self) -> None:
        """Score, detect and alert for every complete day that is due."""

    async def tell(self) -> None:
        """Work off everything that is due now: drafts, cards, posts, digests, mails."""

    async def receive(self, mail: bytes) -> None:
        """Take in a mail that answers one of ours, as from a mailbox."""

    async def start(self) -> None:
        """Answer Slack, and go on by its own schedule. `daily` and `tell` may still be called."""

    async def stop(self) -> None:
        """Let go of everything."""


class Stage:
    """What the page calls: the date, what is going on, and the way to the next day."""

    def __init__(self, world: World, clock: DemoClock, bot: DemoBot, *, page: PageServer, mailbox: Mailbox) -> None:
        self.world = world
        self.clock = clock
        self.bot = bot
        self.page = page
        self.mailbox = mailbox
        self.busy = ""
        self._lived = world.start - timedelta(days=REPLAYED_DAYS + 1)
        self._read = 0
        self._ready = False
        self._lock = asyncio.Lock()

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "now": self.clock().timestamp(),
            "zone": self.world.zone.key,
            "busy": self.busy,
            "ready": self._ready,
            "first_day": self.world.start.isoformat(),
            "day": self.clock.today.isoformat(),
            "commands": list(COMMANDS),
        }

    async def rehearse(self) -> None:
        """Load the past and play the last two weeks, so that the first morning finds cards (R34 opens none at once)."""
        async with self._lock:
            self._say(READING)
            await self.bot.load(self.world.accounts, self.world.people, self.world.milestones)
            await self._past()
            await self.bot.daily()
            while self.clock.today < self.world.start:
                self._say(CATCHING_UP.format(day=_spoken(self.clock.today)))
                await self.bot.tell()
                await self._night(self.clock.today + timedelta(days=1))
            await self._morning()
            await self.bot.start()
            self._ready = True
            self._say("")

    async def next_day(self) -> None:
        """Let today pass (and a weekend, if one follows) and go to the next working morning."""
        async with self._lock:
            try:
                await self._pass_until(self.clock.next_workday)
            finally:
                self._say("")

    async def _pass_until(self, morning: date) -> None:
        await self.bot.tell()
        while self.clock.today < morning:
            self._say(PASSING.format(day=_spoken(self.clock.today)))
            await self._night(self.clock.today + timedelta(days=1))
        await self._morning()

    async def _past(self) -> None:
        first, last = self.world.first_day, self._lived
        while first <= last:
            until = min(first + timedelta(days=BATCH_DAYS - 1), last)
            columns = await asyncio.to_thread(self.world.events, first, until)
            await self.bot.take(f"demo:{first}:{until}", columns)
            first = until + timedelta(days=1)

    async def _night(self, following: date) -> None:
        """The day ends: customers have done what they do, and before breakfast the bot looks at it."""
        self._deliver_mail()
        day = following - timedelta(days=1)
        columns = await asyncio.to_thread(self.world.events, day, day)
        await self.bot.take(f"demo:{day}:{day}", columns)
        self._lived = day
        self.clock.move_to(self.clock.at(following, SCORING))
        await self._deliver_answers(following)
        await self.bot.daily()

    async def _morning(self) -> None:
        for moment in (DIGEST, MORNING):
            self.clock.move_to(self.clock.at(self.clock.today, moment))
            await self.bot.tell()

    def _deliver_mail(self) -> None:
        """What arrived in the mailbox reaches the customers."""
        for letter in self.mailbox.letters[self._read :]:
            for recipient in letter.recipients:
                self.world.mail(recipient, letter.at.astimezone(self.world.zone).date())
        self._read = len(self.mailbox.letters)

    async def _deliver_answers(self, day: date) -> None:
        for reply in self.world.replies(day):
            for letter in reversed(self.mailbox.letters):
                if self.world.account_of(address_of(letter.to)) == reply.account_id:
                    answered = self.mailbox.answer(letter.id, reply.text)
                    await self.bot.receive(answered.answer_mail(address_of(letter.to)))
                    break

    def _say(self, text: str) -> None:
        self.busy = text
        self.page.changed()


def _spoken(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"
