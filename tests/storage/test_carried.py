"""What windows held yesterday is carried on to today, and says the same as looking back over all the days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.carried import Carried
from scoring.roster import day_number
from storage.usage import rollups as module
from storage.usage.local import UsageStore
from storage.usage.rollups import looked_back
from tests.storage.event_world import CAIRO, CONFIG, LAST, Row, columns, imported, rows
from tests.thoroughness import examples

TODAY = day_number(LAST)
EVENTS = rows(accounts=8, events=300)
STORY = st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 100), max_size=2)), min_size=2, max_size=6)


def event(day: int, number: int) -> Row:
    """An event of somebody known, or of somebody new."""
    at = datetime(2024, 5, 20, 12, tzinfo=UTC) + timedelta(days=day - TODAY, seconds=number)
    return Row(at, f"acct-{number % 9:02}", number % 50, ("report", "login", "heartbeat")[number % 3], 1 + number % 4)


def plain(carried: Carried) -> dict[str, Any]:
    """Everything in it; pairs that no window holds are left out."""
    carried.forget()
    last = carried.last
    told: dict[str, Any] = {"day": carried.day, "last": [last.account, last.day, last.person, last.name]}
    for kind, pairs in (("people", carried.people), ("names", carried.names)):
        told[kind] = [pairs.code, pairs.last, *pairs.sums.values()]
    return {name: [part.tolist() for part in value] if name != "day" else value for name, value in told.items()}


def agrees(usage: UsageStore, day: int) -> Carried:
    """Carried on or not, it is what looking back gives."""
    found = usage.rollups().carried(day)
    assert plain(found) == plain(looked_back(usage.rollups(), day))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store to begin with; each test takes a copy."""
    home = tmp_path_factory.mktemp("home")
    imported(home, EVENTS).close()
    return home


@pytest.fixture
def usage(home: Path, tmp_path: Path) -> Iterator[UsageStore]:
    copytree(home, tmp_path, dirs_exist_ok=True)
    with closing(UsageStore(tmp_path, CAIRO, CONFIG)) as store:
        yield store


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(story=STORY, seed=st.integers(0, 1_000))
def test_days_that_follow_each_other_with_late_events_between_them_are_as_if_looked_back_for(
    home: Path, tmp_path_factory: pytest.TempPathFactory, story: list[tuple[int, list[int]]], seed: int
) -> None:
    copied = copytree(home, tmp_path_factory.mktemp("usage"), dirs_exist_ok=True)
    with closing(UsageStore(copied, CAIRO, CONFIG)) as usage:
        day = TODAY
        agrees(usage, day)
        for turn, (ahead, late) in enumerate(story):
            day += ahead
            fresh = [event(day, seed + turn + number) for number in range(3)]
            usage.append_columns(f"{turn}", columns(fresh + [event(day - ago, seed + ago) for ago in late]))
            usage.refresh()
            agrees(usage, day)


def test_the_next_days_are_carried_on_without_looking_back(usage: UsageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = plain(looked_back(usage.rollups(), TODAY))
    usage.rollups().carried(TODAY - 10)
    monkeypatch.setattr(module, "looked_back", None)
    for day in (TODAY - 9, TODAY - 8, TODAY - 5):
        usage.rollups().carried(day)
    assert plain(usage.rollups().carried(TODAY)) == wanted


def test_a_day_that_is_scored_again_as_its_events_come_is_carried_on_from_the_day_before(
    usage: UsageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (TODAY - 1, TODAY):
        agrees(usage, day)
    usage.append_columns("today", columns([event(TODAY, 5)]))
    usage.refresh()
    wanted = plain(looked_back(usage.rollups(), TODAY))
    monkeypatch.setattr(module, "looked_back", None)
    assert plain(usage.rollups().carried(TODAY)) == wanted


def test_a_file_that_cannot_be_read_is_set_aside_and_worked_out_again(usage: UsageStore, tmp_path: Path) -> None:
    agrees(usage, TODAY)
    (file,) = (tmp_path / "usage" / "carried").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] + b"nonsense!")

    agrees(usage, TODAY)

    assert [one.read_bytes()[-9:] for one in (tmp_path / "usage" / "set-aside").iterdir()] == [b"nonsense!"]
    assert file.read_bytes() == whole


def test_roll_ups_that_were_replaced_under_their_names_are_not_taken_for_those_it_was_made_of(
    usage: UsageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agrees(usage, TODAY)
    file = max((tmp_path / "usage" / "rollups").iterdir())
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)

    asked: list[int] = []
    monkeypatch.setattr(module, "looked_back", lambda *given: asked.append(given[1]) or looked_back(*given))
    usage.rollups().carried(TODAY)
    assert asked == [TODAY]


def test_only_some_days_are_kept(usage: UsageStore, tmp_path: Path) -> None:
    for day in range(TODAY - 30, TODAY + 1):
        usage.rollups().carried(day)

    kept = sorted(
        day_number(datetime.fromisoformat(file.stem).date()) for file in (tmp_path / "usage/carried").iterdir()
    )
    assert kept[2:] == [TODAY - 1, TODAY]
    assert [day % 7 for day in kept[:2]] == [0, 0]
    assert kept[0] == kept[1] - 7 > TODAY - 20
