"""`lookout score` reads a team's own warehouse where one is set, and says the same as after an import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from bot.config import Settings, load
from bot.scoring_run.command import score_accounts
from bot.scoring_run.worker import ScoringWorker
from scoring.errors import InvalidInput, Unavailable
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore
from tests.storage.event_world import LAST, Row, imported, rows, world
from tests.storage.team_tables import COLUMNS, in_duckdb

EVENTS = [row for row in rows(events=900) if row.at.date() > LAST - timedelta(days=45)]
NOON = datetime(2024, 5, 21, 12, tzinfo=UTC)


@pytest.fixture
async def url(sqlite_url: str) -> str:
    """A database that knows the accounts."""
    store = SqlStore(sqlite_url)
    await store.open()
    async with store() as work:
        known = world(EVENTS)
        await work.accounts.upsert(known.accounts)
        await work.accounts.upsert_milestones(known.milestones)
    await store.close()
    return sqlite_url


def settings(home: Path, url: str, events: list[Row] | None = None, **more: object) -> Settings:
    """Settings for a team whose table is in DuckDB, or for imported events without."""
    given: dict[str, object] = {
        "DATABASE_URL": url, "LOOKOUT_HOME": home, "LOOKOUT_TIMEZONE": "Africa/Cairo",
        "LOOKOUT_IGNORED_EVENTS": "heartbeat,it's a ping", "LOOKOUT_JOURNEY": {"invite": "report"},
    }  # fmt: skip
    home.mkdir(exist_ok=True)
    if events is not None:
        given |= {
            "LOOKOUT_WAREHOUSE_URL": in_duckdb(home, "TIMESTAMPTZ", events), "LOOKOUT_WAREHOUSE_TABLE": "shop.uses",
            "LOOKOUT_WAREHOUSE_COLUMNS": COLUMNS, "LOOKOUT_WAREHOUSE_WHERE": "NOT internal",
        }  # fmt: skip
    given |= more
    return load(**{name.lower().removeprefix("lookout_") if name == "DATABASE_URL" else name: value
                   for name, value in given.items()})  # fmt: skip


async def score_file(made: Settings, home: Path, *, days: int = 20) -> list[tuple[object, ...]]:
    out = home / "scores.parquet"
    summary = await score_accounts(made, days=days, out=out, clock=lambda: NOON)
    assert summary.until == LAST
    return duckdb.sql(f"FROM '{out}' ORDER BY account_id, day").fetchall()


@pytest.mark.long
async def test_scores_from_a_warehouse_are_those_from_imported_events(tmp_path: Path, url: str) -> None:
    own = settings(tmp_path / "own", url)
    imported(tmp_path / "own", EVENTS, config=own.scoring).close()
    team = settings(tmp_path / "team", url, EVENTS)
    found = await score_file(team, tmp_path / "team")
    assert found == await score_file(own, tmp_path / "own")
    assert len(found) > 300
    assert not (tmp_path / "team" / "usage").exists()  # kept apart from events that come in


@pytest.mark.long
async def test_the_next_run_sees_what_came_late(tmp_path: Path, url: str) -> None:
    known = [row for place, row in enumerate(EVENTS) if place % 3 or row.at.date() < LAST - timedelta(days=20)]
    team = settings(tmp_path / "team", url, known)
    before = await score_file(team, tmp_path / "team", days=5)
    (tmp_path / "team" / "team.duckdb").unlink()
    again = await score_file(settings(tmp_path / "team", url, EVENTS), tmp_path / "team", days=5)
    fresh = await score_file(settings(tmp_path / "fresh", url, EVENTS), tmp_path / "fresh", days=5)
    assert before != again == fresh


@pytest.mark.long
async def test_the_bots_worker_pulls_by_itself_and_mends_what_was_damaged(tmp_path: Path, url: str) -> None:
    made = settings(tmp_path / "team", url, EVENTS)
    store = SqlStore(url)
    await store.open()
    usage = UsageStore(made.usage_home, made.zone, made.scoring, memory="128MB", threads=1)
    worker = ScoringWorker(
        store, usage, home=made.usage_home, zone=made.zone, config=made.scoring, source=made.warehouse
    )
    first = await worker.score(LAST)
    assert len(first) > 15
    assert await worker.data_until() == max(row.at for row in EVENTS)
    assert sum(await worker.volume(90, LAST)) == sum(1 if row.n is None else row.n for row in EVENTS)
    assert not await worker.dirty()
    file = sorted((made.usage_home / "usage" / "rollups").iterdir())[3]
    file.write_bytes(b"PAR1 and then nothing")
    assert await worker.score(LAST) == first
    assert len(usage.problems()) == 1
    (tmp_path / "team" / "team.duckdb").unlink()
    with pytest.raises(Unavailable, match="Nothing was scored"):
        await worker.score(LAST)
    worker.close()
    await store.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"LOOKOUT_WAREHOUSE_TABLE": ""}, "LOOKOUT_WAREHOUSE_TABLE must name"),
        ({"LOOKOUT_WAREHOUSE_COLUMNS": {"account": "org"}}, "user is missing"),
        ({"LOOKOUT_WAREHOUSE_REREAD_DAYS": 1}, "LOOKOUT_WAREHOUSE_REREAD_DAYS"),
    ],
)
def test_settings_that_are_not_whole_are_named_at_the_start_and_the_url_is_not(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    whole = {"LOOKOUT_WAREHOUSE_URL": "postgres://ana:s3cret@host/db", "LOOKOUT_WAREHOUSE_TABLE": "uses",
             "LOOKOUT_WAREHOUSE_COLUMNS": COLUMNS}  # fmt: skip
    with pytest.raises(InvalidInput, match=words) as told:
        load(**(whole | change))
    assert "s3cret" not in str(told.value)
    assert "s3cret" not in repr(load(**whole)) + repr(load(**whole).warehouse)
