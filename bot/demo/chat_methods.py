"""`chat.*`: what the bot writes, changes and takes back, with Slack's refusals."""

from __future__ import annotations

from typing import Any

from bot.demo.block_kit import faults_of
from bot.demo.elements import complete
from bot.demo.slack_objects import Channel, Message
from bot.demo.web_api import ApiError, Method
from bot.demo.workspace import Workspace

Json = dict[str, Any]

LONGEST_POST = 40_000
LONGEST_UPDATE = 4_000


class Chat:
    """The four methods that a bot writes with."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def methods(self) -> dict[str, Method]:
        """Method name → function."""
        return {
            "chat.postMessage": self.post,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.getPermalink": self.permalink,
        }

    def post(self, arguments: Json) -> Json:
        """Write into a channel, a thread or a direct message."""
        channel = self._writable(arguments)
        text, blocks = _content(arguments)
        thread_ts = str(arguments.get("thread_ts") or "")
        if thread_ts and self.workspace.message(channel, thread_ts) is None:
            raise ApiError("thread_not_found")
        message = self.workspace.post(
            channel,
            self.workspace.bot.id,
            text=text[:LONGEST_POST],
            blocks=blocks,
            thread_ts=thread_ts,
            metadata=arguments.get("metadata"),
        )
        return {"channel": channel.id, "ts": message.ts, "message": self._shown(message)}

    def post_ephemeral(self, arguments: Json) -> Json:
        """Write to one person in a channel."""
        channel = self._writable(arguments)
        text, blocks = _content(arguments)
        reader = str(arguments.get("user") or "")
        if reader not in channel.members:
            raise ApiError("user_not_in_channel")
        message = self.workspace.post(
            channel,
            self.workspace.bot.id,
            text=text,
            blocks=blocks,
            thread_ts=str(arguments.get("thread_ts") or ""),
            visible_to=reader,
        )
        return {"message_ts": message.ts}

    def update(self, arguments: Json) -> Json:
        """Change one of the bot's messages; text alone takes the blocks away, as in Slack."""
        channel, message = self._own(arguments, "cant_update_message")
        text, blocks = _content(arguments)
        if len(text) > LONGEST_UPDATE:
            raise ApiError("msg_too_long")
        message.text, message.blocks = text, complete(blocks or [])
        message.edited_ts = self.workspace.ts()
        self.workspace.states = {
            key: value for key, value in self.workspace.states.items() if key[0] != f"{channel.id}/{message.ts}"
        }
        self.workspace.changed()
        return {"channel": channel.id, "ts": message.ts, "text": text, "message": self._shown(message)}

    def delete(self, arguments: Json) -> Json:
        """Take back one of the bot's messages."""
        channel, message = self._own(arguments, "cant_delete_message")
        channel.messages.remove(message)
        self.workspace.changed()
        return {"channel": channel.id, "ts": message.ts}

    def permalink(self, arguments: Json) -> Json:
        """A link to a message."""
        channel = self._channel(arguments)
        ts = str(arguments.get("message_ts") or "")
        if self.workspace.message(channel, ts) is None:
            raise ApiError("message_not_found")
        link = f"https://lookout-demo.slack.example/archives/{channel.id}/p{ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    def _channel(self, arguments: Json) -> Channel:
        channel = self.workspace.find_channel(str(arguments.get("channel") or ""))
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def _writable(self, arguments: Json) -> Channel:
        channel = self._channel(arguments)
        if channel.is_archived:
            raise ApiError("is_archived")
        if self.workspace.bot.id not in channel.members:
            raise ApiError("channel_not_found" if channel.is_private else "not_in_channel")
        return channel

    def _own(self, arguments: Json, refusal: str) -> tuple[Channel, Message]:
        channel = self._channel(arguments)
        message = self.workspace.message(channel, str(arguments.get("ts") or ""))
        if message is None or message.visible_to:
            raise ApiError("message_not_found")
        if message.user != self.workspace.bot.id:
            raise ApiError(refusal)
        return channel, message

    def _shown(self, message: Message) -> Json:
        return message.as_json() | {"bot_id": self.workspace.bot_id, "app_id": self.workspace.app_id}


def _content(arguments: Json) -> tuple[str, list[Json] | None]:
    text, blocks = arguments.get("text") or "", arguments.get("blocks")
    if blocks is not None and (faults := faults_of(blocks, "message")):
        raise ApiError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {fault}" for fault in faults]})
    if not text and not blocks:
        raise ApiError("no_text")
    return str(text), blocks
