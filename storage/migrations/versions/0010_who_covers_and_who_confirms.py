"""who covers and who confirms."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Absences with their covers; mails that need a second person, and who that was."""
    op.create_table(
        "absences",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("cover_id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("person_id <> cover_id", name=op.f("ck_absences_cover")),
        sa.CheckConstraint("source IN ('planned', 'Slack status')", name=op.f("ck_absences_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    with op.batch_alter_table("absences") as batch:
        batch.create_index(op.f("ix_absences_person_id"), ["person_id"], unique=False)
    with op.batch_alter_table("outreach") as batch:
        batch.add_column(sa.Column("needs_second", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("confirmed_by", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("outreach") as batch:
        batch.alter_column("needs_second", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        batch.alter_column("confirmed_by", existing_type=sa.String(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("outreach") as batch:
        batch.drop_column("confirmed_by")
        batch.drop_column("needs_second")
    with op.batch_alter_table("absences") as batch:
        batch.drop_index(op.f("ix_absences_person_id"))
    op.drop_table("absences")
