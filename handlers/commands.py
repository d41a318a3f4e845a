"""`/health`: how is this account, which of mine are worst, and how do I ask (UX 28-31)."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.absences import opened
from handlers.blocks.elements import Json, saying
from handlers.blocks.health import choice_list, health_card, worst_list
from handlers.payloads import asked_for
from handlers.ports import Actor, Desk
from handlers.reply import Reply
from scoring.briefs import HealthBrief

SWITCHES = {"pause": True, "resume": False}
AWAY, BACK = "away", "back"
HELP = frozenset({"help", "hilfe", "?", "-h", "--help", "usage"})
USAGE = (
    "/health acme – one account: score, trend, what moved it, what to do next\n"
    "/health – your five lowest scores\n"
    "/health pause – stop all sending at once; /health resume lets it go on\n"
    "/health away – say when you are away and who covers; /health back ends it\n"
    "/health help – this text\n"
    "A name may be misspelt or a domain such as acme.com. Only you see the answer; Share here shows it to the channel."
)
NAME_AN_ACCOUNT = "Name an account, please. {usage}"


async def on_health(ack: AsyncAck, body: dict[str, Any], desk: Desk, actor: Actor, reply: Reply) -> None:
    """Answer this person alone: in the acknowledgement, or behind it when that could not wait."""
    raw = str(body.get("text") or "").strip()
    query = asked_for(raw)
    if query.lower() in HELP or (query and not any(letter.isalnum() for letter in query)):
        built = saying(USAGE)
    elif query.lower() in SWITCHES:
        built = saying((await desk.pause(actor, paused=SWITCHES[query.lower()])).text)
    elif query.lower() == AWAY:
        await opened(desk, actor, reply, str(body.get("trigger_id") or ""))
        await ack()
        return
    elif query.lower() == BACK:
        built = saying((await desk.back(actor)).text)
    elif query:
        built = await _found(desk, query)
    elif raw:
        built = saying(NAME_AN_ACCOUNT.format(usage=USAGE))
    else:
        built = worst_list(await desk.worst(actor))
    if ack.response is None:
        await ack(**built, response_type="ephemeral")
    else:
        await reply.send(built)


async def _found(desk: Desk, query: str) -> Json:
    found = await desk.health(query)
    if isinstance(found, HealthBrief):
        return health_card(found)
    return choice_list(found)
