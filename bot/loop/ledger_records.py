"""What the loop remembers of itself: who did what, and the small facts that survive a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from scoring.audit_chain import Link
from scoring.casework import AuditEntry


class Audit(Protocol):
    """Append-only, each row linked to the one before. No names and no mail text: ids, and what was done."""

    async def add(self, entry: AuditEntry) -> None: ...
    async def of_case(self, case_id: str) -> list[AuditEntry]: ...
    async def newest(self, limit: int) -> list[AuditEntry]: ...
    async def done_by(self, actor: str, since: datetime, *, among: int) -> list[tuple[datetime, str]]:
        """When somebody did what after an instant, as far as the last `among` entries tell, newest first."""

    async def tail(self, limit: int) -> list[Link]:
        """The last `limit` rows with their place in the chain, in their order."""

    def chain(self) -> AsyncIterator[Link]:
        """Every row with its place in the chain, in order."""


class Flags(Protocol):
    """Small named facts that survive a restart: `paused`, `storm`, `slack_lost`, `first_run`, `day_done`, leases.

    `storm` holds cards and sends while it is set (R35); its value is the ISO day of the first run that was held. A
    person's answer clears it and sets `storm_answer` to `release` or `drop`; the alert stage then opens or drops what
    was held and clears `storm_answer`. `first_run` is the ISO day of the starting list (R34).
    """

    async def get(self, name: str) -> str | None: ...
    async def some(self, *names: str) -> dict[str, str]:
        """Those of these flags that are set, with their values."""

    async def set(self, name: str, value: str | None) -> None: ...
    async def claim(self, name: str, value: str) -> bool:
        """Set it if it is unset; True for the one caller that did."""

    async def lease(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or prolong a lease: True while `holder` has it."""

    async def holder(self, name: str) -> str | None:
        """Who took a lease last, also when it ran out; None when nobody did or it was given back."""

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back, if it is `holder`'s."""
