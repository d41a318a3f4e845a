"""The table of faults has every row, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| ([CDIJ]\d+) \| ([^|]+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
ROWS = {found[1]: found for found in ROW.finditer((Path(__file__).parent / "README.md").read_text())}
BUILT = (("C", range(1, 11)), ("D", range(1, 16)), ("I", range(1, 15)), ("J", (*range(1, 6), 10, 11)))
FAULTS = [f"{group}{n}" for group, numbers in BUILT for n in numbers]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_in(path: str) -> set[str]:
    module = ast.parse((ROOT / path).read_text()) if (ROOT / path).exists() else ast.Module([], [])
    found = (node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in found}


def test_every_fault_has_a_row_and_no_row_is_of_another_catalogue() -> None:
    assert list(ROWS) == FAULTS


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_says_what_must_happen_and_names_tests_that_exist(fault: str) -> None:
    named = TEST.findall(ROWS[fault][4])

    assert named
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []
