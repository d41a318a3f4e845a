"""Days that are many and small are written in one pass, to the very files that one by one would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scoring.errors import Unavailable
from storage.usage.engine import Engine

ROWS = "SELECT day, account, n FROM gathered"
GATHERED = """
CREATE TABLE gathered AS SELECT hash(i) % 40 AS day, hash(i + 1) % 9 AS account, i AS n FROM range(3_000) AS rows(i)
"""
DAYS = range(40)


class Splitting(Engine):
    """An engine that leaves two files where one was asked for, as one with many threads may."""

    def run(self, query: str, values: Mapping[str, object] | None = None) -> None:
        super().run(query, values)
        if "PARTITION_BY" in query:
            for file in list(Path(query.split("TO '")[1].split("'", maxsplit=1)[0]).rglob("*.parquet")):
                for part in range(2):
                    rows = f"FROM read_parquet('{file}', hive_partitioning = false) WHERE n % 2 = {part}"
                    super().run(f"COPY ({rows}) TO '{file.parent}/part{part}.parquet'")
                file.unlink()


@pytest.fixture(params=[Engine, Splitting])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with closing(request.param(tmp_path, memory="128MB", threads=2)) as engine:
        engine.run(GATHERED)
        yield engine


def written(engine: Engine, folder: Path, *, small: bool) -> dict[int, list[tuple[Any, ...]]]:
    (folder / "days").mkdir(parents=True)
    files = {day: folder / "days" / f"{day}.parquet" for day in DAYS}
    engine.write_days(ROWS, files, order="account, n", small=small)
    assert list(folder.iterdir()) == [folder / "days"]
    return {day: duckdb.sql(f"FROM '{file}'").fetchall() for day, file in files.items()}


def test_one_pass_writes_what_one_day_after_the_other_would(engine: Engine, tmp_path: Path) -> None:
    one_by_one = written(engine, tmp_path / "one by one", small=False)
    in_one_pass = written(engine, tmp_path / "in one pass", small=True)
    assert {day: sorted(rows) for day, rows in in_one_pass.items()} == one_by_one
    assert sum(map(len, one_by_one.values())) == 3_000


@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_days_read_together_are_told_apart(engine: Engine, tmp_path: Path, at_once: int) -> None:
    expected = written(engine, tmp_path / "home", small=True)
    files = [tmp_path / "home" / "days" / f"{day}.parquet" for day in DAYS]
    portions = [dict(list(zip(DAYS, files, strict=True))[start : start + at_once]) for start in DAYS[::at_once]]

    found = engine.each_day(("account",), "n", portions)
    told = {day: sorted(zip(columns["account"].tolist(), columns["n"].tolist(), strict=True)) for day, columns in found}
    assert told == {day: sorted((account, n) for _, account, n in rows) for day, rows in expected.items()}


def test_a_row_that_a_file_does_not_tell_of_is_given_to_no_day(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(engine, tmp_path / "home", small=True)
    files = {day: tmp_path / "home" / "days" / f"{day}.parquet" for day in (3, 4)}
    rows, once = engine._facts("n", [*map(str, files.values())])
    monkeypatch.setattr(engine, "_facts", lambda *_: ([0, rows[1]], once))
    with pytest.raises(Unavailable, match="not what they hold"):
        list(engine.each_day(("account",), "n", [files]))
