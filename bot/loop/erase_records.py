"""What forgetting needs of the memory, beside what every stage has; no other stage can reach it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.loop.records import UnitOfWork
from scoring.erasure import Reach, Scope


class Erasures(Protocol):
    """Rows of a person or an account."""

    async def reach(self, scope: Scope) -> Reach:
        """Where the scope stands, before anything is changed."""

    async def forget(self, scope: Scope, reach: Reach, salt: str, now: datetime) -> None:
        """Let go of every text and address of the scope; ids, times, kinds and states stay."""


class Mentions(Protocol):
    """Every text of every table."""

    async def clear(self, addresses: Sequence[str], names: Sequence[str], *, belongs: Sequence[str]) -> None:
        """Take addresses out of every text, and names out of the texts of their accounts and cases (`belongs`)."""

    async def where(self, addresses: Sequence[str], names: Sequence[str], *, belongs: Sequence[str]) -> list[str]:
        """Where any of these still stands, as `table.column`."""


class OldTexts(Protocol):
    """Words by their age."""

    async def forget(self, before: datetime, limit: int) -> int:
        """Let go of words from before an instant, at most `limit` rows of each kind; how many that were."""


class ForgettingWork(UnitOfWork, Protocol):
    """One transaction that may let go of what is old."""

    @property
    def old_texts(self) -> OldTexts: ...


class ForgettingStore(Protocol):
    """Opens transactions that may let go of what is old."""

    def __call__(self) -> AbstractAsyncContextManager[ForgettingWork]: ...


class ErasingWork(UnitOfWork, Protocol):
    """One transaction that may also forget."""

    @property
    def erasure(self) -> Erasures: ...
    @property
    def mentions(self) -> Mentions: ...


class ErasingStore(Protocol):
    """Opens transactions that may also forget."""

    def __call__(self) -> AbstractAsyncContextManager[ErasingWork]: ...
    def reading(self) -> AbstractAsyncContextManager[ErasingWork]:
        """A transaction that cannot write."""
