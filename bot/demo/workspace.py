"""What the local Slack remembers: one team with its people, channels, messages and open windows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.demo.elements import complete
from bot.demo.slack_objects import Channel, Message, User, View

Json = dict[str, Any]


class Workspace:
    """One team with its people, channels and windows. Every change calls the listeners in `on_change`."""

    def __init__(self, clock: Callable[[], datetime], *, team_id: str = "T0LOCAL", name: str = "Lookout demo") -> None:
        self.clock = clock
        self.team_id = team_id
        self.name = name
        self.app_id = "A0LOOKOUT"
        self.bot = User("U0LOOKOUT", "lookout", "Lookout", is_bot=True, team_id=team_id)
        self.bot_id = "B0LOOKOUT"
        self.users: dict[str, User] = {self.bot.id: self.bot}
        self.groups: dict[str, list[str]] = {}
        self.channels: dict[str, Channel] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.states: dict[tuple[str, str], Json] = {}
        self.version = 0
        self.on_change: list[Callable[[], None]] = []
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def changed(self) -> None:
        """Tell everyone who watches."""
        self.version += 1
        for listener in self.on_change:
            listener()

    def number(self, prefix: str) -> str:
        """A fresh id such as `V0000012`."""
        return f"{prefix}{next(self._numbers):07d}"

    def ts(self) -> str:
        """A fresh message timestamp, later than all before it."""
        now = int(self.clock().astimezone(UTC).timestamp() * 1_000_000)
        self._last_ts = max(now, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_user(
        self, name: str, real_name: str = "", *, email: str = "", tz: str = "UTC", team_id: str = "", user_id: str = ""
    ) -> User:
        """Let somebody in; another `team_id` makes them an outsider."""
        user = User(
            user_id or self.number("U"), name, real_name or name.title(), email, tz=tz, team_id=team_id or self.team_id
        )
        self.users[user.id] = user
        self.changed()
        return user

    def add_channel(self, name: str, *, with_bot: bool = True, shared: bool = False, private: bool = False) -> Channel:
        """Make a channel with all present people in it."""
        members = {
            user.id for user in self.users.values() if (user.team_id == self.team_id or shared) and not user.is_bot
        }
        channel = Channel(self.number("C"), name.lstrip("#"), members, is_ext_shared=shared, is_private=private)
        if with_bot:
            channel.members.add(self.bot.id)
        self.channels[channel.id] = channel
        self.changed()
        return channel

    def user(self, who: str) -> User:
        """A user by id, handle, e-mail or real name; `KeyError` when nobody is called that."""
        known = (u for u in self.users.values() if who in (u.id, u.name, u.email, u.real_name))
        return next(known, None) or _missing(who)

    def find_channel(self, name: str) -> Channel | None:
        """A channel by id, `#name` or, for a direct message, the person's id (opened when it is new)."""
        if name in self.channels:
            return self.channels[name]
        if name in self.users and name != self.bot.id:
            return self.direct(name)
        return next((c for c in self.channels.values() if not c.is_im and c.name == name.lstrip("#")), None)

    def channel(self, name: str) -> Channel:
        """As `find_channel`, also by a person's handle; `KeyError` when there is none."""
        found = self.find_channel(name)
        return found if found is not None else self.direct(self.user(name).id)

    def direct(self, user_id: str) -> Channel:
        """The direct message between the bot and one person."""
        pair = {user_id, self.bot.id}
        known = next((c for c in self.channels.values() if c.is_im and c.members == pair), None)
        if known is None:
            known = Channel(self.number("D"), self.users[user_id].name, pair, is_im=True)
            self.channels[known.id] = known
        return known

    def post(
        self,
        channel: Channel,
        user: str,
        *,
        text: str = "",
        blocks: list[Json] | None = None,
        thread_ts: str = "",
        visible_to: str = "",
        metadata: Json | None = None,
    ) -> Message:
        """Put a message into a channel; blocks get the ids that Slack would give them."""
        message = Message(self.ts(), channel.id, user, text, complete(blocks or []), thread_ts, visible_to)
        message.metadata = metadata
        channel.messages.append(message)
        self.changed()
        return message

    def message(self, channel: Channel, ts: str) -> Message | None:
        """The message at a timestamp."""
        return next((message for message in channel.messages if message.ts == ts), None)

    def views(self) -> Iterator[View]:
        """Every open modal and every Home."""
        yield from (view for stack in self.stacks.values() for view in stack)
        yield from self.homes.values()


def _missing(who: str) -> User:
    raise KeyError(f"nobody is called {who}")
