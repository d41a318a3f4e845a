"""Who somebody in Slack is: a full member of our workspace with a verified e-mail address, or nobody (J1, J2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack_errors import FAILURES, code_of
from scoring.errors import Refused, Unavailable

FRESH = timedelta(minutes=5)
MOST = 2000
OUTSIDER = "Lookout answers members of its own workspace only. Nothing was changed and nothing was sent."
GUEST = "Guests cannot use Lookout. Nothing was changed and nothing was sent; ask a full member of the workspace."
BOT = "Lookout takes no orders from bots and deactivated accounts. Nothing was changed and nothing was sent."
CANNOT_CHECK = (
    "I could not check with Slack who you are, so nothing was changed and nothing was sent. Try again in a minute."
)
UNKNOWN = frozenset({"user_not_found", "user_not_visible"})
BOTS = ("is_bot", "is_workflow_bot", "deleted", "is_app_user")
AWAY = frozenset({":palm_tree:", ":desert_island:", ":beach_with_umbrella:", ":face_with_thermometer:"})
GUESTS = ("is_restricted", "is_ultra_restricted")


@dataclass(frozen=True, slots=True)
class Member:
    """A full member of our workspace. `email` is empty unless Slack has verified it."""

    slack_id: str
    name: str
    email: str
    timezone: str


@dataclass(slots=True)
class Directory:
    """Looks people up with `users.info`, keeping each answer for at most five minutes."""

    clock: Callable[[], datetime]
    known: dict[str, tuple[datetime, Mapping[str, Any]]] = field(default_factory=dict)

    async def member(self, client: AsyncWebClient, slack_id: str, team_id: str) -> Member:
        """The member behind an id; `Refused` for anybody else, `Unavailable` when Slack does not say: fail closed."""
        return examined(await self._user(client, slack_id), team_id)

    async def _user(self, client: AsyncWebClient, slack_id: str) -> Mapping[str, Any]:
        now = self.clock()
        kept = self.known.get(slack_id)
        if kept is not None and now - kept[0] < FRESH:
            return kept[1]
        try:
            user = (await client.users_info(user=slack_id)).get("user")
        except FAILURES as failure:
            if isinstance(failure, SlackApiError) and code_of(failure) in UNKNOWN:
                raise Refused(OUTSIDER) from None
            raise Unavailable(CANNOT_CHECK) from None
        if not isinstance(user, dict) or user.get("id") != slack_id:
            raise Unavailable(CANNOT_CHECK)
        if len(self.known) >= MOST:
            self.known.clear()
        self.known[slack_id] = (now, user)
        return user


def examined(user: Mapping[str, Any], team_id: str) -> Member:
    """A member from Slack's user object, or `Refused`. Outsiders are told apart by team and `is_stranger` together."""
    if user.get("is_stranger") or not team_id or user.get("team_id") != team_id:
        raise Refused(OUTSIDER)
    if any(user.get(flag) for flag in BOTS) or user.get("id") == "USLACKBOT":
        raise Refused(BOT)
    if any(user.get(flag) for flag in GUESTS):
        raise Refused(GUEST)
    profile = user.get("profile") or {}
    verified = user.get("is_email_confirmed") is True  # a flag that Slack left out confirms nothing
    name = profile.get("real_name") or user.get("real_name") or profile.get("display_name") or user.get("name")
    return Member(
        slack_id=str(user["id"]),
        name=str(name or "a colleague"),
        email=str(profile.get("email") or "") if verified else "",
        timezone=str(user.get("tz") or "UTC"),
    )


def away_until(user: Mapping[str, Any]) -> datetime | None:
    """Until when a user's status says on vacation or out sick, as Slack's own presets do; None without an end."""
    profile = user.get("profile") or {}
    ends = profile.get("status_expiration")
    if profile.get("status_emoji") not in AWAY or not isinstance(ends, int) or ends <= 0:
        return None
    return datetime.fromtimestamp(ends, UTC)
