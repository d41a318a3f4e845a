"""Where events already live in a warehouse: it makes the daily roll-ups, and only they cross the wire."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from scoring.errors import InvalidInput, LookoutError, Unavailable
from storage.usage.columns import EPOCH, MICROSECOND, NAME, PERSON
from storage.usage.landing import Texts
from storage.usage.midnights import Midnights, local_day, midnights
from storage.usage.source import Source

if TYPE_CHECKING:
    from storage.usage.pushdown import Events

WITHOUT_EXTRA = "A warehouse needs the extra packages of Lookout: pip install 'lookout[warehouse]'. ({error})"
FAILED = "The warehouse refused or did not answer ({kind}): {error} Nothing was scored; it is tried again."
MOST_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class Held:
    """What one day of the warehouse holds; `newest` in microseconds since 1970."""

    events: int
    uses: int
    newest: int


class Warehouse:
    """Asks a team's table; reads only. Close it."""

    def __init__(self, source: Source, zone: ZoneInfo, ignored: Collection[str]) -> None:
        """Connect, and look up the table's columns.

        Raises:
            InvalidInput: the extra is not installed, or the table is not what the settings say.
            Unavailable: no connection.
        """
        try:
            from storage.usage import connection, pushdown  # noqa: PLC0415 - an extra that most do not have
        except ModuleNotFoundError as error:
            raise InvalidInput(WITHOUT_EXTRA.format(error=error)) from error
        self._zone = zone
        self.ignored = ignored
        self._read = connection.batches
        with _told(source):
            self._connection = connection.connected(source.url)
            table = connection.table(self._connection, source)
            instants = connection.times_are_instants(self._connection)
            self._events: Events = pushdown.Events(table, source, instants=instants)
        self._source = source

    def close(self) -> None:
        """Hang up."""
        self._connection.disconnect()

    def next_day(self, after: int | None) -> int | None:
        """The first day later than `after` that holds events."""
        start = None if after is None else self._span(after + 1, after + 1).start
        ((found,),) = self._rows(self._events.next_after(start), "at")
        return None if found is None else local_day(_aware(found), self._zone)

    def held(self, first: int, last: int) -> dict[int, Held]:
        """What each day of a range holds; days without events are left out."""
        rows = self._rows(self._events.days(self._span(first, last)), "day", "events", "uses", "newest")
        return {
            int(day): Held(int(events), int(uses), (_aware(newest) - EPOCH) // MICROSECOND)
            for day, events, uses, newest in rows
        }

    def accounts(self, first: int, last: int) -> dict[str, int]:
        """How many events each account has in a range of days."""
        rows = self._rows(self._events.accounts(self._span(first, last)), "account", "events")
        return {str(account): int(events) for account, events in rows}

    def roll_ups(self, first: int, last: int, accounts: Sequence[str] | None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Both daily roll-ups of a range of days, a piece at a time: (`PERSON` or `NAME`, columns)."""
        span = self._span(first, last)
        people = self._events.user_days(span, self.ignored, accounts)
        for kind, question in ((PERSON, people), (NAME, self._events.name_days(span, accounts))):
            for batch in self._batches(question):
                yield (
                    kind,
                    {
                        "day": _integers(batch["day"]),
                        "account": _texts(batch["account"]),
                        "key": _texts(batch["key"]),
                        "n": _integers(batch["n"]),
                    },
                )

    def _span(self, first: int, last: int) -> Midnights:
        return midnights(self._zone, first, last)

    def _rows(self, question: Any, *columns: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for batch in self._batches(question):
            found += zip(*(batch[column].to_pylist() for column in columns), strict=True)
        return found

    def _batches(self, question: Any) -> Iterator[Any]:
        with _told(self._source), closing(self._read(self._connection, question, MOST_ROWS)) as rows:
            yield from rows


@contextmanager
def _told(source: Source) -> Iterator[None]:
    """Each warehouse's driver has errors of its own; whatever it is, nothing was scored and a person must look."""
    try:
        yield
    except LookoutError:
        raise
    except Exception as error:  # noqa: BLE001 - each driver has errors of its own, and none is swallowed
        first = (str(error).strip().splitlines() or ["no reason was given."])[0].replace(source.url, "its URL")
        raise Unavailable(FAILED.format(kind=type(error).__name__, error=first)) from None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _integers(column: Any) -> Any:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _texts(column: Any) -> Texts:
    found = column.dictionary_encode()
    return found.dictionary.to_pylist(), np.asarray(found.indices.to_numpy(zero_copy_only=False), np.int64)
