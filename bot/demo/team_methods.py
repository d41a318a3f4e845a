"""`auth.*`, `users.*`, `conversations.*`, `bots.*`, `apps.*`: who is here and where the bot may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.demo.slack_objects import Channel, User
from bot.demo.web_api import ApiError, Method
from bot.demo.workspace import Workspace

Json = dict[str, Any]

PAGE = 200


class Team:
    """Lookups, and the address of the socket."""

    def __init__(self, workspace: Workspace, socket_url: Callable[[], str]) -> None:
        self.workspace = workspace
        self.socket_url = socket_url

    @property
    def methods(self) -> dict[str, Method]:
        """Method name → function."""
        return {
            "auth.test": self.auth,
            "apps.connections.open": lambda _: {"url": self.socket_url()},
            "bots.info": self.bot,
            "team.info": lambda _: {"team": {"id": self.workspace.team_id, "name": self.workspace.name}},
            "users.info": self.user,
            "users.list": self.users,
            "users.lookupByEmail": self.by_email,
            "usergroups.users.list": self.group,
            "conversations.info": self.channel,
            "conversations.list": self.channels,
            "conversations.members": self.members,
            "conversations.open": self.open,
        }

    def auth(self, _: Json) -> Json:
        """Who the token belongs to."""
        space = self.workspace
        return {
            "url": "https://lookout-demo.slack.example/",
            "team": space.name,
            "team_id": space.team_id,
            "user": space.bot.name,
            "user_id": space.bot.id,
            "bot_id": space.bot_id,
            "is_enterprise_install": False,
        }

    def bot(self, arguments: Json) -> Json:
        """About the bot itself."""
        space = self.workspace
        if arguments.get("bot") not in (None, space.bot_id):
            raise ApiError("bot_not_found")
        return {
            "bot": {
                "id": space.bot_id,
                "name": space.bot.real_name,
                "user_id": space.bot.id,
                "app_id": space.app_id,
                "deleted": False,
            }
        }

    def user(self, arguments: Json) -> Json:
        """One person by id."""
        found = self.workspace.users.get(str(arguments.get("user")))
        if found is None:
            raise ApiError("user_not_found")
        return {"user": self._shown(found)}

    def users(self, arguments: Json) -> Json:
        """Everyone, in pages."""
        return _page("members", [self._shown(user) for user in self.workspace.users.values()], arguments)

    def by_email(self, arguments: Json) -> Json:
        """A person of the workspace by e-mail; people from outside are not found."""
        email = str(arguments.get("email") or "").casefold()
        for user in self.workspace.users.values():
            if email and user.email.casefold() == email and user.team_id == self.workspace.team_id:
                return {"user": self._shown(user)}
        raise ApiError("users_not_found")

    def group(self, arguments: Json) -> Json:
        """Who is in a user group."""
        found = self.workspace.groups.get(str(arguments.get("usergroup")))
        if found is None:
            raise ApiError("no_such_subteam")
        return {"users": found}

    def channel(self, arguments: Json) -> Json:
        """One channel by id."""
        return {"channel": self._channel(arguments).as_json(self.workspace.bot.id)}

    def channels(self, arguments: Json) -> Json:
        """Channels of the asked types, in pages."""
        kinds = str(arguments.get("types") or "public_channel").split(",")
        shown = [c.as_json(self.workspace.bot.id) for c in self.workspace.channels.values() if _kind(c) in kinds]
        if str(arguments.get("exclude_archived", "")).lower() in ("1", "true"):
            shown = [channel for channel in shown if not channel["is_archived"]]
        return _page("channels", shown, arguments)

    def members(self, arguments: Json) -> Json:
        """Who is in a channel."""
        return _page("members", sorted(self._channel(arguments).members), arguments)

    def open(self, arguments: Json) -> Json:
        """Open the direct message with one person."""
        who = str(arguments.get("users") or "")
        if who not in self.workspace.users:
            raise ApiError("user_not_found")
        return {"channel": {"id": self.workspace.direct(who).id}}

    def _channel(self, arguments: Json) -> Channel:
        found = self.workspace.channels.get(str(arguments.get("channel")))
        if found is None:
            raise ApiError("channel_not_found")
        return found

    def _shown(self, user: User) -> Json:
        return user.as_json(self.workspace.team_id)


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def _page(name: str, items: list[Any], arguments: Json) -> Json:
    start = int(arguments.get("cursor") or 0)
    size = min(int(arguments.get("limit") or PAGE), 1000)
    following = str(start + size) if start + size < len(items) else ""
    return {name: items[start : start + size], "response_metadata": {"next_cursor": following}}
