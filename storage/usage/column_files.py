"""Small files of whole numbers: what the usage store works out of events, read back in one piece and checked.

One line of JSON (name, type and length of each column, and a checksum), then the columns' bytes. Everything in them can
be made again from event files, so they need no format that others read, only one that costs next to nothing.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from storage.usage.engine import DamagedFile, unreadable_parquet

SUFFIX = ".columns"
ALIGN = 8
BROKEN = "The usage store could not read {file}: {error}"


def write_columns(file: Path, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Write columns of whole numbers, each in the smallest type that holds it; they may differ in length.

    Gives what `read_columns` will give.
    """
    narrow = {name: _narrow(values) for name, values in columns.items()}
    body = [part for values in narrow.values() for part in (values.data, _filler(values.nbytes))]
    told = [(name, values.dtype.str, len(values)) for name, values in narrow.items()]
    crc = reduce(lambda before, part: zlib.crc32(part, before), body, 0)
    head = json.dumps({"columns": told, "crc": crc}).encode() + b"\n"
    with file.open("wb") as target:
        target.writelines((head, _filler(len(head), b" "), *body))
    return narrow


def read_columns(file: Path) -> dict[str, npt.NDArray[Any]]:
    """The columns of a file in their narrow types.

    Raises:
        DamagedFile: the file is not there, cut off or not what was written.
    """
    try:
        content = file.read_bytes()
        head = json.loads(content[: content.index(b"\n")])
        start = _up(content.index(b"\n") + 1)
        whole = zlib.crc32(memoryview(content)[start:]) == head["crc"]
    except (OSError, ValueError, KeyError) as error:
        raise DamagedFile(BROKEN.format(file=file.name, error=error)) from error
    if not whole:
        raise DamagedFile(BROKEN.format(file=file.name, error="its checksum is another"))
    found = {}
    for name, kind, rows in head["columns"]:
        found[name] = np.frombuffer(content, kind, rows, start)
        start = _up(start + found[name].nbytes)
    return found


def unreadable(file: Path) -> str:
    """Why a file of the store cannot be read to its last value, or an empty text when it can."""
    if file.suffix != SUFFIX:
        return unreadable_parquet(file)
    try:
        read_columns(file)
    except DamagedFile as error:
        return str(error)
    return ""


def _narrow(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # Seen without their sign, numbers below 0 are larger than all others: one look tells both.
    largest = int(values.view(f"u{values.itemsize}").max(initial=0))
    if values.dtype.kind == "i" and largest > np.iinfo(values.dtype).max:
        return values.astype(np.int64)
    return values.astype(np.min_scalar_type(largest))


def _filler(length: int, filler: bytes = b"\0") -> bytes:
    return filler * (_up(length) - length)


def _up(place: int) -> int:
    return -(-place // ALIGN) * ALIGN
