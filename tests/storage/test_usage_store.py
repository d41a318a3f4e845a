"""The usage store takes every event once, survives being killed anywhere, and never hides a damaged file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.config import ScoreConfig
from scoring.errors import InvalidInput, Unavailable
from scoring.model import Event
from scoring.roster import day_number
from storage.usage.columns import NAME, PERSON
from storage.usage.engine import DamagedFile
from storage.usage.local import UsageStore
from tests.storage.event_world import rows_of
from tests.thoroughness import examples

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2024, 5, 20, 12, tzinfo=UTC)


def event(
    key: str, at: datetime = NOON, account: str = "acme", user: str = "ann", name: str = "report", n: int = 1
) -> Event:
    return Event(key, at, account, user, name, n)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def usage(home: Path) -> Iterator[UsageStore]:
    store = opened(home)
    yield store
    store.close()


def opened(
    home: Path, config: ScoreConfig | None = None, zone: ZoneInfo = BERLIN, *, patience: float = 60
) -> UsageStore:
    return UsageStore(home, zone, config or ScoreConfig(), memory="128MB", threads=1, patience=patience)


def uses(store: UsageStore, kind: int = PERSON) -> list[tuple[str, str, date, int]]:
    """Everything the roll-ups hold, in words."""
    rollups = store.rollups()
    first, last = rollups.days() or (date(2024, 1, 1), date(2024, 1, 1))
    rows = rows_of(rollups, kind, day_number(first), day_number(last))
    accounts = rollups.texts("account", rows["account"])
    keys = rollups.texts("user" if kind == PERSON else "name", rows["key"])
    cells = zip(*(rows[column] for column in ("account", "key", "day", "n")), strict=True)
    return sorted((accounts[a], keys[k], date(1970, 1, 1) + timedelta(days=d), n) for a, k, d, n in cells)


def test_a_batch_handed_in_twice_counts_once(usage: UsageStore) -> None:
    batch = [event("1"), event("2", n=3)]
    assert usage.append("inbox-7", batch) == 2
    assert usage.append("inbox-7", batch) == 0
    usage.refresh()
    assert usage.append("inbox-7", batch) == 0
    usage.refresh()
    assert uses(usage) == [("acme", "ann", date(2024, 5, 20), 4)]


def test_an_event_that_comes_again_in_another_batch_counts_once_and_the_first_wins(usage: UsageStore) -> None:
    usage.append("a", [event("1", n=2), event("2")])
    usage.append("b", [event("1", n=9), event("3")])
    usage.refresh()
    assert uses(usage) == [("acme", "ann", date(2024, 5, 20), 4)]
    usage.append("c", [event("1", n=50), event("4")])
    usage.refresh()
    assert uses(usage) == [("acme", "ann", date(2024, 5, 20), 5)]


def test_a_late_event_reopens_its_day_and_only_that_day(usage: UsageStore) -> None:
    usage.append("a", [event("1"), event("2", NOON - timedelta(days=3))])
    usage.refresh()
    assert not usage.dirty()
    before = set((usage._files.home / "days").iterdir())
    usage.append("b", [event("3", NOON - timedelta(days=3), user="bob")])
    assert usage.dirty()
    usage.refresh()
    usage.refresh()  # files of the old state are swept one refresh later, so that readers are not cut off
    after = set((usage._files.home / "days").iterdir())
    assert {path.name[:10] for path in after - before} == {"2024-05-17"}
    assert {path.name[:10] for path in after & before} == {"2024-05-20"}
    assert uses(usage) == [
        ("acme", "ann", date(2024, 5, 17), 1),
        ("acme", "ann", date(2024, 5, 20), 1),
        ("acme", "bob", date(2024, 5, 17), 1),
    ]


def test_one_more_day_writes_that_day_its_month_and_nothing_older(usage: UsageStore) -> None:
    usage.append("history", [event(str(n), NOON - timedelta(days=n)) for n in range(100)])
    usage.refresh()
    old = {file: file.stat().st_mtime_ns for file in usage._files.home.glob("*/*")}
    usage.append("today", [event("today", NOON + timedelta(days=1)), event("late", NOON - timedelta(days=50))])
    usage.refresh()
    new = [file for file in usage._files.home.glob("*/*") if file.stat().st_mtime_ns != old.get(file)]
    written = sorted(f"{file.parent.name}/{file.name.split('.')[0]}" for file in new if file.parent.name != "batches")
    assert written == [
        "days/2024-03-31",
        "days/2024-05-21",
        "rollups/2024-03-31",
        "rollups/2024-05-21",
        "states/2024-03",
        "states/2024-05",
        "states/firsts",
    ]


def test_a_day_begins_at_midnight_of_the_workspace_also_when_clocks_change(usage: UsageStore) -> None:
    usage.append(
        "a",
        [
            event("1", datetime(2024, 3, 30, 22, 59, tzinfo=UTC), user="winter evening"),
            event("2", datetime(2024, 3, 30, 23, 0, tzinfo=UTC), user="winter midnight"),
            event("3", datetime(2024, 3, 31, 21, 59, tzinfo=UTC), user="summer evening"),
            event("4", datetime(2024, 3, 31, 22, 0, tzinfo=UTC), user="summer midnight"),
        ],
    )
    usage.refresh()
    assert [(person, day.day) for _, person, day, _ in uses(usage)] == [
        ("summer evening", 31),
        ("summer midnight", 1),
        ("winter evening", 30),
        ("winter midnight", 31),
    ]


def test_columns_of_arrays_and_of_lists_say_the_same(home: Path) -> None:
    columns = {
        "ts": np.array(["2024-05-20T12:00", "2024-05-21T12:00"], "datetime64[us]"),
        "account_id": np.array(["acme", "globex"], object),
        "user_id": ["ann", "bob"],
        "name": ("report", "report"),
        "n": np.array([2, 3]),
    }
    lists = {**columns, "ts": [NOON, NOON + timedelta(days=1)], "n": [2, 3], "event_id": ["1", "2"]}
    found = []
    for place, batch in enumerate((columns, lists)):
        store = opened(home / str(place))
        assert store.append_columns("file", batch) == 2
        store.refresh()
        found.append((uses(store), uses(store, NAME), store.data_until()))
        store.close()
    assert found[0] == found[1]
    assert found[0][2] == NOON + timedelta(days=1)


def test_rows_without_an_id_are_told_apart_by_batch_and_place(usage: UsageStore) -> None:
    same = {"ts": [NOON] * 2, "account_id": ["acme"] * 2, "user_id": ["ann"] * 2, "name": ["report"] * 2}
    usage.append_columns("a", same)
    usage.append_columns("b", same)
    usage.refresh()
    assert uses(usage) == [("acme", "ann", date(2024, 5, 20), 4)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": None}, "name is missing"),
        ({"n": [1, 2]}, "n holds 2 values"),
        ({"ts": [NOON.replace(tzinfo=None)]}, "zone"),
    ],
)
def test_a_misshapen_batch_is_refused_whole_with_the_reason(usage: UsageStore, change: dict, words: str) -> None:
    columns = {"ts": [NOON], "account_id": ["acme"], "user_id": ["ann"], "name": ["report"]} | change
    with pytest.raises(InvalidInput, match=words):
        usage.append_columns("a", {key: value for key, value in columns.items() if value is not None})
    assert not usage.has_batch("a")
    assert not usage.dirty()


def test_an_empty_batch_is_remembered_and_changes_nothing(usage: UsageStore) -> None:
    assert usage.append("empty", []) == 0
    usage.refresh()
    assert usage.has_batch("empty")
    assert usage.data_until() is None
    assert usage.rollups().days() is None


def test_volume_counts_every_use_and_shows_the_days_without_any(usage: UsageStore) -> None:
    usage.append("a", [event("1", n=5), event("2", NOON - timedelta(days=2), n=7)])
    usage.refresh()
    assert usage.volume(4, date(2024, 5, 20)) == [0, 7, 0, 5]


def test_events_that_stop_counting_as_use_leave_the_rollups_of_all_days(home: Path) -> None:
    store = opened(home)
    store.append("a", [event("1", name="heartbeat"), event("2", NOON - timedelta(days=40))])
    store.refresh()
    assert len(uses(store)) == 2
    store.close()
    store = opened(home, ScoreConfig(ignored_events=frozenset({"heartbeat"})))
    store.refresh()
    assert uses(store) == [("acme", "ann", date(2024, 4, 10), 1)]
    assert len(uses(store, NAME)) == 2  # logins and volume still see them
    assert store.rollups().firsts(PERSON)["day"].tolist() == [day_number(date(2024, 4, 10))]
    store.close()


def test_a_workspace_that_moves_to_another_time_zone_is_told_and_nothing_is_mixed(home: Path) -> None:
    opened(home).close()
    with pytest.raises(InvalidInput, match="counts its days in Europe/Berlin"):
        opened(home, zone=ZoneInfo("Asia/Tokyo"))


def test_what_was_before_the_window_is_remembered_by_month(usage: UsageStore) -> None:
    usage.append(
        "a",
        [
            event("1", datetime(2024, 1, 10, tzinfo=UTC), name="export"),
            event("2", datetime(2024, 3, 5, tzinfo=UTC), name="report"),
            event("3", datetime(2024, 3, 9, tzinfo=UTC), user="bob", name="invite", n=3),
            event("4", datetime(2024, 3, 9, tzinfo=UTC), user="ann", name="report"),
            event("5"),
        ],
    )
    usage.refresh()
    rollups = usage.rollups()
    found = rollups.before(date(2024, 4, 1))
    assert found["day"].tolist() == [day_number(date(2024, 3, 9))]
    assert rollups.texts("user", found["person"].tolist()).popitem()[1] == "bob"
    assert rollups.texts("name", found["name"].tolist()).popitem()[1] == "invite"
    assert rollups.before(date(2024, 1, 1))["day"].tolist() == []


# -- damage ---------------------------------------------------------------------------------------------------------


def spoil(file: Path) -> None:
    """Cut a file in half, as a full disk or a bad cable would."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def test_a_half_written_batch_is_set_aside_and_reported_and_the_rest_counts(usage: UsageStore) -> None:
    usage.append("good", [event("1")])
    usage.append("bad", [event("2", user="bob")])
    spoil(usage._files.home / usage._ledger.pending()[1])
    usage.refresh()
    assert uses(usage) == [("acme", "ann", date(2024, 5, 20), 1)]
    ((file, what),) = usage.problems()
    assert file.startswith("batches/")
    assert what
    assert len(list((usage._files.home / "set-aside").iterdir())) == 1
    # Its source may hand it in again: it counts as never taken.
    assert usage.append("bad", [event("2", user="bob")]) == 1
    usage.refresh()
    assert len(uses(usage)) == 2


@pytest.mark.parametrize("folder", ["rollups", "states"])
def test_a_damaged_rollup_is_made_again_from_the_days(usage: UsageStore, folder: str) -> None:
    usage.append("a", [event(str(n), NOON - timedelta(days=40 * n)) for n in range(4)])
    usage.refresh()
    whole = uses(usage), usage.rollups().firsts(PERSON)["day"].tolist()
    for file in (usage._files.home / folder).iterdir():
        spoil(file)
    with pytest.raises(DamagedFile):
        uses(usage), usage.rollups().firsts(PERSON)
    assert usage.mend()
    assert (uses(usage), usage.rollups().firsts(PERSON)["day"].tolist()) == whole
    assert usage.problems()


def test_a_days_lost_events_are_reported_its_counts_stay_and_importing_again_brings_them_back(
    usage: UsageStore,
) -> None:
    batch = [event("1"), event("2", user="bob"), event("3", NOON - timedelta(days=1))]
    usage.append("a", batch)
    usage.refresh()
    whole, newest = uses(usage), usage.data_until()
    (day,) = (usage._files.home / "days").glob("2024-05-20.*")
    spoil(day)
    assert usage.mend()
    assert uses(usage) == whole
    ((file, _),) = usage.problems()
    assert file == f"days/{day.name}"
    assert usage.data_until() == newest

    usage.append("b", [event("4", user="eve")])  # somebody comes late: that must not wipe what was known
    usage.refresh()
    more = sorted([*whole, ("acme", "eve", date(2024, 5, 20), 1)])
    assert uses(usage) == more
    assert usage.append("a", [*batch, event("5", user="bob")]) == 4
    usage.refresh()
    assert uses(usage) == [(*one[:3], 2) if one[1:3] == ("bob", date(2024, 5, 20)) else one for one in more]


def test_a_day_without_events_keeps_its_counts_also_when_all_days_are_made_again(home: Path) -> None:
    with closing(opened(home)) as usage:
        usage.append("a", [event("1"), event("2", NOON - timedelta(days=1))])
        usage.refresh()
        whole = uses(usage)
        (day,) = (home / "usage" / "days").glob("2024-05-20.*")
        spoil(day)
        assert usage.mend()
    with closing(opened(home, ScoreConfig(ignored_events=frozenset({"unheard of"})))) as usage:
        usage.refresh()
        assert uses(usage) == whole


def test_a_file_that_vanished_is_reported_too(usage: UsageStore) -> None:
    usage.append("a", [event("1")])
    (usage._files.home / usage._ledger.pending()[0]).unlink()
    usage.refresh()
    assert [file.split("/")[0] for file, _ in usage.problems()] == ["batches"]


def test_two_refreshes_at_once_do_not_mix(home: Path) -> None:
    usage = opened(home, patience=0.05)
    other = sqlite3.connect(home / "usage" / "refresh.lock", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    usage.append("a", [event("1")])
    with pytest.raises(Unavailable, match="another"):
        usage.refresh()
    other.execute("ROLLBACK")
    usage.refresh()
    assert len(uses(usage)) == 1
    other.close()
    usage.close()


def test_a_batch_that_cannot_be_booked_is_not_taken_and_says_so(home: Path) -> None:
    usage = opened(home, patience=0.05)
    other = sqlite3.connect(home / "usage" / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="Nothing was changed"):
        usage.append("a", [event("1")])
    other.execute("ROLLBACK")
    assert usage.append("a", [event("1")]) == 1
    other.close()
    usage.close()


# -- being killed ---------------------------------------------------------------------------------------------------

KILLED = """
    import os, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo
    from scoring.config import ScoreConfig
    from scoring.model import Event
    from storage.usage import engine, files, ledger, local

    def kill(*_args, **_more):
        os.kill(os.getpid(), signal.SIGKILL)

    store = local.UsageStore(Path(sys.argv[1]), ZoneInfo("UTC"), ScoreConfig(), memory="128MB", threads=1)
    day = datetime(2024, 5, 20, 12, tzinfo=UTC)
    store.append("a", [Event("1", day, "acme", "ann", "report")])
    if sys.argv[2] == "refreshed before":
        store.refresh()
    where, what = sys.argv[3].split(".")
    setattr(getattr(sys.modules["storage.usage." + where], sys.argv[4]), what, kill)
    store.append("b", [Event("1", day, "acme", "ann", "report"), Event("2", day, "acme", "bob", "report")])
    store.refresh()
"""
MOMENTS = [
    ("engine.write", "Engine"),
    ("ledger.book_batch", "Ledger"),
    ("engine.write_days", "Engine"),
    ("engine.each_day", "Engine"),
    ("ledger.book_days", "Ledger"),
    ("ledger.retire", "Ledger"),
    ("ledger.book_rollups", "Ledger"),
    ("ledger.settle", "Ledger"),
]


@pytest.mark.slow
@pytest.mark.parametrize("before", ["fresh", "refreshed before"])
@pytest.mark.parametrize("moment", MOMENTS, ids=[where for where, _ in MOMENTS])
def test_killed_at_any_step_nothing_is_lost_or_doubled(home: Path, before: str, moment: tuple[str, str]) -> None:
    script = textwrap.dedent(KILLED)
    root = Path(__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", script, str(home), before, *moment],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    store = opened(home, zone=ZoneInfo("UTC"))
    # The source was not told that batch b arrived unless append returned; it hands it in again in either case.
    noon = NOON.replace(tzinfo=UTC)
    store.append("b", [event("1", noon), event("2", noon, user="bob")])
    store.refresh()
    assert uses(store) == [("acme", "ann", date(2024, 5, 20), 1), ("acme", "bob", date(2024, 5, 20), 1)]
    assert store.volume(1, date(2024, 5, 20)) == [2]
    assert store.problems() == []
    store.refresh()
    listed = store._ledger.listed()
    kept = {f"{f.name}/{p.name}" for f in store._files.home.iterdir() if f.is_dir() for p in f.iterdir()}
    assert kept == listed  # no leftovers
    store.close()


EVENTS = st.builds(
    event,
    st.integers(0, 12).map(str),
    st.integers(0, 70).map(lambda days: NOON - timedelta(days=days)),
    st.sampled_from(["acme", "globex"]),
    st.sampled_from(["ann", "bob"]),
    st.sampled_from(["report", "login"]),
    st.integers(1, 3),
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(st.lists(EVENTS, max_size=8), max_size=4), refreshes=st.sets(st.integers(0, 4)))
def test_in_whatever_portions_events_arrive_the_rollups_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Event]], refreshes: set[int]
) -> None:
    store = opened(tmp_path_factory.mktemp("usage"))
    first: dict[tuple[date, str], Event] = {}
    for place, batch in enumerate(batches):
        unique = {(one.at.astimezone(BERLIN).date(), one.id): one for one in reversed(batch)}
        store.append(str(place), list(unique.values()))
        first = unique | first
        if place in refreshes:
            store.refresh()
    store.refresh()
    for kind, field in ((PERSON, "user_id"), (NAME, "name")):
        expected: dict[tuple[str, str, date], int] = {}
        for (day, _), one in first.items():
            cell = (one.account_id, getattr(one, field), day)
            expected[cell] = expected.get(cell, 0) + one.n
        assert uses(store, kind) == sorted((*cell, n) for cell, n in expected.items())
    store.close()
