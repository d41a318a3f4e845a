"""From what fired to cases and cards, on a real database: budget, quiet, storms, first run, drafts (R31-R41)."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from bot.loop.briefing import strongest
from bot.loop.matters import tomorrow
from scoring.casework import CaseState, TriggerKind
from scoring.config import PolicyConfig
from scoring.model import Band
from scoring.roles import TeamRole
from scoring.routing import Routing
from tests.alert_world import FIRST_DAY, LEE, Fleet, Scribe
from tests.builders import a_case, a_contact, a_csm, a_snapshot, an_account, remember

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ROOMY = PolicyConfig(budget_per_account_month=5.0)


@pytest.fixture
def fleet(store: Any) -> Fleet:
    """Nobody yet; a budget that is in nobody's way."""
    return Fleet(store, ROOMY)


def names(number: int) -> list[str]:
    return [f"a{n:02}" for n in range(number)]


async def test_a_fading_account_gets_one_card_with_its_draft_owner_and_reasons(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58]})

    (case,) = await fleet.cases()
    async with fleet.store() as work:
        card, draft = await work.slack.card(case.id), await work.outreach.latest_draft(case.id)
        history, decision = await work.audit.of_case(case.id), (await work.cases.decisions_of("acme"))[-1]
    assert (case.severity, case.csm_id, case.play, case.worst_score) == (Band.AT_RISK, "csm-0", "score_drop", 58.0)
    assert {trigger.kind for trigger in case.triggers} == {TriggerKind.LOW_SCORE, TriggerKind.SCORE_DROP}
    assert case.due_at == fleet.now + 24 * HOUR
    assert (card.channel, card.mention, card.not_before) == ("#cs-alerts", "U0", None)
    assert (draft.to_email, draft.from_email, draft.version, draft.body) == (
        "kim-acme@acme.test",
        "0@us.test",
        1,
        "Hello Kim-Acme",
    )
    assert (decision.action, decision.case_id) == ("open", case.id)
    assert [entry.action for entry in history] == ["opened"]
    assert fleet.woken > 0


async def test_running_a_day_again_changes_nothing(fleet: Fleet) -> None:
    await fleet.settle("acme", "beta", "calm")
    await fleet.days({"acme": [80, 58], "beta": [90, 74], "calm": [90, 90]})
    before = await everything(fleet)

    await fleet.day(1, {}, again=True)
    await fleet.day(1, {}, again=True)

    assert await everything(fleet) == before


async def everything(fleet: Fleet) -> tuple[Any, ...]:
    """All that a run leaves behind."""
    async with fleet.store() as work:
        cases = await work.cases.live()
        cards = [await work.slack.card(case.id) for case in cases]
        drafts = [await work.outreach.drafts(case.id) for case in cases]
        decisions = [await work.cases.decisions(FIRST_DAY + n * DAY) for n in range(3)]
        entries = len(await work.audit.newest(1000))
    return cases, cards, drafts, decisions, entries, await fleet.posts()


# R34


async def test_the_first_run_posts_one_starting_list_and_opens_nothing(fleet: Fleet) -> None:
    await fleet.settle(*names(30))
    await fleet.day(
        0, {name: {"score": 10 + n, "last_active_on": FIRST_DAY - 20 * DAY} for n, name in enumerate(names(30))}
    )

    assert await fleet.cases() == []
    (post,) = await fleet.posts()
    assert (post.key, post.kind, post.target) == ("first_run", "notice", "#cs-digest")
    assert "30 accounts for the first time. 30 at risk" in post.body
    assert "• A00: Churning, health 10\n• A01: Churning, health 11" in post.body
    assert "and 15 more" in post.body
    assert (await fleet.decision("a00")).action == "list"
    assert fleet.writer.given == []


async def test_a_silence_on_the_starting_list_makes_no_card_on_the_second_day(fleet: Fleet) -> None:
    await fleet.settle("acme")
    silent = {"score": 55, "last_active_on": FIRST_DAY - 20 * DAY}
    await fleet.days({"acme": [silent, silent]})

    assert await fleet.cases() == []


# R33, R36


async def test_a_worse_band_updates_the_one_card_and_replies_in_its_thread(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58, 57, 38, 37]})

    (case,) = await fleet.cases()
    notes = [post for post in await fleet.posts() if post.case_id == case.id]
    assert (case.severity, case.worst_score) == (Band.CRITICAL, 37.0)
    assert [note.body for note in notes] == [
        "Worse: At Risk before, Critical now. Health 38, 42 points below 80 on 2 Mar."
    ]
    assert len(await fleet.cases()) == 1


async def test_a_card_is_told_with_todays_numbers_every_day_without_a_word_in_its_thread(fleet: Fleet) -> None:
    await fleet.settle("acme")
    silent = {"score": 58, "last_active_on": FIRST_DAY - 13 * DAY}
    await fleet.days({"acme": [80, silent, silent, silent]})

    (case,) = await fleet.cases()
    (told,) = [trigger for trigger in case.triggers if trigger.kind is TriggerKind.INACTIVITY]
    assert "for 16 days" in told.why[0].text
    assert told.day == FIRST_DAY + 3 * DAY
    assert (case.changed_by, [post for post in await fleet.posts() if post.case_id == case.id]) == ("lookout", [])


async def test_what_no_longer_holds_stays_on_the_card_with_its_day(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58, 62, 62, 62]})

    (case,) = await fleet.cases()
    low = next(trigger for trigger in case.triggers if trigger.kind is TriggerKind.LOW_SCORE)
    assert low.day == FIRST_DAY + DAY
    told = [fact.text for fact in strongest(case, FIRST_DAY + 4 * DAY)]
    assert any(text.startswith("On 3 Mar: Health 58, below 60.") for text in told), told


async def test_a_case_closes_by_itself_after_two_calm_days_and_says_so(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [75, 58, 66, 66]})

    (case,) = await fleet.cases()
    assert (case.state, case.close_reason) == (CaseState.OPEN, ""), "a score-drop case needs 70"
    await fleet.day(4, {"acme": 71})
    assert (await fleet.cases())[0].state is CaseState.OPEN, "one day is not two"
    await fleet.day(5, {"acme": 71})

    (case,) = await fleet.cases()
    assert (case.state, case.close_reason) == (CaseState.CLOSED, "recovered")
    assert (await fleet.posts())[-1].body == "Closed. Nothing holds on two days in a row and health is 71: recovered."


async def test_a_trigger_that_held_yesterday_keeps_a_healthy_case_open_one_more_day(fleet: Fleet) -> None:
    await fleet.settle("acme")
    severe = {"score": 85, "usage_ratio": Fraction(1, 5)}
    await fleet.days({"acme": [85, severe, severe, 85]})
    assert (await fleet.cases())[0].state is CaseState.OPEN

    await fleet.day(4, {"acme": 85})

    assert (await fleet.cases())[0].close_reason == "recovered"


async def test_a_snoozed_case_wakes_when_it_gets_worse(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58]})
    await snooze(fleet, 30 * DAY)
    await fleet.day(2, {"acme": 57})
    assert (await fleet.cases())[0].state is CaseState.SNOOZED

    await fleet.day(3, {"acme": 39})

    (case,) = await fleet.cases()
    assert (case.state, case.snoozed_until) == (CaseState.OPEN, None)


async def snooze(fleet: Fleet, time: timedelta) -> None:
    async with fleet.store() as work:
        (case,) = await work.cases.live()
        asleep = replace(case, state=CaseState.SNOOZED, snoozed_until=fleet.now + time, version=case.version + 1)
        assert await work.cases.save(asleep, expected=case.version)


async def test_a_case_that_a_person_snoozes_in_the_same_moment_is_not_closed_over_their_head(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [64, 58, 90]})
    alert = replace(fleet.alert, store=Interrupted(fleet.store, 2, lambda: snooze(fleet, DAY)))
    await remember(fleet.store, a_snapshot("acme", FIRST_DAY + 3 * DAY, 90, active_users_28=20))
    await alert.run(FIRST_DAY + 3 * DAY)

    assert (await fleet.cases())[0].state is CaseState.SNOOZED


class Interrupted:
    """A store where something happens right after the n-th reading."""

    def __init__(self, store: Any, after: int, what: Callable[[], Awaitable[None]]) -> None:
        self._store, self._left, self._what = store, after, what

    def __call__(self) -> Any:
        return self._store()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with self._store.reading() as work:
            yield work
        self._left -= 1
        if self._left == 0:
            await self._what()


@pytest.mark.parametrize("score", [90, 20])
async def test_a_persons_click_between_our_look_and_our_move_wins(fleet: Fleet, score: int) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [64, 58, score]} if score > 60 else {"acme": [64, 58, 58]})
    real = fleet.store

    async def dismiss() -> None:
        async with real() as work:
            (case,) = await work.cases.live()
            gone = replace(case, state=CaseState.DISMISSED, closed_at=fleet.now, version=case.version + 1)
            assert await work.cases.save(gone, expected=case.version)

    alert = replace(fleet.alert, store=Interrupted(real, 2, dismiss))
    await remember(real, a_snapshot("acme", FIRST_DAY + 3 * DAY, score, active_users_28=20))
    await alert.run(FIRST_DAY + 3 * DAY)

    (case,) = await fleet.cases()
    assert case.state is CaseState.DISMISSED
    assert (await fleet.decision("acme")).reason.startswith("A person changed the case in the same moment")


# R38, R39


async def test_within_the_budget_the_riskiest_get_cards_and_the_rest_a_line(store: Any) -> None:
    fleet = await Fleet(store, PolicyConfig()).settle(*names(40))
    await fleet.day(0, dict.fromkeys(names(40), 80))
    decisions = await fleet.day(1, {name: 80 if n >= 8 else 50 + n for n, name in enumerate(names(40))})

    assert [case.account_id for case in await fleet.cases()] == ["a00", "a01", "a02", "a03"]
    assert Counter((d.action, d.rule) for d in decisions) == {("open", "R40"): 4, ("digest", "R38"): 4}
    await fleet.day(2, {name: 80 if n >= 10 else 40 for n, name in enumerate(names(40))})
    assert len(await fleet.cases()) == 4, "the budget is for 30 days"


async def test_the_same_feed_makes_more_cards_in_the_literal_preset_and_all_of_the_defaults(store: Any) -> None:
    fleet = await Fleet(store, PolicyConfig(preset="literal")).settle(*names(40))
    await fleet.day(0, dict.fromkeys(names(40), 80))
    await fleet.day(1, {name: 80 if n >= 8 else 50 + n for n, name in enumerate(names(40))})

    assert [case.account_id for case in await fleet.cases()] == names(8)


@pytest.mark.slow
async def test_a_feed_that_swings_makes_one_card_in_a_quiet_period(fleet: Fleet) -> None:
    await fleet.settle("wave")
    for number in range(50):
        await fleet.day(number, {"wave": 58 + 6 * math.sin(number / 3)})

    assert len(await fleet.cases()) == 1


async def test_an_account_that_recovered_in_between_gets_a_new_card(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [64, 58, 66, 66, 66, 52]})

    assert [case.state for case in await fleet.cases()] == [CaseState.CLOSED, CaseState.OPEN]


async def test_a_dismissed_account_stays_quiet_but_for_a_fall_into_churning(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [64, 58]})
    async with fleet.store() as work:
        (case,) = await work.cases.live()
        gone = replace(case, state=CaseState.DISMISSED, closed_at=fleet.now, version=case.version + 1)
        assert await work.cases.save(gone, expected=case.version)

    await fleet.day(2, {"acme": 62})
    await fleet.day(3, {"acme": 41})
    assert ((await fleet.decision("acme")).rule, len(await fleet.cases())) == ("R39", 1)
    await fleet.day(4, {"acme": 19})

    assert [(case.severity, case.play) for case in await fleet.cases()][-1] == (Band.CHURNING, "churning")


# R37


async def test_one_csm_gets_five_new_cards_a_day_and_the_others_tomorrow(fleet: Fleet) -> None:
    await fleet.settle(*names(7), csm_id="csm-0")
    await fleet.day(0, dict.fromkeys(names(7), 64))
    await fleet.day(1, {name: 50 + n for n, name in enumerate(names(7))})

    assert [case.account_id for case in await fleet.cases()] == names(5)
    assert (await fleet.decision("a06")).rule == "R37"
    await fleet.day(2, {name: 50 + n for n, name in enumerate(names(7))})

    assert [case.account_id for case in await fleet.cases()] == names(7)


async def test_a_channel_gets_ten_cards_in_an_hour_and_critical_ones_at_once(fleet: Fleet) -> None:
    await fleet.settle(*names(14))
    await fleet.day(0, dict.fromkeys(names(14), 80))
    await fleet.day(1, {name: 30 if n == 13 else 50 + n / 10 for n, name in enumerate(names(14))})

    async with fleet.store() as work:
        cards = {case.account_id: await work.slack.card(case.id) for case in await work.cases.live()}
    later = sorted(name for name, card in cards.items() if card.not_before == fleet.now + HOUR)
    assert (len(cards), later) == (14, ["a09", "a10", "a11", "a12"])
    assert cards["a13"].not_before is None


async def test_cards_posted_within_the_hour_count(fleet: Fleet) -> None:
    await fleet.settle(*names(11))
    await fleet.day(0, dict.fromkeys(names(11), 80))
    await fleet.day(1, {name: 80 if n == 10 else 50 for n, name in enumerate(names(11))})
    async with fleet.store() as work:
        for case in await work.cases.live():
            half_an_hour_ago = fleet.now + DAY - HOUR / 2
            await work.slack.card_done(case.id, posted=2, channel="C1", ts="1.0", at=half_an_hour_ago)

    await fleet.day(2, dict.fromkeys(names(11), 50))

    async with fleet.store() as work:
        case = await work.cases.live_of("a10")
        assert (await work.slack.card(case.id)).not_before == fleet.now + HOUR


# UX 21


async def cards(fleet: Fleet) -> dict[str, Any]:
    async with fleet.store.reading() as work:
        return {case.account_id: await work.slack.card(case.id) for case in await work.cases.live()}


FAR = {"a00": "America/Los_Angeles", "a01": "Asia/Kathmandu", "a02": "Pacific/Auckland", "a03": "Europe/Lisbon"}


async def test_a_new_card_waits_for_its_csms_working_hours_unless_it_presses(fleet: Fleet) -> None:
    await fleet.settle(*FAR)
    await remember(fleet.store, *(a_csm(f"csm-{n}", timezone=zone) for n, zone in enumerate(FAR.values())))
    await fleet.day(0, dict.fromkeys(FAR, 80))
    await fleet.day(1, {"a00": 58, "a01": 57, "a02": 30, "a03": 56})

    # Ten in the morning in UTC is two in Los Angeles, a quarter to four in Kathmandu, eleven at night in Auckland.
    shown = {name: card.not_before for name, card in (await cards(fleet)).items()}
    assert shown == {"a00": fleet.now + 7 * HOUR, "a01": None, "a02": None, "a03": None}
    case = next(case for case in await fleet.cases() if case.account_id == "a00")
    assert (case.state, case.opened_at) == (CaseState.OPEN, fleet.now)  # App Home and the digest have it at once


async def test_no_card_comes_on_a_free_day_but_who_asks_for_one_gets_it(fleet: Fleet) -> None:
    await fleet.settle("a00", "a01")
    await fleet.day(3, {"a00": 80, "a01": 80})
    await fleet.day(4, {"a00": 58, "a01": 80})
    assert f"{fleet.now:%A}" == "Saturday"
    assert (await fleet.on_request.open_case("a01", Dana())).ok

    shown = {name: card.not_before for name, card in (await cards(fleet)).items()}
    assert shown == {"a00": datetime(2026, 3, 9, 8, tzinfo=UTC), "a01": None}  # Monday at nine in Berlin


async def test_a_card_that_waits_for_the_morning_comes_at_once_when_it_gets_critical(fleet: Fleet) -> None:
    await fleet.settle("a00")
    await fleet.day(3, {"a00": 80})
    await fleet.day(4, {"a00": 58})
    assert (await cards(fleet))["a00"].not_before == datetime(2026, 3, 9, 8, tzinfo=UTC)
    await fleet.day(5, {"a00": 30})

    assert f"{fleet.now:%A}" == "Sunday"
    assert (await cards(fleet))["a00"].not_before == fleet.now


async def test_what_waits_for_a_morning_comes_ten_an_hour_then(fleet: Fleet) -> None:
    await fleet.settle(*names(14))
    await remember(fleet.store, *(a_csm(f"csm-{n}", timezone="America/Los_Angeles") for n in range(10)))
    await fleet.day(0, dict.fromkeys(names(14), 80))
    await fleet.day(1, {name: 50 + n / 10 for n, name in enumerate(names(14))})

    opening = fleet.now + 7 * HOUR
    assert Counter(card.not_before for card in (await cards(fleet)).values()) == {opening: 10, opening + HOUR: 4}


async def test_what_a_weekend_left_waiting_comes_ten_an_hour_too_and_delays_no_card_that_is_asked_for(
    fleet: Fleet,
) -> None:
    await fleet.settle(*names(25))
    await fleet.day(3, dict.fromkeys(names(25), 80))
    await fleet.day(4, {name: 58 if n < 12 else 80 for n, name in enumerate(names(25))})
    await fleet.day(5, {name: 58 if n < 24 else 80 for n, name in enumerate(names(25))})
    assert (await fleet.on_request.open_case("a24", Dana())).ok

    monday = datetime(2026, 3, 9, 8, tzinfo=UTC)
    shown = Counter(card.not_before for card in (await cards(fleet)).values())
    assert shown == {monday: 10, monday + HOUR: 10, monday + 2 * HOUR: 4, None: 1}


async def test_however_many_wait_no_hour_gets_more_cards_than_its_share(fleet: Fleet) -> None:
    fleet.policy = replace(ROOMY, cards_per_channel_hour=1)
    await fleet.settle(*names(15))
    await remember(fleet.store, *(a_csm(f"csm-{n}", timezone="America/Los_Angeles") for n in range(10)))
    await fleet.day(0, dict.fromkeys(names(15), 80))
    await fleet.day(1, {name: 50 + n / 10 for n, name in enumerate(names(15))})

    came = sorted(card.not_before for card in (await cards(fleet)).values())
    assert came == [fleet.now + 7 * HOUR + n * HOUR for n in range(15)]


async def test_a_monday_brings_a_csm_five_cards_and_not_five_for_each_day_of_the_weekend(fleet: Fleet) -> None:
    await fleet.settle(*names(9), "auto", csm_id="csm-0")
    await fleet.day(3, dict.fromkeys(names(9), 64))
    async with fleet.store() as work:  # a mail that leaves by itself on Monday, with its card: nobody must act on it
        mailed = a_case("auto", state=CaseState.APPROVED, account_id="auto", csm_id="csm-0", opened_at=fleet.now)
        assert await work.cases.add(mailed)
        await work.slack.want_card(mailed.id, channel="#cs-alerts", not_before=fleet.now + 3 * DAY)
    await fleet.day(4, {name: 50 + n if n < 4 else 64 for n, name in enumerate(names(9))})
    await fleet.day(5, {name: 50 + n for n, name in enumerate(names(9))})

    assert [case.account_id for case in await fleet.cases()] == [*names(5), "auto"]
    assert (await fleet.decision("a08")).rule == "R37"
    async with fleet.store() as work:
        for case in await work.cases.live():
            await work.slack.want_card(case.id)
            await work.slack.card_done(case.id, posted=2, channel="C1", ts="1.0", at=fleet.now + DAY)
    await fleet.day(7, {name: 50 + n for n, name in enumerate(names(9))})

    assert [case.account_id for case in await fleet.cases()] == [*names(9), "auto"]


async def test_the_lead_hears_of_a_card_in_their_own_hours_unless_it_presses(fleet: Fleet) -> None:
    await fleet.settle("a00", "a01", arr=900_000)
    await remember(fleet.store, a_csm("csm-lee", lead=True, timezone="Pacific/Auckland"))
    severe = {"score": 58, "usage_ratio": Fraction(3, 10)}
    await fleet.day(0, {"a00": 80, "a01": 80})
    await fleet.day(1, {"a00": severe, "a01": 15})

    heard = {post.body.split(" is ")[0]: post.not_before for post in await fleet.posts() if post.target == "ULEE"}
    assert heard == {"A00": fleet.now + 10 * HOUR, "A01": None}


# R8, R35


async def test_in_the_dark_there_is_no_card_and_an_open_case_is_left_alone(fleet: Fleet) -> None:
    await fleet.settle("acme", "beta")
    await fleet.days({"acme": [80, 58], "beta": [80, 80]})
    before = await fleet.cases()
    await fleet.day(2, {"acme": {"score": 5, "coverage": 0.3}, "beta": {"score": 5, "coverage": 0.3}})

    assert await fleet.cases() == before


async def test_a_feed_that_stopped_makes_no_card_and_one_notice_until_a_person_answers(fleet: Fleet) -> None:
    await fleet.settle(*names(20))
    await fleet.day(0, dict.fromkeys(names(20), 80))
    fleet.volumes = [*fleet.volumes, 0]
    for number in (1, 2, 3):
        await fleet.day(number, dict.fromkeys(names(20), 40 - number))

    assert await fleet.cases() == []
    notices = [post for post in await fleet.posts() if post.kind == "storm"]
    assert [(post.key, post.target) for post in notices] == [("storm:2026-03-03", "#cs-alerts")]
    assert "Almost no events came in on 3 Mar: 0, where 1,000 are usual" in notices[0].body
    assert await fleet.flag("storm") == "2026-03-03"
    assert (await fleet.decision("a00")).action == "hold"


async def test_what_lookout_trips_over_the_next_morning_takes_no_storms_place(fleet: Fleet) -> None:
    await fleet.settle(*names(40))
    await fleet.days({name: [80, 50] for name in names(40)})
    next_day = FIRST_DAY + 2 * DAY
    await remember(fleet.store, a_snapshot("a00", next_day, score=50))
    async with fleet.store() as work:
        await work.cases.decide(tomorrow(["a00"], next_day))

    assert {decision.account_id for decision in await fleet.answer_storm("drop")} == set(names(40))


async def test_a_mass_movement_is_held_and_released_within_the_budget_riskiest_first(store: Any) -> None:
    fleet = await Fleet(store, PolicyConfig()).settle(*names(60))
    await fleet.day(0, dict.fromkeys(names(60), 80))
    await fleet.day(1, {name: 80 if n >= 30 else 40 + n / 2 for n, name in enumerate(names(60))})
    assert await fleet.cases() == []

    released = await fleet.answer_storm("release")

    assert [case.account_id for case in await fleet.cases()] == names(6)
    assert Counter(d.action for d in released) == {"open": 6, "digest": 24}
    assert (await fleet.flag("storm"), await fleet.flag("storm_answer")) == (None, None)
    assert len(fleet.writer.given) == 6
    await fleet.day(1, {}, again=True)
    assert len(await fleet.cases()) == 6


@pytest.mark.slow
async def test_what_was_held_over_two_days_is_released_together(fleet: Fleet) -> None:
    await fleet.settle(*names(60))
    await fleet.day(0, dict.fromkeys(names(60), 80))
    await fleet.day(1, {name: 80 if n >= 30 else 50 for n, name in enumerate(names(60))})
    await fleet.day(2, {name: 80 if n >= 31 else 50 for n, name in enumerate(names(60))})

    await fleet.answer_storm("release")

    assert [case.account_id for case in await fleet.cases()] == names(31)


async def test_what_is_dropped_stays_without_a_card(fleet: Fleet) -> None:
    await fleet.settle(*names(60))
    await fleet.day(0, dict.fromkeys(names(60), 80))
    fallen = {name: 80 if n >= 30 else 50 for n, name in enumerate(names(60))}
    await fleet.day(1, fallen)

    await fleet.answer_storm("drop")
    await fleet.day(2, fallen)

    assert await fleet.cases() == []
    async with fleet.store() as work:
        assert {d.reason for d in await work.cases.decisions(FIRST_DAY + DAY)} == {
            "A person dropped what was held on this day."
        }


async def test_an_outage_on_the_first_run_keeps_the_starting_list_for_later(fleet: Fleet) -> None:
    await fleet.settle("acme")
    fleet.volumes = [*fleet.volumes, 0]
    await fleet.day(0, {"acme": {"score": 30, "last_active_on": FIRST_DAY - 20 * DAY}})
    assert (await fleet.flag("first_run"), await fleet.cases()) == (None, [])

    await fleet.answer_storm("release")

    assert (await fleet.flag("first_run"), await fleet.cases()) == ("2026-03-02", [])


# Routes, the lead, contacts


async def test_a_grave_card_goes_to_its_channel_and_the_lead_is_told_directly(fleet: Fleet) -> None:
    fleet.routing = Routing.from_settings("#cs-alerts", {"severity:Churning": "#cs-exec"})
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 15]})

    (case,) = await fleet.cases()
    async with fleet.store() as work:
        card = await work.slack.card(case.id)
    assert (card.channel, card.mention, case.play) == ("#cs-exec", "U0", "churning")
    assert case.due_at == datetime(2026, 3, 5, tzinfo=UTC), "the same local day"
    (told,) = [post for post in await fleet.posts() if post.key.startswith("lead:")]
    assert (told.target, told.kind) == (LEE.slack_id, "notice")


async def test_an_account_that_nobody_owns_goes_to_the_lead(fleet: Fleet) -> None:
    await fleet.settle("acme", csm_id=None)
    await fleet.days({"acme": [80, 58]})

    (case,) = await fleet.cases()
    async with fleet.store() as work:
        card, draft = await work.slack.card(case.id), await work.outreach.latest_draft(case.id)
    assert (case.csm_id, card.mention, draft.from_id) == (None, LEE.slack_id, LEE.id)


async def test_the_draft_is_never_for_somebody_who_left_or_opted_out(fleet: Fleet) -> None:
    await fleet.settle("acme")
    pat, sam = a_contact("pat", "acme", primary=False), a_contact("sam", "acme", primary=False, left=True)
    await remember(fleet.store, pat, sam)
    async with fleet.store() as work:
        await work.outreach.suppress("kim-acme@acme.test", "opted out", fleet.now)
    await fleet.days({"acme": [80, 58]})

    assert [given["contact"].id for given in fleet.writer.given] == ["pat"]


async def test_a_case_without_anybody_to_write_to_has_a_card_and_gets_its_draft_when_there_is_somebody(
    fleet: Fleet,
) -> None:
    await remember(fleet.store, LEE, a_csm("csm-0"), an_account("acme", csm_id="csm-0"))
    await fleet.days({"acme": [80, 58]})
    assert (len(await fleet.cases()), fleet.writer.given) == (1, [])

    await remember(fleet.store, a_contact("new", "acme"))
    assert await fleet.drafting.write_missing_drafts() == 1


# Drafts


async def test_a_slow_writer_holds_up_no_card_and_no_click(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.day(0, {"acme": 80})

    async def while_writing() -> None:
        async with fleet.store() as work:
            (case,) = await work.cases.live()
            assert (await work.slack.card(case.id)).wanted == 1
            assert await work.outreach.latest_draft(case.id) is None

    fleet.writer = Scribe(before=while_writing)
    await fleet.day(1, {"acme": 58})

    assert len(fleet.writer.given) == 1


async def test_a_crash_while_writing_leaves_a_case_whose_draft_is_written_later(fleet: Fleet) -> None:
    await fleet.settle("acme", "beta")
    await fleet.day(0, {"acme": 80, "beta": 80})

    async def crash() -> None:
        raise RuntimeError("the power went")

    fleet.writer = Scribe(before=crash)
    with pytest.raises(RuntimeError):
        await fleet.day(1, {"acme": 58, "beta": 57})
    fleet.writer = Scribe()

    assert await fleet.drafting.write_missing_drafts() == 2
    assert await fleet.drafting.write_missing_drafts() == 0


async def test_a_case_dismissed_while_its_draft_is_written_gets_none(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.day(0, {"acme": 80})

    async def dismiss() -> None:
        async with fleet.store() as work:
            (case,) = await work.cases.live()
            gone = replace(case, state=CaseState.DISMISSED, closed_at=fleet.now, version=case.version + 1)
            assert await work.cases.save(gone, expected=case.version)

    fleet.writer = Scribe(before=dismiss)
    await fleet.day(1, {"acme": 58})

    (case,) = await fleet.cases()
    async with fleet.store() as work:
        assert await work.outreach.drafts(case.id) == []


async def test_two_sweeps_at_once_write_one_draft(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.day(0, {"acme": 80})
    fleet.writer = Scribe(before=lambda: asyncio.sleep(0.05))
    await fleet.day(1, {"acme": 58})
    async with fleet.store() as work:
        await work.cases.live()
    await remember(fleet.store, an_account("beta", csm_id="csm-0"), a_contact("kim-beta", "beta"))
    await fleet.day(2, {"acme": 58, "beta": 80})
    drafting = fleet.drafting

    done = await asyncio.gather(drafting.write_missing_drafts(), drafting.write_missing_drafts())

    assert sorted(done) == [0, 0]
    assert len(fleet.writer.given) == 1


async def test_a_draft_is_made_from_its_own_account_alone(fleet: Fleet) -> None:
    await fleet.settle("acme", "beta")
    fall = {"score": 58, "usage_ratio": Fraction(1, 5), "last_feature": "acme_only"}
    await fleet.days({"acme": [80, fall], "beta": [80, {**fall, "last_feature": "beta_only"}]})

    for given in fleet.writer.given:
        other = "beta" if given["account"].id == "acme" else "acme"
        assert not any(other in fact.text.lower() or other in fact.value.lower() for fact in given["facts"])
        assert all(fact.id.startswith("internal.") for fact in given["facts"] if "Health" in fact.text)


# Snoozes and reminders


async def test_a_snooze_that_is_over_opens_the_case_and_tells_its_owner_once(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58]})
    await snooze(fleet, 3 * DAY)
    assert await fleet.reminders.wake_snoozed(fleet.now + 3 * DAY - HOUR) == 0

    assert await fleet.reminders.wake_snoozed(fleet.now + 3 * DAY) == 1
    assert await fleet.reminders.wake_snoozed(fleet.now + 3 * DAY) == 0

    (case,) = await fleet.cases()
    assert (case.state, case.snoozed_until) == (CaseState.OPEN, None)
    told = [post.target for post in await fleet.posts() if post.key.startswith("awake:") and post.kind == "notice"]
    assert told == ["U0"]


async def test_a_case_that_was_snoozed_for_weeks_is_not_closed_on_the_day_it_wakes(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58]})
    await snooze(fleet, 20 * DAY)
    await fleet.day(21, {"acme": 58})
    await fleet.reminders.run()
    await fleet.day(22, {"acme": 58})

    assert (await fleet.cases())[0].state is CaseState.OPEN


async def test_the_owner_is_reminded_in_their_hours_and_the_lead_when_it_is_overdue(
    fleet: Fleet,
) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58]})
    opened = fleet.now

    async def told(after: timedelta) -> list[str]:
        before = {post.key for post in await fleet.posts()}
        await fleet.reminders.remind(opened + after)
        return [f"{p.target}: {p.body}" for p in await fleet.posts() if p.key not in before]

    assert await told(11 * HOUR) == []
    assert await told(12 * HOUR) == [], "it is eleven at night where they sit"
    assert await told(22 * HOUR) == [
        "U0: Acme: its card has waited 22 hours for your decision. It is due at 11:00 on 5 Mar."
    ]
    assert await told(23 * HOUR) == []
    assert await told(24 * HOUR) == ["ULEE: Acme: its card is overdue; 0 Reyes has not decided yet."]
    assert await told(25 * HOUR) == []


async def test_a_reminder_counts_from_when_the_card_came_not_from_when_it_waited_for_a_morning(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await remember(fleet.store, a_csm("csm-0", timezone="America/Los_Angeles"))
    await fleet.days({"acme": [80, 58]})
    opened, (case,) = fleet.now, await fleet.cases()  # the card comes seven hours later, at nine where they are
    await fleet.reminders.remind(opened + 13 * HOUR)

    async with fleet.store() as work:
        await work.slack.card_done(case.id, posted=2, channel="C1", ts="1.0", at=opened + 7 * HOUR)
        later = replace(case, due_at=opened + 48 * HOUR, version=case.version + 1)
        assert await work.cases.save(later, expected=case.version)
    await fleet.reminders.remind(opened + 31 * HOUR)
    told = [post.body.split(" for your")[0] for post in await fleet.posts() if post.target == "U0"]
    assert told == ["Acme: its card has waited 24 hours"]


async def test_a_reminder_whose_hour_is_at_night_comes_before_the_card_is_overdue(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await remember(fleet.store, a_csm("csm-0", timezone="America/Halifax"))
    await fleet.days({"acme": [80, 58]})
    opened, (case,) = fleet.now, await fleet.cases()  # at six in the morning where they are; due at six the next day
    for hour in range(24):
        if hour == 3:
            async with fleet.store() as work:
                await work.slack.card_done(case.id, posted=2, channel="C1", ts="1.0", at=opened + 3 * HOUR)
        await fleet.reminders.remind(opened + hour * HOUR)

    told = [post.body.split(" for your")[0] for post in await fleet.posts() if post.target == "U0"]
    assert told == ["Acme: its card has waited 7 hours"]  # at four; nine at night would be half-way


async def test_a_lead_is_spoken_to_and_not_about(fleet: Fleet) -> None:
    await fleet.settle("acme", csm_id="csm-lee")
    await fleet.days({"acme": [80, 58]})

    await fleet.reminders.remind(fleet.now + 25 * HOUR)

    assert "Acme: its card is overdue and waits for your decision." in [post.body for post in await fleet.posts()]


async def test_a_lead_hears_of_several_overdue_cards_at_once_and_of_each_once(fleet: Fleet) -> None:
    await fleet.settle("acme", "globex")
    await fleet.days({"acme": [80, 58], "globex": [80, 57]})
    late = fleet.now + 25 * HOUR

    for _ in range(2):
        await fleet.reminders.remind(late)

    (told,) = [post for post in await fleet.posts() if post.key.startswith("overdue:")]
    first, *lines = told.body.split("\n")
    assert (told.target, first) == ("ULEE", "2 cards are overdue and wait for a decision:")
    assert sorted(lines) == ["• Acme, 0 Reyes", "• Globex, 1 Reyes"]


async def test_after_a_snooze_the_clock_of_a_card_starts_anew(fleet: Fleet) -> None:
    await fleet.settle("acme")
    await fleet.days({"acme": [80, 58]})
    await snooze(fleet, timedelta(days=9))

    fleet.now += timedelta(days=9)
    await fleet.reminders.wake_snoozed(fleet.now)

    assert (await fleet.cases())[0].due_at == fleet.now + 24 * HOUR


# A person asks


class Dana:
    slack_id, name, person_id, timezone, role = "U0", "Dana", "csm-0", "UTC", TeamRole.VIEWER


class Stranger:
    slack_id, name, person_id, timezone, role = "UX", "Eve", "", "UTC", TeamRole.VIEWER


async def test_a_person_who_asks_gets_a_card_whatever_the_rules_say(store: Any) -> None:
    fleet = await Fleet(store, PolicyConfig(budget_per_account_month=0.0)).settle("acme")
    await fleet.day(0, {"acme": 90})

    answer = await fleet.on_request.open_case("acme", Dana())

    (case,) = await fleet.cases()
    assert (answer.ok, case.triggers[0].kind, case.severity) == (True, TriggerKind.ASKED, Band.MONITOR)
    assert await fleet.drafting.write_missing_drafts() == 1
    again = await fleet.on_request.open_case("acme", Dana())
    assert (again.ok, len(await fleet.cases())) == (False, 1)


async def test_a_stranger_an_unknown_a_churned_and_an_unscored_account_open_nothing(fleet: Fleet) -> None:
    await fleet.settle("acme", "left", "new")
    await remember(fleet.store, an_account("left", churned_on=FIRST_DAY))
    await fleet.day(0, {"acme": 50, "left": 50})
    asked = [("acme", Stranger()), ("nobody", Dana()), ("left", Dana()), ("new", Dana())]

    answers = [await fleet.on_request.open_case(account_id, actor) for account_id, actor in asked]

    assert [answer.ok for answer in answers] == [False] * 4
    assert all("othing" in answer.text for answer in answers)
    assert await fleet.cases() == []
