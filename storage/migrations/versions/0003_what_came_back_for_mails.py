"""what came back for mails."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables."""
    op.create_table(
        "read_up_to",
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("uid >= 1", name=op.f("ck_read_up_to_uid")),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_read_up_to")),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("outreach_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_email", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('answer', 'auto', 'bounce', 'delayed', 'elsewhere')", name=op.f("ck_replies_kind")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_replies_case_id_cases")),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_replies_outreach_id_outreach")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_account_id_received_at"), "replies", ["account_id", "received_at"])
    op.create_index(op.f("ix_replies_case_id"), "replies", ["case_id"])
    op.create_index(op.f("ix_replies_outreach_id"), "replies", ["outreach_id"])
    op.create_index(op.f("ix_replies_received_at"), "replies", ["received_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("replies")
    op.drop_table("read_up_to")
