"""shadow speaks."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A message of its own kind for what a play in shadow would have sent."""
    with op.batch_alter_table("posts") as batch:
        batch.drop_constraint(op.f("ck_posts_kind"), type_="check")
        batch.create_check_constraint("kind", "kind IN ('note', 'digest', 'notice', 'storm', 'shadow')")


def downgrade() -> None:
    """Take it back; what was said so stays as a plain notice."""
    op.execute("UPDATE posts SET kind = 'notice' WHERE kind = 'shadow'")
    with op.batch_alter_table("posts") as batch:
        batch.drop_constraint(op.f("ck_posts_kind"), type_="check")
        batch.create_check_constraint("kind", "kind IN ('note', 'digest', 'notice', 'storm')")
