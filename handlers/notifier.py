"""Tells Slack: posts and updates cards, notes, digests and notices, one message a second and channel.

Nothing is tried again here, for a repeated post is a second card: the outbox decides about that (B1, B3).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from handlers import slack_errors
from handlers.blocks.alert_card import alert_card, plain_card
from handlers.blocks.digest import digest_card
from handlers.blocks.elements import Json, saying
from handlers.blocks.notice import REDACTED, notice
from handlers.channels import Channels
from handlers.people import away_until, examined
from handlers.scopes import needed
from scoring.briefs import CardBrief, DigestBrief
from scoring.errors import Refused, SlackRefused
from scoring.messages import Presence, SlackReceipt

SECONDS_APART = 1.0
CALL_SECONDS = 10
QUIET: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False, "link_names": False}
NOBODY = frozenset({"users_not_found", "user_not_found", "user_not_visible"})


def slack_client(token: str, base_url: str = AsyncWebClient.BASE_URL) -> AsyncWebClient:
    """The client for everything that posts: ten seconds a call, and no retry by itself (it would post twice)."""
    slashed = base_url if base_url.endswith("/") else f"{base_url}/"
    return AsyncWebClient(token=token, base_url=slashed, timeout=CALL_SECONDS, retry_handlers=[])


@dataclass(slots=True)
class Pacer:
    """Lets one call a second and channel through; other channels do not wait for it."""

    seconds: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    free_at: dict[str, float] = field(default_factory=dict)

    async def turn(self, channel: str) -> None:
        """Wait until it is this channel's turn."""
        now = self.seconds()
        start = max(now, self.free_at.get(channel, now))
        self.free_at = {key: at for key, at in self.free_at.items() if at > now} | {channel: start + SECONDS_APART}
        if start > now:
            await self.sleep(start - now)


Answer = TypeVar("Answer")


class SlackNotifier:
    """`bot.loop.ports.Notifier` over Slack's Web API. Every method raises `SlackRefused` when Slack does not do it."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._pacer = Pacer(seconds, sleep)
        self._channels = Channels(client, seconds)
        self._team = ""

    async def post_card(self, channel: str, brief: CardBrief, *, mention: str = "") -> SlackReceipt:
        """Post a case's card; a layout that Slack refuses is posted once more as plain paragraphs (B7)."""
        target = await self._inside(channel)
        meta = {"event_type": "lookout_case", "event_payload": {"id": brief.case.id}}
        try:
            return await self._post(target, alert_card(brief, mention=mention), metadata=meta)
        except SlackRefused as refused:
            if refused.code not in slack_errors.PAYLOAD:
                raise
            return await self._post(target, plain_card(brief, mention=mention), metadata=meta)

    async def update_card(self, receipt: SlackReceipt, brief: CardBrief) -> None:
        """Show the card's present state; where outsiders read along by now, take what it said away and refuse (J3)."""
        if await self._call(self._channels.outside(receipt.channel)):
            await self._update(receipt, saying(REDACTED))
            raise slack_errors.of_code(slack_errors.SHARED)
        try:
            await self._update(receipt, alert_card(brief))
        except SlackRefused as refused:
            if refused.code not in slack_errors.PAYLOAD:
                raise
            await self._update(receipt, plain_card(brief))

    async def note(self, receipt: SlackReceipt, text: str) -> None:
        """Say something in a card's thread; never broadcast to the channel (UX 11)."""
        target = await self._inside(receipt.channel)
        await self._post(target, saying(text), thread_ts=receipt.ts)

    async def digest(self, target: str, brief: DigestBrief) -> SlackReceipt:
        """Post a digest to a channel or a person."""
        return await self._post(await self._inside(target), digest_card(brief))

    async def notice(self, target: str, text: str, *, storm: bool = False, promote: str = "") -> SlackReceipt:
        """Post a notice; a storm's carries the buttons that release or drop what is held (R35), shadow's promotes."""
        return await self._post(await self._inside(target), notice(text, storm=storm, promote=promote))

    async def reach(self) -> None:
        """Ask Slack whether our token still holds, with every scope that we need (B15)."""
        answer = await self._call(self._client.auth_test())
        granted = answer.headers.get("x-oauth-scopes")
        if granted is not None and needed() - {scope.strip() for scope in str(granted).split(",")}:
            raise slack_errors.of_code("missing_scope")

    async def presence(self, slack_id: str) -> Presence:
        """Deactivated only if Slack says so of this very user; whom it does not know, nothing is known of."""
        try:
            user = (await self._call(self._client.users_info(user=slack_id))).get("user") or {}
        except SlackRefused as refused:
            if refused.code in NOBODY:
                return Presence()
            raise
        return Presence(user.get("id") == slack_id and user.get("deleted") is True, away_until(user))

    async def user_by_email(self, email: str) -> tuple[str, str] | None:
        """(Slack user id, time zone) of a full member of our workspace, or None."""
        try:
            answer = await self._call(self._client.users_lookupByEmail(email=email))
            member = examined(answer.get("user") or {}, await self._own_team())
        except Refused:
            return None
        except SlackRefused as refused:
            if refused.code in NOBODY:
                return None
            raise
        # Slack finds people by addresses that they have not confirmed, too.
        return (member.slack_id, member.timezone) if member.email.casefold() == email.strip().casefold() else None

    async def _own_team(self) -> str:
        self._team = self._team or str((await self._call(self._client.auth_test())).get("team_id") or "")
        return self._team

    async def _inside(self, target: str) -> str:
        """The id to post to; refused where people of another organisation would read it (J3)."""
        channel = await self._call(self._channels.resolve(target))
        if await self._call(self._channels.outside(channel)):
            raise slack_errors.of_code(slack_errors.SHARED)
        return channel

    async def _post(self, channel: str, built: Json, **more: Any) -> SlackReceipt:
        await self._pacer.turn(channel)
        answer = await self._call(self._client.chat_postMessage(channel=channel, **built, **QUIET, **more))
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise slack_errors.of_code(slack_errors.NO_ANSWER)
        return SlackReceipt(str(answer.get("channel") or channel), ts)

    async def _update(self, receipt: SlackReceipt, built: Json) -> None:
        """Always with blocks: an update with text alone would delete them (B16)."""
        await self._pacer.turn(receipt.channel)
        await self._call(self._client.chat_update(channel=receipt.channel, ts=receipt.ts, **built))

    @staticmethod
    async def _call(calling: Awaitable[Answer]) -> Answer:
        try:
            return await calling
        except SlackRefused:
            raise
        except slack_errors.FAILURES as failure:
            raise slack_errors.refusal(failure) from failure
