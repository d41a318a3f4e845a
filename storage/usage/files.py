"""The usage store's folder: a file appears whole or not at all, and what cannot be read is set aside, not deleted."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

AT_ONCE = 16
"""Files that are waited for at once: a disk takes many together in little more time than one."""
FOLDERS = ("batches", "days", "rollups", "states")


class Files:
    """Files by their name relative to `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for folder in FOLDERS:
            (home / folder).mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.home / name

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A path to write to; the file takes its name when the block ends well, and then survives a power cut."""
        target = self.path(name)
        draft = target.with_name(target.name + ".part")
        yield draft
        _to_disk(draft)
        draft.replace(target)
        _to_disk(target.parent)

    def to_disk(self, names: Collection[str]) -> None:
        """Files written without `writing` survive a power cut when this returns; only they are waited for."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(_to_disk, map(self.path, names)))
        for folder in {self.path(name).parent for name in names}:
            _to_disk(folder)

    def size(self, name: str) -> int:
        """A file's bytes, 0 when it is not there."""
        path = self.path(name)
        return path.stat().st_size if path.exists() else 0

    def written(self, name: str) -> int:
        """When a file was written, in nanoseconds since 1970; 0 when it is not there."""
        path = self.path(name)
        return path.stat().st_mtime_ns if path.exists() else 0

    def sweep(self, listed: set[str]) -> None:
        """Remove files that no ledger lists: leftovers of a killed run, or of a day that was written anew."""
        for folder in FOLDERS:
            for file in (self.home / folder).iterdir():
                if f"{folder}/{file.name}" not in listed:
                    file.unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """Move a file where nobody reads it, for a person to look at."""
        target = self.home / "set-aside" / name.replace("/", "-")
        target.parent.mkdir(exist_ok=True)
        if self.path(name).exists():
            self.path(name).replace(target)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
