"""The one door: finds out who acts, lets members of our workspace in, and hands listeners what they need by name."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from handlers import payloads
from handlers.blocks.elements import Json, saying
from handlers.blocks.home import closed_view
from handlers.blocks.windows import answer_modal
from handlers.groups import Groups
from handlers.ids import Event
from handlers.people import OUTSIDER, Directory
from handlers.ports import Actor, Desk
from handlers.reply import Reply
from scoring.errors import LookoutError, Refused
from scoring.roles import Staff

log = logging.getLogger(__name__)

ACK_SECONDS = 2.0
"""Slack closes the door after three: what takes longer than this is acknowledged meanwhile, and answered when done."""
WITHOUT_ACTOR = frozenset({Event.JOINED.value})
GIVEN = frozenset({"desk", "actor", "reply", "directory"})
JSON_TYPE: dict[str, str | Sequence[str]] = {"content-type": ["application/json"]}


@dataclass(frozen=True, slots=True)
class Entrance:
    """Checks each request and puts `desk`, `actor`, `reply` and `directory` into Bolt's context."""

    desk: Desk
    directory: Directory
    clock: Callable[[], datetime]
    staff: Staff
    groups: Groups

    async def admit(
        self, body: dict[str, Any], context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        """Go on with an actor, or answer privately why not; nothing behind the door has run then (promise 6)."""
        client, respond = context.client, context.respond
        if client is None or respond is None:
            return BoltResponse(status=503)
        place = payloads.place(body)
        if not place.submits:  # whether a window closes or stays open is known only when the work is done
            asyncio.get_running_loop().call_later(ACK_SECONDS, _acknowledge, context.ack)
        reply = Reply(client, respond, place, at=self.clock())
        context.update({"desk": self.desk, "reply": reply, "directory": self.directory})
        if _event_of(body) in WITHOUT_ACTOR:
            await next_()
            return None
        try:
            context["actor"] = await self._actor(context, place)
        except LookoutError as refusal:
            log.warning("refused at the door", extra={"user": place.user, "cause": type(refusal).__name__})
            answer = await refuse(place, reply, str(refusal))
            if isinstance(refusal, Refused) and place.user:
                await self._remember(place.user)
                if payloads.opens_home(body):
                    await reply.home(closed_view(str(refusal)))
            return answer
        await next_()
        return None

    async def _remember(self, slack_id: str) -> None:
        """A trace for whoever asks later (J1); that it cannot be written must not let anybody in, or make them wait."""
        try:
            await self.desk.turned_away(slack_id)
        except LookoutError as fault:
            log.warning("a refusal was not remembered", extra={"cause": type(fault).__name__})

    async def _actor(self, context: AsyncBoltContext, place: payloads.Place) -> Actor:
        """The verified person: the team that the token belongs to counts, not what a payload claims."""
        authorized = context.authorize_result
        team_id = (authorized.team_id if authorized is not None else None) or ""
        claimed = {team for team in (context.actor_team_id, place.team) if team}
        if not place.user or claimed - {team_id} or context.client is None:
            raise Refused(OUTSIDER)
        member = await self.directory.member(context.client, place.user, team_id)
        person_id = await self.desk.member(member.slack_id, member.email, member.timezone)
        groups = await self.groups.of(context.client, member.slack_id)
        role = self.staff.role(member.slack_id, member.email, groups)
        return Actor(member.slack_id, member.name, team_id, person_id=person_id, timezone=member.timezone, role=role)


def _acknowledge(ack: AsyncAck) -> None:
    if ack.response is None:
        ack.response = BoltResponse(status=200, body="")


async def refuse(place: payloads.Place, reply: Reply, text: str) -> BoltResponse:
    """A private no in the form that each kind of request can show; an event gets silence, but for App Home."""
    if place.surface == "command":
        return _json({"response_type": "ephemeral", **saying(text)})
    if place.submits:
        return _json({"response_action": "update", "view": answer_modal(text)})
    if place.surface != "event":
        await reply.tell(text)
    return BoltResponse(status=200, body="")


def _json(body: Json) -> BoltResponse:
    return BoltResponse(status=200, body=json.dumps(body), headers=JSON_TYPE)


def _event_of(body: dict[str, Any]) -> str:
    event = body.get("event")
    return str(event.get("type", "")) if isinstance(event, dict) else ""
