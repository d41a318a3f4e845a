"""Reads what Slack sends into typed values, by ids alone: names, domains and channels may be missing (A11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from handlers.ids import Event, Field, Ref
from scoring.errors import InvalidInput

Json = dict[str, Any]

QUERY_LIMIT = 200
_CHANNEL = re.compile(r"<#\w+(?:\|([^>]*))?>")
_PERSON = re.compile(r"<@\w+(?:\|[^>]*)?>")
_MARKED_LINK = re.compile(r"<(?:https?://|mailto:)?[^<>|\s]+\|([^<>]+)>")
_ECHOED_LINK = re.compile(r"<((?:https?://|mailto:)([^<>|\s]+))\|([^<>|]+)>")
_QUOTES = "\"'“”„‘’«»`*_ "


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody acted, and so where they can be answered.

    `surface` is message, window, home, command or event; `submits`: a window's own button was pressed, and the answer
    goes into the acknowledgement. `ts`: the message that was clicked, where everybody sees it.
    """

    surface: str
    user: str
    team: str = ""
    channel: str = ""
    response_url: str = ""
    view_id: str = ""
    ts: str = ""
    submits: bool = False


@dataclass(frozen=True, slots=True)
class Click:
    """A press on a button or a choice in a menu."""

    ref: Ref
    action_id: str
    trigger_id: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A window that was submitted: what it carries, and each field's value and block by its `action_id`."""

    ref: Ref
    values: Mapping[str, Json] = field(default_factory=dict)
    block_of: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: Field | str) -> str:
        """What was typed into a field; empty when nothing was."""
        return _text(self.values.get(str(name), {}).get("value"))

    def chosen(self, name: Field) -> str:
        """The value of the option that was chosen; empty when none was."""
        return _text(_inside(self.values.get(name.value), "selected_option").get("value"))

    def person(self, name: Field) -> str:
        """The Slack id of who was chosen."""
        return _text(self.values.get(name.value, {}).get("selected_user"))

    def moment(self, name: Field) -> int | None:
        """The chosen instant in seconds since 1970, if one was."""
        value = self.values.get(name.value, {}).get("selected_date_time")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def day(self, name: Field) -> date | None:
        """The chosen day, if one was."""
        try:
            return date.fromisoformat(_text(self.values.get(name.value, {}).get("selected_date")))
        except ValueError:
            return None

    def beside(self, name: Field | str) -> str:
        """The block in which a field stands, to put an error beside it."""
        return self.block_of.get(str(name)) or next(iter(self.block_of.values()), "")


def place(body: Json) -> Place:
    """Where this came from. An unknown shape gives an event without a user, which no listener of ours answers."""
    user = _inside(body, "user")
    event = _inside(body, "event")
    if event:
        return Place("event", _text(event.get("user")), team=_text(event.get("user_team")))
    if "command" in body:
        return Place(
            "command",
            _text(body.get("user_id")),
            team=_text(body.get("team_id")),
            channel=_text(body.get("channel_id")),
            response_url=_text(body.get("response_url")),
        )
    view = _inside(body, "view")
    container = _inside(body, "container")
    channel = _text(_inside(body, "channel").get("id")) or _text(container.get("channel_id"))
    surface = "message" if not view else ("home" if view.get("type") == "home" else "window")
    return Place(
        surface,
        _text(user.get("id")),
        team=_text(user.get("team_id")) or _text(_inside(body, "team").get("id")),
        channel=channel or _said_in(view),
        response_url=_text(body.get("response_url")),
        view_id=_text(view.get("id")),
        ts="" if container.get("is_ephemeral") else _text(container.get("message_ts")),
        submits=body.get("type") == "view_submission",
    )


def opens_home(body: Json) -> bool:
    """Whether somebody opened App Home, and not the messages beside it."""
    event = _inside(body, "event")
    return event.get("type") == Event.HOME_OPENED and event.get("tab", "home") == "home"


def click(body: Json) -> Click:
    """The button or menu that was used; `InvalidInput` for one that we would not have made (A10)."""
    pressed = body.get("actions")
    action = pressed[0] if isinstance(pressed, list) and pressed and isinstance(pressed[0], dict) else {}
    value = action.get("value") or _inside(action, "selected_option").get("value")
    return Click(
        Ref.unpack(_text(value)), action_id=_text(action.get("action_id")), trigger_id=_text(body.get("trigger_id"))
    )


def submission(body: Json) -> Submission:
    """The window's fields by `action_id`, and what it carries; `InvalidInput` for a window of another make."""
    view = _inside(body, "view")
    values: dict[str, Json] = {}
    block_of: dict[str, str] = {}
    for block_id, block in _inside(_inside(view, "state"), "values").items():
        for action_id, value in (block if isinstance(block, dict) else {}).items():
            values[action_id] = value if isinstance(value, dict) else {}
            block_of[action_id] = block_id
    return Submission(Ref.unpack(_text(view.get("private_metadata"))), values, block_of)


def asked_for(text: str) -> str:
    """What `/health` was asked about, freed of quotes, link marks and escapes; people and channels by name (K7)."""
    text = _CHANNEL.sub(lambda match: match[1] or "", _PERSON.sub("", text))
    text = _MARKED_LINK.sub(r"\1", text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return " ".join(text.split()).strip(_QUOTES)[:QUERY_LIMIT].removeprefix("#")


def typed(text: str) -> str:
    """What a person typed into a field, where Slack marked up an address by itself (H7)."""
    return _ECHOED_LINK.sub(lambda m: m[3] if m[3] in (m[1], m[2]) else m[0], text.replace("\r\n", "\n"))


def _said_in(view: Json) -> str:
    try:
        return Ref.unpack(_text(view.get("private_metadata"))).said_in
    except InvalidInput:
        return ""


def _inside(node: object, key: str) -> Json:
    value = node.get(key) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
