"""Columns of whole numbers come back as they were, in as few bytes as hold them; a damaged file is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.usage.column_files import read_columns, unreadable, write_columns

COLUMNS = {
    "none": np.zeros(0, np.int64),
    "small": np.array([0, 7, 255]),
    "wide": np.array([1, 1 << 40]),
    "below zero": np.array([-1, 300], np.int32),
    "unsigned": np.array([1 << 31], np.uint32),
    "every other": np.arange(6)[::2],
}


def test_columns_come_back_as_they_were(tmp_path: Path) -> None:
    written = write_columns(tmp_path / "file", COLUMNS)
    found = read_columns(tmp_path / "file")
    for name, values in COLUMNS.items():
        assert found[name].tolist() == written[name].tolist() == values.tolist()
        assert found[name].dtype == written[name].dtype
    assert {name: values.itemsize for name, values in found.items() if name in {"small", "wide", "unsigned"}} == {
        "small": 1, "wide": 8, "unsigned": 4,
    }  # fmt: skip


@pytest.mark.parametrize("place", [0, 60, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, place: int) -> None:
    file = tmp_path / "file.columns"
    write_columns(file, COLUMNS)
    assert not unreadable(file)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert unreadable(file)
