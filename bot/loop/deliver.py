"""Tells Slack what changed: cards in their newest state, notes in their threads, digests and notices.

The outbox rows are the truth (at least once, newest state wins). A card is drawn when it is delivered, so that a Slack
outage of a day ends in one update per card and not in a flood (B12).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.loop.briefing import card_brief
from bot.loop.lost import lose_slack, slack_is_lost
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Notifier
from bot.loop.records import Store, UnitOfWork
from scoring.briefs import CardBrief, DigestBrief
from scoring.casework import LIVE_STATES
from scoring.errors import SlackRefused
from scoring.messages import Card, Post, SlackReceipt

DigestBuilder = Callable[[UnitOfWork, str], Awaitable[DigestBrief | None]]

A_RUN = 5
"""Messages to one channel in one run, a second each: what a click changes meanwhile is shown by the next run."""
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
CARD, POST = "card of case", "message"
LONGEST_WAIT = timedelta(minutes=10)
BLOCKED_WAIT = timedelta(hours=6)
GONE = frozenset({"message_not_found", "edit_window_closed", "cant_update_message"})
STOPPED = (
    "Lookout cannot post to {channel}: Slack answered “{code}”. Nothing is lost: the cards wait, and their owners got "
    "them directly where that was possible. Invite the bot with /invite, or set another channel."
)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Works off the Slack outbox: one message after another in each channel, channels beside each other (B4)."""

    store: Store
    notifier: Notifier
    digest: DigestBuilder
    clock: Clock
    ops_channel: str
    one_by_one: OneByOne = field(default_factory=OneByOne)

    async def run(self) -> int:
        """Deliver what is due, changes of posted cards first; gives how many messages went out."""
        now = self.clock()
        async with self.store.reading() as work:
            if await slack_is_lost(work):
                return 0
            cards, posts = await work.slack.cards_due(now), await work.slack.posts_due(now)
        cards.sort(key=lambda card: not card.ts)
        shown = await _beside_each_other(
            (card.channel, partial(self.one_by_one.one, CARD, card.case_id, partial(self._card, card)))
            for card in cards
            if not self.one_by_one.rests(CARD, card.case_id)
        )
        said = await _beside_each_other(
            (post.target or post.case_id, partial(self.one_by_one.one, POST, post.key, partial(self._post, post)))
            for post in posts
            if not self.one_by_one.rests(POST, post.key)
        )
        return shown + said

    async def _card(self, card: Card) -> bool:
        async with self.store.reading() as work:
            brief = await card_brief(work, card.case_id, self.clock())
        if brief is None or (brief.case.state not in LIVE_STATES and not card.ts):
            return await self._drop(card)
        try:
            receipt = await self._show(card, brief)
        except SlackRefused as refusal:
            await self._card_refused(card, brief, refusal)
            return False
        async with self.store() as work:
            await work.slack.card_done(
                card.case_id, posted=card.wanted, channel=receipt.channel, ts=receipt.ts, at=self.clock()
            )
        return True

    async def _show(self, card: Card, brief: CardBrief) -> SlackReceipt:
        """Update in place where there is a card; a card that Slack lost is posted anew (B8)."""
        if card.ts:
            receipt = SlackReceipt(card.posted_channel, card.ts)
            try:
                await self.notifier.update_card(receipt, brief)
            except SlackRefused as refusal:
                if refusal.code not in GONE:
                    raise
            else:
                return receipt
        return await self.notifier.post_card(card.channel, brief, mention=card.mention)

    async def _card_refused(self, card: Card, brief: CardBrief, refusal: SlackRefused) -> None:
        """Wait and try again; where the channel itself is closed to us, the owner gets the card directly (B6)."""
        owner = brief.csm.slack_id if brief.csm else ""
        if refusal.revoked:
            await self._wait_card(card, refusal)
            await self._shut_out(refusal)
            return
        if refusal.permanent and not card.ts and owner and card.channel != owner:
            async with self.store() as work:
                await work.slack.want_card(card.case_id, channel=owner)
        else:
            await self._wait_card(card, refusal)
        if refusal.permanent:
            await self._tell_operator(card.channel, refusal)

    async def _wait_card(self, card: Card, refusal: SlackRefused) -> None:
        async with self.store() as work:
            await work.slack.card_failed(
                card.case_id, error=refusal.code, not_before=_again(self.clock(), card.attempts, refusal)
            )

    async def _drop(self, card: Card) -> bool:
        """The case is gone, or ended before anybody saw it: there is nothing to show."""
        async with self.store() as work:
            await work.slack.card_done(
                card.case_id, posted=card.wanted, channel=card.posted_channel, ts=card.ts, at=self.clock()
            )
        return False

    async def _post(self, post: Post) -> bool:
        try:
            said = await self._say(post)
        except SlackRefused as refusal:
            async with self.store() as work:
                again = _again(self.clock(), post.attempts, refusal)
                await work.slack.post_failed(post.key, error=refusal.code, not_before=again)
            if refusal.revoked:
                await self._shut_out(refusal)
            return False
        if said:
            async with self.store() as work:
                await work.slack.post_done(post.key, self.clock())
        return said

    async def _say(self, post: Post) -> bool:
        """False when it cannot be said yet: a note waits for its card, as long as that may still come."""
        if post.kind == "note":
            return await self._note(post)
        if post.kind == "digest":
            async with self.store.reading() as work:
                brief = await self.digest(work, post.body)
            if brief is not None:
                await self.notifier.digest(post.target, brief)
            return True
        if post.kind == "shadow":
            play, _, text = post.body.partition("\n")
            await self.notifier.notice(post.target, text, promote=play)
            return True
        await self.notifier.notice(post.target, post.body, storm=post.kind == "storm")
        return True

    async def _note(self, post: Post) -> bool:
        async with self.store.reading() as work:
            card, case = await work.slack.card(post.case_id), await work.cases.get(post.case_id)
        if card is None or not card.ts:
            return case is None or case.state not in LIVE_STATES
        await self.notifier.note(SlackReceipt(card.posted_channel, card.ts), post.body)
        return True

    async def _shut_out(self, refusal: SlackRefused) -> None:
        """No channel is at fault, so no card takes another way; nothing more is tried, and no mail leaves (B15)."""
        async with self.store() as work:
            await lose_slack(work, refusal.code, self.clock())

    async def _tell_operator(self, channel: str, refusal: SlackRefused) -> None:
        """Once a day and channel, where the operators read."""
        if not self.ops_channel or channel == self.ops_channel:
            return
        key = f"blocked:{channel}:{self.clock().date()}"
        text = STOPPED.format(channel=channel, code=refusal.code)
        async with self.store() as work:
            await work.slack.say(Post(key=key, kind="notice", target=self.ops_channel, body=text))


Delivery = Callable[[], Awaitable[bool | None]]


async def _beside_each_other(due: Iterable[tuple[str, Delivery]]) -> int:
    """Deliver to all targets at once, the first few to each; how many went out. A fault ends no other's delivery."""
    lanes: defaultdict[str, list[Delivery]] = defaultdict(list)
    for target, delivery in due:
        lanes[target].append(delivery)
    done = await asyncio.gather(*(_in_turn(lane[:A_RUN]) for lane in lanes.values()), return_exceptions=True)
    for fault in done:
        if isinstance(fault, BaseException):
            raise fault
    return sum(went for went in done if isinstance(went, int))


async def _in_turn(deliveries: Sequence[Delivery]) -> int:
    done = 0
    for deliver in deliveries:
        done += await deliver() or False
    return done


def _again(now: datetime, attempts: int, refusal: SlackRefused) -> datetime:
    """When to try again: what Slack asks for (at most ten minutes), else longer each time (B2, B3)."""
    if refusal.retry_after is not None:
        return now + min(timedelta(seconds=refusal.retry_after), LONGEST_WAIT)
    if refusal.permanent and not refusal.revoked:
        return now + BLOCKED_WAIT
    return now + BACK_OFF[min(attempts, len(BACK_OFF) - 1)]
