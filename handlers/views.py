"""What a submitted window does. What is wrong is said beside the field, and nothing typed is lost (UX 36, 37)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.blocks.assign_modal import NOT_A_MEMBER
from handlers.blocks.draft_modal import MAX_PARTS, body_field, conflict_modal, saved_modal
from handlers.blocks.snooze_modal import CUSTOM, FAR, LONGEST, PAST
from handlers.blocks.windows import answer_modal
from handlers.ids import OUTDATED, Field
from handlers.payloads import Submission, submission, typed
from handlers.people import Directory
from handlers.ports import Actor, Desk
from handlers.reply import Reply
from scoring.briefs import Answer, Edited
from scoring.casework import Verdict
from scoring.errors import Refused

NOTHING_TYPED = "Please write something: an empty mail cannot be sent."
SAY_WHY = "Please choose one."
EMOJI_CODE = re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,40}:(?![\w:])")
CODE_WARNING = "“{code}” stands in the text; the customer would read these letters, not an emoji."

Body = dict[str, Any]


async def on_draft_saved(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Save a new version; a text that somebody else overtook stays in the window, beside theirs (C4)."""
    sent = submission(body)
    subject, text = typed(sent.text(Field.SUBJECT)), typed(_body(sent))
    if not text.strip() or not subject.strip():
        field = Field.BODY if not text.strip() else Field.SUBJECT
        return await _beside(ack, sent, field, NOTHING_TYPED)
    edited = await desk.edit(sent.ref.case, sent.ref.version, subject, text, actor)
    if not edited.answer.ok:
        return await _not_saved(ack, desk, sent, edited, mine=(subject, text))
    codes = sorted(set(EMOJI_CODE.findall(f"{subject}\n{text}")))
    warnings = (*edited.warnings, *(CODE_WARNING.format(code=code) for code in codes))
    if warnings and edited.draft is not None:
        await ack(response_action="update", view=saved_modal(edited.draft, warnings, said_in=sent.ref.said_in))
        return None
    return await _closed(ack, reply, edited.answer)


async def on_snoozed(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """Snooze until the chosen time."""
    sent = submission(body)
    chosen, custom = sent.chosen(Field.UNTIL), sent.moment(Field.CUSTOM)
    seconds = custom if chosen == CUSTOM else (int(chosen) if chosen.isdecimal() else None)
    field = Field.CUSTOM if chosen == CUSTOM else Field.UNTIL
    if seconds is None or seconds <= reply.at.timestamp():
        return await _beside(ack, sent, field, PAST)
    if seconds > (reply.at + LONGEST).timestamp():
        return await _beside(ack, sent, field, FAR)
    until = datetime.fromtimestamp(seconds, UTC)
    return await _closed(ack, reply, await desk.snooze(sent.ref.case, until, sent.text(Field.REASON).strip(), actor))


async def on_dismissed(ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply) -> None:
    """End the case with a verdict on the alert (R82)."""
    sent = submission(body)
    verdict = next((one for one in Verdict if one.value == sent.chosen(Field.VERDICT)), None)
    if verdict is None:
        return await _beside(ack, sent, Field.VERDICT, SAY_WHY)
    answer = await desk.dismiss(sent.ref.case, verdict, sent.text(Field.NOTE).strip(), actor)
    return await _closed(ack, reply, answer)


async def on_assigned(  # noqa: PLR0917 - Bolt fills listeners by name and knows no keyword-only parameters
    ack: AsyncAck, body: Body, desk: Desk, actor: Actor, reply: Reply, directory: Directory
) -> None:
    """Hand the case to a full member of our workspace, known by verified e-mail."""
    sent = submission(body)
    try:
        colleague = await directory.member(reply.client, sent.person(Field.PERSON), actor.team_id)
    except Refused:
        return await _beside(ack, sent, Field.PERSON, NOT_A_MEMBER)
    answer = await desk.assign(sent.ref.case, colleague.slack_id, colleague.email, actor)
    return await _closed(ack, reply, answer)


async def on_unknown_window(ack: AsyncAck) -> None:
    """A window of an older release, or one without a button (A10)."""
    await ack(response_action="update", view=answer_modal(OUTDATED))


def _body(sent: Submission) -> str:
    """The mail's text from its one field, or from several where it was too long for one."""
    return "".join(sent.text(body_field(number)) for number in range(MAX_PARTS))


async def _not_saved(ack: AsyncAck, desk: Desk, sent: Submission, edited: Edited, *, mine: tuple[str, str]) -> None:
    """Somebody's newer version beside ours; any other refusal stands at the text."""
    found = await desk.draft(sent.ref.case) if edited.draft is None else None
    current = edited.draft or (found[1] if found else None)
    if current is None or current.version == sent.ref.version:
        return await _beside(ack, sent, Field.BODY, edited.answer.text or OUTDATED)
    view = conflict_modal(current, *mine, why=edited.answer.text, said_in=sent.ref.said_in)
    await ack(response_action="update", view=view)
    return None


async def _closed(ack: AsyncAck, reply: Reply, answer: Answer) -> None:
    """Close every window; where the answer has no other place, it stands in the window instead."""
    if answer.text and (not answer.ok or not reply.place.channel):
        await ack(response_action="update", view=answer_modal(answer.text))
        return
    await ack(response_action="clear")
    await reply.tell(answer.text)


async def _beside(ack: AsyncAck, sent: Submission, field: Field, text: str) -> None:
    await ack(response_action="errors", errors={sent.beside(field): text})
