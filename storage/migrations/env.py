"""What Alembic runs to migrate the connection that `storage.migrations` hands in; it opens none of its own."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, String, Text
from sqlmodel.sql.sqltypes import AutoString

import storage.tables  # fills the metadata
from storage.columns import Choice, Document, Row, UTCDateTime

__all__ = ["storage"]


def plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Our column types as SQLAlchemy's own, so that a migration never depends on code that will change."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Document | Text):
        return "sa.Text()"
    return "sa.String()" if isinstance(item, Choice | AutoString) or type(item) is String else False


def migrate(connection: Connection) -> None:
    """Run the asked-for steps inside the caller's transaction."""
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_type,
        transactional_ddl=True,
    )
    context.run_migrations()


migrate(context.config.attributes["connection"])
