"""mailboxes of CSMs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table."""
    op.create_table(
        "mailboxes",
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('smtp', 'gmail', 'graph')", name=op.f("ck_mailboxes_kind")),
        sa.PrimaryKeyConstraint("email_key", name=op.f("pk_mailboxes")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("mailboxes")
