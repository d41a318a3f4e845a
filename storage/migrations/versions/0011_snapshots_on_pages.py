"""snapshots on pages."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SIGNALS = ("activity", "engagement", "milestones", "recency")
SHARES = tuple(f"{name}{part}" for name in SIGNALS for part in ("", "_weight", "_points"))
FLOATS = ("score", "coverage", *SHARES, "usage_ratio")
A_PAGE = 50
DAY_ONE = date(1970, 1, 1)

pages = sa.table("snapshot_pages", sa.column("id"), sa.column("day", sa.Date()), sa.column("held", sa.LargeBinary()))
narrow = sa.table(
    "snapshots",
    sa.column("day", sa.Date()),
    *map(sa.column, ("account_id", "score", "coverage", "config_version", "page")),
)
wide = sa.table(
    "snapshots",
    sa.column("account_id"),
    sa.column("day", sa.Date()),
    *map(sa.column, (*FLOATS, "reading", "config_version", "own", "signals")),
)


def upgrade() -> None:
    """One narrow row an account's day; all else moves to pages, fifty accounts each."""
    old = _set_aside("ix_snapshots_day_account_id_score_config_version")
    op.create_table(
        "snapshots",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("config_version", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "account_id", name=op.f("pk_snapshots")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshot_pages",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("held", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_pages")),
    )
    with op.batch_alter_table("snapshot_pages") as batch:
        batch.create_index(op.f("ix_snapshot_pages_day"), ["day"], unique=False)
    db, number = op.get_bind(), 0
    for day in _days(old):
        rows = db.execute(sa.select(old).where(old.c.day == day).order_by(old.c.account_id)).mappings().all()
        for start in range(0, len(rows), A_PAGE):
            some, number = rows[start : start + A_PAGE], number + 1
            held = f"[{','.join(map(_snapshot, some))}]".encode()
            db.execute(pages.insert(), {"id": number, "day": day, "held": held})
            kept = [
                {name: row[name] for name in ("day", "account_id", "score", "coverage", "config_version")}
                for row in some
            ]
            db.execute(narrow.insert(), [one | {"page": number} for one in kept])
    op.drop_table("snapshots_before")


def downgrade() -> None:
    """One wide row an account's day."""
    old = _set_aside()
    op.create_table(
        "snapshots",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("score", "coverage")),
        sa.Column("reading", sa.String(), nullable=False),
        sa.Column("config_version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=True) for name in (*SHARES, "usage_ratio")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("own", "signals")),
        sa.CheckConstraint("reading IN ('cohort', 'own')", name=op.f("ck_snapshots_reading")),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_snapshots")),
    )
    with op.batch_alter_table("snapshots") as batch:
        columns = ["day", "account_id", "score", "config_version"]
        batch.create_index(op.f("ix_snapshots_day_account_id_score_config_version"), columns, unique=False)
    db = op.get_bind()
    for day in _days(old):
        named = {
            (row.account_id, row.page)
            for row in db.execute(sa.select(old.c.account_id, old.c.page).where(old.c.day == day))
        }
        for number, held in db.execute(sa.select(pages.c.id, pages.c.held).where(pages.c.day == day)).all():
            rows = [row for row in _wide(bytes(held), day) if (row["account_id"], number) in named]
            if rows:
                db.execute(wide.insert(), rows)
    with op.batch_alter_table("snapshot_pages") as batch:
        batch.drop_index(op.f("ix_snapshot_pages_day"))
    op.drop_table("snapshot_pages")
    op.drop_table("snapshots_before")


def _set_aside(*indexes: str) -> sa.TableClause:
    """The table under another name, its own names free."""
    op.rename_table("snapshots", "snapshots_before")
    for index in indexes:
        op.drop_index(op.f(index), "snapshots_before")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("pk_snapshots"), "snapshots_before", type_="primary")
    columns = wide.c if indexes else narrow.c
    return sa.table("snapshots_before", *(sa.column(one.name, one.type) for one in columns))


def _days(old: sa.TableClause) -> list[date]:
    return list(op.get_bind().execute(sa.select(old.c.day).distinct().order_by(old.c.day)).scalars())


def _snapshot(row: Any) -> str:
    """A wide row as the JSON of a small page."""
    parts = [
        {"signal": name, "value": row[name], "weight": row[f"{name}_weight"], "points": row[f"{name}_points"]}
        for name in SIGNALS
        if row[f"{name}_weight"] is not None
    ]
    health = {name: row[name] for name in ("account_id", "score", "coverage", "reading", "config_version")}
    health |= {"day": row["day"].isoformat(), "parts": parts, "own": json.loads(row["own"])}
    return f'{{"health":{json.dumps(health)},"signals":{row["signals"]}}}'


# -- back: pages of both layouts, as they were written by the program of this step -------------------------------------


def _wide(held: bytes, day: date) -> Iterator[dict[str, Any]]:
    for health, signals in _small(held) if held.startswith(b"[") else _columns(held):
        parts = {part["signal"]: part for part in health["parts"]}
        row = {
            f"{name}{suffix}": parts.get(name, {}).get(field)
            for name in SIGNALS
            for suffix, field in (("", "value"), ("_weight", "weight"), ("_points", "points"))
        }
        ratio = signals.get("usage_ratio")
        over, _, under = (ratio or "").partition("/")
        row |= {name: health[name] for name in ("account_id", "score")}
        row |= {"coverage": health.get("coverage", 1.0), "reading": health.get("reading", "cohort")}
        row |= {"config_version": health.get("config_version", 1), "day": day}
        row["usage_ratio"] = int(over) / int(under or 1) if ratio else None
        yield row | {"own": json.dumps(health.get("own", {})), "signals": json.dumps(signals, ensure_ascii=False)}


def _small(held: bytes) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for one in json.loads(held):
        yield one["health"], one["signals"]


def _columns(held: bytes) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    start = held.index(b"\n") + 1
    head, told = json.loads(held[:start]), {}
    for name, kind, words, parts in head["columns"]:
        found = []
        for what, size in parts:
            if what.endswith("json"):
                values, length = json.loads(held[start : start + size]), size
            else:
                numbers = np.frombuffer(held, what, size, start)
                values, length = numbers.tolist(), numbers.nbytes
            once = what == "same json" or (size == 1 and not what.endswith("json"))
            found.append((values if what == "same json" else values[0] if once else None, values, once))
            start += length
        full = [[value] * head["rows"] if once else values for value, values, once in found]
        told[name] = [_told(kind, words, row) for row in zip(*full, strict=True)]
    for row in zip(*told.values(), strict=True):
        one = dict(zip(told, row, strict=True))
        parts = [
            {
                "signal": name,
                "value": one.pop(name),
                "weight": one.pop(f"{name} weight"),
                "points": one.pop(f"{name} points"),
            }
            for name in SIGNALS
        ]
        own = {name: one.pop(f"own {name}") for name in ("activity", "engagement")}
        health = {name: one.pop(name) for name in ("score", "coverage", "reading", "config_version")}
        health |= {"account_id": one["account_id"], "parts": parts}
        yield health | {"own": {name: value for name, value in own.items() if value is not None}}, one


def _told(kind: str, words: list[str], row: tuple[Any, ...]) -> Any:
    value = row[0]
    if kind == "word":
        return words[value]
    if kind == "ratio":
        return f"{value}/{row[1]}" if row[1] else None
    if kind == "real":
        return None if value != value else value  # noqa: PLR0124 - only nan differs from itself
    if kind == "truth":
        return bool(value)
    if kind in {"count", "day"} and not row[1]:
        return None
    return (DAY_ONE + timedelta(days=value)).isoformat() if kind == "day" else value
