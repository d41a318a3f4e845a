"""What the loop remembers of its own people: when they are away, and who covers for them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from scoring.cover import Absence


class Absences(Protocol):
    """Absences of CSMs with their covers."""

    async def keep(self, absence: Absence) -> None:
        """Add it, or replace the one with its id."""

    async def end(self, absence_id: str, at: datetime) -> bool:
        """Let it end at an instant, if it would have lasted longer; False when there is nothing to end."""

    async def all(self) -> list[Absence]:
        """Every absence, past ones too, oldest first."""

    async def at(self, instant: datetime) -> list[Absence]:
        """Those that hold at an instant."""
