"""`views.*`: modals and Homes, with one-use triggers that live three seconds, a stack of three, and hashes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.demo.block_kit import faults_of_view
from bot.demo.elements import complete, first_state
from bot.demo.slack_objects import View
from bot.demo.web_api import ApiError, Method
from bot.demo.workspace import Workspace

Json = dict[str, Any]

DEEPEST = 3
TRIGGER_SECONDS = 3.0
EXPECTED = ("type", "title", "submit", "close", "callback_id", "private_metadata", "external_id")


@dataclass(slots=True)
class Triggers:
    """The tickets that let the bot open a window: for one person, one use, three seconds."""

    timer: Callable[[], float] = time.monotonic
    given: dict[str, tuple[str, float]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def give(self, user: str) -> str:
        """A fresh ticket."""
        ticket = f"{int(self.timer() * 1000)}.{secrets.token_hex(8)}"
        self.given[ticket] = (user, self.timer())
        return ticket

    def spend(self, ticket: str) -> str:
        """The person a ticket was for; an `ApiError` when it is unknown, used or too old."""
        if ticket not in self.given:
            raise ApiError("invalid_trigger_id")
        if ticket in self.used:
            raise ApiError("exchanged_trigger_id")
        user, since = self.given[ticket]
        if self.timer() - since > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        self.used.add(ticket)
        return user


class Views:
    """Opens, pushes, changes and publishes views."""

    def __init__(self, workspace: Workspace, triggers: Triggers) -> None:
        self.workspace = workspace
        self.triggers = triggers

    @property
    def methods(self) -> dict[str, Method]:
        """Method name → function."""
        return {
            "views.open": self.open,
            "views.push": self.push,
            "views.update": self.update,
            "views.publish": self.publish,
        }

    def open(self, arguments: Json) -> Json:
        """Open a modal for whoever clicked."""
        body = checked(arguments.get("view"), "modal")
        user = self.triggers.spend(str(arguments.get("trigger_id") or ""))
        self.workspace.stacks[user] = []
        return {"view": self.as_json(self.add(user, body))}

    def push(self, arguments: Json) -> Json:
        """Lay a modal over the one that is open."""
        body = checked(arguments.get("view"), "modal")
        user = self.triggers.spend(str(arguments.get("trigger_id") or ""))
        return {"view": self.as_json(self.add(user, body))}

    def update(self, arguments: Json) -> Json:
        """Change an open modal; a stale `hash` is refused."""
        body = checked(arguments.get("view"), "modal")
        wanted, outer = arguments.get("view_id"), arguments.get("external_id")
        known = (v for v in self.workspace.views() if v.id == wanted or (outer and v.body.get("external_id") == outer))
        view = next(known, None)
        if view is None:
            raise ApiError("not_found")
        if arguments.get("hash") and arguments["hash"] != view.hash:
            raise ApiError("hash_conflict")
        self.change(view, body)
        return {"view": self.as_json(view)}

    def publish(self, arguments: Json) -> Json:
        """Show a Home to one person."""
        body = checked(arguments.get("view"), "home")
        user = str(arguments.get("user_id") or "")
        if user not in self.workspace.users:
            raise ApiError("user_not_found")
        view = self.workspace.homes.get(user)
        if view is None:
            view = self._new(user, body)
            self.workspace.homes[user] = view
        elif arguments.get("hash") and arguments["hash"] != view.hash:
            raise ApiError("hash_conflict")
        self.change(view, body)
        return {"view": self.as_json(view)}

    def add(self, user: str, body: Json) -> View:
        """Put a view on top of a person's stack."""
        stack = self.workspace.stacks.setdefault(user, [])
        if len(stack) >= DEEPEST:
            raise ApiError("push_limit_reached")
        view = self._new(user, body)
        if stack:
            view.previous, view.root = stack[-1].id, stack[0].id
        stack.append(view)
        self.workspace.changed()
        return view

    def change(self, view: View, body: Json) -> None:
        """Show other content in a view; values survive where block and action ids are the same."""
        fresh = body | {"blocks": complete(body["blocks"])}
        values = first_state(fresh["blocks"])
        for block_id, elements in values.items():
            kept = view.values.get(block_id, {})
            elements |= {action: kept[action] for action in elements if action in kept}
        view.body, view.values, view.errors, view.hash = fresh, values, {}, _hash()
        self.workspace.changed()

    def as_json(self, view: View) -> Json:
        """Slack's view object."""
        space = self.workspace
        body = {key: view.body.get(key) for key in EXPECTED} | {"blocks": view.body["blocks"]}
        return body | {
            "id": view.id,
            "team_id": space.team_id,
            "app_id": space.app_id,
            "bot_id": space.bot_id,
            "app_installed_team_id": space.team_id,
            "hash": view.hash,
            "root_view_id": view.root,
            "previous_view_id": view.previous or None,
            "private_metadata": view.body.get("private_metadata") or "",
            "callback_id": view.body.get("callback_id") or "",
            "external_id": view.body.get("external_id") or "",
            "clear_on_close": bool(view.body.get("clear_on_close")),
            "notify_on_close": bool(view.body.get("notify_on_close")),
            "state": {"values": view.values},
        }

    def _new(self, user: str, body: Json) -> View:
        own = body | {"blocks": complete(body["blocks"])}
        name = self.workspace.number("V")
        return View(name, user, own, _hash(), name, values=first_state(own["blocks"]))


def checked(view: object, kind: str) -> Json:
    """The view, or an `ApiError` with what Slack dislikes about it."""
    faults = faults_of_view(view)
    if not isinstance(view, dict) or view.get("type") != kind:
        faults = faults or [f"view must be a {kind}"]
    if faults:
        code = "view_too_large" if faults == ["view is too large"] else "invalid_arguments"
        raise ApiError(code, response_metadata={"messages": [f"[ERROR] {fault}" for fault in faults]})
    return dict(view)  # type: ignore[call-overload,no-any-return]


def _hash() -> str:
    return f"{int(time.time())}.{secrets.token_urlsafe(6)}"
