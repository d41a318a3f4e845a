"""Good drafts, written as a language model writes them inside our rules: each must pass the gate as it stands.

The texts stand in `good/`. `close` speaks of the facts in `people.py`; openers, middles and asks about the same are
mixed, so that every sentence meets many neighbours. `campaigns` and `shifts` are about other customers.

What the gate had never been tuned on was measured once before anything was changed for it: of the last twelve of
`close` 1 was blocked, of the twelve of `campaigns` 5, of the fourteen of `shifts` 1 (and 3 more that did say a weekday
or a number of their own; those words are replaced). The lists then learned what must stand around a word to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

GOOD = Path(__file__).parent / "good"


def mixed() -> Iterator[tuple[str, str]]:
    """(subject, body without greeting and signature), over a hundred of them."""
    subjects, openers, middles, asks = (_paragraphs(name) for name in ("subjects", "openers", "middles", "asks"))
    for number, opener in enumerate(openers):
        for at, middle in enumerate(middles):
            subject, ask = subjects[(number + at) % len(subjects)], asks[(3 * number + at) % len(asks)]
            yield subject, f"{opener}\n\n{middle}\n\n{ask}"


def whole(name: str) -> Iterator[tuple[str, str]]:
    """The drafts of one file, as they stand."""
    for draft in (GOOD / f"{name}.txt").read_text(encoding="utf-8").split("\n=====\n"):
        first, _, body = draft.strip().partition("\n\n")
        yield first.removeprefix("Subject: "), body


def _paragraphs(name: str) -> list[str]:
    return (GOOD / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
