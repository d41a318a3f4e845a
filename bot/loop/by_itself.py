"""Puts together what Lookout does by itself: live plays, plays in shadow, follow-ups. It holds no mail server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

from bot.loop.automatic import Automatic
from bot.loop.follow_up import Follow
from bot.loop.intent import Planner
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Wake, Writer
from bot.loop.records import Store
from bot.loop.second_look import MailRules
from bot.loop.shadow import Shadow, StoredBook
from scoring.playbook import Playbook
from scoring.routing import Routing


@dataclass(frozen=True, slots=True)
class ByItself:
    """The parts, and the stages made of them. `digest_at` is the local time at which CSMs read their digest."""

    store: Store
    writer: Writer
    playbook: Playbook
    routing: Routing
    rules: MailRules
    clock: Clock
    wake: Wake
    digest_at: time
    ops_channel: str
    one_by_one: OneByOne = field(default_factory=OneByOne)

    @property
    def automatic(self) -> Automatic:
        """Queues what live plays send."""
        return Automatic(self.store, self._planner, self.routing, self.clock, self.wake, one_by_one=self.one_by_one)

    @property
    def shadow(self) -> Shadow:
        """Says what plays in shadow would send; it is given the half of the store that only reads."""
        book = StoredBook(self.store)
        return Shadow(
            self._planner, self.store.reading, book, self.rules, self.clock, self.ops_channel, self.one_by_one
        )

    @property
    def follow(self) -> Follow:
        """Follows mails that nobody answered."""
        return Follow(self.store, self.writer, self.rules, self.clock, self.one_by_one)

    @property
    def _planner(self) -> Planner:
        return Planner(
            reading=self.store.reading,
            writer=self.writer,
            playbook=self.playbook,
            routing=self.routing,
            rules=self.rules,
            clock=self.clock,
            digest_at=self.digest_at,
            one_by_one=self.one_by_one,
        )
