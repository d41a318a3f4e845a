"""The names by which buttons, windows and commands find their way back to us, and what a button carries.

A button carries opaque keys only, as compact JSON: never a name, a score or a sum of money.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from scoring.errors import InvalidInput

OUTDATED = "This button is from an older card. Nothing was changed. The newest card of the account is up to date."


class Action(StrEnum):
    """Every button, menu and field; the value is its `action_id`."""

    APPROVE = "card.approve"
    EDIT = "card.edit"
    SNOOZE = "card.snooze"
    MORE = "card.more"
    UNDO = "card.undo"
    CONFIRM = "card.confirm"
    ARRIVED = "card.arrived"
    ELSEWHERE = "card.elsewhere"
    SEND_AGAIN = "card.send_again"
    WAKE = "card.wake"
    SHOW_MAIL = "card.show_mail"
    STOP_FOLLOW_UP = "card.stop_follow_up"
    DECIDE = "line.decide"
    DETAILS = "line.details"
    SHARE = "health.share"
    OPEN_CASE = "health.open_case"
    LINK = "link"
    PAGE_BACK = "home.back"
    PAGE_NEXT = "home.next"
    PAUSE = "home.pause"
    RESUME = "home.resume"
    RELEASE = "storm.release"
    DROP = "storm.drop"
    PROMOTE = "autopilot.promote"
    AWAY = "away.plan"
    BACK = "away.end"


class More(StrEnum):
    """What the overflow menu of a card offers."""

    ASSIGN = "assign"
    DISMISS = "dismiss"


class Field(StrEnum):
    """The fields of our windows; a field is found by its `action_id`, whatever block it stands in."""

    SUBJECT = "subject"
    BODY = "body"
    UNTIL = "until"
    CUSTOM = "custom"
    REASON = "reason"
    VERDICT = "verdict"
    NOTE = "note"
    PERSON = "person"
    WHO = "who"
    COVER = "cover"
    FIRST = "first"
    LAST = "last"


class Window(StrEnum):
    """Every window with a submit button; the value is its `callback_id`."""

    DRAFT = "window.draft"
    SNOOZE = "window.snooze"
    DISMISS = "window.dismiss"
    ASSIGN = "window.assign"
    AWAY = "window.away"
    READ = "window.read"


class Command(StrEnum):
    """Slash commands."""

    HEALTH = "/health"


class Event(StrEnum):
    """Events that we subscribe to."""

    HOME_OPENED = "app_home_opened"
    JOINED = "member_joined_channel"


@dataclass(frozen=True, slots=True)
class Ref:
    """What a button or window carries: which case, which version of its draft with which hash, mail, account, absence.

    `said_in` is the channel in which a window was opened, so that its answer has a place.
    """

    case: str = ""
    version: int = 0
    fingerprint: str = ""
    outreach: str = ""
    account: str = ""
    page: int = 0
    do: str = ""
    said_in: str = ""
    leave: str = ""

    def pack(self) -> str:
        """Compact JSON without empty fields; short keys, because a menu's value holds 150 characters."""
        held = {field.name[0]: getattr(self, field.name) for field in fields(self) if getattr(self, field.name)}
        return json.dumps(held, separators=(",", ":"))

    @classmethod
    def unpack(cls, text: str) -> Ref:
        """Read a packed value; `InvalidInput` for anything that we would not have written (A10, J4)."""
        try:
            held = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidInput(OUTDATED) from None
        if not isinstance(held, dict):
            raise InvalidInput(OUTDATED)
        known = {field.name[0]: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in held.items():
            field = known.get(key)
            wanted = int if field is not None and field.type == "int" else str
            if field is None or type(value) is not wanted:
                raise InvalidInput(OUTDATED)
            values[field.name] = value
        return cls(**values)
