"""What each button does: unpack, one call to the desk, acknowledge, answer. The card itself is redrawn by the sweep."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from handlers.blocks.alert_card import alert_card
from handlers.blocks.assign_modal import assign_modal
from handlers.blocks.dismiss_modal import dismiss_modal
from handlers.blocks.draft_modal import draft_modal, mail_modal
from handlers.blocks.elements import saying
from handlers.blocks.health import health_card
from handlers.blocks.home import home_view
from handlers.blocks.notice import storm_settled
from handlers.blocks.snooze_modal import snooze_modal
from handlers.blocks.windows import case_modal, health_modal
from handlers.ids import OUTDATED, Action, More, Ref
from handlers.payloads import Click, click
from handlers.ports import Actor, Desk
from handlers.reply import Reply
from scoring.briefs import Answer, CardBrief
from scoring.errors import InvalidInput, NotFound, Refused
from scoring.roles import Deed

CASE_GONE = "This account or its case no longer exists. Nothing was changed and nothing was sent."
NO_DRAFT = "The draft is still being written. It appears on the card in a moment; nothing was changed."
DONE = "Done."
COPY = "This was a copy of a card that stands elsewhere in this channel and is kept up to date there."

Body = dict[str, Any]


async def on_approve(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Approve exactly the text that the card showed."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.approve(ref.case, ref.version, ref.fingerprint, actor))


async def on_undo(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Take an approval back before the mail leaves."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.undo(ref.outreach, actor))


async def on_confirm(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Let a mail leave, as the second person."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.confirm(ref.outreach, actor))


async def on_arrived(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """A person knows that an uncertain mail did arrive."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.arrived(ref.outreach, actor))


async def on_send_again(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """A person decides that an uncertain mail is to be sent once more."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.send_again(ref.outreach, actor))


async def on_elsewhere(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """A person knows that they answered, where no mailbox of ours sees it."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.answered_elsewhere(ref.case, actor))


async def on_wake(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """End a snooze early."""
    ref = click(body).ref
    await _settle(ack, desk, reply, ref, answer=await desk.wake_up(ref.case, actor))


async def on_edit(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Open the editor with the newest draft in it."""
    pressed = click(body)
    found = await desk.draft(pressed.ref.case)
    if found is None:
        raise NotFound(CASE_GONE)
    brief, draft = found
    if draft is None:
        raise NotFound(NO_DRAFT)
    await _must(desk, Deed.EDIT, pressed, actor)
    view = draft_modal(brief, draft, said_in=reply.place.channel)
    await reply.open(pressed.trigger_id, view, again=(Action.EDIT, pressed.ref))
    await ack()
    await _retire_copy(desk, reply, pressed.ref)


async def on_show_mail(ack: AsyncAck, body: Body, desk: Desk, reply: Reply) -> None:
    """Show the mail as it was approved."""
    pressed = click(body)
    found = await desk.draft(pressed.ref.case)
    if found is None:
        raise NotFound(CASE_GONE)
    await reply.open(pressed.trigger_id, mail_modal(*found), again=(Action.SHOW_MAIL, pressed.ref))
    await ack()


async def on_snooze(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Ask until when, in the clicker's own zone."""
    pressed = click(body)
    brief = await _card(desk, pressed)
    await _must(desk, Deed.SNOOZE, pressed, actor)
    where = reply.place.channel
    view = snooze_modal(brief.case.id, brief.account.name, now=reply.at, timezone=actor.timezone, said_in=where)
    await reply.open(pressed.trigger_id, view, again=(Action.SNOOZE, pressed.ref))
    await ack()
    await _retire_copy(desk, reply, pressed.ref)


async def on_more(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """The menu of seldom things: assign or dismiss."""
    pressed = click(body)
    brief = await _card(desk, pressed)
    name, where = brief.account.name, reply.place.channel
    if pressed.ref.do == More.ASSIGN:
        view = assign_modal(brief.case.id, name, current=brief.csm.slack_id if brief.csm else "", said_in=where)
    elif pressed.ref.do == More.DISMISS:
        view = dismiss_modal(brief.case.id, name, said_in=where)
    else:
        raise InvalidInput(OUTDATED)
    await _must(desk, Deed.ASSIGN if pressed.ref.do == More.ASSIGN else Deed.DISMISS, pressed, actor)
    await reply.open(pressed.trigger_id, view, again=(Action.DECIDE, Ref(case=brief.case.id)))
    await ack()
    await _retire_copy(desk, reply, pressed.ref)


async def on_decide(ack: AsyncAck, body: Body, desk: Desk, reply: Reply) -> None:
    """Open a case from a list: the same card with the same buttons, in a window."""
    pressed = click(body)
    view = case_modal(await _card(desk, pressed), said_in=reply.place.channel)
    await reply.open(pressed.trigger_id, view, again=(Action.DECIDE, pressed.ref))
    await ack()


async def on_details(ack: AsyncAck, body: Body, desk: Desk, reply: Reply) -> None:
    """Show one account's health: beside the message, or in a window where there is no message."""
    pressed = click(body)
    brief = await desk.health_of(pressed.ref.account)
    if reply.place.surface == "message":
        built = health_card(brief)
        await ack()
        await reply.send(built)
        return
    await reply.open(pressed.trigger_id, health_modal(brief), again=(Action.DETAILS, pressed.ref))
    await ack()


async def on_share(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Show an account's health to the channel, unless outsiders read along."""
    built = health_card(await desk.health_of(click(body).ref.account), shared_by=actor.name)
    await ack()
    await reply.share(built)


async def on_open_case(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Ask for a card on an account (R39)."""
    answer = await desk.open_case(click(body).ref.account, actor)
    await ack()
    await reply.tell(answer.text or DONE)


async def on_page(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, client: AsyncWebClient) -> None:
    """Turn a page in App Home."""
    brief = await desk.home(actor, page=max(1, click(body).ref.page))
    await client.views_publish(user_id=actor.slack_id, view=home_view(brief))
    await ack()


async def on_pause(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, client: AsyncWebClient) -> None:
    """Pause or resume all sending, and show App Home as it is then."""
    paused = click(body).action_id == Action.PAUSE
    answer = await desk.pause(actor, paused=paused)
    await client.views_publish(user_id=actor.slack_id, view=home_view(await desk.home(actor), notice=answer.text))
    await ack()


async def on_storm(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Release or drop what a storm holds (R35); the notice then says who did it, without its buttons."""
    release = click(body).action_id == Action.RELEASE
    answer = await desk.storm(actor, release=release)
    await ack()
    if answer.ok:
        await reply.replace(storm_settled(actor.name, reply.at, release=release))
    await reply.tell(answer.text)


async def on_link(ack: AsyncAck) -> None:
    """A button that only opened an address."""
    await ack()


async def on_unknown(ack: AsyncAck, body: Body, desk: Desk, reply: Reply) -> None:
    """A button of an older release: say so, and show the newest card of that case (A10)."""
    brief = await desk.card(click(body).ref.case)
    if brief is None:
        raise InvalidInput(OUTDATED)
    built = alert_card(brief)
    await ack()
    await reply.tell(OUTDATED)
    await reply.send(built)


async def _must(desk: Desk, deed: Deed, pressed: Click, actor: Actor) -> None:
    """Refuse before a window opens: nobody is to write a text that cannot be saved."""
    refusal = await desk.may(deed, pressed.ref.case, actor)
    if refusal:
        raise Refused(refusal)


async def _card(desk: Desk, pressed: Click) -> CardBrief:
    brief = await desk.card(pressed.ref.case)
    if brief is None:
        raise NotFound(CASE_GONE)
    return brief


async def _settle(ack: AsyncAck, desk: Desk, reply: Reply, ref: Ref, *, answer: Answer) -> None:
    """Acknowledge, then answer: in a window by the case as it stands now, else by a sentence if there is one."""
    inside = reply.place.surface == "window"
    brief = await desk.card(ref.case) if inside else None
    view = case_modal(brief, notice=answer.text or DONE) if brief else None
    await ack()
    if view is not None:
        await reply.window(view)
    else:
        await reply.tell(answer.text)
        await _retire_copy(desk, reply, ref)


async def _retire_copy(desk: Desk, reply: Reply, ref: Ref) -> None:
    """A card that Slack has twice, because its answer or our process got lost: the copy loses its buttons (B1, B9)."""
    if reply.place.surface == "message" and reply.place.ts and ref.case:
        shown = await desk.shown_at(ref.case)
        if shown and shown != reply.place.ts:
            await reply.replace(saying(COPY))
