"""What a CRM sync did, in words: how many records changed ours, and every record that fits nothing, with its reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SHOWN = 20
# A cell that begins so would be run as a formula by a spreadsheet; our own file must be safe to open.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

COUNTS = "{table}: {new} new, {changed} changed, {unchanged} unchanged, {unmatched} to look at"
WOULD = "{table}: {new} would be new, {changed} would change, {unchanged} unchanged, {unmatched} to look at"
ONE = "  {record} “{name}”: {reason}"
MORE = "  … and {n} more"
LEFT_OUT = "{n} contacts belong to companies that Lookout does not watch; they are left out."
NO_CUSTOMERS = "{n} companies are in another stage than rules.customer_stages; they are left out."
NEW_CSMS = "CSMs that we knew only by their address were added: {names}"
REVIVED = "{n} records that could not be told to {name} are tried again."
ALL = "Every record to look at, with its reason: {path}"
DRY = "This was a dry run: nothing was changed, here or in {name}."


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One record of theirs that was not taken, or not as a whole."""

    table: str
    record: str
    name: str
    reason: str


@dataclass(slots=True)
class Tally:
    """How many of our rows a sync made, changed, and found as they were."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def count(self, before: object, after: object) -> bool:
        """Count one row; whether it is to be written."""
        if before is None:
            self.new += 1
        elif before == after:
            self.unchanged += 1
        else:
            self.changed += 1
        return before != after


@dataclass(slots=True)
class CrmReport:
    """One sync with the CRM of this name."""

    name: str
    dry_run: bool
    accounts: Tally = field(default_factory=Tally)
    contacts: Tally = field(default_factory=Tally)
    unmatched: list[Unmatched] = field(default_factory=list)
    new_csms: Sequence[str] = ()
    left_out: int = 0
    no_customers: int = 0
    revived: int = 0
    file: Path | None = None

    def text(self) -> str:
        """The report as a person reads it."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for table, tally in (("accounts", self.accounts), ("contacts", self.contacts)):
            mine = [one for one in self.unmatched if one.table == table]
            said = WOULD if self.dry_run else COUNTS
            yield said.format(
                table=table, new=tally.new, changed=tally.changed, unchanged=tally.unchanged, unmatched=len(mine)
            )
            yield from (ONE.format(record=one.record, name=one.name, reason=one.reason) for one in mine[:SHOWN])
            if len(mine) > SHOWN:
                yield MORE.format(n=len(mine) - SHOWN)
        if self.no_customers:
            yield NO_CUSTOMERS.format(n=self.no_customers)
        if self.left_out:
            yield LEFT_OUT.format(n=self.left_out)
        if self.new_csms:
            yield NEW_CSMS.format(names=", ".join(sorted(self.new_csms)[:SHOWN]))
        if self.revived:
            yield REVIVED.format(n=self.revived, name=self.name)
        if self.file:
            yield ALL.format(path=self.file)
        if self.dry_run:
            yield DRY.format(name=self.name)

    def list_unmatched(self, path: Path) -> None:
        """Write every unmatched record into a file, in the place of an earlier one's; none where all fit."""
        path.unlink(missing_ok=True)
        if not self.unmatched:
            return
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["table", "record", "name", "reason"])
            for one in self.unmatched:
                writer.writerow([_plain(text) for text in (one.table, one.record, one.name, one.reason)])
        self.file = path


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
