"""The questions that a warehouse is asked, each one GROUP BY over the team's own table, written once for all dialects.

Only comparisons, sums and a CASE: what every engine understands alike. Which day an event belongs to is decided by
comparing its time with the instants at which the workspace's days begin (`midnights.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from scoring.errors import InvalidInput
from storage.usage.midnights import Midnights
from storage.usage.source import Source

NO_COLUMN = "{table} has no column {column} (LOOKOUT_WAREHOUSE_COLUMNS); it has {known}."
NO_TIME = (
    "The column {column} of {table} holds {kind}, not instants. Make a view that turns it into timestamps "
    "and set LOOKOUT_WAREHOUSE_TABLE to the view."
)


class Events:
    """One team's table as the events that count for us. `instants`: naive times of this engine are instants too."""

    def __init__(self, table: ir.Table, source: Source, *, instants: bool = False) -> None:
        """Find the columns.

        Raises:
            InvalidInput: the table lacks one, or its times are no timestamps.
        """
        self._source = source
        time = self._column(table, "time")
        kind = time.type()
        if not isinstance(kind, dt.Timestamp):
            raise InvalidInput(NO_TIME.format(column=source.columns["time"], table=source.table, kind=kind))
        self._instants = instants
        self._zoned = instants or kind.timezone is not None
        counted = self._column(table, "count").cast("int64").coalesce(1) if source.columns.get("count") else None
        self._rows = table.select(
            at=time,
            account=self._column(table, "account").cast("string"),
            person=self._column(table, "user").cast("string"),
            name=self._column(table, "event").cast("string"),
            n=ibis.literal(1, "int64") if counted is None else counted,
        )

    @property
    def _kind(self) -> dt.Timestamp:
        return dt.Timestamp(timezone="UTC" if self._zoned else None)

    def _column(self, table: ir.Table, role: str) -> ir.Column:
        """The table's column for a role; some warehouses write all names in capitals."""
        wanted = self._source.columns[role]
        same = [name for name in table.columns if name == wanted]
        alike = [name for name in table.columns if name.casefold() == wanted.casefold()]
        if not (same or alike):
            known = ", ".join(table.columns)
            raise InvalidInput(NO_COLUMN.format(table=self._source.table, column=wanted, known=known))
        return table[(same or alike)[0]]

    def _instant(self, moment: datetime) -> ir.Scalar:
        return ibis.literal(moment if self._zoned else moment.replace(tzinfo=None), self._kind)

    def _told(self, at: ir.Value) -> ir.Value:
        """A time on its way to us. In comparisons the column stays bare, so that its index serves."""
        return at.cast(self._kind) if self._instants else at

    def next_after(self, moment: datetime | None) -> ir.Table:
        """The time of the first event at or after an instant: `at`, empty where there is none."""
        rows = self._complete()
        rows = rows if moment is None else rows.filter(rows.at >= self._instant(moment))
        return rows.aggregate(at=self._told(rows.at.min()))

    def days(self, span: Midnights) -> ir.Table:
        """How much each day of a span holds: `day, events, uses, newest`."""
        rows = self._on(span, None)
        return rows.group_by("day").aggregate(events=rows.count(), uses=rows.n.sum(), newest=self._told(rows.at.max()))

    def accounts(self, span: Midnights) -> ir.Table:
        """How much each account did in a span: `account, events`."""
        rows = self._on(span, None)
        return rows.group_by("account").aggregate(events=rows.count())

    def user_days(self, span: Midnights, ignored: Collection[str], accounts: Sequence[str] | None = None) -> ir.Table:
        """`user_days` of a span; of some accounts only, if named."""
        return user_days(self._on(span, accounts), ignored)

    def name_days(self, span: Midnights, accounts: Sequence[str] | None = None) -> ir.Table:
        """`name_days` of a span; of some accounts only, if named."""
        return name_days(self._on(span, accounts))

    def _on(self, span: Midnights, accounts: Sequence[str] | None) -> ir.Table:
        """The events of a span, each with its `day`."""
        rows = self._complete()
        rows = rows.filter(rows.at >= self._instant(span.start), rows.at < self._instant(span.end))
        if accounts is not None:
            rows = rows.filter(rows.account.isin(list(accounts)))
        return rows.mutate(day=self._day(rows.at, span.starts))

    def _complete(self) -> ir.Table:
        """Events that say who did what for whom; what is unknown is not unequal to an empty text either."""
        rows = self._rows
        return rows.filter(*(rows[part] != "" for part in ("account", "person", "name")))

    def _day(self, at: ir.TimestampValue, starts: Sequence[tuple[datetime, int]]) -> ir.IntegerValue:
        """The day of a time: halves of the days, halves of the halves, so that a year costs nine comparisons."""
        if len(starts) == 1:
            return ibis.literal(starts[0][1], "int32")
        middle = len(starts) // 2
        earlier, later = self._day(at, starts[:middle]), self._day(at, starts[middle:])
        return ibis.cases((at < self._instant(starts[middle][0]), earlier), else_=later)


def user_days(rows: ir.Table, ignored: Collection[str]) -> ir.Table:
    """The first roll-up of rows (day, account, person, name, n), uses that count by person: `day, account, key, n`."""
    counting = rows.filter(rows.name.notin(sorted(ignored))) if ignored else rows
    return _rolled(counting.select("day", "account", "n", key="person"))


def name_days(rows: ir.Table) -> ir.Table:
    """The second roll-up of the same rows, all uses by event name: `day, account, key, n`."""
    return _rolled(rows.select("day", "account", "n", key="name"))


def _rolled(rows: ir.Table) -> ir.Table:
    found = rows.group_by("day", "account", "key").aggregate(n=rows.n.sum())
    return found.filter(found.n > 0)
