"""What people do in the local Slack: type a command, press a button, choose, submit or close a window, open Home.

Each becomes the payload that Slack would send, and the bot's acknowledgement has the effect it has in Slack.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from bot.demo.dispatch import Ack, Dispatcher
from bot.demo.elements import WITHOUT_STATE, chosen, first_state, is_empty, walk
from bot.demo.responses import ResponseUrls
from bot.demo.slack_objects import Channel, Message, User, View
from bot.demo.view_methods import Triggers, Views, checked
from bot.demo.web_api import ApiError
from bot.demo.workspace import Workspace

Json = dict[str, Any]

REQUIRED = "Please complete this required field."


class Interactions:
    """People's hands on the workspace."""

    def __init__(
        self,
        workspace: Workspace,
        dispatcher: Dispatcher,
        *,
        views: Views,
        triggers: Triggers,
        urls: ResponseUrls,
    ) -> None:
        self.workspace = workspace
        self.dispatcher = dispatcher
        self.views = views
        self.triggers = triggers
        self.urls = urls

    async def command(self, line: str, *, user: User, channel: Channel) -> Ack:
        """`/name text` in a channel; a text or blocks in the acknowledgement are shown to the person alone."""
        name, _, text = line.strip().partition(" ")
        payload: Json = self._who(user, channel) | {
            "command": name,
            "text": text.strip(),
            "is_enterprise_install": "false",
        }
        payload |= {"response_url": self.urls.give(user, channel), "trigger_id": self.triggers.give(user.id)}
        ack = await self.dispatcher.deliver("slash_commands", payload)
        if ack.ok and ack.body:
            self.urls.show(ack.body, user=user, channel=channel)
        return ack

    async def act_on_message(
        self, channel: Channel, message: Message, action_id: str, raw: Any, *, user: User, block_id: str = ""
    ) -> Ack:
        """Use an element of a message."""
        block, element = _find(message.blocks, action_id, block_id)
        key = (f"{channel.id}/{message.ts}", user.id)
        values = self.workspace.states.setdefault(key, first_state(message.blocks))
        action = self._action(block, element, raw, values)
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
        container |= {"is_ephemeral": bool(message.visible_to)}
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = self._payload(user, "block_actions") | {
            "container": container,
            "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
            "message": message.as_json() | {"bot_id": self.workspace.bot_id, "app_id": self.workspace.app_id},
            "state": {"values": values},
            "response_url": self.urls.give(user, channel, message),
            "actions": [action],
        }
        return await self.dispatcher.deliver("interactive", payload)

    async def act_in_view(self, view: View, action_id: str, raw: Any, *, user: User, block_id: str = "") -> Ack:
        """Use an element of a modal or a Home."""
        block, element = _find(view.body["blocks"], action_id, block_id)
        action = self._action(block, element, raw, view.values)
        shown = self.views.as_json(view)
        payload = self._payload(user, "block_actions") | {
            "container": {"type": "view", "view_id": view.id},
            "view": shown,
            "state": shown["state"],
            "actions": [action],
        }
        return await self.dispatcher.deliver("interactive", payload)

    async def submit(self, view: View, raw: Json, *, user: User) -> Ack:
        """Submit the top modal. What is required and empty never reaches the bot, as in Slack."""
        self.fill(view, raw)
        view.errors = _unfilled(view)
        if view.errors:
            self.workspace.changed()
            return Ack(200)
        payload = self._payload(user, "view_submission") | {"view": self.views.as_json(view), "response_urls": []}
        ack = await self.dispatcher.deliver("interactive", payload)
        if ack.ok:
            self._respond(view, ack.body if isinstance(ack.body, dict) else {})
            self.workspace.changed()
        return ack

    async def close(self, view: View, *, user: User) -> None:
        """Close a modal; the bot hears of it when it asked to."""
        stack = self.workspace.stacks.get(user.id, [])
        self.workspace.stacks[user.id] = stack[: stack.index(view)] if view in stack else stack
        self.workspace.changed()
        if view.body.get("notify_on_close"):
            payload = self._payload(user, "view_closed") | {"view": self.views.as_json(view), "is_cleared": False}
            payload.pop("trigger_id")
            await self.dispatcher.deliver("interactive", payload)

    async def event(self, event: Json) -> Ack:
        """Any event, wrapped as the Events API wraps it."""
        space = self.workspace
        return await self.dispatcher.deliver(
            "events_api",
            {
                "token": "unused",
                "team_id": space.team_id,
                "api_app_id": space.app_id,
                "type": "event_callback",
                "event_id": f"Ev{secrets.token_hex(5).upper()}",
                "event_time": int(time.time()),
                "is_ext_shared_channel": False,
                "authorizations": [{"team_id": space.team_id, "user_id": space.bot.id, "is_bot": True}],
                "event": event | {"event_ts": space.ts()},
            },
        )

    async def open_home(self, user: User) -> Ack:
        """Look at the App Home."""
        event: Json = {"type": "app_home_opened", "user": user.id, "tab": "home"}
        event["channel"] = self.workspace.direct(user.id).id
        if user.id in self.workspace.homes:
            event["view"] = self.views.as_json(self.workspace.homes[user.id])
        return await self.event(event)

    def fill(self, view: View, raw: Json) -> None:
        """Type into a modal without submitting; keys are block ids, action ids or labels."""
        for block, element in walk(view.body["blocks"]):
            label = (block.get("label") or {}).get("text")
            names = [name for name in (block["block_id"], element["action_id"], label) if name in raw]
            if names and element["type"] not in WITHOUT_STATE:
                view.values[block["block_id"]][element["action_id"]] = chosen(element, raw[names[0]])

    def _action(self, block: Json, element: Json, raw: Any, values: Json) -> Json:
        value = chosen(element, raw)
        if element["type"] not in WITHOUT_STATE:
            values.setdefault(block["block_id"], {})[element["action_id"]] = value
        ids = {"action_id": element["action_id"], "block_id": block["block_id"], "action_ts": f"{time.time():.6f}"}
        return value | ids

    def _respond(self, view: View, answer: Json) -> None:
        action, stack = answer.get("response_action"), self.workspace.stacks.get(view.user, [])
        if action == "errors":
            view.errors = dict(answer.get("errors") or {})
        elif action == "update":
            self.views.change(view, checked(answer.get("view"), "modal"))
        elif action == "push":
            self.views.add(view.user, checked(answer.get("view"), "modal"))
        elif action == "clear":
            self.workspace.stacks[view.user] = []
        elif view in stack:
            self.workspace.stacks[view.user] = stack[: stack.index(view)]

    def _who(self, user: User, channel: Channel) -> Json:
        space = self.workspace
        return {
            "token": "unused",
            "team_id": user.team_id,
            "team_domain": "lookout-demo",
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "api_app_id": space.app_id,
            "is_enterprise_install": "false",
        }

    def _payload(self, user: User, kind: str) -> Json:
        space = self.workspace
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": space.app_id,
            "token": "unused",
            "trigger_id": self.triggers.give(user.id),
            "team": {"id": space.team_id, "domain": "lookout-demo"},
            "enterprise": None,
            "is_enterprise_install": False,
        }


def _find(blocks: list[Json], action_id: str, block_id: str) -> tuple[Json, Json]:
    for block, element in walk(blocks):
        if element["action_id"] == action_id and block_id in ("", block["block_id"]):
            return block, element
    raise ApiError("action_not_found")


def _unfilled(view: View) -> dict[str, str]:
    found = {}
    for block, element in walk(view.body["blocks"]):
        if block["type"] != "input":
            continue
        value = view.values[block["block_id"]][element["action_id"]]
        text = value.get("value") or ""
        if is_empty(value) and not block.get("optional"):
            found[block["block_id"]] = REQUIRED
        elif text and len(text) > element.get("max_length", 3000):
            found[block["block_id"]] = f"Please use at most {element.get('max_length', 3000)} characters."
        elif text and len(text) < element.get("min_length", 0):
            found[block["block_id"]] = f"Please use at least {element['min_length']} characters."
    return found
