"""What Slack itself says of our set-up: tokens, scopes against the manifest, the socket, the channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.channels import Channels
from handlers.scopes import needed
from scoring.errors import SlackRefused

REINSTALL = "Create or update the app from manifest.yml, install it again, and copy the new bot token into .env."
SOCKET = "Make an app-level token with connections:write and put it into SLACK_APP_TOKEN."
INVITE = "Make the channel or correct its name in .env; then type /invite @Lookout in it."
UNREACHABLE = "Slack could not be reached: {fault}. Check the network and SLACK_API_URL."
FAULTS = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing asked of Slack, and what to do when it is not well."""

    name: str
    well: bool
    found: str
    mend: str = ""


async def examine_slack(
    client: AsyncWebClient, *, app_token: str, channels: Sequence[str], seconds: float = 0.0
) -> list[Finding]:
    """Ask Slack about the bot token and its scopes, the socket (with an app token), and each channel we post to."""
    token = await _token(client)
    if not token[0].well:
        return token
    socket = [await _socket(client, app_token)] if app_token else []
    book = Channels(client, lambda: seconds)
    return [*token, *socket, *[await _channel(client, book, name) for name in dict.fromkeys(channels) if name]]


async def _token(client: AsyncWebClient) -> list[Finding]:
    try:
        answer = await client.auth_test()
    except SlackApiError as refusal:
        return [Finding("Slack bot token", well=False, found=f"Slack says {refusal.response['error']}", mend=REINSTALL)]
    except FAULTS as fault:
        return [Finding("Slack bot token", well=False, found=UNREACHABLE.format(fault=type(fault).__name__))]
    who = f"{answer.get('user')} in {answer.get('team')}"
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes") or "").split(",") if scope.strip()}
    return [Finding("Slack bot token", well=True, found=who), _scopes(granted)]


def _scopes(granted: set[str]) -> Finding:
    missing, spare = sorted(needed() - granted), sorted(granted - needed())
    if missing:
        return Finding("Slack scopes", well=False, found=f"missing: {', '.join(missing)}", mend=REINSTALL)
    more = f"; not needed: {', '.join(spare)}" if spare else ""
    return Finding("Slack scopes", well=True, found=f"all {len(needed())} of manifest.yml{more}")


async def _socket(client: AsyncWebClient, app_token: str) -> Finding:
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as refusal:
        return Finding("Socket Mode", well=False, found=f"Slack says {refusal.response['error']}", mend=SOCKET)
    except FAULTS as fault:
        return Finding("Socket Mode", well=False, found=UNREACHABLE.format(fault=type(fault).__name__))
    return Finding("Socket Mode", well=True, found="a connection can be opened")


async def _channel(client: AsyncWebClient, book: Channels, name: str) -> Finding:
    """Whether the channel is there, we are in it, and no outsider reads it (J3)."""
    title = f"channel {name}"
    try:
        info = (await client.conversations_info(channel=await book.resolve(name))).get("channel") or {}
    except SlackApiError as refusal:
        return Finding(title, well=False, found=f"Slack says {refusal.response['error']}", mend=INVITE)
    except SlackRefused as refusal:
        return Finding(title, well=False, found=f"Slack says {refusal.code}", mend=INVITE)
    except FAULTS as fault:
        return Finding(title, well=False, found=UNREACHABLE.format(fault=type(fault).__name__))
    if not info.get("is_member"):
        return Finding(title, well=False, found="Lookout is not in it", mend=INVITE)
    if info.get("is_ext_shared"):
        mend = "Use a channel that only your own people read; cards hold revenue and contacts."
        return Finding(title, well=False, found="people of another organisation read it", mend=mend)
    return Finding(title, well=True, found="Lookout is in it")
