"""what the crm is told."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the CRM is told, which of its records is which of ours, and the stage of an account there."""
    op.create_table(
        "crm_jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('mail', 'reply', 'outcome', 'health')", name=op.f("ck_crm_jobs_kind")),
        sa.CheckConstraint("state IN ('pending', 'done', 'failed', 'dismissed')", name=op.f("ck_crm_jobs_state")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_crm_jobs_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_jobs")),
        sa.UniqueConstraint("kind", "ref", name=op.f("uq_crm_jobs_kind_ref")),
    )
    with op.batch_alter_table("crm_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_crm_jobs_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "ix_crm_jobs_unsettled",
            ["made_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('failed', 'pending')"),
            postgresql_where=sa.text("state IN ('failed', 'pending')"),
        )

    op.create_table(
        "crm_links",
        sa.Column("crm", sa.String(), nullable=False),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.CheckConstraint("thing IN ('account', 'person', 'owner')", name=op.f("ck_crm_links_thing")),
        sa.PrimaryKeyConstraint("crm", "thing", "ref", name=op.f("pk_crm_links")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.alter_column("stage", existing_type=sa.String(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("stage")

    op.drop_table("crm_links")
    with op.batch_alter_table("crm_jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_crm_jobs_unsettled",
            sqlite_where=sa.text("state IN ('failed', 'pending')"),
            postgresql_where=sa.text("state IN ('failed', 'pending')"),
        )
        batch_op.drop_index(batch_op.f("ix_crm_jobs_case_id"))

    op.drop_table("crm_jobs")
