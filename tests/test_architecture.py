"""The shape of the tree holds: sizes, names, directions that import-linter cannot see."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "scoring", "storage", "prompts")
TOP_LEVEL = {*PACKAGES, "tests"}
MODULE_LINES, FUNCTION_LINES, POSITIONAL = 250, 50, 5
VAGUE = {"utils", "helpers", "manager", "service", "base", "common", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(*patterns: str) -> list[Path]:
    """The files of this tree, as git knows them."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in found.stdout.splitlines() if (ROOT / name).is_file()]


def product_modules() -> list[Path]:
    return [p for p in tracked("*.py") if p.relative_to(ROOT).parts[0] in PACKAGES and "migrations" not in p.parts]


def functions() -> Iterator[tuple[str, Function]]:
    for path in product_modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def lines_of(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_are_modules_to_judge() -> None:
    assert len(product_modules()) > 40


def test_no_module_is_longer_than_250_lines() -> None:
    long = {
        str(p.relative_to(ROOT)): n for p in product_modules() if (n := len(p.read_text().splitlines())) > MODULE_LINES
    }

    assert long == {}


def test_no_function_is_longer_than_50_lines() -> None:
    assert {name: lines_of(node) for name, node in functions() if lines_of(node) > FUNCTION_LINES} == {}


def test_functions_are_mostly_short() -> None:
    sizes = sorted(lines_of(node) for _, node in functions())

    assert statistics.median(sizes) <= 10
    assert sizes[int(len(sizes) * 0.9)] <= 30


def test_functions_take_at_most_five_positional_parameters() -> None:
    crowded = [
        name for name, node in functions()
        if len([a for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]) > POSITIONAL
    ]  # fmt: skip

    # Bolt injects a listener's arguments by parameter name, so listeners may list more.
    assert [name for name in crowded if not name.startswith("handlers/")] == []


def test_no_module_has_a_vague_name() -> None:
    assert [str(p) for p in product_modules() if p.stem in VAGUE] == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [str(p.relative_to(ROOT)) for p in product_modules() if not ast.get_docstring(ast.parse(p.read_text()))]

    assert silent == []


def test_the_top_level_is_the_one_we_promised() -> None:
    folders = {p.relative_to(ROOT).parts[0] for p in tracked() if len(p.relative_to(ROOT).parts) > 1}

    assert {name for name in folders if not name.startswith(".")} <= TOP_LEVEL


def swallows_anything(node: ast.ExceptHandler) -> bool:
    """A handler of every exception that does not raise it again."""
    everything = node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
    )
    return everything and not isinstance(node.body[-1], ast.Raise)


def test_unexpected_errors_are_swallowed_in_two_places_only() -> None:
    """One wrapper for sweeps, one for their items; Slack's unexpected errors come to Bolt's own error listener."""
    broad = [
        str(p.relative_to(ROOT)) for p in product_modules()
        for node in ast.walk(ast.parse(p.read_text()))
        if isinstance(node, ast.ExceptHandler) and swallows_anything(node)
    ]  # fmt: skip

    assert sorted(broad) == ["bot/loop/one_by_one.py", "bot/schedule.py"]


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "NotImplementedError", "time.sleep("])
def test_nothing_is_left_for_later(word: str) -> None:
    assert [str(p.relative_to(ROOT)) for p in product_modules() if word in p.read_text()] == []


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org|" + "/" + r"work/(main|shared)|/root/")
    small = [p for p in tracked() if p != Path(__file__) and p.stat().st_size < 1_000_000]
    texts = [p for p in small if b"\0" not in p.read_bytes()]

    assert [str(p.relative_to(ROOT)) for p in texts if hosts.search(p.read_text(errors="ignore"))] == []
