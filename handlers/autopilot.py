"""Buttons about mails that leave by themselves: stop a follow-up, let a play send (R44, R53)."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.payloads import click
from handlers.ports import Actor, Desk
from handlers.reply import Reply

STOPPED = "Stopped. There is no follow-up for this mail any more."
DONE = "Done."


async def on_stop_follow_up(ack: AsyncAck, body: dict[str, Any], desk: Desk, actor: Actor, reply: Reply) -> None:
    """Stop the follow-up of a case; its card is redrawn by the sweep."""
    answer = await desk.stop_follow_up(click(body).ref.case, actor)
    await ack()
    await reply.tell(answer.text or STOPPED)


async def on_promote(ack: AsyncAck, body: dict[str, Any], desk: Desk, actor: Actor, reply: Reply) -> None:
    """Let a play that was in shadow send by itself; the desk asks whether this person may."""
    answer = await desk.promote(click(body).ref.do, actor)
    await ack()
    await reply.tell(answer.text or DONE)
