"""The operational database as the loop sees it: transactions that hold all repositories."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scoring.errors import Unavailable
from storage import migrations
from storage.absences import SqlAbsences
from storage.accounts import SqlAccounts
from storage.audit import SqlAudit
from storage.cases import SqlCases
from storage.crm import SqlCrm
from storage.engine import address, reader, scrubbed, writer
from storage.erasure import SqlErasure
from storage.errors import BUSY, DAMAGED, wrapped
from storage.flags import SqlFlags
from storage.follow_ups import SqlFollowUps
from storage.inbox import SqlInbox
from storage.intended import SqlIntended
from storage.mailboxes import SqlMailboxes
from storage.mentions import SqlMentions
from storage.old_texts import SqlOldTexts
from storage.outreach import SqlOutreaches
from storage.replies import SqlReplies
from storage.slack_outbox import SqlSlackOutbox
from storage.snapshots import SqlSnapshots
from storage.transaction import Transaction


class SqlUnitOfWork:
    """One transaction with all repositories."""

    def __init__(self, transaction: Transaction) -> None:
        self.accounts = SqlAccounts(transaction)
        self.snapshots = SqlSnapshots(transaction)
        self.cases = SqlCases(transaction)
        self.outreach = SqlOutreaches(transaction)
        self.replies = SqlReplies(transaction)
        self.mailboxes = SqlMailboxes(transaction)
        self.follow_ups = SqlFollowUps(transaction)
        self.intended = SqlIntended(transaction)
        self.crm = SqlCrm(transaction)
        self.absences = SqlAbsences(transaction)
        self.slack = SqlSlackOutbox(transaction)
        self.audit = SqlAudit(transaction)
        self.flags = SqlFlags(transaction)
        self.inbox = SqlInbox(transaction)
        self.erasure = SqlErasure(transaction)
        self.mentions = SqlMentions(transaction)
        self.old_texts = SqlOldTexts(transaction)


class SqlStore:
    """Opens transactions: `async with store() as work` commits at the end, an exception rolls back.

    One writer at a time; others wait in order up to `patience` seconds and then get `Unavailable`. So nothing slow
    (a model, a mail server, Slack) may be awaited inside. `store.reading()` gives answers from one moment of the
    database without waiting for writers.
    """

    def __init__(self, url: str, *, patience: float = 5.0) -> None:
        self.url = address(url)
        self._patience = patience
        self._writer = writer(self.url, patience=patience)
        self._reader = reader(self.url, patience=patience)
        self._writing: set[asyncio.Task[object] | None] = set()
        self._queues: tuple[asyncio.AbstractEventLoop, asyncio.Lock, asyncio.Lock] | None = None

    async def open(self) -> None:
        """Make the database or bring it up to date; `InvalidInput` or `Unavailable` says what is in the way."""
        await migrations.upgrade(self.url, patience=self._patience)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._writer.dispose()
        await self._reader.dispose()

    async def examine(self) -> None:
        """Read a SQLite file through, and raise `Unavailable` if it is damaged inside (E7)."""
        if self._reader.dialect.name != "sqlite":
            return
        with wrapped():
            async with self._reader.connect() as connection:
                found = (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            raise Unavailable(DAMAGED, permanent=True)

    async def scrub(self) -> bool:
        """Leave no trace of deleted texts in a SQLite file; False where others hold it."""
        return self._reader.dialect.name != "sqlite" or await asyncio.to_thread(scrubbed, self.url, self._patience)

    async def ping(self) -> None:
        """Return if the database answers, else raise `Unavailable`."""
        with wrapped():
            async with self._reader.connect() as connection:
                await connection.execute(text("SELECT 1 FROM flags LIMIT 1"))

    @asynccontextmanager
    async def __call__(self, *, behind: bool = False) -> AsyncIterator[SqlUnitOfWork]:
        """A transaction that may write; one `behind` others waits for those of its kind first, one for people does not.

        So a person waits for one thing that happens by itself at most, however many of them are due.
        """
        task = asyncio.current_task()
        if task in self._writing:
            raise RuntimeError("this task has a transaction open already and would wait for itself")
        self._writing.add(task)
        try:
            async with self._in_turn(behind=behind), self._transaction(self._writer) as work:
                yield work
        finally:
            self._writing.discard(task)

    @asynccontextmanager
    async def _in_turn(self, *, behind: bool) -> AsyncIterator[None]:
        """The pool would lend its connection to whoever asks first when it is free, and not to whoever waited.

        So a morning that lands day after day would keep a click waiting for all of them.
        """
        line, turn = self._queues_here()
        async with line if behind else nullcontext():
            try:
                async with asyncio.timeout(self._patience):
                    await turn.acquire()
            except TimeoutError:
                raise Unavailable(BUSY) from None
            try:
                yield
            finally:
                turn.release()

    def _queues_here(self) -> tuple[asyncio.Lock, asyncio.Lock]:
        """Those of the event loop that runs: a store outlives one, as in a process that forks."""
        if self._queues is None or self._queues[0] is not asyncio.get_running_loop():
            self._queues = asyncio.get_running_loop(), asyncio.Lock(), asyncio.Lock()
        return self._queues[1:]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlUnitOfWork]:
        """A transaction that cannot write: one moment of the database."""
        async with self._transaction(self._reader) as work:
            yield work

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[SqlUnitOfWork]:
        with wrapped():
            connection = await engine.connect()
        try:
            with wrapped():
                await connection.begin()
            yield SqlUnitOfWork(Transaction(connection))
            with wrapped():
                await connection.commit()
        except BaseException:
            # In a task of its own: whoever is cancelled here gives the connection back all the same.
            await asyncio.shield(asyncio.create_task(connection.close()))
            raise
        await connection.close()
