"""why a mail is written."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every mail that is there already was a case's own."""
    with op.batch_alter_table("outreach") as batch:
        batch.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="first"))
    with op.batch_alter_table("outreach") as batch:
        batch.alter_column("kind", existing_type=sa.String(), existing_nullable=False, server_default=None)
        batch.create_check_constraint("kind", "kind IN ('first', 'follow up', 'automatic')")


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("outreach") as batch:
        batch.drop_constraint(op.f("ck_outreach_kind"), type_="check")
        batch.drop_column("kind")
