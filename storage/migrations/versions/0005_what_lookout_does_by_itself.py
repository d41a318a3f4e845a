"""what Lookout does by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables: follow-ups, and automatic mails as they were planned."""
    op.create_table(
        "follow_ups",
        sa.Column("outreach_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("draft_id", sa.String(), nullable=False),
        sa.Column("mail_id", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'queued', 'proposed', 'cancelled', 'stopped', 'late')",
            name=op.f("ck_follow_ups_state"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_follow_ups_case_id_cases")),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_follow_ups_outreach_id_outreach")),
        sa.PrimaryKeyConstraint("outreach_id", name=op.f("pk_follow_ups")),
    )
    op.create_index(op.f("ix_follow_ups_case_id"), "follow_ups", ["case_id"])
    op.create_index(op.f("ix_follow_ups_mail_id"), "follow_ups", ["mail_id"])
    op.create_index(op.f("ix_follow_ups_state_due_at"), "follow_ups", ["state", "due_at"])
    op.create_table(
        "intended",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("play", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("to_name", sa.String(), nullable=False),
        sa.Column("to_email", sa.String(), nullable=False),
        sa.Column("from_id", sa.String(), nullable=False),
        sa.Column("from_name", sa.String(), nullable=False),
        sa.Column("from_email", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("prompt_version", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score_seen", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "fate IN ('planned', 'would have sent', 'would have been stopped', 'queued')", name=op.f("ck_intended_fate")
        ),
        sa.CheckConstraint("mode IN ('off', 'shadow', 'live')", name=op.f("ck_intended_mode")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intended")),
    )
    op.create_index(op.f("ix_intended_mode_day"), "intended", ["mode", "day"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("intended")
    op.drop_table("follow_ups")
