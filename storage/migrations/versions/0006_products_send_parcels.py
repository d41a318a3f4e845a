"""what products told us comes in parcels."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIELDS = ("key", "kind", "at_us", "account_id", "user_id", "domain", "name", "n", "traits")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

inbox = sa.table("inbox", *map(sa.column, ("seq", *FIELDS, "batch")))
parcels = sa.table(
    "inbox_parcels",
    sa.column("seq", sa.Integer),
    sa.column("fixed", sa.Boolean),
    sa.column("n", sa.Integer),
    sa.column("body", sa.LargeBinary),
)
waiting = sa.table("inbox_waiting", *map(sa.column, ("key", "at_us", "user_id", "domain", "name", "n")))
keys = sa.table("inbox_keys", sa.column("key"), sa.column("day"))


def upgrade() -> None:
    """One row a commit instead of one an event; what is under way is taken along."""
    op.create_table(
        "inbox_parcels",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_inbox_parcels")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inbox_waiting",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbox_waiting")),
    )
    op.create_index(op.f("ix_inbox_waiting_user_id_domain"), "inbox_waiting", ["user_id", "domain"])
    _take_along()
    op.drop_index("ix_inbox_batch", "inbox")
    op.drop_table("inbox")


def _take_along() -> None:
    """A batch keeps its number, by which the usage store knows it; what nobody looked at is looked at again."""
    db = op.get_bind()
    for number in list(db.scalars(sa.select(inbox.c.batch).where(inbox.c.batch > 0).distinct())):
        _put(_rows(inbox.c.batch == number), seq=number, fixed=True)
    if db.dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('inbox_parcels', 'seq'), coalesce(max(seq), 0) + 1, false)"
            " FROM inbox_parcels"
        )
    fresh = _rows(inbox.c.batch.is_(None))
    if fresh:
        _put(fresh, fixed=False)
        op.execute("DELETE FROM inbox_keys WHERE key IN (SELECT key FROM inbox WHERE batch IS NULL)")
    op.execute(
        "INSERT INTO inbox_waiting (key, at_us, user_id, domain, name, n) "
        "SELECT key, at_us, user_id, domain, name, n FROM inbox WHERE batch = -1"
    )


def _rows(which: sa.ColumnElement[bool]) -> list[list[object]]:
    columns = [inbox.c[name] for name in FIELDS]
    return [list(row) for row in op.get_bind().execute(sa.select(*columns).where(which).order_by(inbox.c.seq))]


def _put(rows: list[list[object]], **more: object) -> None:
    op.get_bind().execute(parcels.insert().values(n=len(rows), body=json.dumps(rows).encode(), **more))


def downgrade() -> None:
    """One row an event again; what is under way is taken along."""
    op.create_table(
        "inbox",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("traits", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('use', 'person', 'account')", name=op.f("ck_inbox_kind")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_inbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_inbox_batch",
        "inbox",
        ["batch"],
        sqlite_where=sa.text("batch IS NOT NULL"),
        postgresql_where=sa.text("batch IS NOT NULL"),
    )
    _take_back()
    op.drop_index(op.f("ix_inbox_waiting_user_id_domain"), "inbox_waiting")
    op.drop_table("inbox_waiting")
    op.drop_table("inbox_parcels")


def _take_back() -> None:
    """Parcels that nobody looked at may hold what came before: the older program asks when it takes something in."""
    db = op.get_bind()
    known = set(db.scalars(sa.select(keys.c.key)))
    for seq, fixed, body in list(db.execute(sa.select(parcels.c.seq, parcels.c.fixed, parcels.c.body).order_by("seq"))):
        rows = [dict(zip(FIELDS, row, strict=True)) for row in json.loads(body)]
        for row in rows:
            if fixed or row["key"] not in known:
                known.add(row["key"])
                db.execute(inbox.insert().values(**row, batch=seq if fixed else None))
    op.execute(
        "INSERT INTO inbox (key, kind, at_us, account_id, user_id, domain, name, n, traits, batch) "
        "SELECT key, 'use', at_us, '', user_id, domain, name, n, '', -1 FROM inbox_waiting"
    )
    op.execute(
        "INSERT INTO inbox_keys (key, day) "
        "SELECT key, max(at_us) / 86400000000 FROM inbox GROUP BY key ON CONFLICT DO NOTHING"
    )
