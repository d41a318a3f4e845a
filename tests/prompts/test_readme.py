"""The README's examples run as they stand."""

from __future__ import annotations

import re

from prompts.library import OURS, Library
from prompts.template import ALWAYS_KNOWN, PLACEHOLDERS

README = (OURS / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)\n```", README, re.DOTALL)[1]


def test_the_python_example_holds():
    exec(compile(block("python"), "README.md", "exec"), {})


def test_the_template_tips_and_phrases_can_be_used_as_printed(tmp_path):
    (tmp_path / "stuck.md").write_text(block("markdown"), encoding="utf-8")
    printed_tips, printed_phrases = block("toml").split("# phrases.toml\n")
    (tmp_path / "tips.toml").write_text(printed_tips, encoding="utf-8")
    (tmp_path / "phrases.toml").write_text(printed_phrases, encoding="utf-8")

    library = Library.load(tmp_path)

    assert library.template("stuck").version == "team-1"
    assert library.tips.find("report_builder").name == "Report builder"
    assert library.phrases.findings("A quick win.")


def test_every_placeholder_is_listed():
    listed = set(re.findall(r"^\| `\{(\w+)\}`", README, re.MULTILINE))

    assert listed == PLACEHOLDERS
    assert "Everything but `{product}` may be missing" in README
    assert {"product"} == ALWAYS_KNOWN


def test_every_file_it_links_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (OURS / target).exists(), target
