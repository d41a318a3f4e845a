"""Remembers the newest mail in a small file beside the database, so that a restored backup is noticed (E9)."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from scoring.errors import Unavailable

UNWRITABLE = "{file} cannot be written ({fault}), so no mail leaves: it says which mail was the newest."
UNREADABLE = "{file} cannot be read ({fault}), so no mail leaves: it says which mail was the newest."
LONGEST = 200


@dataclass(frozen=True, slots=True)
class HighWaterFile:
    """Implements the loop's `HighWater`. The old mark stands until the new one is on disk."""

    file: Path

    async def newest(self) -> str | None:
        """The mark, or None before the first mail."""
        return await asyncio.to_thread(self._read)

    async def rise(self, mark: str) -> None:
        """Put a mark on disk; `Unavailable` when that cannot be."""
        await asyncio.to_thread(self._write, mark)

    def _read(self) -> str | None:
        try:
            return self.file.read_text("utf-8")[:LONGEST].strip() or None
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise Unavailable(UNREADABLE.format(file=self.file, fault=type(fault).__name__), permanent=True) from None

    def _write(self, mark: str) -> None:
        fresh = self.file.with_suffix(".new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                out.write(mark)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self.file)
        except OSError as fault:
            raise Unavailable(UNWRITABLE.format(file=self.file, fault=fault.strerror)) from None
