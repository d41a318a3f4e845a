"""What an import did, file by file, in words: how many rows were imported, how many not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.importing.rows import Rejected
from bot.intake.fields import Table

SHOWN = 20
NAMES_KEPT = 10_000

COUNTS = "{file} ({table}): {imported} {verb}, {unchanged} unchanged, {rejected} rejected"
MORE = "  … and {n} more"
UNKNOWN = "  Rows of accounts that nobody told us: {names}"
UNUSED = "  Columns not used: {names}"
ALL_REJECTED = "Every rejected row with its reason: {path}"
DRY = "This was a dry run: nothing was changed."
NOTHING = "There was nothing to import."


@dataclass(slots=True)
class FileReport:
    """One file's outcome. For events, `imported` are those handed to the usage store, which counts each id once."""

    file: str
    table: Table
    unused: tuple[str, ...] = ()
    imported: int = 0
    unchanged: int = 0
    rejected: int = 0
    examples: list[Rejected] = field(default_factory=list)
    unknown_accounts: Counter[str] = field(default_factory=Counter)

    def reject(self, line: int, reason: str) -> Rejected:
        """Count a row that was not imported; the first ones are kept to show."""
        one = Rejected(self.file, line, reason)
        self.rejected += 1
        if len(self.examples) < SHOWN:
            self.examples.append(one)
        return one

    def unknown(self, account: str) -> None:
        """Count a row of an account that we do not know."""
        if account in self.unknown_accounts or len(self.unknown_accounts) < NAMES_KEPT:
            self.unknown_accounts[account] += 1

    def text(self, verb: str) -> str:
        """The file's paragraph."""
        lines = [COUNTS.format(
            file=self.file, table=self.table, imported=f"{self.imported:,}", verb=verb, unchanged=f"{self.unchanged:,}",
            rejected=f"{self.rejected:,}",
        )]  # fmt: skip
        lines += [f"  line {one.line}: {one.reason}" for one in self.examples]
        if self.rejected > len(self.examples):
            lines.append(MORE.format(n=f"{self.rejected - len(self.examples):,}"))
        if self.unknown_accounts:
            most = self.unknown_accounts.most_common(SHOWN)
            lines.append(UNKNOWN.format(names=", ".join(f"“{name}” {n:,}" for name, n in most)))
        if self.unused:
            lines.append(UNUSED.format(names=", ".join(self.unused)))
        return "\n".join(lines)


@dataclass(slots=True)
class Report:
    """The whole import. `rejects` is the file that lists every rejected row, None if there was none."""

    dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rejects: Path | None = None

    @property
    def clean(self) -> bool:
        """Whether every row was imported."""
        return not any(one.rejected for one in self.files)

    def text(self) -> str:
        """The report as a person reads it."""
        verb = "would be imported" if self.dry_run else "imported"
        parts = [one.text(verb) for one in self.files] or [NOTHING]
        parts += self.notes
        if self.rejects is not None:
            parts.append(ALL_REJECTED.format(path=self.rejects))
        if self.dry_run:
            parts.append(DRY)
        return "\n".join(parts)


KeepReject = Callable[[Rejected], None]
