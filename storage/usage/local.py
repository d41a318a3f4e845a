"""The usage store on this machine: events go in, in batches; daily roll-ups come out.

Everything lies under one folder: `ledger.db` (what counts), `batches/` (as they came), `days/` (one file a day, one row
per event id), `rollups/` (one file a day), `states/` (one small file a month, one of first days), `carried/` (what the
windows held lately), `set-aside/` (files that could not be read). Blocking; call it from a thread or a worker process.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from scoring.config import ScoreConfig
from scoring.model import Event
from storage.usage.columns import Batch, batch_of_columns, batch_of_events, day_number, instant
from storage.usage.engine import Engine
from storage.usage.files import Files
from storage.usage.ledger import Ledger
from storage.usage.memory import Memory
from storage.usage.pull import Pull
from storage.usage.refresh import Refresh
from storage.usage.retention import LetGo, is_due, let_go
from storage.usage.rollups import Rollups
from storage.usage.source import Source
from storage.usage.warehouse import Warehouse

WRITE_BATCH = """
SELECT CAST(md5(id) AS UUID) AS event, make_timestamp(us) AS ts, day, account, person, name, n FROM batch
"""


class UsageStore:
    """Holds the usage of every account. `zone` decides where a day begins; `memory` bounds what work on it takes.

    `patience` is how many seconds to wait for another process that writes.
    """

    def __init__(
        self,
        home: Path,
        zone: ZoneInfo,
        config: ScoreConfig,
        *,
        memory: str = "1GB",
        threads: int = 2,
        patience: float = 60,
    ) -> None:
        self._config = config
        self._memory = Memory.of(memory)
        self._zone = zone
        self._files = Files(home / "usage")
        self._ledger = Ledger(self._files.home / "ledger.db", str(zone), patience=patience)
        self._engine = Engine(self._files.home, memory=self._memory.engine, threads=threads)
        self._patience = patience
        self._lock = RLock()

    def name(self) -> str:
        """What tells this store from any other, a copy of it excepted."""
        with self._lock, self._ledger.writing():
            return self._ledger.remembered("name", secrets.token_hex(8))

    def close(self) -> None:
        """Let go of files and memory."""
        with self._lock:
            self._engine.close()
            self._ledger.close()

    def append(self, batch_id: str, events: Iterable[Event]) -> int:
        """Take a batch of events once; how many were taken, 0 when this batch was taken before.

        When this returns, the batch survives a crash. An event id counts once a day, whichever batch it came in.
        """
        return self._append(batch_id, batch_of_events(events))

    def append_columns(self, batch_id: str, columns: Mapping[str, Any]) -> int:
        """`append` for bulk, with columns as numpy arrays or lists; batches of some 100,000 rows are best.

        Columns are `ts` (UTC datetime64 or aware datetimes), `account_id`, `user_id`, `name`, and optionally `n` (1)
        and `event_id` (made from batch and row).

        Raises:
            InvalidInput: a column is missing or of another length, or a time has no zone.
        """
        return self._append(batch_id, batch_of_columns(columns))

    def has_batch(self, batch_id: str) -> bool:
        """Whether this batch was taken before."""
        with self._lock:
            return self._ledger.has_batch(batch_id)

    def _append(self, batch_id: str, batch: Batch) -> int:
        with self._lock, self._ledger.writing():
            if self._ledger.has_batch(batch_id):
                return 0
            newest = int(batch.at.max()) if batch.rows else 0
            file = self._write(batch_id, batch) if batch.rows else None
            self._ledger.book_batch(batch_id, file=file, rows=batch.rows, newest=newest)
        return batch.rows

    def _write(self, batch_id: str, batch: Batch) -> str:
        """The batch's file. Its name comes from the batch's id: one left by a killed run is written over."""
        ids = batch.ids if batch.ids is not None else [f"{batch_id}\x1f{row}" for row in range(batch.rows)]
        columns = {
            "id": np.array(ids, object),
            "us": batch.at,
            "day": batch.days(self._zone),
            "account": self._numbers("account", batch.accounts),
            "person": self._numbers("user", batch.users),
            "name": self._numbers("name", batch.names),
            "n": batch.n,
        }
        file = f"batches/{hashlib.sha256(batch_id.encode()).hexdigest()[:32]}.parquet"
        with self._engine.lent("batch", columns), self._files.writing(file) as target:
            self._engine.write(WRITE_BATCH, target)
        return file

    def _numbers(self, kind: str, texts: Iterable[str]) -> np.ndarray[Any, np.dtype[np.int32]]:
        keys = self._ledger.keys(kind, set(texts), make=True)
        return np.fromiter((keys[text] for text in texts), np.int32)

    def refresh(self) -> None:
        """Sort what came in into days and roll the changed days up; costs nothing when nothing came in.

        Files that cannot be read are set aside and named by `problems`; everything else goes on.

        Raises:
            Unavailable: the disk is full, or another process is refreshing.
        """
        with self._lock:
            self._refresh().run()

    def pull(self, source: Source, until: date | None, *, most: int | None = None) -> int:
        """Bring in the roll-ups of days that a warehouse holds, up to `until` (all there are without); how many days.

        `refresh` follows. A store that pulls should hold nothing else: which of two counts of a day is right?

        Raises:
            InvalidInput: the extra is not installed, or the table is not what the settings say.
            Unavailable: the warehouse does not answer; what was pulled until then is kept.
        """
        with self._lock, (refresh := self._refresh()).alone():
            generation = refresh.begin()
            most = most or self._memory.pulled
            pull = Pull(self._files, self._ledger, self._engine, source, generation=generation, most=most)
            with closing(Warehouse(source, self._zone, self._config.ignored_events)) as warehouse:
                return pull.run(warehouse, until)

    def let_go(self, before: date) -> LetGo:
        """Delete the events and roll-ups of whole months before a day; scores of days that need them are over then.

        Raises:
            Unavailable: another process is refreshing.
        """
        with self._lock:
            if not is_due(self._ledger, before):
                return LetGo()
            with (refresh := self._refresh()).alone():
                return let_go(self._files, self._ledger, before, refresh.begin())

    def lost(self) -> bool:
        """Whether days that were pulled must be pulled again, because their files were damaged."""
        with self._lock:
            return bool(self._ledger.lost())

    def mend(self) -> bool:
        """After a `DamagedFile`: set unreadable files aside and make again what can be; False if none was found."""
        with self._lock:
            refresh = self._refresh()
            found = refresh.set_damaged_aside()
            refresh.run()
        return bool(found)

    def rollups(self) -> Rollups:
        """What scoring reads."""
        return Rollups(self._files, self._ledger, self._lock)

    def _refresh(self) -> Refresh:
        return Refresh(
            self._files,
            self._ledger,
            engine=self._engine,
            config=self._config,
            memory=self._memory,
            patience=self._patience,
        )

    def data_until(self) -> datetime | None:
        """The instant of the newest event we hold."""
        with self._lock:
            newest = self._ledger.newest()
        return None if newest is None else instant(newest)

    def dirty(self) -> bool:
        """Whether events came in that the roll-ups do not hold yet."""
        with self._lock:
            return self._ledger.dirty()

    def volume(self, days: int, until: date) -> list[int]:
        """Uses a day over all accounts, oldest first, `until` included; as of the last `refresh` (R35)."""
        first = until - timedelta(days=days - 1)
        with self._lock:
            uses = {day.day: day.uses for day in self._ledger.days(day_number(first), day_number(until))}
        return [uses.get(day_number(first) + place, 0) for place in range(days)]

    def problems(self) -> list[tuple[str, str]]:
        """Files that were set aside, each with what was wrong with it."""
        with self._lock:
            return self._ledger.problems()
