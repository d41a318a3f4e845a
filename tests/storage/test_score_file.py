"""A score file holds all parts in one order, whether they fitted into memory or waited on the disk."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from scoring.frame import Column, Labels, Same
from storage.usage import score_file
from storage.usage.score_file import ScoreFile

IDS = np.array(["b", "a", "c"], object)


def part(days: list[int], accounts: list[int]) -> dict[str, Column]:
    rows = [(account, day) for day in days for account in accounts]
    place, day = (np.array(column) for column in zip(*rows, strict=True))
    return {
        "account_id": Labels(IDS, place),
        "day": day.astype("datetime64[D]").astype("datetime64[us]"),
        "health": np.where(day % 2, np.nan, day / 7.0),
        "version": Same(7, len(rows)),
        "rows": place * 100 + day,
        "chance": Same(np.nan, len(rows)),
    }


@pytest.mark.parametrize("held", [0, 40, score_file.HELD])
def test_parts_are_sorted_by_account_and_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(score_file, "HELD", held)
    with ScoreFile(tmp_path / "it's.parquet") as file:
        assert [file.add(part([3, 4], [0, 1])), file.add(part([5], [2, 0, 1]))] == [4, 3]
    (found,) = tmp_path.iterdir()
    rows = duckdb.read_parquet(str(found)).project("account_id, day - DATE '1970-01-01', health, version, rows, chance")
    assert rows.fetchall() == [
        (name, day, None if day % 2 else day / 7.0, 7, place * 100 + day, None)
        for name, place, days in (("a", 1, (3, 4, 5)), ("b", 0, (3, 4, 5)), ("c", 2, (5,)))
        for day in days
    ]


def test_nothing_is_left_of_a_file_that_was_given_up(tmp_path: Path) -> None:
    with pytest.raises(KeyError), ScoreFile(tmp_path / "scores.csv") as file:
        file.add(part([3], [0]))
        raise KeyError
    assert list(tmp_path.iterdir()) == []
