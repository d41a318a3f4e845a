"""Each account's days: landed twice without harm, exact, and quick to read for a whole fleet."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from scoring.model import Basis, Health, Part, Reading, Signals, Snapshot
from storage.packed import PackedSnapshots
from storage.tables import SnapshotPageRow, SnapshotRow
from storage.transaction import table
from tests.builders import TODAY, WEIGHTS, a_snapshot, an_account, remember
from tests.thoroughness import examples

YESTERDAY = TODAY - timedelta(days=1)
FRACTIONS = st.none() | st.fractions(min_value=0, max_value=10**9)
FLOATS = st.floats(0, 100)


async def test_landing_twice_changes_nothing(any_store):
    snapshots = [a_snapshot(f"a{number}", day, 60.0 + number) for number in range(30) for day in (YESTERDAY, TODAY)]
    await remember(any_store, *snapshots)
    async with any_store() as work:
        before = await work.snapshots.on(TODAY), await work.snapshots.on(YESTERDAY)

    await remember(any_store, *snapshots)

    async with any_store() as work:
        assert (await work.snapshots.on(TODAY), await work.snapshots.on(YESTERDAY)) == before
        assert await work.snapshots.days() == [YESTERDAY, TODAY]


async def test_a_day_that_is_scored_again_is_replaced(any_store):
    await remember(any_store, a_snapshot(score=50.0, config_version=1))
    await remember(any_store, a_snapshot(score=70.0, config_version=2))

    async with any_store() as work:
        assert await work.snapshots.on(TODAY) == {"acme": a_snapshot(score=70.0, config_version=2)}


async def test_without_snapshots_there_is_no_latest_day(any_store):
    async with any_store() as work:
        assert await work.snapshots.latest_day() is None
        assert await work.snapshots.days() == []
        assert await work.snapshots.on(TODAY) == {}
        assert await work.snapshots.scores(YESTERDAY, TODAY) == {}


async def test_an_accounts_days_come_oldest_first_with_both_ends(any_store):
    days = [TODAY - timedelta(days=number) for number in range(5)]
    await remember(any_store, *(a_snapshot(day=day) for day in days), a_snapshot("other"))

    async with any_store() as work:
        found = await work.snapshots.of("acme", days[3], days[1])
        assert [snapshot.health.day for snapshot in found] == [days[3], days[2], days[1]]
        assert await work.snapshots.latest_day() == TODAY


async def test_an_accounts_newest_day_is_the_newest_of_everybody_or_nothing(any_store):
    yesterday = TODAY - timedelta(days=1)
    await remember(any_store, a_snapshot(day=yesterday), a_snapshot(), a_snapshot("left out", day=yesterday))

    async with any_store() as work:
        assert await work.snapshots.newest("acme") == a_snapshot()
        assert await work.snapshots.newest("left out") is None
        asked = [TODAY, yesterday, TODAY + timedelta(days=1)]
        assert await work.snapshots.at("acme", asked) == [a_snapshot(day=yesterday), a_snapshot()]


async def test_scores_are_narrow_and_oldest_first(any_store):
    await remember(
        any_store,
        a_snapshot(score=60.5, config_version=2),
        a_snapshot(day=YESTERDAY, score=71.25),
        a_snapshot("other", day=YESTERDAY),
        a_snapshot("early", day=TODAY - timedelta(days=9)),
    )

    async with any_store() as work:
        assert await work.snapshots.scores(YESTERDAY, TODAY) == {
            "acme": [(YESTERDAY, 71.25, 1), (TODAY, 60.5, 2)],
            "other": [(YESTERDAY, 80.0, 1)],
        }


async def test_of_one_account_the_course_of_its_score_is_narrow(any_store):
    await remember(any_store, a_snapshot(score=60.5), a_snapshot(day=YESTERDAY, score=71.25), a_snapshot("other"))

    async with any_store() as work:
        assert await work.snapshots.course("acme", YESTERDAY, TODAY) == [(YESTERDAY, 71.25), (TODAY, 60.5)]
        assert await work.snapshots.course("acme", TODAY, TODAY) == [(TODAY, 60.5)]


async def test_a_day_can_be_read_for_some_accounts_alone(any_store):
    await remember(any_store, *(a_snapshot(f"a{number}") for number in range(1_200)), a_snapshot("a0", YESTERDAY))
    wanted = {f"a{number}" for number in range(1_200)} - {"a7"} | {"unknown"}

    async with any_store() as work:
        assert (await work.snapshots.on(TODAY, accounts=wanted)).keys() == wanted - {"unknown"}
        assert await work.snapshots.on(TODAY, accounts=[]) == {}


async def test_the_accounts_of_a_day_are_counted_and_no_score_is_read(any_store):
    await remember(any_store, *(a_snapshot(name) for name in ("acme", "bolt", "cube")), a_snapshot(day=YESTERDAY))

    async with any_store.reading() as work:
        assert await work.snapshots.count(TODAY) == 3
        assert await work.snapshots.count(YESTERDAY) == 1
        assert await work.snapshots.count(TODAY + timedelta(days=1)) == 0


async def test_standings_are_a_page_of_the_worst_with_money_breaking_ties(any_store):
    await remember(
        any_store,
        an_account("poor", arr=None),
        an_account("rich", arr=90_000),
        an_account("left", churned_on=YESTERDAY),
        an_account("unscored"),
        an_account("well"),
        an_account("theirs", csm_id="csm-ben"),
        *(a_snapshot(name, score=40.0) for name in ("poor", "rich", "left")),
        a_snapshot("well", score=90.0),
        a_snapshot("theirs", score=10.0),
        a_snapshot("rich", TODAY - timedelta(days=7), 55.0),
        a_snapshot("unscored", YESTERDAY),
    )

    async with any_store() as work:
        mine, count = await work.snapshots.standings(TODAY, csm_id="csm-dana")
        second, of_all = await work.snapshots.standings(TODAY, limit=1, offset=1)

    assert [(one.account_id, one.score, one.previous) for one in mine] == [
        ("rich", 40.0, 55.0),
        ("poor", 40.0, None),
        ("well", 90.0, None),
    ]
    assert (mine[0].name, mine[0].domain, mine[0].arr) == ("Rich", "rich.test", 90_000)
    assert (count, of_all) == (3, 4)
    assert [one.account_id for one in second] == ["rich"]


async def test_snapshots_packed_by_another_process_land_the_same(any_store):
    snapshots = [a_snapshot(f"a{number}", score=float(number)) for number in range(9)]
    packed = pickle.loads(pickle.dumps(PackedSnapshots(snapshots)))
    assert list(packed) == snapshots
    assert packed[2:4] == snapshots[2:4]

    await remember(any_store, a_snapshot("a3", score=99.0))
    async with any_store() as work:
        await work.snapshots.land(packed)
        await work.snapshots.land(PackedSnapshots([]))
        assert await work.snapshots.on(TODAY) == {one.health.account_id: one for one in snapshots}


async def test_of_two_of_one_account_and_day_the_last_stands(any_store):
    async with any_store() as work:
        await work.snapshots.land([a_snapshot(score=1.0), a_snapshot("b"), a_snapshot(score=2.0)])
        assert (await work.snapshots.on(TODAY))["acme"].health.score == 2.0


async def test_a_page_stays_while_a_row_names_it_and_not_longer(any_store):
    fleet = [a_snapshot(f"a{number}") for number in range(60)]
    await remember(any_store, *fleet, a_snapshot("a1", YESTERDAY))
    await remember(any_store, a_snapshot("a7", score=1.0))
    async with any_store() as work:
        assert len(await pages(work, TODAY)) == 3
        assert (await work.snapshots.on(TODAY))["a7"].health.score == 1.0
        assert (await work.snapshots.on(TODAY))["a8"] == a_snapshot("a8")

    await remember(any_store, *fleet)

    async with any_store() as work:
        assert (len(await pages(work, TODAY)), len(await pages(work, YESTERDAY))) == (2, 1)
        assert await work.snapshots.on(TODAY) == {one.health.account_id: one for one in fleet}


async def pages(work, day):
    return await work.snapshots._db.all(select(SnapshotPageRow.id).where(SnapshotPageRow.day == day))


async def test_a_missing_signal_stays_missing(any_store):
    parts = (Part("activity", None, 0.0, 0.0), Part("engagement", 0.0, 0.6, 0.0), Part("recency", 50.0, 0.4, 20.0))
    await remember(any_store, a_snapshot(score=20.0, parts=parts, coverage=0.4))

    async with any_store() as work:
        health = (await work.snapshots.on(TODAY))["acme"].health
        assert health.parts == parts
        assert health.value("activity") is None


async def test_a_signal_without_a_column_is_refused(any_store):
    with pytest.raises(ValueError, match="tickets"):
        await remember(any_store, a_snapshot(parts=(Part("tickets", 1.0, 1.0, 1.0),)))


async def test_a_score_never_lands_with_another_accounts_signals(any_store):
    with pytest.raises(ValueError, match="different accounts"):
        await remember(any_store, Snapshot(a_snapshot("acme").health, a_snapshot("other").signals))


@given(
    score=FLOATS,
    values=st.tuples(*[st.none() | FLOATS] * 4),
    own=st.dictionaries(st.sampled_from(["activity", "engagement"]), FLOATS),
    ratio=FRACTIONS,
    share=FRACTIONS,
    count=st.integers(0, 2**40),
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30),
    last=st.none() | st.dates(date(2000, 1, 1)),
)
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_any_snapshot_comes_back_exactly(any_store, score, values, own, ratio, share, count, name, last):
    parts = tuple(
        Part(signal, value, weight, weight * (value or 0.0))
        for (signal, weight), value in zip(WEIGHTS.items(), values, strict=True)
    )
    health = Health("x", TODAY, score, parts, coverage=0.7, reading=Reading.OWN, config_version=3, own=own)
    signals = Signals(
        "x",
        TODAY,
        last_active_on=last,
        last_feature=name,
        overdue=(name, "b"),
        volume_14=count,
        usage_ratio=ratio,
        usage_basis=Basis.BLENDED,
        power_share=share,
        power_alone=True,
    )
    async with any_store() as work:
        await work.snapshots.land([Snapshot(health, signals)])
        assert await work.snapshots.on(TODAY) == {"x": Snapshot(health, signals)}


async def copied(transaction, day):
    """Every account's snapshot of today, as that of another day too."""
    others = ", ".join(c.name for c in table(SnapshotRow).columns if c.name not in {"account_id", "day"})
    date_of = "" if transaction.sqlite else "DATE "
    await transaction.raw(
        f"INSERT INTO snapshots (account_id, day, {others}) "
        f"SELECT account_id, {date_of}'{day}', {others} FROM snapshots WHERE day = '{TODAY}'"
    )


@pytest.mark.long
async def test_a_fleet_of_ten_thousand_lands_twice_and_is_read_as_a_week_of_scores(any_store):
    days = [TODAY - timedelta(days=number) for number in range(8)]
    fleet = [a_snapshot(f"account-{number:05d}", usage_ratio=Fraction(number, 7)) for number in range(10_000)]
    async with any_store() as work:
        await work.snapshots.land(fleet)
        for day in days[1:]:
            await copied(work.flags._db, day)
    async with any_store() as work:
        await work.snapshots.land(fleet)
        landed = await work.snapshots.on(TODAY)
        scores = await work.snapshots.scores(days[-1], days[0])

    assert len(landed) == len(scores) == 10_000
    assert all(len(days_of) == 8 for days_of in scores.values())


async def test_parts_are_whole_days_and_land_as_the_whole(any_store, monkeypatch):
    monkeypatch.setattr("storage.packed.LANDED_AT_ONCE", 5)
    days = [TODAY - timedelta(days=number) for number in range(5)]
    packed = PackedSnapshots(a_snapshot(f"a{number}", day, 50.0 + number) for number in range(3) for day in days)

    parts = list(packed.in_parts())
    for part in parts:
        async with any_store() as work:
            await work.snapshots.land(part)

    assert [len(part) for part in parts] == [6, 6, 3]
    assert [one for part in parts for one in part] == list(packed)
    async with any_store() as work:
        assert await work.snapshots.days() == sorted(days)
        assert len(await work.snapshots.on(TODAY)) == 3
