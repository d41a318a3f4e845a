"""Finds channels by name, and knows which of them outsiders can read (J3, K1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient

from handlers import slack_errors

SLACK_ID = re.compile(r"[CGDUW][A-Z0-9]+")
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]+")
PAGE = 500
MOST_PAGES = 40
KNOWN_FOR = 600.0
ASK_AGAIN_AFTER = 60.0
WITH_BOT = "public_channel,private_channel"


@dataclass(slots=True)
class Channels:
    """Names are looked up once and kept as ids, which outlive a renaming; shares are asked again every ten minutes."""

    client: AsyncWebClient
    seconds: Callable[[], float]
    ids: dict[str, str] = field(default_factory=dict)
    shared: dict[str, tuple[float, bool]] = field(default_factory=dict)
    listed_at: float | None = None

    async def resolve(self, target: str) -> str:
        """The id behind `#name`, `name` or an id; `SlackRefused("channel_not_found")` where there is none."""
        target = target.strip()
        if SLACK_ID.fullmatch(target):
            return target
        name = target.lstrip("#").lower()
        recently = self.listed_at is not None and self.seconds() - self.listed_at < ASK_AGAIN_AFTER
        if name not in self.ids and not recently:
            await self._list()
        if name not in self.ids:
            raise slack_errors.of_code("channel_not_found")
        return self.ids[name]

    async def outside(self, channel: str) -> bool:
        """Whether people of another organisation read this channel; a direct message has no such readers."""
        if not CHANNEL_ID.fullmatch(channel):
            return False
        kept = self.shared.get(channel)
        if kept is not None and self.seconds() - kept[0] < KNOWN_FOR:
            return kept[1]
        info = (await self.client.conversations_info(channel=channel)).get("channel") or {}
        return self._keep(channel, info)

    async def _list(self) -> None:
        self.listed_at, cursor = self.seconds(), ""
        for _ in range(MOST_PAGES):
            answer = await self.client.conversations_list(
                types=WITH_BOT, exclude_archived=True, limit=PAGE, cursor=cursor or None
            )
            for info in answer.get("channels") or []:
                channel = str(info.get("id", ""))
                self.ids[str(info.get("name", "")).lower()] = channel
                self._keep(channel, info)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _keep(self, channel: str, info: dict[str, object]) -> bool:
        outside = bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))
        self.shared[channel] = (self.seconds(), outside)
        return outside
