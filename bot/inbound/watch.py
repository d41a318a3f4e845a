"""Watches every mailbox for answers, one connection each, in the process that leads; a broken one disturbs no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.inbound.imap import Head, ImapInbox
from bot.inbound.imap_server import ImapServer
from bot.inbound.reading import arrival_of, clues_of_head
from bot.loop.lead import Lead, LeadLost
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock
from bot.loop.returns import Returns
from scoring.errors import InvalidInput, LookoutError
from scoring.replies import ReadUpTo

# Some servers do not tell what came just before they were asked to tell, and a silent connection may be dead without
# either side knowing: looking again costs little.
RENEW_SECONDS = 60.0
AT_ONCE = 50
FIRST_LOOK = timedelta(days=14)
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 300, 900))
TELL_AFTER = 3
THREADS = 16
MAILBOX, MAIL = "mailbox", "mail number"

log = structlog.get_logger(__name__)

Inboxes = Callable[[], Awaitable[Sequence[ImapServer]]]
"""Every mailbox that is to be read now; asked again and again, so that a new one needs no restart."""


@dataclass(slots=True)
class _Place:
    """One mailbox: who reads it, and how often that failed since it worked last."""

    server: ImapServer
    task: asyncio.Task[None]
    failures: int = 0
    again_at: datetime | None = None


@dataclass(slots=True)
class Watch:
    """`run` is the sweep: it begins to read new mailboxes, ends those that are gone, and mends what broke."""

    inboxes: Inboxes
    returns: Returns
    lead: Lead
    clock: Clock
    back_off: tuple[timedelta, ...] = BACK_OFF
    heard: Callable[[str], None] = lambda _mailbox: None
    """Is told of each mailbox that was read to its end."""
    one_by_one: OneByOne = field(default_factory=OneByOne)
    _places: dict[str, _Place] = field(default_factory=dict)
    _threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "mailboxes"))
    _stopped: bool = False

    async def run(self) -> int:
        """See to it that every mailbox is read; how many are."""
        if self._stopped:
            return 0
        wanted = {server.name: server for server in await self.inboxes()}
        for name, place in list(self._places.items()):
            if wanted.get(name) != place.server:
                del self._places[name]
                await _end(place.task)
        await self.one_by_one.each(MAILBOX, wanted, self._see_to)
        return sum(not place.task.done() for place in self._places.values())

    async def stop(self) -> None:
        """Read no more; what was not taken in is read again by whoever reads next."""
        self._stopped = True
        await asyncio.gather(*(_end(place.task) for place in self._places.values()))
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _see_to(self, server: ImapServer) -> None:
        place = self._places.get(server.name)
        if place is None:
            self._places[server.name] = _Place(server, self._begin(server))
        elif place.task.done():
            await self._mend(place)

    async def _mend(self, place: _Place) -> None:
        """Begin again after a while, longer each time; a fault of ours is raised, so that it is seen."""
        if place.again_at is None:
            fault = None if place.task.cancelled() else place.task.exception()
            place.failures += 1
            place.again_at = self.clock() + self.back_off[min(place.failures, len(self.back_off)) - 1]
            if fault is not None and not isinstance(fault, LookoutError):
                raise fault
            await self._complain(place, fault)
        elif self.clock() >= place.again_at:
            place.again_at, place.task = None, self._begin(place.server)

    async def _complain(self, place: _Place, fault: LookoutError | None) -> None:
        if fault is None or isinstance(fault, LeadLost):
            return
        log.warning("a mailbox could not be read", mailbox=place.server.name, reason=str(fault))
        for_good = isinstance(fault, InvalidInput) or getattr(fault, "permanent", False)
        if for_good or place.failures == TELL_AFTER:
            await self.returns.cannot_read(place.server.name, str(fault))

    def _begin(self, server: ImapServer) -> asyncio.Task[None]:
        return asyncio.create_task(self._read_on(server), name=f"mailbox {server.name}")

    async def _read_on(self, server: ImapServer) -> None:
        """Read what is new, wait for more, and so on while we lead."""
        inbox = ImapInbox(server, self._threads)
        try:
            await inbox.open()
            while self.lead.holds():
                if await self._catch_up(inbox):
                    self.heard(server.name)
                place = self._places.get(server.name)
                if place is not None:
                    place.failures = 0
                await inbox.wait(RENEW_SECONDS)
        finally:
            inbox.close()

    async def _catch_up(self, inbox: ImapInbox) -> bool:
        """From where we left off; where UIDs mean nothing any more, and at first, the last fourteen days again.

        Whether all was read. A mail that we trip over is where we begin the next time; those behind it are read all the
        same, and what leaves by itself waits meanwhile, for it may be an answer.
        """
        mark = await self.returns.read_up_to(inbox.name)
        known = mark is not None and mark.validity == inbox.validity
        first_day = (self.clock() - FIRST_LOOK).date()
        uids, upcoming = await inbox.numbers(mark.uid if mark and known else None, first_day)
        reached: int | None = None
        for start in range(0, len(uids), AT_ONCE):
            for head in await inbox.heads(uids[start : start + AT_ONCE]):
                look = partial(self._look_at, inbox, head, moves=reached is None)
                if not await self.one_by_one.one(MAIL, f"{head.uid} in {inbox.name}", look) and reached is None:
                    reached = head.uid
        end = upcoming if reached is None else reached
        if not known or (mark is not None and mark.uid != end):
            await self.returns.have_read(ReadUpTo(inbox.name, inbox.validity, end))
        return reached is None

    async def _look_at(self, inbox: ImapInbox, head: Head, *, moves: bool) -> bool:
        """One mail; what no database can keep of it must not hold up those behind it."""
        try:
            await self._take_in(inbox, head, moves=moves)
        except InvalidInput as fault:
            log.warning("a mail was left out", mailbox=inbox.name, uid=head.uid, reason=str(fault))
        return True

    async def _take_in(self, inbox: ImapInbox, head: Head, *, moves: bool) -> None:
        """Fetch a mail only if its head names one of ours, or if it is a mail server's report of some mail."""
        clues, report = clues_of_head(head.content)
        if not report and not await self.returns.concerns(clues):
            return
        content = await inbox.whole(head.uid)
        if content:
            read = partial(arrival_of, content, head.received_at or self.clock())
            arrival = await asyncio.get_running_loop().run_in_executor(self._threads, read)
            mark = ReadUpTo(inbox.name, inbox.validity, head.uid + 1) if moves else None
            await self.returns.take(arrival, mark)


async def _end(task: asyncio.Task[None]) -> None:
    """End it, and take leave of what it broke on: that keeps nobody from stopping."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
