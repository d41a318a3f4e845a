"""What happens without a click: App Home is opened, Lookout is invited to a channel."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from handlers.blocks.home import home_view
from handlers.blocks.notice import introduction
from handlers.ports import Actor, Desk


async def on_home_opened(event: dict[str, Any], desk: Desk, actor: Actor, client: AsyncWebClient) -> None:
    """Draw this person's Home, and nobody else's (UX 32)."""
    if event.get("tab", "home") != "home":
        return
    await client.views_publish(user_id=actor.slack_id, view=home_view(await desk.home(actor)))


async def on_joined(event: dict[str, Any], context: AsyncBoltContext, client: AsyncWebClient) -> None:
    """When Lookout itself comes into a channel, it says what will come and how to stop it (UX 24)."""
    channel = str(event.get("channel", ""))
    if not channel or event.get("user") != context.bot_user_id:
        return
    info = (await client.conversations_info(channel=channel)).get("channel") or {}
    shared = bool(info.get("is_ext_shared"))
    await client.chat_postMessage(
        channel=channel, unfurl_links=False, unfurl_media=False, mrkdwn=False, **introduction(shared=shared)
    )
