"""The sweep looks again, claims, hands over once and records; what it cannot know it does not guess."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scoring.casework import CaseState, OutreachState
from scoring.messages import Mail, Receipt
from tests.builders import NOW, TODAY, a_contact, a_csm, a_snapshot, a_ticket, an_account
from tests.mail_world import BEN_ACTS, DANA, World, a_world, another_case, many_cases


@pytest.fixture
async def world(store) -> World:
    """An approved mail whose undo window is over."""
    world = await a_world(store)
    assert (await world.approve()).ok
    return world.later(seconds=11)


# --- sending


async def test_an_approved_mail_is_handed_over_once_exactly_as_it_was_approved(world: World) -> None:
    sweep = world.sweep()
    first, second = await sweep.run(), await sweep.run()

    mail, case = await world.mail(), await world.case()
    assert (first, second) == (1, 0)
    assert world.mailer.mails == [
        Mail(
            message_id=mail.message_id,
            from_name="Dana Reyes",
            from_email="dana@us.test",
            to_name="Kim Novak",
            to_email="kim@acme.test",
            subject="A hand with your reports?",
            body="Hello Kim,\n\nshall we look at your reports together?\n\nDana",
        )
    ]
    assert (mail.state, mail.sent_at, mail.attempts) == (OutreachState.SENT, world.now, 1)
    assert (case.state, case.changed_by) == (CaseState.CONTACTED, "lookout")
    assert await world.actions() == ["approved", "sending", "sent"]
    assert (await world.notes())[-1] == "The mail to kim@acme.test was sent."


async def test_nothing_leaves_before_the_undo_window_is_over(store) -> None:
    world = await a_world(store)
    await world.approve()
    await world.later(seconds=9.99).sweep().run()

    assert world.mailer.mails == []


async def test_nothing_leaves_that_nobody_approved(store) -> None:
    world = await a_world(store)
    await world.later(days=3).sweep().run()

    assert world.mailer.mails == []


async def test_the_claim_is_committed_before_the_mail_is_handed_over(world: World) -> None:
    states: list[OutreachState] = []

    class Looking:
        async def send(self, mail: Mail) -> Receipt:
            states.append((await world.mail()).state)
            return Receipt("sent")

    await world.sweep(mailer=Looking()).run()

    assert states == [OutreachState.SENDING]


async def test_two_sweeps_at_once_hand_every_mail_over_once(store) -> None:
    world = await a_world(store)
    await many_cases(world, 12)
    for n in range(12):
        assert (await world.approve(case_id=f"case-n{n}")).ok
    sweeps = [world.later(seconds=3).sweep() for _ in range(4)]
    await asyncio.gather(*(sweep.run() for sweep in sweeps))

    assert len(world.mailer.mails) == 12
    assert len({mail.to_email for mail in world.mailer.mails}) == 12
    assert {(await world.mail(f"case-n{n}")).state for n in range(12)} == {OutreachState.SENT}


# --- the second look


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ((a_contact(left=True),), "Kim Novak has left Acme."),
        ((a_contact(email="kim@new.test"),), "Kim Novak's address has changed since the draft was written."),
        ((an_account(churned_on=TODAY),), "Acme is no longer a customer."),
        ((an_account(csm_id="csm-ben"),), "Acme belongs to somebody else now."),
        ((a_snapshot(score=71.0),), "Acme has recovered: health 71, it was 52 when this was approved."),
        ((a_snapshot(coverage=0.3),), "Too few signals can be read"),
        ((a_ticket(opened_at=NOW + timedelta(seconds=5)),), "Acme has opened a support ticket"),
        ((a_csm(left=True),), "no longer with us"),
    ],
)
async def test_a_fact_that_changed_after_the_click_stops_the_mail_and_the_approver_learns_it(
    world: World, things: tuple[object, ...], said: str
) -> None:
    await world.learn(*things)
    await world.sweep().run()

    mail, case = await world.mail(), await world.case()
    assert world.mailer.mails == []
    assert mail.state is OutreachState.STOPPED
    assert said in mail.error
    assert case.state is CaseState.OPEN
    told = f"The mail to kim@acme.test was stopped and not sent. {mail.error}"
    assert (await world.notes())[-1] == told
    assert await world.notices() == [("UDANA", told)]
    assert await world.actions() == ["approved", "stopped"]


async def test_an_address_suppressed_after_the_click_stops_the_mail(world: World) -> None:
    async with world.store() as work:
        await work.outreach.suppress("kim@acme.test", "unsubscribed", NOW)
    await world.sweep().run()

    assert world.mailer.mails == []
    assert "unsubscribed" in (await world.mail()).error


async def test_a_second_mail_to_the_same_person_stops_although_both_were_approved(store) -> None:
    world = await a_world(store)
    await another_case(world, "beta", to_email="kim@acme.test")
    assert (await world.approve()).ok
    assert (await world.approve(case_id="case-beta")).ok
    await world.later(seconds=11).sweep().run()

    assert len(world.mailer.mails) == 1
    states = {(await world.mail()).state, (await world.mail("case-beta")).state}
    assert states == {OutreachState.SENT, OutreachState.STOPPED}


async def test_a_draft_that_is_not_the_approved_one_is_never_sent(world: World) -> None:
    newer = replace(await world.draft(), id="draft-2", version=2, body="Nobody saw this.")
    await world.learn(newer)
    await world.sweep().run()

    assert world.mailer.mails == []
    assert (await world.mail()).error == "The draft is not the text that was approved."


async def test_a_case_that_ended_elsewhere_stops_its_mail_and_stays_as_it_is(world: World) -> None:
    async with world.store() as work:
        case = await work.cases.get("case-1")
        opened = replace(case, state=CaseState.OPEN, version=3)
        assert await work.cases.save(opened, expected=2)
        assert await work.cases.save(replace(opened, state=CaseState.CLOSED, version=4, closed_at=NOW), expected=3)
    await world.sweep().run()

    assert world.mailer.mails == []
    assert (await world.mail()).state is OutreachState.STOPPED
    assert (await world.case()).state is CaseState.CLOSED


async def test_an_account_that_was_healthy_when_it_was_approved_may_be_written_to(store) -> None:
    world = await a_world(store)
    await world.learn(a_snapshot(score=72.0))
    await world.approve()
    await world.later(seconds=11).sweep().run()

    assert len(world.mailer.mails) == 1


# --- waiting


@pytest.mark.parametrize("flag", ["paused", "storm", "slack_lost"])
async def test_a_pause_a_storm_or_a_lost_slack_holds_mails_and_its_end_lets_them_go(world: World, flag: str) -> None:
    await world.set_flag(flag, "yes")
    held = await world.sweep().run()
    waiting = (await world.mail()).state
    await world.set_flag(flag, None)
    await world.sweep().run()

    assert (held, waiting) == (0, OutreachState.APPROVED)
    assert len(world.mailer.mails) == 1


async def test_a_pause_in_the_middle_of_a_sweep_holds_the_next_mail(store) -> None:
    world = await a_world(store)
    await many_cases(world, 5)
    for n in range(5):
        await world.approve(case_id=f"case-n{n}")
    handed: list[Mail] = []

    class PausedAfterTwo:
        async def send(self, mail: Mail) -> Receipt:
            handed.append(mail)
            if len(handed) == 2:
                await world.desk.pause(DANA, paused=True)
            return Receipt("sent")

    await world.later(seconds=11).sweep(mailer=PausedAfterTwo()).run()

    assert len(handed) == 2


async def test_a_pause_survives_a_restart(world: World) -> None:
    await world.desk.pause(BEN_ACTS, paused=True)
    after_restart = world.sweep()
    await after_restart.recover()
    await after_restart.run()

    assert world.mailer.mails == []


async def test_a_mail_that_missed_its_time_by_a_day_is_stopped_and_not_sent_late(world: World) -> None:
    await world.desk.pause(DANA, paused=True)
    world.later(hours=25)
    await world.sweep().run()

    assert (await world.mail()).state is OutreachState.STOPPED
    assert "for a day" in (await world.mail()).error


async def test_an_account_that_was_left_out_of_the_newest_scores_gets_no_mail_until_it_is_seen_again(store) -> None:
    world = await a_world(store)
    assert (await world.approve()).ok
    await world.learn(an_account("bolt"), a_snapshot("bolt", day=world.now.date() + timedelta(days=1)))
    await world.later(seconds=11).sweep().run()
    held = len(world.mailer.mails)
    await world.learn(a_snapshot(day=world.now.date() + timedelta(days=1), score=50.0))
    await world.sweep().run()

    assert (held, len(world.mailer.mails)) == (0, 1)


async def test_scores_that_stopped_days_ago_hold_every_mail(store) -> None:
    world = await a_world(store, now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert (await world.approve()).ok
    world.now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    await world.sweep().run()
    held = len(world.mailer.mails)
    await world.learn(a_snapshot(day=world.now.date(), score=50.0))
    await world.sweep().run()

    assert (held, len(world.mailer.mails)) == (0, 1)


async def test_a_mail_due_after_hours_moves_to_the_next_working_morning(world: World) -> None:
    world.now = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    await world.sweep().run()

    mail = await world.mail()
    assert world.mailer.mails == []
    assert (mail.state, mail.not_before, mail.attempts) == (
        OutreachState.APPROVED,
        datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
        0,
    )
    assert await world.card_wanted() == 3


# --- what the server says


async def test_a_greylisted_mail_is_tried_again_later_and_later_and_then_arrives(world: World) -> None:
    world.mailer.says = [Receipt("deferred", "450 later"), Receipt("deferred", "450 later")]
    sweep = world.sweep()
    await sweep.run()
    first = await world.mail()
    await sweep.run()
    too_early = len(world.mailer.mails)
    world.later(seconds=61)
    await sweep.run()
    second = await world.mail()
    world.now = second.not_before
    await sweep.run()

    assert (first.state, first.not_before - NOW) == (OutreachState.APPROVED, timedelta(seconds=71))
    assert too_early == 1
    assert second.not_before - world.now == timedelta(0)
    assert (await world.mail()).state is OutreachState.SENT
    assert len({mail.message_id for mail in world.mailer.mails}) == 1
    assert len(world.mailer.mails) == 3


async def test_a_mail_that_is_put_off_for_a_day_fails_and_the_card_is_open_again(store) -> None:
    world = await a_world(store)
    await world.approve()
    world.mailer.says = [Receipt("deferred", "451 later")] * 50
    begun = world.now
    while (await world.mail()).state is OutreachState.APPROVED:
        world.now = max(world.now, (await world.mail()).not_before)
        await world.learn(a_snapshot(day=world.now.date(), score=52.0))
        await world.sweep().run()

    assert (await world.mail()).state is OutreachState.FAILED
    assert (await world.case()).state is CaseState.OPEN
    assert len(world.mailer.mails) == 9
    assert timedelta(hours=23) < world.now - begun < timedelta(days=7)
    assert sum("tries again" in note for note in await world.notes()) == 1


async def test_a_refused_address_is_final_and_never_written_to_again(world: World) -> None:
    world.mailer.says = [Receipt("refused", "The mail server answered 550: no such user", cause="address")]
    await world.sweep().run()

    assert (await world.mail()).state is OutreachState.FAILED
    assert (await world.case()).state is CaseState.OPEN
    async with world.store.reading() as work:
        assert "550" in (await work.outreach.suppressed("kim@acme.test") or "")
    assert "must not be written to" in (await world.approve()).text


@pytest.mark.parametrize("cause", ["", "setup"])
async def test_a_refusal_that_is_not_about_the_address_suppresses_nobody(world: World, cause: str) -> None:
    world.mailer.says = [Receipt("refused", "554 no", cause=cause)]
    await world.sweep().run()

    assert (await world.mail()).state is OutreachState.FAILED
    async with world.store.reading() as work:
        assert await work.outreach.suppressed("kim@acme.test") is None


async def test_a_failed_login_keeps_the_mail_and_tells_the_operators_once_a_day(store) -> None:
    world = await a_world(store)
    await many_cases(world, 3)
    for n in range(3):
        await world.approve(case_id=f"case-n{n}")
    world.mailer.says = [Receipt("deferred", "The mail server refused our login (535).", cause="setup")] * 9
    sweep = world.later(seconds=11).sweep()
    await sweep.run()
    tried = len(world.mailer.mails)
    await sweep.run()
    world.later(seconds=61)
    await sweep.run()

    assert tried == 1
    assert len(world.mailer.mails) == 2
    operators = [body for target, body in await world.notices() if target == "#ops"]
    assert len(operators) == 1
    assert "535" in operators[0]
    assert {(await world.mail(f"case-n{n}")).state for n in range(3)} == {OutreachState.APPROVED}


# --- unknown


async def test_a_mail_of_unknown_fate_is_never_sent_again_by_itself(world: World) -> None:
    world.mailer.says = [Receipt("unknown", "The connection ended")]
    sweep = world.sweep()
    await sweep.run()
    for _ in range(30):
        await world.later(days=1).sweep().run()
        await sweep.run()

    mail = await world.mail()
    assert len(world.mailer.mails) == 1
    assert (mail.state, mail.error) == (OutreachState.UNCERTAIN, "The connection ended")
    assert (await world.case()).state is CaseState.APPROVED
    assert [target for target, _ in await world.notices()] == ["UDANA"]


async def test_a_claim_of_a_process_that_died_is_uncertain_after_the_restart(world: World) -> None:
    world.mailer.says = [ConnectionError("the process dies here")]
    with pytest.raises(ConnectionError):
        await world.sweep().run()
    await world.sweep().run()

    mail = await world.mail()
    assert (mail.state, mail.error) == (OutreachState.UNCERTAIN, "Lookout stopped while it was sending")
    assert len(world.mailer.mails) == 1


async def test_a_claim_that_nobody_works_on_is_given_up_without_a_restart_too(world: World) -> None:
    world.mailer.says = [ConnectionError("a fault of ours")]
    sweep = world.sweep()
    with pytest.raises(ConnectionError):
        await sweep.run()
    await sweep.run()
    still = (await world.mail()).state
    world.later(minutes=6)
    await sweep.run()

    assert still is OutreachState.SENDING
    assert (await world.mail()).state is OutreachState.UNCERTAIN


async def test_a_send_under_way_is_not_given_up_when_the_clock_jumps(world: World) -> None:
    sweep = world.sweep()

    class Jumping:
        async def send(self, mail: Mail) -> Receipt:
            world.later(days=1)
            assert await sweep.recover() == 0
            return Receipt("sent")

    sweep._mailer = Jumping()
    await sweep.run()

    assert (await world.mail()).state is OutreachState.SENT


async def test_a_late_answer_settles_a_claim_that_was_given_up_meanwhile(world: World) -> None:
    other_process = world.sweep()

    class Slow:
        async def send(self, mail: Mail) -> Receipt:
            assert await other_process.recover() == 1
            return Receipt("sent")

    await world.sweep(mailer=Slow()).run()

    assert (await world.mail()).state is OutreachState.SENT
    assert (await world.case()).state is CaseState.CONTACTED


async def test_it_arrived_says_a_person_and_the_case_goes_on(world: World) -> None:
    world.mailer.says = [Receipt("unknown", "cut")]
    await world.sweep().run()
    uncertain = await world.mail()
    answer = await world.desk.arrived(uncertain.id, BEN_ACTS)

    mail = await world.mail()
    assert answer.ok
    assert (mail.id, mail.state, mail.sent_at) == (uncertain.id, OutreachState.SENT, uncertain.claimed_at)
    assert (await world.case()).state is CaseState.CONTACTED
    assert (await world.notes())[-1] == "Ben Reyes found that the mail to kim@acme.test arrived."


async def test_send_again_says_a_person_and_it_leaves_under_a_new_id(world: World) -> None:
    world.mailer.says = [Receipt("unknown", "cut")]
    await world.sweep().run()
    uncertain = await world.mail()
    answer = await world.desk.send_again(uncertain.id, DANA)
    approved = await world.mail()
    await world.later(seconds=11).sweep().run()

    assert answer.ok
    assert approved.id != uncertain.id
    assert approved.not_before == world.now - timedelta(seconds=1)
    async with world.store.reading() as work:
        assert (await work.outreach.get(uncertain.id)).state is OutreachState.FAILED
    assert (await world.mail()).state is OutreachState.SENT
    assert [mail.message_id for mail in world.mailer.mails] == [uncertain.message_id, approved.message_id]


async def test_only_one_of_two_people_decides_about_an_uncertain_mail(world: World) -> None:
    world.mailer.says = [Receipt("unknown", "cut")]
    await world.sweep().run()
    mail = await world.mail()
    answers = await asyncio.gather(
        world.desk.arrived(mail.id, DANA),
        world.desk.send_again(mail.id, BEN_ACTS),
        world.desk.send_again(mail.id, DANA),
        world.desk.arrived(mail.id, BEN_ACTS),
    )
    await world.later(seconds=11).sweep().run()

    assert sum(answer.ok for answer in answers) == 1
    assert all("Nothing more was sent." in answer.text for answer in answers if not answer.ok)
    assert len(world.mailer.mails) == (1 if answers[0].ok or answers[3].ok else 2)


async def test_sending_again_is_refused_when_the_facts_changed_and_the_mail_stays_uncertain(world: World) -> None:
    world.mailer.says = [Receipt("unknown", "cut")]
    await world.sweep().run()
    await world.learn(a_contact(left=True))
    answer = await world.desk.send_again((await world.mail()).id, DANA)

    assert not answer.ok
    assert "has left" in answer.text
    assert (await world.mail()).state is OutreachState.UNCERTAIN


# --- stopping


async def test_a_stop_in_the_middle_of_a_send_still_records_what_became_of_it(world: World) -> None:
    handing_over = asyncio.Event()

    class Slow:
        async def send(self, mail: Mail) -> Receipt:
            handing_over.set()
            await asyncio.sleep(0.1)
            return Receipt("sent")

    sweeping = asyncio.create_task(world.sweep(mailer=Slow()).run())
    await handing_over.wait()
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping

    assert (await world.mail()).state is OutreachState.SENT
