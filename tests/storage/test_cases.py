"""One live case an account, legal moves only, and nobody's change is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scoring.casework import CASE_MOVES, LIVE_STATES, CaseState, Fact, TriggerKind, Verdict
from scoring.model import Band
from storage.errors import ConstraintBroken, IllegalMove
from tests.builders import NOW, TODAY, a_case, a_decision, a_trigger, an_account, remember

YESTERDAY = TODAY - timedelta(days=1)


def ended(case, state=CaseState.CLOSED, at=NOW):
    """A case, one version on, that is over."""
    return replace(case, state=state, closed_at=at, close_reason="recovered", version=case.version + 1)


async def test_an_account_has_one_live_case(any_store):
    await remember(any_store, an_account(), an_account("zeta"), a_case())

    async with any_store() as work:
        assert not await work.cases.add(a_case("case-2"))
        assert await work.cases.add(a_case("case-3", "zeta"))
        assert await work.cases.live_of("acme") == a_case()
        assert [case.id for case in await work.cases.live()] == ["case-1", "case-3"]


async def test_an_ended_case_makes_room_for_the_next(any_store):
    await remember(any_store, an_account(), a_case())
    second = a_case("case-2", opened_at=NOW + timedelta(days=3))

    async with any_store() as work:
        assert await work.cases.save(ended(a_case()), expected=1)
        assert await work.cases.live_of("acme") is None
        assert await work.cases.last_of_all() == {"acme": ended(a_case())}
        assert await work.cases.add(second)
        assert await work.cases.last_of_all() == {"acme": second}


async def test_a_case_id_is_used_once(any_store):
    await remember(any_store, an_account(), an_account("zeta"), a_case())

    with pytest.raises(ConstraintBroken):
        await remember(any_store, a_case("case-1", "zeta"))


async def test_a_case_keeps_everything_it_is_told(any_store):
    full = a_case(
        severity=Band.CHURNING,
        triggers=(
            a_trigger(TriggerKind.STUCK, why=(Fact("step", "Stuck at “import”: 3 of 5 days.", "import"),)),
            a_trigger(TriggerKind.ASKED, digest_only=True, high_priority=True, detail="é 🚀 <b>"),
        ),
        high_priority=True,
        high_value=True,
        due_at=NOW + timedelta(hours=4),
        worst_score=12.345678901234567,
        snoozed_until=NOW + timedelta(days=1),
        snooze_reason="on holiday",
        verdict=Verdict.KNEW_IT,
        changed_by="UDANA",
        changed_at=NOW,
    )
    await remember(any_store, an_account(), full)

    async with any_store() as work:
        assert await work.cases.get("case-1") == full


async def test_only_the_version_that_was_read_can_be_changed(any_store):
    await remember(any_store, an_account(), a_case())
    mine = a_case(version=2, csm_id="csm-lee")
    theirs = a_case(version=2, csm_id="csm-max")

    async with any_store() as work:
        assert await work.cases.save(mine, expected=1)
        assert not await work.cases.save(theirs, expected=1)
        assert await work.cases.get("case-1") == mine
        assert not await work.cases.save(a_case("unknown", version=2), expected=1)


async def test_a_version_grows_by_one(any_store):
    await remember(any_store, an_account(), a_case())

    with pytest.raises(ValueError, match="version 3 over 1"):
        async with any_store() as work:
            await work.cases.save(a_case(version=3), expected=1)


@pytest.mark.parametrize("old", CaseState)
async def test_a_case_moves_only_as_the_table_of_moves_allows(store, old):
    await remember(store, *(an_account(new) for new in CaseState), *(a_case(new, new, state=old) for new in CaseState))

    async with store() as work:
        for new in CaseState:
            wanted = a_case(new, new, state=new, version=2)
            if new in CASE_MOVES[old] or new == old:
                assert await work.cases.save(wanted, expected=1)
            else:
                with pytest.raises(IllegalMove, match=f"from {old} to {new}"):
                    await work.cases.save(wanted, expected=1)
            assert (await work.cases.get(new)).state == (new if new in CASE_MOVES[old] else old)


async def test_losing_a_race_is_no_illegal_move(any_store):
    await remember(any_store, an_account(), a_case())

    async with any_store() as work:
        assert await work.cases.save(ended(a_case(), CaseState.DISMISSED), expected=1)
        assert not await work.cases.save(a_case(state=CaseState.APPROVED, version=2), expected=1)


async def test_a_verdict_may_come_after_the_end(any_store):
    await remember(any_store, an_account(), a_case())
    over = ended(a_case(), CaseState.DISMISSED)

    async with any_store() as work:
        await work.cases.save(over, expected=1)
        assert await work.cases.save(replace(over, verdict=Verdict.RIGHT, version=3), expected=2)


async def test_ended_cases_are_found_by_when_they_ended(any_store):
    early, late = NOW - timedelta(days=2), NOW + timedelta(days=2)
    await remember(any_store, *(an_account(f"a{n}") for n in range(3)), *(a_case(f"c{n}", f"a{n}") for n in range(3)))

    async with any_store() as work:
        await work.cases.save(ended(a_case("c0", "a0"), at=early), expected=1)
        await work.cases.save(ended(a_case("c1", "a1"), at=late), expected=1)
        await work.cases.save(
            replace(a_case("c2", "a2"), state=CaseState.DISMISSED, changed_at=NOW, version=2), expected=1
        )
        assert [case.id for case in await work.cases.ended_since(NOW)] == ["c2", "c1"]
        assert [case.id for case in await work.cases.ended_since(early)] == ["c0", "c2", "c1"]
        assert await work.cases.opened_since(NOW) == 3
        assert await work.cases.opened_since(late) == 0


@pytest.mark.parametrize("state", CaseState)
async def test_live_means_the_same_in_the_rules_and_in_the_database(store, state):
    await remember(store, an_account(), a_case(state=state))

    async with store() as work:
        assert (await work.cases.live_of("acme") is not None) == (state in LIVE_STATES)
        assert len(await work.cases.live()) == (state in LIVE_STATES)
        assert await work.cases.add(a_case("case-2")) == (state not in LIVE_STATES)


async def test_a_trigger_fires_once_for_each_window(any_store):
    first = a_trigger(window="w1")
    again = a_trigger(window="w1", day=YESTERDAY)
    other_kind, other_window = a_trigger(TriggerKind.STUCK, window="w1"), a_trigger(window="w2")
    await remember(any_store, first)

    async with any_store() as work:
        assert await work.cases.fired([other_window, again, other_kind, other_window]) == [other_window, other_kind]
        assert await work.cases.fired([first, other_kind]) == []
        assert await work.cases.fired([]) == []
        assert await work.cases.fired_on(TODAY) == [first, other_window, other_kind]
        assert await work.cases.fired_on(YESTERDAY) == []


async def test_a_whole_fleet_may_fire_on_one_day(any_store):
    every = [a_trigger(account_id=f"a{number}") for number in range(2_300)]

    async with any_store() as work:
        assert await work.cases.fired(every[:500]) == every[:500]
        assert await work.cases.fired(every) == every[500:]


async def test_the_newest_decision_of_a_day_stands(any_store):
    opened = a_decision(action="open", reason="It fell under 60.", rule="R31", case_id="case-1")
    await remember(any_store, a_decision(), a_decision(day=YESTERDAY), a_decision("zeta"))
    await remember(any_store, a_decision(), opened)

    async with any_store() as work:
        assert await work.cases.decisions(TODAY) == [opened, a_decision("zeta")]
        assert await work.cases.decisions_of("acme") == [a_decision(day=YESTERDAY), opened]
