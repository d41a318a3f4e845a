"""What handlers ask of the product. `bot.loop` implements `Desk`; handlers know nothing behind it.

Every coroutine answers well under a second: it writes rows and returns; Slack and mail are told by the sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from scoring.briefs import Answer, AwayForm, CardBrief, Choice, Edited, HealthBrief, HomeBrief, Line, Planned
from scoring.casework import Draft, Verdict
from scoring.roles import Deed, TeamRole

__all__ = ["Actor", "Desk", "Edited"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who clicks: verified by the middleware. `person_id` is our CSM with the same e-mail, else empty.

    `role` is what the settings make of them: admin, lead, else viewer; who is a CSM, the desk knows.
    """

    slack_id: str
    name: str
    team_id: str
    person_id: str = ""
    timezone: str = "UTC"
    role: TeamRole = TeamRole.VIEWER


class Desk(Protocol):
    """What a person can do to a case, and what they can look up."""

    async def member(self, slack_id: str, email: str, timezone: str) -> str:
        """The CSM id for a verified e-mail (linking the Slack id), or an empty string."""

    async def may(self, deed: Deed, case_id: str, actor: Actor) -> str:
        """Why this person may not do that to a case; empty when they may. Asked before a window opens."""

    async def turned_away(self, slack_id: str) -> None:
        """Remember that somebody was refused at the door, once a day."""

    async def approve(self, case_id: str, draft_version: int, content_hash: str, actor: Actor) -> Answer: ...
    async def confirm(self, outreach_id: str, actor: Actor) -> Answer:
        """The second person of a mail that needs two."""

    async def undo(self, outreach_id: str, actor: Actor) -> Answer: ...
    async def arrived(self, outreach_id: str, actor: Actor) -> Answer: ...
    async def answered_elsewhere(self, case_id: str, actor: Actor) -> Answer: ...
    async def send_again(self, outreach_id: str, actor: Actor) -> Answer: ...
    async def draft(self, case_id: str) -> tuple[CardBrief, Draft | None] | None: ...
    async def edit(self, case_id: str, base_version: int, subject: str, body: str, actor: Actor) -> Edited: ...
    async def snooze(self, case_id: str, until: datetime, reason: str, actor: Actor) -> Answer: ...
    async def wake_up(self, case_id: str, actor: Actor) -> Answer: ...
    async def assign(self, case_id: str, slack_id: str, email: str, actor: Actor) -> Answer: ...
    async def dismiss(self, case_id: str, verdict: Verdict, note: str, actor: Actor) -> Answer: ...
    async def open_case(self, account_id: str, actor: Actor) -> Answer:
        """A person asks for a card on this account (R39)."""

    async def card(self, case_id: str) -> CardBrief | None: ...
    async def shown_at(self, case_id: str) -> str:
        """Which message of Slack (its `ts`) is the card of a case, kept up to date; empty while none is known."""

    async def health(self, query: str) -> HealthBrief | Choice: ...
    async def health_of(self, account_id: str) -> HealthBrief:
        """The health of an account picked from a list; `NotFound` if it is gone."""

    async def worst(self, actor: Actor, limit: int = 5) -> tuple[Line, ...]: ...
    async def home(self, actor: Actor, page: int = 1) -> HomeBrief: ...
    async def stop_follow_up(self, case_id: str, actor: Actor) -> Answer:
        """Stop the follow-up of a case until it leaves (R53)."""

    async def promote(self, play: str, actor: Actor) -> Answer:
        """Let a play in shadow send by itself; admins alone (R44)."""

    async def absence_form(self, actor: Actor, absence_id: str = "") -> AwayForm:
        """What the window about an absence opens with; `Refused` for one that this person may not plan or change."""

    async def plan_absence(
        self, who_id: str, cover_id: str, days: tuple[date, date], actor: Actor, *, absence_id: str = ""
    ) -> Planned:
        """Plan an absence or change one; `who_id` is a CSM, or empty for the person who asks."""

    async def end_absence(self, absence_id: str, actor: Actor) -> Answer: ...
    async def back(self, actor: Actor) -> Answer:
        """End the absence of whoever asks."""

    async def pause(self, actor: Actor, *, paused: bool) -> Answer: ...
    async def storm(self, actor: Actor, *, release: bool) -> Answer: ...
