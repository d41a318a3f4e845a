"""Planning an absence in Slack: the window, the buttons in App Home, and what was chosen in them (R50)."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.blocks.assign_modal import NOT_A_MEMBER
from handlers.blocks.away import away_modal
from handlers.blocks.home import home_view
from handlers.blocks.windows import answer_modal
from handlers.ids import Action, Field, Ref
from handlers.payloads import Submission, click, submission
from handlers.people import Directory
from handlers.ports import Actor, Desk
from handlers.reply import Reply
from scoring.errors import Refused

NO_DAY = "Please choose a day."
NOT_A_CSM = "Lookout knows no CSM by that name. Please choose a CSM."

Body = dict[str, Any]


async def on_away(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Open the window, empty or with the absence that is to be changed."""
    pressed = click(body)
    await opened(desk, actor, reply, pressed.trigger_id, absence_id=pressed.ref.leave)
    await ack()


async def opened(desk: Desk, actor: Actor, reply: Reply, trigger_id: str, *, absence_id: str = "") -> None:
    """Show the window, if this person may plan that."""
    form = await desk.absence_form(actor, absence_id)
    again = (Action.AWAY, Ref(leave=absence_id))
    await reply.open(trigger_id, away_modal(form, said_in=reply.place.channel), again=again)


async def on_back(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """End an absence, or call one off, and show App Home as it is then."""
    answer = await desk.end_absence(click(body).ref.leave, actor)
    view = home_view(await desk.home(actor), notice=answer.text)
    await ack()
    await reply.home(view)


async def on_away_planned(  # noqa: PLR0917 - Bolt fills listeners by name and knows no keyword-only parameters
    ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply, directory: Directory
) -> None:
    """Keep what was chosen, or say beside the field what cannot be; nothing chosen is lost."""
    sent = submission(body)
    first, last = sent.day(Field.FIRST), sent.day(Field.LAST)
    if first is None or last is None:
        return await _beside(ack, sent, Field.LAST if first else Field.FIRST, NO_DAY)
    people = {}
    for field in (Field.WHO, Field.COVER):
        person_id, fault = await _csm(desk, actor, reply, directory, sent.person(field))
        if fault:
            return await _beside(ack, sent, field, fault)
        people[field] = person_id
    planned = await desk.plan_absence(
        people[Field.WHO], people[Field.COVER], (first, last), actor, absence_id=sent.ref.leave
    )
    answer = planned.answer
    if planned.about and Field(planned.about).value in sent.block_of:
        return await _beside(ack, sent, Field(planned.about), answer.text)
    if not answer.ok or not reply.place.channel:
        await ack(response_action="update", view=answer_modal(answer.text, title="Away"))
    else:
        await ack(response_action="clear")
        await reply.tell(answer.text)
    if answer.ok and not reply.place.channel:  # the window was opened from App Home, which lies behind it
        await reply.home(home_view(await desk.home(actor)))
    return None


async def _csm(desk: Desk, actor: Actor, reply: Reply, directory: Directory, slack_id: str) -> tuple[str, str]:
    """The CSM behind a chosen user, else why there is none; nobody for a field that is not there."""
    if not slack_id:
        return "", ""
    try:
        member = await directory.member(reply.client, slack_id, actor.team_id)
    except Refused:
        return "", NOT_A_MEMBER
    person_id = await desk.member(member.slack_id, member.email, member.timezone)
    return person_id, "" if person_id else NOT_A_CSM


async def _beside(ack: AsyncAck, sent: Submission, field: Field, text: str) -> None:
    await ack(response_action="errors", errors={sent.beside(field): text})
