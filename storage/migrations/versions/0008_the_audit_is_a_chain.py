"""the audit is a chain."""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REFUSAL = "rows of the audit are only ever added"
# A later batch change of `audit` on SQLite makes the table anew and must make these triggers anew, too.
ON_SQLITE = [
    f"CREATE TRIGGER audit_no_{what} BEFORE {what} ON audit BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for what in ("update", "delete")
]
ONLY_GROWS = (
    "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
)
ON_POSTGRES = [
    ONLY_GROWS,
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_grows()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()",
]
AWAY_ON_SQLITE = ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
AWAY_ON_POSTGRES = [
    "DROP TRIGGER audit_no_change ON audit",
    "DROP TRIGGER audit_no_truncate ON audit",
    "DROP FUNCTION audit_only_grows()",
]


def upgrade() -> None:
    """Link the rows that are there, in their order, and let the database refuse any change of one."""
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("previous", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.String(), nullable=True))
    link_rows()
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.alter_column("previous", existing_type=sa.String(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.String(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_audit_previous"), ["previous"])
    for statement in ON_SQLITE if on_sqlite() else ON_POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    """Take it back."""
    for statement in AWAY_ON_SQLITE if on_sqlite() else AWAY_ON_POSTGRES:
        op.execute(statement)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_audit_previous"), type_="unique")
        batch_op.drop_column("hash")
        batch_op.drop_column("previous")


def on_sqlite() -> bool:
    """Which of the two databases this is."""
    return op.get_bind().dialect.name == "sqlite"


def link_rows() -> None:
    """Each row gets the hash of the one before and its own; the form is the one of make 1."""
    columns: list[sa.ColumnClause[object]] = [
        sa.column(name) for name in ("seq", "actor", "action", "account_id", "case_id", "detail")
    ]
    audit = sa.table(
        "audit", *columns, sa.column("at", sa.DateTime(timezone=True)), sa.column("previous"), sa.column("hash")
    )
    connection, previous = op.get_bind(), ""
    for row in connection.execute(sa.select(audit).order_by(audit.c.seq)).mappings().all():
        made = fingerprint(dict(row), previous)
        change = sa.update(audit).where(audit.c.seq == row["seq"]).values(previous=previous, hash=made)
        connection.execute(change)
        previous = made


def fingerprint(row: dict[str, object], previous: str) -> str:
    """The hash of one row, as the program made it when this migration was written."""
    at = row["at"]
    assert isinstance(at, datetime)  # noqa: S101 - the column's type says so
    utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    kept = {name: row[name] for name in ("seq", "actor", "action", "account_id", "case_id", "detail")}
    said = kept | {"make": "lookout audit 1", "at": utc.isoformat(timespec="microseconds"), "previous": previous}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
