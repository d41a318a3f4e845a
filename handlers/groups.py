"""Who is in the Slack user groups that the settings name: asked of Slack, kept for at most five minutes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack_errors import FAILURES

FRESH = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Groups:
    """Members by group. A group that Slack does not tell us about has nobody in it: fail closed."""

    clock: Callable[[], datetime]
    names: tuple[str, ...] = ()
    known: dict[str, tuple[datetime, frozenset[str]]] = field(default_factory=dict)

    async def of(self, client: AsyncWebClient, slack_id: str) -> frozenset[str]:
        """The groups that this person is in, among those that matter."""
        return frozenset([name for name in self.names if slack_id in await self._members(client, name)])

    async def _members(self, client: AsyncWebClient, name: str) -> frozenset[str]:
        now = self.clock()
        kept = self.known.get(name)
        if kept is not None and now - kept[0] < FRESH:
            return kept[1]
        try:
            found = (await client.usergroups_users_list(usergroup=name)).get("users")
        except FAILURES as failure:
            log.warning("a user group could not be read", extra={"group": name, "cause": type(failure).__name__})
            return frozenset()
        members = frozenset(str(user) for user in found) if isinstance(found, list) else frozenset()
        self.known[name] = (now, members)
        return members
