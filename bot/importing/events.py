"""Imports events: checks them, gives each the id that is its for ever, and hands them to the usage store in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np

from bot.importing.ordinals import Ordinals
from bot.importing.records import UnknownAccount
from bot.importing.report import FileReport
from bot.importing.rows import Reject, Row
from bot.intake.instants import microseconds
from bot.intake.ports import Usage

BATCH = 50_000
# A day's grace, because data by the day may lie ahead of us in other time zones.
AHEAD = timedelta(days=1)
TOO_OLD = "at {at:%Y-%m-%d} is older than usage is kept (since {since:%Y-%m-%d}, by LOOKOUT_KEEP_DAYS)"
IN_FUTURE = "at lies in the future: {at:%Y-%m-%d %H:%M}"


@dataclass(slots=True)
class Batch:
    """Events on their way; `contents` are what makes an event's id: its own, or all that it says."""

    at: list[int] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    n: list[int] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    own_ids: list[bool] = field(default_factory=list)

    def add(self, fields: Any) -> None:
        """Put one event in."""
        at, account, user, name = microseconds(fields["at"]), fields["account"], fields["user"], fields["name"]
        n, own = fields.get("n") or 1, fields.get("id")
        self.at.append(at)
        self.accounts.append(account)
        self.users.append(user)
        self.names.append(name)
        self.n.append(n)
        self.contents.append(own or f"{at}\x1f{account}\x1f{user}\x1f{name}\x1f{n}")
        self.own_ids.append(bool(own))

    def ids(self, ordinals: Ordinals) -> list[str]:
        """Ids that depend on what the events say and not on the file; equal events of one file are told apart."""
        digests = [blake2b(text.encode(), digest_size=16).digest() for text in self.contents]
        numbers = ordinals.number(np.frombuffer(b"".join(digests), np.uint64)[::2])
        return [
            digest.hex() if own or not number else blake2b(digest + b"%d" % number, digest_size=16).hexdigest()
            for digest, number, own in zip(digests, numbers.tolist(), self.own_ids, strict=True)
        ]

    def columns(self, ids: list[str]) -> dict[str, Any]:
        """As the usage store takes it."""
        return {
            "event_id": ids,
            "ts": np.array(self.at, "datetime64[us]"),
            "account_id": self.accounts,
            "user_id": self.users,
            "name": self.names,
            "n": np.array(self.n, np.int32),
        }


class EventImport:
    """Imports one file of events; ids are numbered per file, so overlapping exports count once."""

    def __init__(
        self,
        usage: Usage,
        accounts: Container[str],
        now: datetime,
        *,
        report: FileReport,
        reject: Reject,
        dry_run: bool,
        keep_days: int = 36_500,
    ) -> None:
        self._usage = usage
        self._accounts = accounts
        self._until = now + AHEAD
        self._since = now - timedelta(days=keep_days)
        self._report = report
        self._reject = reject
        self._dry_run = dry_run
        self._ordinals = Ordinals()

    async def run(self, rows: Iterable[Row]) -> None:
        """Import the rows."""
        batch = Batch()
        for row in rows:
            if row.fields["account"] not in self._accounts:
                self._unknown(row)
            elif row.fields["at"] > self._until:
                self._reject(row.line, IN_FUTURE.format(at=row.fields["at"]))
            elif row.fields["at"] < self._since:
                self._reject(row.line, TOO_OLD.format(at=row.fields["at"], since=self._since))
            else:
                batch.add(row.fields)
                if len(batch.at) == BATCH:
                    await self._hand_over(batch)
                    batch = Batch()
        if batch.at:
            await self._hand_over(batch)

    def _unknown(self, row: Row) -> None:
        fault = UnknownAccount(row.fields["account"])
        self._report.unknown(fault.account)
        self._reject(row.line, str(fault))

    async def _hand_over(self, batch: Batch) -> None:
        """Give the batch a name made of its events: the same events again are the same batch, which counts once."""
        if self._dry_run:
            self._report.imported += len(batch.at)
            return
        ids = batch.ids(self._ordinals)
        name = "import-" + blake2b("".join(ids).encode(), digest_size=16).hexdigest()
        taken = await asyncio.to_thread(self._usage.append_columns, name, batch.columns(ids))
        self._report.imported += taken
        self._report.unchanged += len(batch.at) - taken
