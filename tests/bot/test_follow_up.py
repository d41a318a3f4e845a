"""One follow-up a week after a mail without an answer, in its thread, stoppable, never twice (R53)."""

from __future__ import annotations

from datetime import timedelta

from scoring.casework import CaseState, OutreachKind, OutreachState
from scoring.follow_up import FollowUpState
from tests.follow_world import a_sent_mail
from tests.mail_world import BEN_ACTS


async def test_a_mail_without_an_answer_is_followed_up_once_in_its_thread_and_says_something_new(store):
    world = await a_sent_mail(store)
    contacted = await world.case()

    await world.to_day(20)

    first, second = world.mailer.mails
    assert (second.subject, second.in_reply_to) == (f"Re: {first.subject}", first.message_id)
    assert second.references == (first.message_id,)
    assert not {line for line in first.body.split("\n") if len(line) > 20} & set(second.body.split("\n"))
    assert (await world.follow_up()).state is FollowUpState.QUEUED
    mails = await world.mails()
    assert [mail.kind for mail in mails] == [OutreachKind.FIRST, OutreachKind.FOLLOW_UP]
    assert mails[1].sent_at - mails[0].sent_at >= timedelta(days=7)
    case = await world.case()
    assert (case.state, case.changed_at, case.last_trigger_on) == (
        CaseState.CONTACTED,
        contacted.changed_at,
        contacted.last_trigger_on,
    )
    said = "\n".join(await world.notes())
    assert "one follow-up leaves by itself on Tuesday 24 Nov at 11:00" in said
    assert second.body in said, "people can read it before it leaves"


async def test_nothing_leaves_before_the_hold_and_a_stop_holds(store):
    world = await a_sent_mail(store)
    await world.to_day(7.01)
    waiting = await world.mail()
    assert (waiting.kind, waiting.state) == (OutreachKind.FOLLOW_UP, OutreachState.APPROVED)
    assert (await world.desk.undo(waiting.id, BEN_ACTS)).ok
    await world.to_day(30)

    assert len(world.mailer.mails) == 1
    assert (await world.case()).state is CaseState.CONTACTED
