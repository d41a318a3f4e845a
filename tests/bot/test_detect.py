"""Triggers are found once, compared with the last day that could be seen, and not again while a case is open."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from bot.loop.detect import Detect
from scoring.casework import TriggerKind
from scoring.config import PolicyConfig
from scoring.model import Band
from tests.builders import TODAY, a_case, a_csm, a_snapshot, a_trigger, an_account, remember

DAY = timedelta(days=1)


def snap(score: float, day: date = TODAY, **more: Any) -> Any:
    return a_snapshot(score=score, day=day, **{"active_users_28": 20, "last_active_on": day} | more)


async def fired(store: Any, day: date = TODAY) -> list[tuple[TriggerKind, str]]:
    return [(t.kind, t.detail) for t in await Detect(store, PolicyConfig()).run(day)]


async def test_a_crossing_is_stored_once_however_often_the_day_is_run(store: Any) -> None:
    await remember(store, an_account(), a_csm(), snap(70.0, TODAY - DAY), snap(59.0))

    assert await fired(store) == [(TriggerKind.LOW_SCORE, "")]
    assert await fired(store) == []
    async with store() as work:
        assert len(await work.cases.fired_on(TODAY)) == 1


async def test_a_day_without_scores_fires_nothing(store: Any) -> None:
    await remember(store, an_account(), a_csm(), snap(70.0, TODAY - DAY))

    assert await fired(store) == []


async def test_a_customer_who_left_fires_nothing(store: Any) -> None:
    await remember(store, an_account(churned_on=TODAY), a_csm(), snap(70.0, TODAY - DAY), snap(59.0))

    assert await fired(store) == []


async def test_what_was_crossed_in_the_dark_fires_when_the_light_is_back(store: Any) -> None:
    await remember(
        store,
        an_account(),
        a_csm(),
        snap(70.0, TODAY - 3 * DAY),
        snap(50.0, TODAY - 2 * DAY, coverage=0.2),
        snap(50.0, TODAY - DAY, coverage=0.2),
        snap(50.0, usage_ratio=Fraction(1, 5)),
    )

    assert await fired(store, TODAY - DAY) == []
    assert await fired(store) == [
        (TriggerKind.SCORE_DROP, ""),
        (TriggerKind.USAGE_DROP, "severe"),
        (TriggerKind.LOW_SCORE, ""),
    ]


async def test_yesterday_is_whatever_day_was_scored_last(store: Any) -> None:
    await remember(store, an_account(), a_csm(), snap(61.0, TODAY - 5 * DAY), snap(59.0))

    assert await fired(store) == [(TriggerKind.LOW_SCORE, "")]


async def test_a_silence_fires_late_when_its_fourteenth_day_was_missed_and_only_once(store: Any) -> None:
    quiet = {"last_active_on": TODAY - 20 * DAY}
    await remember(store, an_account(), a_csm(), snap(70.0, **quiet), snap(70.0, TODAY + DAY, **quiet))

    assert await fired(store) == [(TriggerKind.INACTIVITY, "")]
    assert await fired(store, TODAY + DAY) == []


async def test_a_kind_on_the_open_case_is_not_fired_again_until_it_closes(store: Any) -> None:
    await remember(store, an_account(), a_csm(), snap(70.0, TODAY - DAY), snap(59.0), a_case(triggers=(a_trigger(),)))

    assert await fired(store) == []


async def test_a_worse_kind_joins_the_open_case(store: Any) -> None:
    moderate = a_trigger(TriggerKind.USAGE_DROP, floor=Band.MONITOR, detail="moderate")
    before = snap(70.0, TODAY - DAY, usage_ratio=Fraction(1, 2))
    await remember(
        store, an_account(), a_csm(), before, snap(70.0, usage_ratio=Fraction(1, 5)), a_case(triggers=(moderate,))
    )

    assert await fired(store) == [(TriggerKind.USAGE_DROP, "severe")]
