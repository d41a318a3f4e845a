"""Events as columns: what a batch looks like on its way into the usage store, and which day each event belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from scoring.errors import InvalidInput
from scoring.model import Event

Ints = npt.NDArray[np.int64]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
QUARTER_US = 15 * 60 * 1_000_000
PERSON = 0
"""The daily roll-up of uses that count, by person."""
NAME = 1
"""The daily roll-up of all uses, by event name."""
REQUIRED = ("ts", "account_id", "user_id", "name")
UNEVEN = "A batch's columns must be equally long; {column} holds {got} values, ts holds {rows}."
LACKING = "A batch of events needs the columns ts, account_id, user_id and name; {column} is missing."
NAIVE = "Event times must carry a time zone (or come as UTC datetime64); {value} has none."


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH_DAY).days


def day_of(number: int) -> date:
    """The inverse of `day_number`."""
    return EPOCH_DAY + timedelta(days=int(number))


def instant(microseconds: int) -> datetime:
    """Microseconds since 1970 as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=int(microseconds))


@dataclass(frozen=True, slots=True)
class Batch:
    """Equally long columns; `at` is microseconds since 1970 UTC, `ids` None where the source names no event ids."""

    at: Ints
    accounts: Sequence[str]
    users: Sequence[str]
    names: Sequence[str]
    n: npt.NDArray[np.int32]
    ids: Sequence[str] | None

    @property
    def rows(self) -> int:
        """How many events."""
        return len(self.at)

    def days(self, zone: ZoneInfo) -> npt.NDArray[np.int32]:
        """The calendar day of each event in the workspace's time zone, as days since 1970-01-01.

        Clocks change on quarters of an hour, so that one conversion a quarter is enough.
        """
        quarters, place = np.unique(self.at // QUARTER_US, return_inverse=True)
        local = (instant(int(quarter) * QUARTER_US).astimezone(zone).date() for quarter in quarters)
        return np.fromiter((day_number(day) for day in local), np.int32, len(quarters))[place]


def batch_of_columns(columns: Mapping[str, Any]) -> Batch:
    """Columns as sources hand them over, checked for shape.

    Keys: `ts` (datetime64 in UTC, or aware datetimes), `account_id`, `user_id`, `name`, optionally `n` (1 each where
    absent) and `event_id` (unique within a day; made from batch and row where absent).

    Raises:
        InvalidInput: a column is missing or of another length, or a time has no zone.
    """
    for column in REQUIRED:
        if column not in columns:
            raise InvalidInput(LACKING.format(column=column))
    at = _instants(columns["ts"])
    for column, values in columns.items():
        if len(values) != len(at):
            raise InvalidInput(UNEVEN.format(column=column, got=len(values), rows=len(at)))
    return Batch(
        at=at,
        accounts=_texts(columns["account_id"]),
        users=_texts(columns["user_id"]),
        names=_texts(columns["name"]),
        n=np.asarray(columns["n"], np.int32) if "n" in columns else np.ones(len(at), np.int32),
        ids=_texts(columns["event_id"]) if "event_id" in columns else None,
    )


def batch_of_events(events: Iterable[Event]) -> Batch:
    """The same, from values."""
    rows = list(events)
    return batch_of_columns(
        {
            "event_id": [row.id for row in rows],
            "ts": [row.at for row in rows],
            "account_id": [row.account_id for row in rows],
            "user_id": [row.user_id for row in rows],
            "name": [row.name for row in rows],
            "n": [row.n for row in rows],
        }
    )


def _instants(values: Any) -> Ints:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[us]").astype(np.int64)
    for value in values:
        if value.tzinfo is None:
            raise InvalidInput(NAIVE.format(value=value))
    return np.fromiter(((value - EPOCH) // MICROSECOND for value in values), np.int64, len(values))


def _texts(values: Any) -> list[str]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
