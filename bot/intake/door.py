"""Takes what products send and says yes only when it survives a power cut; many requests share one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.intake.ports import Store
from scoring.arrivals import Arrival
from scoring.errors import LookoutError, Unavailable

FULL = "More comes in than can be kept right now. Nothing of this request was taken. Send it again in a moment."
BROKEN = "It could not be kept. Send it again in a moment."

Request = tuple[Sequence[Arrival], "asyncio.Future[None]"]


class Door:
    """Commits what came in while the last commit ran, together; at most `most` arrivals wait their turn."""

    def __init__(self, store: Store, *, most: int = 50_000) -> None:
        self._store = store
        self._most = most
        self._waiting: list[Request] = []
        self._rows = 0
        self._task: asyncio.Task[None] | None = None

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Return when all of it is on disk; what came before changes nothing. `Unavailable` when nothing was kept."""
        if not arrivals:
            return
        if self._rows + len(arrivals) > self._most and self._rows:
            raise Unavailable(FULL)
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrivals, kept))
        self._rows += len(arrivals)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_all())
        await kept

    async def close(self) -> None:
        """Wait until what waits is kept."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _commit_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await self._commit([arrival for arrivals, _ in group for arrival in arrivals])
                _answer(group, None)
            except LookoutError as fault:
                _answer(group, fault)
            finally:
                self._rows -= sum(len(arrivals) for arrivals, _ in group)
                # Only a fault of ours leaves a request unanswered here; it goes on to the log with its cause.
                _answer(group, Unavailable(BROKEN))

    async def _commit(self, arrivals: Sequence[Arrival]) -> None:
        async with self._store() as work:
            await work.inbox.accept(arrivals)


def _answer(group: Sequence[Request], fault: LookoutError | None) -> None:
    """Tell those who still wait; a client may have hung up."""
    for _, kept in group:
        if not kept.done():
            if fault is None:
                kept.set_result(None)
            else:
                kept.set_exception(fault)
