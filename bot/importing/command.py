"""The command `lookout import`: opens the stores, shows a progress bar, lists every rejected row in a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.config import Settings
from bot.importing.plan import plan, read_renames
from bot.importing.report import KeepReject, Report
from bot.importing.rows import Rejected
from bot.importing.run import FileProgress, Import, Options
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore

REJECTS = "rejected-rows.csv"
# A cell that begins so would be run as a formula by a spreadsheet; our own file must be safe to open.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def wall_clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


async def import_paths(
    settings: Settings,
    paths: Sequence[Path],
    *,
    mapping: Sequence[str] = (),
    dry_run: bool = False,
    console: Console | None = None,
    clock: Callable[[], datetime] = wall_clock,
) -> Report:
    """Import files and folders of files into the stores that the settings name.

    Raises:
        InvalidInput: a file or a `--map` as a whole cannot be used; nothing was imported then.
    """
    renames = read_renames(mapping)
    planned = plan(paths, renames)
    settings.home.mkdir(parents=True, exist_ok=True)
    store = SqlStore(settings.database)
    await store.open()
    usage = UsageStore(settings.home, settings.zone, settings.scoring, memory=settings.memory)
    options = Options(settings.zone, clock(), renames, dry_run, settings.keep_days)
    rejects = RejectFile(settings.home / REJECTS)
    try:
        with rejects, shown(console) as progress:
            report = await Import(store, usage, options, keep_reject=rejects.keep, progress=progress).run(planned)
    finally:
        usage.close()
        await store.close()
    report.rejects = rejects.written
    return report


class RejectFile:
    """Lists every rejected row; the file of an earlier import is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = ExitStack()
        self._keep: KeepReject | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    @property
    def written(self) -> Path | None:
        """The file, if any row was rejected."""
        return None if self._keep is None else self._path

    def keep(self, rejected: Rejected) -> None:
        """Write one row down."""
        if self._keep is None:
            self._keep = self._open()
        self._keep(rejected)

    def _open(self) -> KeepReject:
        writer = csv.writer(self._files.enter_context(self._path.open("w", encoding="utf-8", newline="")))
        writer.writerow(["file", "line", "reason"])

        def keep(one: Rejected) -> None:
            writer.writerow([_plain(one.file), one.line, _plain(one.reason)])

        return keep


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


@contextmanager
def shown(console: Console | None) -> Iterator[FileProgress]:
    """A progress bar a file on the console; nothing without one."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=console is None) as bar:
        tasks: dict[Path, TaskID] = {}

        def progress(path: Path, done: int, total: int) -> None:
            if path not in tasks:
                tasks[path] = bar.add_task(path.name, total=None)
            bar.update(tasks[path], completed=done, total=total or None)

        yield progress
