"""Gives the person who acted a visible answer, in the place where they acted; it never raises (promise 5).

What follows an acknowledgement must not fail: Bolt would answer 404 after three seconds, though the work was done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.blocks.elements import Json, actions, button, message, saying, section
from handlers.blocks.literal import unescape
from handlers.blocks.windows import answer_modal
from handlers.ids import Action, Ref
from handlers.payloads import Place
from handlers.slack_errors import FAILURES, code_of

log = logging.getLogger(__name__)

OK = 200
ANSWER_SECONDS = 5.0
TOO_SLOW = "That took too long and Slack closed the door. Nothing was changed. Press again:"
TRIGGER_GONE = frozenset({"trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"})
NOT_HERE = "Nothing was posted. I am not in this channel: type /invite @Lookout here and press Share again."
SHARED_CHANNEL = (
    "Nothing was posted. This channel is shared with another organisation, and what Lookout knows about a customer "
    "stays in your own workspace. Share it in one of your own channels."
)
CANNOT_TELL = (
    "Nothing was posted. I could not check whether this channel is shared with outsiders. Try again in a minute."
)
NO_CHANNEL = "Nothing was posted. Here is nobody to share it with; use /health in the channel where it should go."
REFUSED_POST = "Nothing was posted. Slack refused it ({code})."
LOST_POST = "Slack did not answer; it may be posted all the same. Look at the channel before you press Share again."
ABSENT = frozenset({"not_in_channel", "channel_not_found"})


@dataclass(frozen=True, slots=True)
class Reply:
    """Answers one request; `at` is when it came in."""

    client: AsyncWebClient
    respond: AsyncRespond
    place: Place
    at: datetime

    async def tell(self, text: str) -> None:
        """Say one sentence to this person alone; nothing when the text is empty: then the card says it all."""
        if text:
            await self.send(saying(text))

    async def send(self, built: Json) -> None:
        """Show a message to this person alone: where they clicked, else in the channel, else directly."""
        for way in (self._by_url, self._in_channel, self._in_window, self._direct):
            if await self._tried(way, built):
                return
        log.warning("no answer reached the person", extra={"surface": self.place.surface})

    async def window(self, view: Json) -> None:
        """Put another picture into the window in which the click was made."""
        if not await self._tried(self._show, view):
            log.warning("a window could not be brought up to date")

    async def home(self, view: Json) -> None:
        """Draw this person's App Home anew."""
        if not await self._tried(self._published, view):
            log.warning("App Home could not be brought up to date")

    async def replace(self, built: Json) -> None:
        """Put another message in the place of the one that was clicked."""
        if self.respond.response_url:
            await self._tried(self._replaced, built)

    async def open(self, trigger_id: str, view: Json, *, again: tuple[Action, Ref]) -> None:
        """Open a window; one that comes too late gives a fresh button instead (B14). Other refusals are raised."""
        call = self.client.views_push if self.place.surface == "window" else self.client.views_open
        try:
            await call(trigger_id=trigger_id, view=view)
        except SlackApiError as refusal:
            if code_of(refusal) not in TRIGGER_GONE:
                raise
            await self.send(message([section(TOO_SLOW), actions(button("Open", *again))]))

    async def share(self, built: Json) -> None:
        """Post into the channel for everybody; refused where outsiders read along, and where we cannot tell (UX 28)."""
        refusal = await self._refusal_to_share()
        await self.tell(refusal or await self._posted(built))

    async def _refusal_to_share(self) -> str:
        if not self.place.channel:
            return NO_CHANNEL
        try:
            answer = await self.client.conversations_info(channel=self.place.channel)
        except FAILURES:
            return CANNOT_TELL
        info = answer.get("channel") or {}
        if info.get("is_im") or info.get("is_mpim"):
            return NO_CHANNEL
        return SHARED_CHANNEL if info.get("is_ext_shared") or info.get("is_pending_ext_shared") else ""

    async def _posted(self, built: Json) -> str:
        """Empty when it stands in the channel, else what to tell the person."""
        try:
            await self.client.chat_postMessage(
                channel=self.place.channel, unfurl_links=False, unfurl_media=False, mrkdwn=False, **built
            )
        except SlackApiError as refusal:
            code = code_of(refusal) or "no reason given"
            return NOT_HERE if code in ABSENT else REFUSED_POST.format(code=code)
        except FAILURES:
            return LOST_POST
        return ""

    async def _by_url(self, built: Json) -> bool:
        if not self.respond.response_url:
            return False
        said = await self.respond(**built, response_type="ephemeral", replace_original=False)
        return said.status_code == OK

    async def _in_channel(self, built: Json) -> bool:
        if not self.place.channel:
            return False
        await self.client.chat_postEphemeral(channel=self.place.channel, user=self.place.user, **built)
        return True

    async def _in_window(self, built: Json) -> bool:
        inside = bool(self.place.view_id) and self.place.surface == "window" and not self.place.submits
        return inside and await self._show(answer_modal(unescape(built["text"])))

    async def _direct(self, built: Json) -> bool:
        await self.client.chat_postMessage(channel=self.place.user, unfurl_links=False, unfurl_media=False, **built)
        return True

    async def _show(self, view: Json) -> bool:
        await self.client.views_update(view_id=self.place.view_id, view=view)
        return True

    async def _published(self, view: Json) -> bool:
        await self.client.views_publish(user_id=self.place.user, view=view)
        return True

    async def _replaced(self, built: Json) -> bool:
        return (await self.respond(**built, replace_original=True)).status_code == OK

    async def _tried(self, way: Callable[[Json], Awaitable[bool]], built: Json) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await way(built)
        except FAILURES as failure:
            log.info("an answer took another way", extra={"failure": type(failure).__name__})
            return False
