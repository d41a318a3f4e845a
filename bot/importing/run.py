"""Runs an import in the order in which tables need each other: CSMs, accounts, contacts, milestones, tickets, events.

What was imported before a fault stays imported; running the import again changes nothing that is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.importing.events import EventImport
from bot.importing.plan import Planned, Rename
from bot.importing.records import Unfit, UnknownAccount
from bot.importing.report import SHOWN, FileReport, KeepReject, Report
from bot.importing.rows import Reject, Row, rows_of
from bot.importing.tables import Accounts, Known, Milestones, People, Small, Tickets, pieces
from bot.intake.fields import Table
from bot.intake.ports import Usage
from bot.loop.records import Store
from scoring.model import Role

CHUNK = 1_000

TWICE = "stands in {file} on line {line} already, with other values"
NEW_CSMS = "CSMs that we knew only by their address were added: {names}"
UNKNOWN_CSMS = "CSMs that nobody told us: {names}. Import them as csms, then these accounts again."

FileProgress = Callable[[Path, int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to import: the workspace's zone, the time, what `--map` says, whether to change anything."""

    zone: ZoneInfo
    now: datetime
    renames: Sequence[Rename] = ()
    dry_run: bool = False
    keep_days: int = 36_500


class Import:
    """One import. `keep_reject` is told of every rejected row, `progress` of each file's way."""

    def __init__(
        self, store: Store, usage: Usage, options: Options, *, keep_reject: KeepReject, progress: FileProgress
    ) -> None:
        self._store = store
        self._usage = usage
        self._options = options
        self._keep_reject = keep_reject
        self._progress = progress
        self._known = Known()
        self._seen: dict[tuple[str, object], tuple[str, int, int]] = {}

    async def run(self, planned: Sequence[Planned]) -> Report:
        """Import the files; the report lists them in the order given."""
        async with self._store() as work:
            self._known.accounts = {account.id: account for account in await work.accounts.all()}
            self._known.csms = {csm.id: csm for csm in await work.accounts.csms()}
        reports = {one.path: FileReport(one.path.name, one.table, one.unused) for one in planned}
        for one, table, first_pass in self._steps(planned):
            await self._small(one, reports[one.path], table, first_pass=first_pass)
        for one in planned:
            if one.table is Table.EVENTS:
                await self._events(one, reports[one.path])
        return Report(self._options.dry_run, list(reports.values()), self._notes())

    def _steps(self, planned: Sequence[Planned]) -> Iterator[tuple[Planned, Small, bool]]:
        """Files of people are read twice: accounts need their CSMs, contacts need their accounts."""
        of = {table: [one for one in planned if one.table is table] for table in Table}
        yield from ((one, People(self._known, Role.CSM, one.role), True) for one in of[Table.PEOPLE])
        yield from ((one, Accounts(self._known), False) for one in of[Table.ACCOUNTS])
        yield from ((one, People(self._known, Role.CONTACT, one.role), False) for one in of[Table.PEOPLE])
        yield from ((one, Milestones(self._known), False) for one in of[Table.MILESTONES])
        yield from ((one, Tickets(self._known), False) for one in of[Table.TICKETS])

    async def _small(self, one: Planned, report: FileReport, table: Small, *, first_pass: bool) -> None:
        """Import one file, a thousand rows a transaction. The first of two passes leaves bad lines to the second."""
        rows = self._rows(one, _unheard if first_pass else partial(self._reject, report))
        for piece in pieces(rows, CHUNK):
            async with self._store() as work:
                known = dict(await table.known(work, piece))
                changed: dict[object, object] = {}
                for row in piece:
                    self._take(row, table, known, changed, report)
                if changed and not self._options.dry_run:
                    await table.write(work, list(changed.values()))

    def _take(
        self, row: Row, table: Small, known: dict[Any, Any], changed: dict[object, object], report: FileReport
    ) -> None:
        try:
            found = table.read(row.fields, known)
            if found is None:
                return
            self._refuse_twice(report, row, found[0])
        except Unfit as fault:
            if isinstance(fault, UnknownAccount):
                report.unknown(fault.account)
            self._reject(report, row.line, str(fault))
            return
        key, value = found
        table.keep(row.fields, value)
        if known.get(key) == value:
            report.unchanged += 1
        else:
            report.imported += 1
            known[key] = changed[key] = value

    def _refuse_twice(self, report: FileReport, row: Row, key: object) -> None:
        """The same thing told twice must say the same."""
        content = hash(tuple(sorted((name, repr(value)) for name, value in row.fields.items())))
        file, line, before = self._seen.setdefault((report.table, key), (report.file, row.line, content))
        if before != content:
            raise Unfit(TWICE.format(file=file, line=line))

    async def _events(self, one: Planned, report: FileReport) -> None:
        reject = partial(self._reject, report)
        work = EventImport(
            self._usage, self._known.accounts, self._options.now,
            report=report, reject=reject, dry_run=self._options.dry_run, keep_days=self._options.keep_days,
        )  # fmt: skip
        await work.run(self._rows(one, reject))

    def _rows(self, one: Planned, reject: Reject) -> Iterator[Row]:
        progress = partial(self._progress, one.path)
        return rows_of(one, self._options.renames, zone=self._options.zone, reject=reject, progress=progress)

    def _reject(self, report: FileReport, line: int, reason: str) -> None:
        self._keep_reject(report.reject(line, reason))

    def _notes(self) -> list[str]:
        notes = []
        if self._known.new_csms:
            notes.append(NEW_CSMS.format(names=", ".join(sorted(self._known.new_csms)[:SHOWN])))
        if self._known.unknown_csms:
            most = self._known.unknown_csms.most_common(SHOWN)
            notes.append(UNKNOWN_CSMS.format(names=", ".join(f"“{name}” ({n})" for name, n in most)))
        return notes


def _unheard(_line: int, _reason: str) -> None:
    """Where the first pass over a file leaves what the second will say."""
