"""One world of usage, as raw events at awkward moments, and as the slow oracle's list of uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isnan
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bot.scoring_run.book import Book
from scoring.config import ScoreConfig
from scoring.day_columns import Texts
from scoring.frame import Frame, whole
from scoring.model import Account, Milestone, Snapshot
from scoring.roster import day_number
from storage.usage.columns import NAME, PERSON
from storage.usage.local import UsageStore
from storage.usage.rollups import Rollups
from tests.scoring.oracle import Use, World

CAIRO = ZoneInfo("Africa/Cairo")
"""Its clocks jump from 00:00 to 01:00, so that one of its days (2024-04-26) has no midnight."""
LAST = date(2024, 5, 20)
CONFIG = ScoreConfig(
    min_peers=4,
    min_benchmark_peers=2,
    ignored_events=frozenset({"heartbeat", "it's a ping"}),
    key_features=frozenset({"report", "invite", "export"}),
    journey={"invite": "report"},
)
MOMENTS = (timedelta(0), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(seconds=-1))


@dataclass(frozen=True)
class Row:
    """One raw event as a team's table holds it; `n` may be unknown."""

    at: datetime
    account: str
    user: int
    name: str
    n: int | None = 1


def rows(*, accounts: int = 24, events: int = 2_500, zone: ZoneInfo = CAIRO, seed: int = 7) -> list[Row]:
    """Invented events: some accounts fade, some come late; a fifth of all happen at a day's edge."""
    chance = Random(seed)
    found = []
    for _ in range(events):
        place = chance.randrange(accounts)
        day = LAST - timedelta(days=min(int(chance.expovariate(1 / 50)), 170 - 5 * place))
        day -= timedelta(days=30) * (place % 5 == 0)
        at = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        at += chance.choice(MOMENTS) if chance.random() < 0.2 else timedelta(seconds=chance.randrange(86_400))
        name = chance.choice(["report", "report", "export", "invite", "login", "heartbeat", "it's a ping", "größe"])
        user = place * 10 + int(chance.expovariate(1))
        found.append(Row(at, f"acct-{place:02}", user, name, chance.choice([1, 1, 1, 0, 3, None])))
    return [row for row in found if row.at.astimezone(zone).date() <= LAST]


def world(events: list[Row], zone: ZoneInfo = CAIRO) -> World:
    """The same for the oracle; each event's day is looked up by itself."""
    accounts = [
        Account(
            id=f"acct-{place:02}",
            name=f"Account {place}",
            tier="pro" if place % 2 else "free",
            seats=place % 4 * 3 or None,
            created_on=None if place % 3 else LAST - timedelta(days=175 - 5 * place),
            churned_on=LAST - timedelta(days=6) if place == 7 else None,
        )
        for place in range(25)
    ]
    uses = [
        Use(row.at.astimezone(zone).date(), row.account, str(row.user), row.name, 1 if row.n is None else row.n)
        for row in events
    ]
    milestones = [
        Milestone(f"acct-{place:02}", "setup", due_on=LAST - timedelta(days=20), done_on=LAST - timedelta(days=place))
        for place in range(0, 20, 3)
    ]
    return World(accounts, uses, milestones, CONFIG)


def imported(home: Path, events: list[Row], *, zone: ZoneInfo = CAIRO, config: ScoreConfig = CONFIG) -> UsageStore:
    """A store that made its roll-ups itself, of raw events."""
    usage = UsageStore(home, zone, config, memory="256MB", threads=1)
    usage.append_columns("all", columns(events))
    usage.refresh()
    return usage


def columns(events: list[Row]) -> dict[str, Any]:
    return {
        "ts": [row.at for row in events],
        "account_id": [row.account for row in events],
        "user_id": [str(row.user) for row in events],
        "name": [row.name for row in events],
        "n": [1 if row.n is None else row.n for row in events],
    }


def rolled(usage: UsageStore) -> dict[str, list[Any]]:
    """Everything the roll-ups hold, in words."""
    rollups = usage.rollups()
    first, last = rollups.days() or (LAST, LAST)
    found: dict[str, list[Any]] = {"newest": [usage.data_until()]}
    for kind, texts in ((PERSON, "user"), (NAME, "name")):
        cells = rows_of(rollups, kind, day_number(first), day_number(last))
        found[f"{texts} days"] = _in_words(rollups, texts, cells, "day", "n")
        found[f"first {texts}s"] = _in_words(
            rollups, texts, {n: v.tolist() for n, v in rollups.firsts(kind).items()}, "day"
        )
    return found


def rows_of(rollups: Rollups, kind: int, first: int, last: int) -> dict[str, list[int]]:
    """`account, key, day, n` of one roll-up over some days."""
    found: dict[str, list[int]] = {"account": [], "key": [], "day": [], "n": []}
    for day, daily in enumerate(rollups.each(first, last), first):
        counts = daily.people if kind == PERSON else daily.names
        parts = (np.repeat(counts.account, counts.rows), counts.key, np.full(len(counts.n), day), counts.n)
        for name, values in zip(found, parts, strict=True):
            found[name] += values.tolist()
    return found


def _in_words(rollups: Any, kind: str, cells: Any, *more: str) -> list[Any]:
    accounts = rollups.texts("account", cells["account"])
    keys = rollups.texts(kind, cells["key"])
    table = zip(*(cells[name] for name in ("account", "key", *more)), strict=True)
    return sorted((accounts[account], keys[key], *rest) for account, key, *rest in table)


def frames(usage: UsageStore, known: World, days: int = 60) -> list[Frame]:
    book = Book.open(usage.rollups(), known.accounts, known.milestones, config=known.config)
    return [Frame.of(run) for run in book.runs(LAST - timedelta(days=days - 1), LAST)]


def scores(found: list[Frame]) -> list[tuple[Any, ...]]:
    """Every row of a score file, sorted; an empty value is None."""
    table: list[tuple[Any, ...]] = []
    for frame in found:
        parts = (whole(part) for part in frame.columns().values())
        lists = [[_or_none(value) for value in part.tolist()] for part in parts]
        table += zip(*lists, strict=True)
    return sorted(table, key=lambda row: (row[0], row[1]))


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


def snapshots(usage: UsageStore, found: list[Frame]) -> dict[tuple[str, date], Snapshot]:
    """Every snapshot by account and day."""
    rollups = usage.rollups()
    told = {}
    for frame in found:
        texts = Texts(people=rollups.texts("user", frame.people()), names=rollups.texts("name", frame.names()))
        for day in frame.days():
            for one in frame.snapshots(day, texts):
                told[one.health.account_id, one.health.day] = one
    return told
