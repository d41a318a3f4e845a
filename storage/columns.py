"""How a value of ours becomes a column: instants, choices and documents, the same on SQLite and Postgres."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import CheckConstraint, Dialect, MetaData, String, Text
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

# Every constraint has a name, or a later migration could not drop it; `column_0_N` because two unique constraints may
# begin with the same column.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """What all tables share: one metadata with names for constraints."""

    metadata = MetaData(naming_convention=NAMES)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware and UTC on both sides; a naive one is a fault of the caller and refused."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so it gets the bare UTC reading."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone cannot be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC, whatever the driver gave."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Choice(TypeDecorator[StrEnum]):
    """One of our enumerations, stored as its plain word."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, _dialect: Dialect) -> str | None:
        """The word; anything else is a fault of the caller."""
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.kind(value)


class Document(TypeDecorator[Any]):
    """A value nobody searches for (facts, findings), as compact JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.kind)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """JSON text."""
        return None if value is None else self._adapter.dump_json(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """The value again; unknown keys of an older text are ignored, missing ones take their defaults."""
        return None if value is None else self._adapter.validate_json(value)


def words(kind: type[StrEnum] | frozenset[Any] | tuple[str, ...]) -> str:
    """The words of a choice as SQL literals: `'open', 'snoozed'`; they come from our code alone."""
    return ", ".join(f"'{word}'" for word in (sorted(kind) if isinstance(kind, frozenset) else kind))


def one_of(column: str, kind: type[StrEnum] | tuple[str, ...]) -> CheckConstraint:
    """The constraint that a column holds one of these words."""
    return CheckConstraint(f"{column} IN ({words(kind)})", name=column)
