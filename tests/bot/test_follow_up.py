"""One follow-up a week after a mail without an answer, in its thread, stoppable, never twice (R53)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.loop.digest import Digest
from bot.loop.ears import Ears
from bot.loop.stand_in import StandIn
from scoring.casework import CaseState, OutreachKind, OutreachState, Verdict
from scoring.follow_up import FollowUps, FollowUpState, due_at, reply_subject, says_the_same
from scoring.hours import WorkingHours
from scoring.replies import ReplyKind
from tests.builders import a_contact, a_mailbox, a_reply, a_ticket, an_absence, remember
from tests.follow_world import SENT, FollowWorld, a_sent_mail, the_rules
from tests.mail_world import BEN_ACTS, DANA
from tests.thoroughness import examples

ZONES = ("Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo")


async def test_a_mail_without_an_answer_is_followed_up_once_in_its_thread_and_says_something_new(store):
    world = await a_sent_mail(store)
    contacted = await world.case()

    await world.to_day(13)

    first, second = world.mailer.mails
    assert (second.subject, second.in_reply_to) == (f"Re: {first.subject}", first.message_id)
    assert second.references == (first.message_id,)
    assert not {line for line in first.body.split("\n") if len(line) > 20} & set(second.body.split("\n"))
    assert (await world.follow_up()).state is FollowUpState.QUEUED
    mails = await world.mails()
    assert [mail.kind for mail in mails] == [OutreachKind.FIRST, OutreachKind.FOLLOW_UP]
    assert mails[1].sent_at - mails[0].sent_at >= timedelta(days=7)
    case = await world.case()
    assert case.state is CaseState.CONTACTED
    assert case.changed_at == contacted.changed_at, "R36's 14 days go on"
    said = "\n".join(await world.notes())
    assert "one follow-up leaves by itself on Tuesday 24 Nov at 11:00" in said
    assert second.body in said, "people can read it before it leaves"


async def test_it_can_be_stopped_while_it_waits_and_until_it_leaves(store):
    world = await a_sent_mail(store)
    await world.follow.run()

    assert (await world.desk.stop_follow_up("case-1", BEN_ACTS)).ok
    again = await world.desk.stop_follow_up("case-1", DANA)
    assert (again.ok, again.text) == (False, "This follow-up was stopped already. Ben Reyes stopped it.")
    await world.at_due()
    await world.follow.run()
    assert (await world.follow_up()).state is FollowUpState.STOPPED
    assert len(world.mailer.mails) == 1


async def test_a_queued_one_is_stopped_by_the_same_button_and_stays_stopped(store):
    world = await a_sent_mail(store)
    waiting = await world.queued()

    assert (await world.desk.stop_follow_up("case-1", BEN_ACTS)).ok
    assert (await world.leave()).state is OutreachState.UNDONE
    await world.follow.run()

    assert waiting.not_before - world.now <= timedelta(0)
    assert len(world.mailer.mails) == 1
    assert (await world.case()).state is CaseState.CONTACTED
    brief = await world.desk.draft("case-1")
    assert brief[0].outreach.kind is OutreachKind.FIRST, "the card speaks of the mail that was sent"


async def answered(world: FollowWorld, kind: ReplyKind = ReplyKind.ANSWER) -> None:
    mail = await world.mail()
    async with world.store() as work:
        await work.replies.add(a_reply(outreach_id=mail.id, kind=kind, received_at=world.now))


async def asked_for_help(world: FollowWorld) -> None:
    await remember(world.store, a_ticket("t", opened_at=world.now))


async def recovered(world: FollowWorld) -> None:
    world.later(days=1)
    await world.scored(81.0)
    world.later(days=-1)


async def left(world: FollowWorld) -> None:
    await remember(world.store, a_contact(timezone="Europe/Berlin", left=True))


async def bounced(world: FollowWorld) -> None:
    async with world.store() as work:
        await work.outreach.suppress("kim@acme.test", "it bounced", world.now)


async def reassigned(world: FollowWorld) -> None:
    await world.change_account(csm_id="csm-ben")


async def wrote_elsewhere(world: FollowWorld) -> None:
    """Another mail to the account left, from another case, after the first."""
    async with world.store() as work:
        first = await work.outreach.get("case-1.00003")
        other = replace(first, id="other", message_id="<other@us.test>", sent_at=world.now, kind=OutreachKind.FOLLOW_UP)
        await work.outreach.add(other)


async def churned(world: FollowWorld) -> None:
    await world.change_account(churned_on=world.now.date() - timedelta(days=1))


FACTS = {
    answered: "has answered",
    asked_for_help: "support ticket",
    recovered: "has recovered",
    left: "has left",
    bounced: "it bounced",
    reassigned: "belongs to somebody else",
    wrote_elsewhere: "Another mail went to Acme",
    churned: "no longer a customer",
}


@pytest.mark.parametrize("happens", FACTS, ids=lambda fact: fact.__name__)
async def test_what_happens_before_its_day_cancels_it_and_the_thread_says_why(store, happens):
    world = await a_sent_mail(store)
    await world.at_due()
    await happens(world)
    await world.follow.run()

    follow_up = await world.follow_up()
    assert (follow_up.state, len(world.mailer.mails)) == (FollowUpState.CANCELLED, 1)
    assert FACTS[happens] in follow_up.reason
    assert any(FACTS[happens] in note for note in await world.notes())


@pytest.mark.parametrize("happens", FACTS, ids=lambda fact: fact.__name__)
async def test_what_happens_while_it_waits_in_the_outbox_stops_it_and_the_card_says_why(store, happens):
    """The second look at the claim (R50): every fact is read again."""
    world = await a_sent_mail(store)
    await world.queued()
    await happens(world)

    stopped = await world.leave()
    if stopped.id == "other":
        stopped = (await world.mails())[-1]
    assert (stopped.state, len(world.mailer.mails)) == (OutreachState.STOPPED, 1)
    assert FACTS[happens] in stopped.error
    assert any(FACTS[happens] in note for note in await world.notes())
    assert (await world.case()).state is CaseState.CONTACTED


@pytest.mark.parametrize("queued", [False, True])
async def test_an_answer_to_the_mail_counts_even_if_the_customers_clock_is_behind_ours(store, queued):
    world = await a_sent_mail(store)
    first = await world.mail()
    await (world.queued() if queued else world.at_due())
    async with world.store() as work:
        await work.replies.add(a_reply(outreach_id=first.id, received_at=first.sent_at - timedelta(minutes=2)))
    await world.follow.run()
    if queued:
        await world.leave()

    assert len(world.mailer.mails) == 1
    assert any("has answered" in note for note in await world.notes())


async def test_an_automatic_reply_is_no_answer_and_a_word_that_they_answered_elsewhere_is(store):
    world = await a_sent_mail(store)
    await answered(world, ReplyKind.AUTO)
    await world.queued()
    async with store() as work:
        await work.replies.add(
            a_reply("other", (await world.mails())[0].id, kind=ReplyKind.ELSEWHERE, received_at=world.now)
        )

    assert "has answered" in (await world.leave()).error


async def test_a_case_that_a_person_took_up_is_left_to_the_person(store):
    world = await a_sent_mail(store)
    await world.at_due()
    assert (await world.desk.dismiss("case-1", Verdict.RIGHT, "", DANA)).ok
    await world.follow.run()

    assert (await world.follow_up()).reason == "The case is dismissed now."


@pytest.mark.parametrize(
    ("change", "score", "why"),
    [
        ({"arr": 5_000_000}, 52.0, "high-value or complex"),
        ({"complex": True}, 52.0, "high-value or complex"),
        ({"renewal_on": SENT.date() + timedelta(days=40)}, 52.0, "high-value or complex"),
        ({}, 30.0, "Critical"),
        ({}, 12.0, "Churning"),
    ],
)
async def test_where_a_person_must_send_it_is_a_draft_on_the_card_and_leaves_when_approved(store, change, score, why):
    world = await a_sent_mail(store)
    await world.at_due()
    await world.change_account(**change)
    await world.scored(score)
    await world.follow.run()

    follow_up, case, draft = await world.follow_up(), await world.case(), await world.draft()
    assert (follow_up.state, case.state, draft.version) == (FollowUpState.PROPOSED, CaseState.OPEN, 2)
    assert why in follow_up.reason
    world.later(hours=2)
    await world.sweep().run()
    assert len(world.mailer.mails) == 1, "nobody approved it"
    assert (await world.approve()).ok
    world.later(seconds=11)
    await world.sweep().run()
    first, second = world.mailer.mails
    assert (second.in_reply_to, second.subject) == (first.message_id, f"Re: {first.subject}")
    await world.follow.run()
    assert (await world.mail()).kind is OutreachKind.FOLLOW_UP
    assert (await world.follow_up()).outreach_id == (await world.mails())[0].id, "a follow-up is not followed up"


async def test_while_its_sender_is_away_the_follow_up_is_a_draft_in_the_name_of_who_covers(store):
    world = await a_sent_mail(store)
    await world.at_due()
    await world.learn(an_absence(since=world.now - timedelta(days=1), until=world.now + timedelta(days=9)))
    await world.follow.run()
    assert (await world.follow_up()).state is FollowUpState.PROPOSED

    await StandIn(store, world.clock, world.wake).run()
    assert (await world.approve(BEN_ACTS)).ok
    world.later(seconds=11)
    await world.sweep().run()
    first, second = world.mailer.mails
    assert (second.from_email, second.in_reply_to) == ("ben@us.test", first.message_id)
    assert second.body.endswith("Ben Reyes")


async def test_where_nobody_reads_answers_a_person_decides_about_the_follow_up(store):
    """Gmail and Microsoft let us send alone, and a relay receives nothing: whoever answered must not be asked again."""
    world = await a_sent_mail(store)
    world.rules = replace(world.rules, ears=Ears())
    await world.follow.run()
    assert "Lookout proposes a follow-up" in (await world.notes())[-1]
    await (await world.at_due()).follow.run()

    assert (await world.follow_up()).state is FollowUpState.PROPOSED
    assert "No mailbox is read in which answers to dana@us.test arrive" in (await world.follow_up()).reason
    assert (await world.approve()).ok


async def test_a_follow_up_waits_until_what_came_while_nobody_read_the_mailbox_was_read(store):
    """After a restart, or while a mailbox cannot be reached, an answer may lie there (R53)."""
    world, ticks = await a_sent_mail(store), 1000.0
    await world.learn(a_mailbox())
    ears = Ears(ticks=lambda: ticks)
    world.rules = replace(world.rules, ears=ears)
    await (await world.at_due()).follow.run()
    assert (await world.follow_up()).state is FollowUpState.WAITING
    ears.note("dana@us.test")
    await world.queued()

    ticks += 400
    assert (await world.leave()).state is OutreachState.APPROVED
    ears.note("dana@us.test")
    assert (await world.leave()).state is OutreachState.SENT


async def test_where_mails_need_two_people_the_follow_up_is_a_draft_for_them(store):
    world = await a_sent_mail(store)
    world.rules = replace(world.rules, second_above=500)
    await (await world.at_due()).follow.run()

    follow_up = await world.follow_up()
    assert (follow_up.state, (await world.case()).state) == (FollowUpState.PROPOSED, CaseState.OPEN)
    assert "need two people" in follow_up.reason
    assert (await world.approve()).ok
    assert (await world.mail()).needs_second


async def test_an_account_that_becomes_valuable_while_it_waits_gets_no_mail_that_nobody_approved(store):
    world = await a_sent_mail(store)
    await world.queued()
    await world.change_account(arr=5_000_000)

    assert "high-value" in (await world.leave()).error


async def test_after_a_three_day_outage_it_leaves_once_late_and_in_working_hours(store):
    world = await a_sent_mail(store)
    await world.at_due()
    world.later(days=2, hours=23)  # Friday, ten in the morning, local time
    await world.scored(52.0)
    for _ in range(3):
        await FollowWorld.follow.fget(world).run()  # a fresh process each time
        await world.leave()

    local = (await world.mail()).sent_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert (local.weekday() < 5, 9 <= local.hour < 18) == (True, True)
    assert len(world.mailer.mails) == 2


async def test_after_a_longer_outage_it_is_dropped_and_the_thread_says_so(store):
    world = await a_sent_mail(store)
    await world.at_due()
    world.later(days=3, hours=1)
    await world.scored(52.0)
    await world.follow.run()

    assert (await world.follow_up()).state is FollowUpState.LATE
    assert any("three days after its time" in note for note in await world.notes())


async def test_a_pause_keeps_it_waiting_and_it_goes_on_afterwards(store):
    world = await a_sent_mail(store)
    await world.at_due()
    await world.set_flag("paused", "dana")
    await world.follow.run()
    assert (await world.follow_up()).state is FollowUpState.WAITING
    await world.set_flag("paused", None)
    await world.follow.run()
    assert (await world.leave()).state is OutreachState.SENT


@pytest.mark.parametrize(("wish", "state"), [(FollowUps.ASK, FollowUpState.PROPOSED), (FollowUps.OFF, None)])
async def test_a_team_may_want_to_be_asked_or_have_none(store, wish, state):
    world = await a_sent_mail(store, rules=the_rules(follow_ups=wish))
    await world.follow.run()
    async with store.reading() as work:
        planned = await work.follow_ups.of_case("case-1")
    if state is None:
        assert planned is None
        return
    await (await world.at_due()).follow.run()
    assert (await world.follow_up()).state is state


async def test_a_process_that_dies_while_it_writes_leaves_nothing_behind_and_the_next_one_sends_once(store):
    class Dying:
        async def write(self, **_):
            raise KeyboardInterrupt

    world = await a_sent_mail(store)
    await world.at_due()
    writer, world.writer = world.writer, Dying()
    with pytest.raises(KeyboardInterrupt):
        await world.follow.run()
    assert (await world.follow_up()).state is FollowUpState.WAITING

    world.writer = writer
    await world.follow.run()
    assert (await world.leave()).state is OutreachState.SENT


async def test_two_processes_at_the_same_moment_make_one_follow_up(any_store):
    world = await a_sent_mail(any_store)
    await world.at_due()

    taken = await asyncio.gather(*(world.follow.run() for _ in range(4)))

    assert sum(taken) == 1
    assert (await world.leave()).state is OutreachState.SENT
    assert len(world.mailer.mails) == 2


async def test_the_digest_shows_what_leaves_by_itself_with_a_way_to_read_and_stop_it(store):
    world = await a_sent_mail(store)
    await world.follow.run()
    digest = Digest(store, world.clock, time(8, 30), ZoneInfo("UTC"), "#cs-digest")

    async def sections(day: int) -> dict[str, tuple[str, str]]:
        world.now = SENT + timedelta(days=day)
        await world.scored(52.0)
        async with store.reading() as work:
            brief = await digest.brief(work, f"{(world.now - timedelta(days=1)).date()}|csm-dana")
        return {part.title: (part.button, part.lines[0].text) for part in brief.sections if part.lines}

    assert "Leaves by itself" not in await sections(2)
    assert (await sections(5))["Leaves by itself"] == (
        "Read or stop",
        "a follow-up is due on 24 Nov, unless they answer",
    )
    await world.queued()
    assert (await sections(7))["Leaves by itself"][1] == "a mail to kim@acme.test, 24 Nov at the earliest"


@settings(max_examples=examples(300), deadline=None)
@given(
    sent=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_seven_local_days_are_never_less_than_a_week_and_always_in_working_hours(sent, zone):
    sent, hours = sent.replace(tzinfo=UTC), WorkingHours()
    due = due_at(sent, zone, hours)

    assert due - sent >= timedelta(days=7)
    assert hours.open_at(due, zone)
    forward = due.astimezone(zone).utcoffset() > sent.astimezone(zone).utcoffset()
    if hours.open_at(sent, zone) and not forward:
        assert due.astimezone(zone).date() - sent.astimezone(zone).date() == timedelta(days=7)


def test_words_of_a_thread_and_of_a_repetition():
    assert reply_subject("RE: re: Your report") == reply_subject("Your report") == "Re: Your report"
    text = "Hello Kim,\n\nwrite down the one question that your report should answer for you.\n\nKind regards\nDana"
    assert says_the_same(text, text.replace("Hello", "Hi"))
    assert not says_the_same(text, "Hi Kim,\n\nask the two who hand work over to name what they pass on.\n\nBest\nDana")
