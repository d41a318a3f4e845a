"""What comes back for a mail is matched, kept once, said under the card, and stops what it must stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.loop.drafting import Drafting
from bot.loop.lookup import Lookup
from bot.loop.returns import Returns
from scoring.addresses import reply_token
from scoring.casework import LOOKOUT, CaseState, OutreachState
from scoring.messages import Receipt, Written
from scoring.replies import Arrival, Clues, ReadUpTo, ReplyKind
from scoring.routing import Routing
from storage.errors import ConstraintBroken
from tests.builders import a_contact, a_snapshot, an_absence
from tests.follow_world import a_sent_mail
from tests.mail_world import BEN_ACTS, DANA, STRANGER, World, a_world

AWAY = (
    "An automatic reply came from Kim Novak (kim@acme.test) on 20 Nov at 11:00. It does not count as an answer.\n"
    "Yes, please."
)
KINDS = (ReplyKind.ANSWER, ReplyKind.AUTO, ReplyKind.BOUNCE, ReplyKind.DELAYED)


@pytest.fixture
async def world(store) -> World:
    """Dana's mail to Kim has left."""
    world = await a_world(store)
    assert (await world.approve()).ok
    await world.later(seconds=11).sweep().run()
    return world.later(hours=1)


class Template:
    """Writes the same words to everybody."""

    async def write(self, **_) -> Written:
        return Written("A hand?", "Hello", "template", "1")

    def check(self, *_, **__) -> tuple:
        return ()


async def arrives(world: World, kind: ReplyKind = ReplyKind.ANSWER, *, mark: ReadUpTo | None = None, **more) -> bool:
    mail = await world.mail()
    known = {"from_email": "kim@acme.test", "text": "Yes, please.", "received_at": world.now}
    clues = more.pop("clues", Clues((mail.message_id,)))
    arrival = Arrival(f"<{kind}@x.test>", kind, clues=clues, message_id=f"<{kind}@x.test>", **known | more)
    returns = Returns(world.store, world.clock, ZoneInfo("Europe/Berlin"), frozenset({"us.test"}))
    return await returns.take(arrival, mark)


async def kept(world: World):
    async with world.store.reading() as work:
        return await work.replies.of_case("case-1")


async def suppressed(world: World) -> str | None:
    async with world.store.reading() as work:
        return await work.outreach.suppressed("kim@acme.test")


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_that_comes_back_is_kept_and_said_once(world: World, kind: ReplyKind) -> None:
    before = await world.card_wanted()
    assert [await arrives(world, kind), await arrives(world, kind)] == [True, False]

    assert [reply.kind for reply in await kept(world)] == [kind]
    assert (await world.actions()).count(f"came back: {kind}") == 1
    assert await world.card_wanted() > before


async def test_what_was_found_and_how_far_was_read_are_kept_together_or_not_at_all(world: World) -> None:
    said = await world.posts()
    with pytest.raises(ConstraintBroken):
        await arrives(world, mark=ReadUpTo("dana@us.test", 1, uid=0))  # no mailbox has such a UID: the database refuses

    assert (await kept(world), await world.posts()) == ([], said)
    assert await arrives(world, mark=ReadUpTo("dana@us.test", 1, uid=8))
    async with world.store.reading() as work:
        assert await work.replies.read_up_to("dana@us.test") == ReadUpTo("dana@us.test", 1, 8)


async def test_an_answer_leaves_the_case_to_its_csm_and_only_answers_count_as_one(world: World) -> None:
    await arrives(world, ReplyKind.AUTO)
    async with world.store.reading() as work:
        assert await work.replies.last_answer_at("acme") is None
    await arrives(world)

    assert (await world.case()).state is CaseState.CONTACTED
    async with world.store.reading() as work:
        assert await work.replies.last_answer_at("acme") == world.now
    assert (await world.notes())[-2:] == [
        AWAY,
        "Kim Novak (kim@acme.test) answered on 20 Nov at 11:00:\nYes, please.",
    ]


async def test_an_answer_of_somebody_else_says_who_it_is(world: World) -> None:
    await world.learn(a_contact("pat"))
    await arrives(world, from_email="Pat@acme.test")

    assert (await world.notes())[-1] == (
        "Pat Novak (pat@acme.test) answered on 20 Nov at 11:00; the mail was written to kim@acme.test:\nYes, please."
    )


@pytest.mark.parametrize(
    ("kind", "away"), [(ReplyKind.ANSWER, False), (ReplyKind.BOUNCE, False), (ReplyKind.ANSWER, True)]
)
async def test_what_comes_back_for_a_mail_that_left_by_itself_is_told_to_who_acts_for_the_account(
    store, kind: ReplyKind, away: bool
) -> None:
    world = await a_sent_mail(store)
    await world.queued()
    assert (await world.leave()).approved_by == LOOKOUT
    if away:
        await world.learn(an_absence(since=world.now - timedelta(hours=1), until=world.now + timedelta(days=7)))

    await arrives(world, kind)

    told = [text for target, text in await world.notices() if target == ("UBEN" if away else "UDANA")]
    assert sum("the mail that left by itself" in text or "that left by itself did not" in text for text in told) == 1


async def test_whoever_presses_the_button_for_no_more_mail_gets_none(world: World) -> None:
    token = reply_token((await world.mail()).message_id)
    assert await arrives(world, clues=Clues((), (token,)), stop=True, text="This was sent by your mail program.")

    assert await suppressed(world) == "they asked for no more mail"
    assert (await world.notes())[-1] == (
        "Kim Novak (kim@acme.test) asked for no more mail on 20 Nov at 11:00. Lookout writes to kim@acme.test no more."
    )
    assert (await world.case()).state is CaseState.CONTACTED


@pytest.mark.parametrize("ours", ["ben@us.test", "dana@us.test", "someone@us.test"])
async def test_a_mail_of_our_own_people_in_the_thread_is_no_answer(world: World, ours: str) -> None:
    assert not await arrives(world, from_email=ours)
    assert await kept(world) == []


async def test_the_token_of_the_address_finds_the_mail_when_no_message_id_does(world: World) -> None:
    token = reply_token((await world.mail()).message_id)
    assert not token or await arrives(world, clues=Clues(("<changed@relay.test>",), (token,)))
    assert not await arrives(world, clues=Clues(("<changed@relay.test>",), ("0" * 16,)), text="nobody's")


async def test_a_bounce_opens_the_card_and_closes_the_address(world: World) -> None:
    await arrives(world, ReplyKind.BOUNCE, text="550 5.1.1 no such user", lost="kim@acme.test", dead=True)

    case = await world.case()
    assert (case.state, case.changed_by) == (CaseState.OPEN, "lookout")
    assert await suppressed(world) == "a mail server said that it cannot be reached (550 5.1.1 no such user)"
    assert (await world.notes())[-1] == (
        "The mail to kim@acme.test did not arrive on 20 Nov at 11:00: 550 5.1.1 no such user. Nobody got it, and "
        "nothing is sent again by itself. Lookout writes to this address no more."
    )
    refused = await world.later(days=8).approve()
    assert not refused.ok


async def test_after_a_bounce_a_draft_for_somebody_else_waits_for_a_decision(world: World) -> None:
    await world.learn(a_contact("pat", primary=False))
    await arrives(world, ReplyKind.BOUNCE, text="550 5.1.1 no such user", lost="kim@acme.test", dead=True)
    drafting = Drafting(world.store, Template(), Routing.from_settings("#cs", {}), world.clock)

    assert await drafting.write_missing_drafts() == 1
    draft = await world.draft()
    assert (draft.version, draft.to_email, draft.note) == (
        2,
        "pat@acme.test",
        "kim@acme.test cannot be written to any more",
    )
    assert await drafting.write_missing_drafts() == 0
    assert len(world.mailer.mails) == 1
    assert (await world.approve()).ok
    await world.later(seconds=11).sweep().run()
    assert [mail.to_email for mail in world.mailer.mails] == ["kim@acme.test", "pat@acme.test"]


async def test_a_card_put_aside_wakes_when_its_mail_bounced_and_not_when_it_was_answered(world: World) -> None:
    assert (await world.desk.snooze("case-1", world.now + timedelta(days=3), "waiting for Kim", DANA)).ok
    await arrives(world)
    assert (await world.case()).state is CaseState.SNOOZED
    await arrives(world, ReplyKind.BOUNCE, text="550 5.1.1 no such user", lost="kim@acme.test", dead=True)

    case = await world.case()
    assert (case.state, case.snoozed_until, case.snooze_reason) == (CaseState.OPEN, None, "")


async def test_a_full_mailbox_is_said_and_the_address_stays_open(world: World) -> None:
    await arrives(world, ReplyKind.BOUNCE, text="552 5.2.2 mailbox full", lost="KIM@acme.test")

    assert (await world.case()).state is CaseState.OPEN
    assert await suppressed(world) is None


@pytest.mark.parametrize("lost", ["old@acme.onmicrosoft.test", "kim.novak@elsewhere.test"])
async def test_a_bounce_of_a_copy_that_they_pass_on_is_only_noted(world: World, lost: str) -> None:
    await arrives(world, ReplyKind.BOUNCE, text="no such user", lost=lost, dead=True)

    assert (await world.case()).state is CaseState.CONTACTED
    assert await suppressed(world) is None
    assert (await world.notes())[-1].startswith(f"A mail server could not pass the mail on to {lost} (no such user).")


async def test_a_late_mail_is_noted_and_changes_nothing(world: World) -> None:
    await arrives(world, ReplyKind.DELAYED, text="connection timed out")

    assert (await world.case()).state is CaseState.CONTACTED
    assert (await world.notes())[-1].startswith("The mail to kim@acme.test has not arrived yet: connection timed out.")


@pytest.mark.parametrize(
    ("kind", "state"), [(ReplyKind.ANSWER, CaseState.CONTACTED), (ReplyKind.BOUNCE, CaseState.OPEN)]
)
async def test_what_comes_back_settles_a_mail_of_unknown_fate(store, kind: ReplyKind, state: CaseState) -> None:
    world = await a_world(store)
    world.mailer.says = [Receipt("unknown", "the line broke")]
    await world.approve()
    await world.later(seconds=11).sweep().run()
    assert (await world.mail()).state is OutreachState.UNCERTAIN

    await arrives(world, kind)

    assert (await world.mail()).state is OutreachState.SENT
    assert (await world.case()).state is state


async def test_an_approved_mail_stops_when_the_account_answers_before_it_leaves(world: World) -> None:
    later = world.later(days=7)
    draft = await later.draft()
    await later.learn(a_snapshot(day=later.now.date(), score=52.0))
    await later.learn(replace(draft, id="draft-2", version=2, subject="Another try", created_at=later.now))
    assert (await later.approve()).ok
    later.later(seconds=5)
    async with later.store.reading() as work:
        first = next(m for m in (await work.outreach.sent_since(draft.created_at)).values())
    await arrives(later, clues=Clues((first.message_id,)))
    await later.later(seconds=20).sweep().run()

    mail = await later.mail()
    assert (mail.state, mail.error) == (OutreachState.STOPPED, "Acme has answered since the draft was written.")
    assert len(later.mailer.mails) == 1


async def test_a_person_says_that_they_answered_elsewhere_and_it_counts(world: World) -> None:
    answer = await world.desk.answered_elsewhere("case-1", DANA)
    again = await world.desk.answered_elsewhere("case-1", BEN_ACTS)
    stranger = await world.desk.answered_elsewhere("case-1", STRANGER)

    assert (answer.ok, again.ok, stranger.ok) == (True, False, False)
    assert again.text == "Somebody said so already; the card has it. Nothing was changed."
    [reply] = await kept(world)
    assert (reply.kind, reply.from_email, reply.received_at) == (ReplyKind.ELSEWHERE, "csm-dana", world.now)
    assert (await world.notes())[-1] == "Dana Reyes says that they answered elsewhere."
    async with world.store.reading() as work:
        assert await work.replies.last_answer_at("acme") == world.now


async def test_health_knows_the_last_answer(world: World) -> None:
    await arrives(world)
    found = await Lookup(world.store, world.clock).health("acme")

    assert found.last_contact == "mail to kim@acme.test on 20 Nov 2026, answered on 20 Nov 2026"


async def test_nothing_can_be_answered_that_never_left(store) -> None:
    world = await a_world(store)

    assert not (await world.desk.answered_elsewhere("case-1", DANA)).ok
    assert await kept(world) == []
