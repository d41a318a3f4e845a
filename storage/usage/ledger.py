"""The book of the usage store: which files count, which number stands for which account, person and feature.

A SQLite file beside the Parquet files. A file that the ledger does not list does not exist for any reader, so that a
process may be killed between writing a file and booking it: nothing is lost, nothing counts twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scoring.errors import InvalidInput, Unavailable
from storage.usage.numbers import Numbers

ZONE_CHANGED = (
    "The usage store counts its days in {old}, the workspace now says {new}. "
    "Set LOOKOUT_TIMEZONE back to {old}, or import again into an empty LOOKOUT_HOME. Nothing was changed."
)
FAILED = "The usage store's ledger could not be written: {error}. Nothing was changed; try again."

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (item TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS user (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS name (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
-- A batch keeps its row for ever, so that it is never taken twice. `file` is empty once its events are in day files.
CREATE TABLE IF NOT EXISTS batch (
    id TEXT PRIMARY KEY, file TEXT, rows INTEGER NOT NULL, newest INTEGER NOT NULL, place INTEGER NOT NULL
);
-- `rollup` empty: the day is to be rolled up again. `settled` 0: months and first days do not know it yet.
CREATE TABLE IF NOT EXISTS day (
    day INTEGER PRIMARY KEY, file TEXT, rollup TEXT, settled INTEGER NOT NULL DEFAULT 0, uses INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS state (item TEXT PRIMARY KEY, file TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS problem (file TEXT PRIMARY KEY, what TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's files; `day` counts from 1970-01-01."""

    day: int
    file: str | None
    rollup: str | None
    settled: bool
    uses: int


class Ledger(Numbers):
    """Opens or makes the ledger; one connection, used by one thread at a time (the store sees to that)."""

    def __init__(self, file: Path, zone: str, *, patience: float) -> None:
        super().__init__(sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=patience))
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        with self.writing():
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
        known = self.remembered("zone", zone)
        if known != zone:
            self._db.close()
            raise InvalidInput(ZONE_CHANGED.format(old=known, new=zone))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that holds the only pen from its first statement on.

        Raises:
            Unavailable: another process holds it for too long, or the disk is full; nothing was changed.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise Unavailable(FAILED.format(error=error)) from error

    def remembered(self, item: str, value: str) -> str:
        """What is noted under `item`; `value` is noted now if nothing was."""
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (item, value))
        return str(self._db.execute("SELECT value FROM meta WHERE item = ?", (item,)).fetchone()[0])

    def note(self, item: str, value: str) -> None:
        """Write `value` under `item`, over what stood there."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (item, value))

    # -- batches ----------------------------------------------------------------------------------------------------

    def has_batch(self, batch_id: str) -> bool:
        """Whether this batch was taken before."""
        return self._db.execute("SELECT 1 FROM batch WHERE id = ?", (batch_id,)).fetchone() is not None

    def book_batch(self, batch_id: str, *, file: str | None, rows: int, newest: int) -> None:
        """From now on the batch's file counts; `newest` is its last instant in microseconds since 1970."""
        self._db.execute(
            "INSERT INTO batch SELECT ?, ?, ?, ?, 1 + coalesce(max(place), 0) FROM batch",
            (batch_id, file, rows, newest),
        )

    def pending(self) -> list[str]:
        """Batch files whose events do not stand in day files yet, in the order they came."""
        return [row[0] for row in self._db.execute("SELECT file FROM batch WHERE file IS NOT NULL ORDER BY place")]

    def retire(self, files: Sequence[str]) -> None:
        """The events of these batch files stand in day files now."""
        self._db.executemany("UPDATE batch SET file = NULL WHERE file = ?", ((file,) for file in files))

    def newest(self) -> int | None:
        """The newest event we hold, microseconds since 1970."""
        row = self._db.execute("SELECT max(newest) FROM batch WHERE rows > 0").fetchone()
        return None if row[0] is None else int(row[0])

    # -- days and what is made of them ------------------------------------------------------------------------------

    def days(self, first: int | None = None, last: int | None = None) -> list[Day]:
        """The days that hold events, oldest first."""
        query = "SELECT * FROM day WHERE day >= coalesce(?, day) AND day <= coalesce(?, day) ORDER BY day"
        return [
            Day(day=day, file=file, rollup=rollup, settled=bool(settled), uses=uses)
            for day, file, rollup, settled, uses in self._db.execute(query, (first, last))
        ]

    def book_days(self, files: dict[int, str]) -> None:
        """These days have new event files; their roll-ups are to be made again."""
        self._db.executemany(
            "INSERT INTO day (day, file) VALUES (?, ?) "
            "ON CONFLICT (day) DO UPDATE SET file = excluded.file, rollup = NULL, settled = 0",
            files.items(),
        )

    def book_rollups(self, rollups: dict[int, tuple[str, int]]) -> None:
        """These days have new roll-up files, each with the day's number of uses."""
        self._db.executemany(
            "UPDATE day SET rollup = ?, uses = ?, settled = 0 WHERE day = ?",
            ((file, uses, day) for day, (file, uses) in rollups.items()),
        )

    def settle(self, days: Sequence[int], states: dict[str, str]) -> None:
        """Months and first days now know these days; `states` names the files that do."""
        self._db.executemany("UPDATE day SET settled = 1 WHERE day = ?", ((day,) for day in days))
        self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", states.items())

    def states(self) -> dict[str, str]:
        """The file of each month (`month:2024-05`), of the first days (`firsts`), and of a lost day's `base:19863`."""
        return dict(self._db.execute("SELECT item, file FROM state").fetchall())

    def roll_again(self) -> None:
        """Every roll-up is out of date, because what counts as use has changed."""
        base = "(SELECT state.file FROM state WHERE item = 'base:' || day.day AND day.file IS NULL)"
        self._db.execute("UPDATE day SET rollup = " + base)  # noqa: S608 - a constant
        self.unsettle()

    def dirty(self) -> bool:
        """Whether anything came in that the roll-ups do not hold."""
        query = (
            "SELECT EXISTS (SELECT 1 FROM batch WHERE file IS NOT NULL) OR EXISTS (SELECT 1 FROM day WHERE NOT settled)"
        )
        return bool(self._db.execute(query).fetchone()[0])

    # -- days that a warehouse rolled up: they have no event files ---------------------------------------------------

    def book_pulled(self, rollups: dict[int, tuple[str, int]], newest: int) -> None:
        """`book_rollups` for days that are pulled; `newest` is their last instant in microseconds since 1970."""
        self._db.executemany("INSERT OR IGNORE INTO day (day) VALUES (?)", ((day,) for day in rollups))
        self.book_rollups(rollups)
        found = max(newest, self.newest() or 0)
        self._db.execute("INSERT OR REPLACE INTO batch VALUES ('warehouse', NULL, 1, ?, 0)", (found,))

    def lost(self) -> list[int]:
        """Pulled days whose roll-ups are gone or out of date, oldest first."""
        query = "SELECT day FROM day WHERE file IS NULL AND rollup IS NULL ORDER BY day"
        return [row[0] for row in self._db.execute(query)]

    def forget_pulled(self) -> None:
        """None of the pulled days count any more."""
        self._db.execute("DELETE FROM day WHERE file IS NULL")
        self._db.execute("DELETE FROM batch WHERE id = 'warehouse'")
        self._db.execute("DELETE FROM meta WHERE item LIKE 'kept %'")
        self._db.execute("DELETE FROM state")
        self.unsettle()

    def unsettle(self) -> None:
        """Months and first days are made anew from all days that we hold; those of days let go stay as they are."""
        self._db.execute("UPDATE day SET settled = 0")
        kept = self._db.execute("SELECT value FROM meta WHERE item = 'kept month'").fetchone() or ("",)
        self._db.execute("DELETE FROM state WHERE item = 'firsts' OR item >= 'month:' || ?", kept)

    # -- days that were let go ---------------------------------------------------------------------------------------

    def kept_from(self) -> int | None:
        """The first day whose usage was never deleted; None when all there was is held."""
        row = self._db.execute("SELECT value FROM meta WHERE item = 'kept from'").fetchone()
        return None if row is None else int(row[0])

    def let_go(self, horizon: int, month: str, firsts: str) -> None:
        """Days before `horizon`, the first of `month`, are gone; `firsts` is the file of first days before it."""
        self._db.execute("DELETE FROM day WHERE day < ?", (horizon,))
        self._db.execute("INSERT OR REPLACE INTO state VALUES ('kept', ?)", (firsts,))
        self.note("kept from", str(horizon))
        self.note("kept month", month)

    def note_late(self, events: int) -> None:
        """So many more events came for days that are gone, and were left out."""
        self.note("late", str(self.late() + events))

    def late(self) -> int:
        """How many that were since it was noted last."""
        row = self._db.execute("SELECT value FROM meta WHERE item = 'late'").fetchone()
        return 0 if row is None else int(row[0])

    # -- files ------------------------------------------------------------------------------------------------------

    def listed(self) -> set[str]:
        """Every file that counts."""
        tables = ("file FROM batch", "file FROM day", "rollup FROM day", "file FROM state")
        found = self._db.execute(" UNION ".join(f"SELECT {table}" for table in tables))
        return {row[0] for row in found if row[0]}

    def strike(self, file: str, what: str) -> None:
        """A file cannot be read: it counts no more, what was made of it is made again where that is possible.

        A batch is forgotten, and with a day's events all are, so that they can be handed in again; until then the
        day's last roll-up, its `base`, is the least that is known of it.
        """
        self._db.execute("DELETE FROM batch WHERE file = ?", (file,))
        base = "SELECT 'base:' || day, rollup FROM day WHERE file = ? AND rollup NOT NULL"
        self._db.execute(f"INSERT OR REPLACE INTO state {base}", (file,))
        if self._db.execute("UPDATE day SET file = NULL WHERE file = ?", (file,)).rowcount:
            self._db.execute("UPDATE batch SET id = 'forgotten ' || place WHERE file IS NULL AND id <> 'warehouse'")
        self._db.execute("UPDATE day SET rollup = NULL, settled = 0 WHERE rollup = ?", (file,))
        if self._db.execute("DELETE FROM state WHERE file = ?", (file,)).rowcount:
            self._db.execute("UPDATE day SET settled = 0")
        self._db.execute("INSERT OR REPLACE INTO problem VALUES (?, ?)", (file, what))

    def problems(self) -> list[tuple[str, str]]:
        """Files that were set aside, each with what was wrong with it."""
        return self._db.execute("SELECT file, what FROM problem ORDER BY file").fetchall()
