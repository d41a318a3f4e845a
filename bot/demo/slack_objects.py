"""What Slack is made of: people, channels, messages and windows, in the shapes of Slack's own objects."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

BROADCASTS = re.compile(r"<(!channel|!here|!everyone|@U\w+|!subteam\^\w+)[|>]")


@dataclass(slots=True)
class User:
    """A person or a bot; `team_id` differs from the workspace's for people from outside (shared channels)."""

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "UTC"
    team_id: str = "T0LOCAL"
    is_bot: bool = False
    deleted: bool = False
    is_guest: bool = False
    is_email_confirmed: bool = True
    status: Json = field(default_factory=dict)

    def as_json(self, home_team: str) -> Json:
        """Slack's user object."""
        profile = {"real_name": self.real_name, "display_name": self.name, "email": self.email, "team": self.team_id}
        profile |= self.status
        outside = self.team_id != home_team
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "tz": self.tz,
            "profile": profile,
            "is_bot": self.is_bot,
            "deleted": self.deleted,
            "is_restricted": self.is_guest,
            "is_stranger": outside,
            "is_email_confirmed": self.is_email_confirmed and not outside,
        }


@dataclass(slots=True)
class Message:
    """One message; `visible_to` names the only reader of an ephemeral one."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    visible_to: str = ""
    edited_ts: str = ""
    metadata: Json | None = None

    def as_json(self) -> Json:
        """Slack's message object."""
        body: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text, "blocks": self.blocks}
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.edited_ts:
            body["edited"] = {"user": self.user, "ts": self.edited_ts}
        if self.metadata:
            body["metadata"] = self.metadata
        return body

    @property
    def words(self) -> str:
        """Everything a reader sees in it, in one string, for searching."""
        return "\n".join([self.text, *_texts(self.blocks)])

    @property
    def pings(self) -> list[str]:
        """Whom it notifies: mentions in the text and in mrkdwn texts (plain text never pings)."""
        return [hit for text in [self.text, *_texts(self.blocks, "mrkdwn")] for hit in BROADCASTS.findall(text)]


@dataclass(slots=True)
class Channel:
    """A channel or a direct message (`is_im`)."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    is_im: bool = False
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False

    def as_json(self, bot: str) -> Json:
        """Slack's conversation object."""
        body: Json = {"id": self.id, "is_im": self.is_im, "is_archived": self.is_archived}
        if self.is_im:
            return body | {"user": next(iter(self.members - {bot}), "")}
        return body | {
            "name": self.name,
            "is_channel": True,
            "is_private": self.is_private,
            "is_member": bot in self.members,
            "is_general": self.name == "general",
            "is_shared": self.is_ext_shared,
            "is_ext_shared": self.is_ext_shared,
            "num_members": len(self.members),
        }


@dataclass(slots=True)
class View:
    """An open modal or a published Home; `errors` (by block id) stand beside the fields until the next submit."""

    id: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str = ""
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def _texts(node: object, kind: str = "") -> list[str]:
    if isinstance(node, list):
        return [text for item in node for text in _texts(item, kind)]
    if not isinstance(node, dict):
        return []
    own = node.get("text") if isinstance(node.get("text"), str) else None
    mine = [own] if own is not None and (not kind or node.get("type") == kind) else []
    return mine + [text for value in node.values() for text in _texts(value, kind)]
