"""The worked example of the health model is run, so that the page cannot go stale."""

from __future__ import annotations

import doctest
from pathlib import Path

README = Path(__file__).parents[2] / "scoring" / "README.md"


def test_the_example_on_the_page_gives_what_the_page_says() -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    page = parser.get_doctest(README.read_text().replace("```", ""), {}, "scoring/README.md", str(README), 0)
    assert len(page.examples) >= 12
    runner.run(page)
    assert runner.summarize().failed == 0
