"""What people decide on a card: one decision wins, everybody is answered, and nothing leaves that nobody approved."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scoring.briefs import Answer
from scoring.casework import CaseState, OutreachState, Verdict
from tests.builders import NOW, TODAY, a_contact, a_csm, a_snapshot, a_ticket, an_account
from tests.mail_world import BEN_ACTS, DANA, RULES, STRANGER, Actor, World, a_world, another_case, approved_mails


@pytest.fixture
async def world(store) -> World:
    return await a_world(store)


# --- approving


async def test_an_approved_mail_waits_for_the_undo_window_and_the_card_is_drawn_anew(world: World) -> None:
    answer = await world.approve()

    mail, case = await world.mail(), await world.case()
    assert (answer.ok, answer.text) == (True, "")
    assert (case.state, case.version, case.changed_by) == (CaseState.APPROVED, 2, "csm-dana")
    assert mail.state is OutreachState.APPROVED
    assert mail.not_before == NOW + timedelta(seconds=10)
    assert mail.content_hash == (await world.draft()).content_hash
    assert mail.score_seen == 52.0
    assert await world.actions() == ["approved"]
    assert await world.notes() == ["Dana Reyes approved version 1 of the mail to kim@acme.test."]
    assert await world.card_wanted() == 2
    assert world.woken == 1


async def test_a_second_click_is_told_who_was_faster_when_and_that_nothing_more_was_sent(world: World) -> None:
    await world.approve()
    answer = await world.later(seconds=3).approve(BEN_ACTS)

    assert not answer.ok
    assert answer.text.startswith("Dana Reyes approved this at 09:00. Nothing more was sent.")


async def test_times_are_told_as_the_clock_of_the_one_who_clicks_shows_them(world: World) -> None:
    await world.approve()
    answer = await world.approve(replace(BEN_ACTS, timezone="Asia/Kathmandu"))

    assert "at 14:45." in answer.text


async def test_a_double_click_sends_once_and_says_so(world: World) -> None:
    await world.approve()
    answer = await world.approve()

    assert answer.text.startswith("You approved this at 09:00.")


async def test_an_old_card_of_a_sent_mail_cannot_send_it_again(world: World) -> None:
    await world.approve()
    await world.later(seconds=11).sweep().run()
    answer = await world.later(days=30).approve(BEN_ACTS)

    assert not answer.ok
    assert "its mail was sent. Nothing more was sent" in answer.text
    assert len(world.mailer.mails) == 1


async def test_fifty_people_at_once_make_one_mail_and_everybody_is_answered(any_store) -> None:
    world = await a_world(any_store)
    answers = await asyncio.gather(*(world.approve(BEN_ACTS if n % 2 else DANA) for n in range(50)))
    await world.later(seconds=11).sweep().run()

    assert sum(answer.ok for answer in answers) == 1
    assert all(answer.text for answer in answers if not answer.ok)
    assert len(world.mailer.mails) == 1
    assert await world.actions() == ["approved", "sending", "sent"]


async def test_approving_an_older_version_is_refused_and_the_difference_is_shown(world: World) -> None:
    seen = await world.draft()
    await world.desk.edit("case-1", 1, "A hand with exports?", seen.body, BEN_ACTS)
    answer = await world.desk.approve("case-1", seen.version, seen.content_hash, DANA)

    assert not answer.ok
    assert answer.text.startswith("Nothing was sent. The draft was changed at 09:00 by Ben Reyes")
    assert "- Subject: A hand with your reports?\n+ Subject: A hand with exports?" in answer.text
    assert (await world.case()).state is CaseState.OPEN


async def test_a_forged_hash_for_the_right_version_is_refused(world: World) -> None:
    answer = await world.desk.approve("case-1", 1, "0" * 64, DANA)

    assert not answer.ok
    assert (await world.case()).state is CaseState.OPEN


@pytest.mark.parametrize(
    "actor",
    [STRANGER, Actor("csm-nobody", "UEVE"), Actor("kim", "UKIM"), Actor("csm-fred", "UFRED")],
    ids=["somebody else", "an id we do not know", "a customer", "a CSM who left and still has a Slack account"],
)
async def test_whoever_is_no_csm_of_ours_decides_nothing(world: World, actor: Actor) -> None:
    await world.learn(a_csm("csm-fred", left=True))
    draft = await world.draft()
    desk = world.desk
    answers = [
        await desk.approve("case-1", 1, draft.content_hash, actor),
        await desk.snooze("case-1", NOW + timedelta(days=1), "", actor),
        await desk.dismiss("case-1", Verdict.RIGHT, "", actor),
        await desk.assign("case-1", "UEVE", "eve@elsewhere.test", actor),
        (await desk.edit("case-1", 1, "x", "y", actor)).answer,
        await desk.wake_up("case-1", actor),
        await desk.pause(actor, paused=True),
        await desk.pause(actor, paused=False),
        await desk.storm(actor, release=True),
        await desk.undo("x", actor),
        await desk.arrived("x", actor),
        await desk.send_again("x", actor),
    ]

    assert {answer.ok for answer in answers} == {False}
    assert all("Nothing was changed and nothing was sent" in answer.text for answer in answers)
    assert (await world.case()).version == 1
    async with world.store.reading() as work:
        tried = [(entry.actor, entry.action) for entry in await work.audit.newest(99)]
    assert tried == [(actor.person_id or actor.slack_id, "refused")] * len(answers), "each try stands in the audit"


async def test_outside_working_hours_the_approval_is_kept_and_the_mail_waits_for_them(world: World) -> None:
    world.now = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    answer = await world.approve()

    assert answer.ok
    assert (await world.mail()).not_before == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert "leaves at 08:00 on 23 Nov" in answer.text


async def test_the_contacts_own_time_zone_decides_about_working_hours(world: World) -> None:
    await world.learn(a_contact(timezone="America/New_York"))
    await world.approve()

    assert (await world.mail()).not_before == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


async def test_the_last_seconds_of_the_day_are_not_working_hours_any_more(world: World) -> None:
    await world.learn(a_contact(timezone="UTC"))
    world.now = datetime(2026, 11, 20, 17, 59, 55, tzinfo=UTC)
    await world.approve()

    assert (await world.mail()).not_before == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ((a_contact(left=True),), "has left"),
        ((a_contact(email="kim@elsewhere.test"),), "address has changed"),
        ((an_account(churned_on=TODAY),), "no longer a customer"),
        ((an_account(csm_id="csm-ben"),), "belongs to somebody else"),
        ((a_csm(left=True),), "no longer with us"),
        ((a_ticket(opened_at=NOW + timedelta(seconds=1)),), "support ticket"),
        ((a_snapshot(coverage=0.4),), "Too few signals"),
    ],
)
async def test_what_speaks_against_a_mail_is_said_before_it_is_approved(world: World, things, said: str) -> None:
    await world.learn(*things)
    answer = await world.approve(BEN_ACTS)

    assert not answer.ok
    assert answer.text.startswith("Nothing was sent.")
    assert said in answer.text
    assert (await world.case()).state is CaseState.OPEN


async def test_a_suppressed_address_cannot_be_approved(world: World) -> None:
    async with world.store() as work:
        await work.outreach.suppress("KIM@acme.test", "asked us to stop", NOW)

    assert "asked us to stop" in (await world.approve()).text


async def test_scores_that_are_days_old_hold_every_approval(world: World) -> None:
    world.now = NOW + timedelta(days=5)

    assert "Scores are 5 days old" in (await world.approve()).text


async def test_a_paused_product_accepts_no_approval(world: World) -> None:
    await world.set_flag("paused", "csm-ben")

    answer = await world.approve()
    assert not answer.ok
    assert "paused" in answer.text


async def test_without_mail_settings_approving_says_what_to_do(store) -> None:
    world = await a_world(store, rules=replace(RULES, off="Mail is not set up, so nothing was sent."))
    answer = await world.approve()

    assert (answer.ok, answer.text) == (False, "Mail is not set up, so nothing was sent.")


async def test_a_sender_outside_our_mail_domains_is_said_at_the_click(store) -> None:
    world = await a_world(store, rules=replace(RULES, domains=("vendor.test",)))

    assert "LOOKOUT_MAIL_DOMAINS" in (await world.approve()).text


async def test_one_contact_on_two_accounts_gets_one_mail_in_seven_days(world: World) -> None:
    await another_case(world, "beta", to_email="kim@acme.test")
    await world.approve()
    await world.later(seconds=11).sweep().run()

    answer = await world.approve(case_id="case-beta")
    assert not answer.ok
    assert "At most one in 7 days" in answer.text


async def test_a_case_that_is_gone_is_said(world: World) -> None:
    answer = await world.desk.approve("case-9", 1, "x", DANA)

    assert (answer.ok, answer.text) == (False, "This case or its account no longer exists. Nothing was sent.")


# --- undo


async def test_undo_brings_the_card_back_and_nothing_is_sent(world: World) -> None:
    await world.approve()
    answer = await world.later(seconds=9.9).desk.undo((await world.mail()).id, BEN_ACTS)
    await world.later(seconds=60).sweep().run()

    assert answer.ok
    assert (await world.case()).state is CaseState.OPEN
    assert (await world.mail()).state is OutreachState.UNDONE
    assert world.mailer.mails == []
    assert (await world.notes())[-1] == "Ben Reyes took the approval back. Nothing was sent."


async def test_undo_after_the_send_says_that_it_was_sent(world: World) -> None:
    await world.approve()
    await world.later(seconds=10.1).sweep().run()
    answer = await world.desk.undo((await world.mail()).id, DANA)

    assert (answer.ok, answer.text) == (False, "Too late to undo: the mail was already sent at 09:00.")
    assert (await world.case()).state is CaseState.CONTACTED


async def test_a_mail_that_was_undone_can_be_approved_again_under_a_new_id(world: World) -> None:
    await world.approve()
    first = await world.mail()
    await world.desk.undo(first.id, DANA)
    assert (await world.approve()).ok
    await world.later(seconds=11).sweep().run()

    second = await world.mail()
    assert second.id != first.id
    assert second.message_id != first.message_id
    assert [mail.message_id for mail in world.mailer.mails] == [second.message_id]


@pytest.mark.long
async def test_at_the_boundary_an_undo_is_either_in_time_or_too_late_never_both(store) -> None:
    """C9: 500 times undo and sweep at once, ten mails at a time, within 50 ms of the tenth second."""
    world, chance, ends = World(store), random.Random(9), set()
    for start in range(0, 500, 10):
        numbers = range(start, start + 10)
        await approved_mails(store, numbers)
        world.now, world.mailer.mails = NOW + timedelta(milliseconds=chance.randint(-50, 50)), []
        undone = [_undo(world, f"o-n{n:03d}", chance) for n in numbers]
        answers = (await asyncio.gather(world.sweep().run(), *undone))[1:]
        sent = [mail.to_email for mail in world.mailer.mails]
        mails = [await world.mail(f"c-n{n:03d}") for n in numbers]
        ends |= {(a.ok, sent.count(m.to_email), m.state) for a, m in zip(answers, mails, strict=True)}
        assert all(mail.state is not OutreachState.APPROVED for mail in mails)

    assert ends == {(True, 0, OutreachState.UNDONE), (False, 1, OutreachState.SENT)}


async def _undo(world: World, outreach_id: str, chance: random.Random) -> Answer:
    await asyncio.sleep(chance.uniform(0, 0.05))
    return await world.desk.undo(outreach_id, DANA)


# --- races between different decisions

DECISIONS = {
    "approve": lambda world, who: world.approve(who),
    "dismiss": lambda world, who: world.desk.dismiss("case-1", Verdict.KNEW_IT, "", who),
    "snooze": lambda world, who: world.desk.snooze("case-1", world.now + timedelta(days=3), "holiday", who),
    "assign": lambda world, who: world.desk.assign("case-1", "UBEN", "ben@us.test", who),
}


@pytest.mark.parametrize(("one", "two"), list(itertools.permutations(DECISIONS, 2)))
async def test_of_two_decisions_at_once_the_result_is_legal_and_the_slower_one_is_told(world, one, two) -> None:
    answers = await asyncio.gather(DECISIONS[one](world, DANA), DECISIONS[two](world, BEN_ACTS))
    await world.later(seconds=11).sweep().run()

    case, told = await world.case(), [answer.text for answer in answers if not answer.ok]
    done = [name for name, answer in zip((one, two), answers, strict=True) if answer.ok]
    assert done
    assert all("Nothing" in text for text in told)
    assert len(world.mailer.mails) == (done == ["approve"])
    ends = {"approve": CaseState.CONTACTED, "dismiss": CaseState.DISMISSED, "snooze": CaseState.SNOOZED}
    expected = next((ends[name] for name in ("approve", "dismiss", "snooze") if name in done), CaseState.OPEN)
    assert case.state is expected
    assert [name for name in await world.actions() if name not in {"sending", "sent"}] == [
        {"approve": "approved", "dismiss": "dismissed", "snooze": "snoozed", "assign": "assigned"}[name]
        for name in sorted(done, key=(one, two).index)
    ]


async def test_an_edit_and_an_approval_at_once_never_send_a_text_that_was_not_seen(world: World) -> None:
    seen = await world.draft()
    edited, approved = await asyncio.gather(
        world.desk.edit("case-1", 1, seen.subject, "A wholly different text.", BEN_ACTS),
        world.desk.approve("case-1", 1, seen.content_hash, DANA),
    )
    await world.later(seconds=11).sweep().run()

    assert edited.answer.ok != approved.ok
    assert [mail.body for mail in world.mailer.mails] == ([seen.body] if approved.ok else [])


# --- edit


async def test_an_edit_makes_a_new_version_and_keeps_the_old_one(world: World) -> None:
    edited = await world.desk.edit("case-1", 1, " Exports \n quickly ", "Hello Kim,\r\n\r\nshall we?\r\n", DANA)

    async with world.store.reading() as work:
        versions = await work.outreach.drafts("case-1")
    assert [(d.version, d.subject, d.origin) for d in versions] == [
        (1, "A hand with your reports?", "template"),
        (2, "Exports quickly", "csm-dana"),
    ]
    assert edited.answer.ok
    assert edited.draft == versions[1]
    assert versions[1].body == "Hello Kim,\n\nshall we?"
    assert await world.notes() == ["Dana Reyes edited the draft (version 2)."]
    assert await world.card_wanted() == 2


async def test_what_was_edited_and_approved_is_what_is_sent(world: World) -> None:
    await world.desk.edit("case-1", 1, "Exports", "Hello Kim,\n\nshall we?\n\nDana", DANA)
    assert (await world.approve()).ok
    await world.later(seconds=11).sweep().run()

    assert [(m.subject, m.body) for m in world.mailer.mails] == [("Exports", "Hello Kim,\n\nshall we?\n\nDana")]


async def test_saving_without_a_change_makes_no_version(world: World) -> None:
    draft = await world.draft()
    edited = await world.desk.edit("case-1", 1, draft.subject, draft.body, DANA)

    assert edited.answer.ok
    assert (await world.draft()).version == 1


async def test_the_gates_remarks_on_an_edit_are_warnings_and_stay_with_the_draft(world: World) -> None:
    edited = await world.desk.edit("case-1", 1, "A discount", "For you, Kim.", DANA)

    assert edited.answer.ok
    assert edited.warnings == ("“discount” is a promise.",)
    assert [finding.rule for finding in (await world.draft()).findings] == ["R48"]


async def test_of_two_edits_the_second_is_refused_with_what_changed(world: World) -> None:
    await world.desk.edit("case-1", 1, "From Ben", "Ben's text", BEN_ACTS)
    edited = await world.later(hours=2).desk.edit("case-1", 1, "From Dana", "Dana's text", DANA)

    assert not edited.answer.ok
    assert edited.answer.text.startswith("Nothing was saved: Ben Reyes changed this draft at 09:00")
    assert "+ Ben's text" in edited.answer.text
    assert (await world.draft()).subject == "From Ben"


@pytest.mark.parametrize(
    ("subject", "body", "said"),
    [("", "x", "subject is empty"), ("x", " \n ", "mail is empty"), ("x", "y" * 3001, "3001"), ("x" * 201, "y", "201")],
)
async def test_a_text_that_cannot_be_sent_is_not_saved(world: World, subject: str, body: str, said: str) -> None:
    edited = await world.desk.edit("case-1", 1, subject, body, DANA)

    assert not edited.answer.ok
    assert said in edited.answer.text
    assert (await world.draft()).version == 1


async def test_invisible_characters_are_taken_out_of_an_edit(world: World) -> None:
    edited = await world.desk.edit("case-1", 1, "Pay\u202emoc.live\x00", "Hi\x07 Kim 👩‍👧", DANA)

    assert edited.draft is not None
    assert (edited.draft.subject, edited.draft.body) == ("Paymoc.live", "Hi Kim 👩‍👧")


async def test_an_approved_mail_cannot_be_edited_under_way(world: World) -> None:
    await world.approve()
    edited = await world.desk.edit("case-1", 1, "x", "y", BEN_ACTS)

    assert not edited.answer.ok
    assert "approved this" in edited.answer.text


async def test_the_edit_window_gets_the_card_and_its_newest_draft(world: World) -> None:
    found = await world.desk.draft("case-1")

    assert found is not None
    assert found[0].account.name == "Acme"
    assert found[1] == await world.draft()
    assert await world.desk.draft("case-9") is None


# --- assign


async def test_a_card_that_waits_for_somebodys_morning_comes_to_whom_it_is_given_instead(world: World) -> None:
    async with world.store() as work:
        await work.slack.want_card("case-1", mention="UDANA", not_before=world.now + timedelta(days=2))
    await world.desk.assign("case-1", "UBEN", "ben@us.test", DANA)

    async with world.store.reading() as work:
        card = await work.slack.card("case-1")
    assert (card.mention, card.not_before) == ("UBEN", world.now)


async def test_an_assigned_account_gets_a_draft_from_its_new_csm_signed_by_them(world: World) -> None:
    answer = await world.desk.assign("case-1", "UBEN", "ben@us.test", DANA)

    draft, case = await world.draft(), await world.case()
    assert answer.ok
    assert case.csm_id == "csm-ben"
    assert (draft.version, draft.from_name, draft.from_email) == (2, "Ben Reyes", "ben@us.test")
    assert draft.body == "Hello Kim,\n\nshall we look at your reports together?\n\nBen"
    assert await world.notes() == ["Dana Reyes gave Acme to Ben Reyes."]
    assert [target for target, _ in await world.notices()] == ["UBEN"]


async def test_an_approval_binds_to_the_sender_that_was_seen(world: World) -> None:
    seen = await world.draft()
    await world.desk.assign("case-1", "UBEN", "ben@us.test", BEN_ACTS)
    answer = await world.desk.approve("case-1", seen.version, seen.content_hash, DANA)

    assert not answer.ok
    assert "+ From: Ben Reyes, ben@us.test" in answer.text


async def test_a_name_left_in_the_text_is_pointed_out(world: World) -> None:
    await world.desk.edit("case-1", 1, "Hello", "Dana here.\n\nShall we talk?\n\nBest,\nDana Reyes\n", DANA)
    await world.desk.assign("case-1", "UBEN", "ben@us.test", DANA)

    draft = await world.draft()
    assert draft.body.endswith("Best,\nBen Reyes")
    assert draft.note == "The sender is now Ben Reyes. The text still names Dana: read it before you approve."


@pytest.mark.parametrize(("slack_id", "email"), [("UEVE", "eve@us.test"), ("", "kim@acme.test"), ("UEVE", "")])
async def test_only_a_csm_whom_we_know_can_be_given_an_account(world: World, slack_id: str, email: str) -> None:
    answer = await world.desk.assign("case-1", slack_id, email, DANA)

    assert not answer.ok
    assert "Nothing was changed" in answer.text
    assert (await world.case()).csm_id == "csm-dana"


async def test_a_csm_found_by_e_mail_is_linked_to_their_slack_user(world: World) -> None:
    await world.learn(a_csm("csm-eve", slack_id=""))
    answer = await world.desk.assign("case-1", "UEVE", "eve@us.test", DANA)

    async with world.store.reading() as work:
        eve = await work.accounts.csm_by_slack_id("UEVE")
    assert answer.ok
    assert eve is not None
    assert eve.id == "csm-eve"


# --- snooze, wake, dismiss


async def test_a_snooze_keeps_its_reason_and_its_end(world: World) -> None:
    until = NOW + timedelta(days=3)
    answer = await world.desk.snooze("case-1", until, "after the  renewal call", DANA)

    case = await world.case()
    assert answer.ok
    assert (case.state, case.snoozed_until, case.snooze_reason) == (CaseState.SNOOZED, until, "after the renewal call")
    assert await world.notes() == ["Dana Reyes snoozed this until 09:00 on 23 Nov: after the renewal call."]


async def test_a_snooze_into_the_past_is_refused(world: World) -> None:
    assert not (await world.desk.snooze("case-1", NOW, "", DANA)).ok
    assert not (await world.desk.snooze("case-1", NOW + timedelta(days=999), "", DANA)).ok
    assert (await world.case()).state is CaseState.OPEN


async def test_a_snoozed_case_wakes_at_a_click(world: World) -> None:
    await world.desk.snooze("case-1", NOW + timedelta(days=3), "", DANA)
    answer = await world.desk.wake_up("case-1", BEN_ACTS)

    case = await world.case()
    assert answer.ok
    assert (case.state, case.snoozed_until, case.snooze_reason) == (CaseState.OPEN, None, "")


async def test_a_dismissal_keeps_the_verdict_and_the_note(world: World) -> None:
    answer = await world.desk.dismiss("case-1", Verdict.FALSE_ALARM, "they are on holiday", DANA)

    case = await world.case()
    assert answer.ok
    assert (case.state, case.verdict, case.close_reason, case.closed_at) == (
        CaseState.DISMISSED,
        Verdict.FALSE_ALARM,
        "they are on holiday",
        NOW,
    )
    assert await world.notes() == ["Dana Reyes dismissed this as “false alarm”: they are on holiday."]


async def test_a_dismissed_case_stays_dismissed_for_everybody(world: World) -> None:
    await world.desk.dismiss("case-1", Verdict.RIGHT, "", DANA)
    answers = [
        await world.approve(BEN_ACTS),
        await world.desk.dismiss("case-1", Verdict.RIGHT, "", BEN_ACTS),
        await world.desk.snooze("case-1", NOW + timedelta(days=1), "", BEN_ACTS),
        await world.desk.wake_up("case-1", BEN_ACTS),
    ]

    assert {(answer.ok, answer.text) for answer in answers} == {
        (False, "Dana Reyes dismissed this at 09:00. Nothing was sent.")
    }


# --- the switches


async def test_any_csm_may_stop_all_sending_and_only_a_lead_lets_it_go_on(world: World) -> None:
    await world.learn(a_csm("csm-lea", name="Lea Lead", lead=True))
    await world.desk.pause(DANA, paused=True)
    refused = await world.desk.pause(DANA, paused=False)
    async with world.store.reading() as work:
        still = await work.flags.get("paused")
    resumed = await world.desk.pause(Actor("csm-lea", "ULEA"), paused=False)

    assert (refused.ok, refused.text) == (False, "Nothing was changed. Only a lead can do this: Lea Lead.")
    assert still is not None
    assert resumed.ok
    async with world.store.reading() as work:
        assert await work.flags.get("paused") is None


async def test_where_nobody_is_a_lead_every_csm_may_resume(world: World) -> None:
    await world.desk.pause(DANA, paused=True)

    assert (await world.desk.pause(BEN_ACTS, paused=False)).ok


@pytest.mark.parametrize(("release", "answer"), [(True, "release"), (False, "drop")])
async def test_a_storm_is_answered_once(world: World, release: bool, answer: str) -> None:
    await world.set_flag("storm", str(TODAY))
    first = await world.desk.storm(DANA, release=release)
    second = await world.desk.storm(BEN_ACTS, release=not release)

    async with world.store.reading() as work:
        flags = await work.flags.get("storm"), await work.flags.get("storm_answer")
    assert (first.ok, second.ok) == (True, False)
    assert flags == (None, answer)
