"""The line that says how to get no more mail. It closes every text from the draft on, so a person approves it, too."""

from __future__ import annotations


def closed(body: str, line: str) -> str:
    """The text with the line as its last paragraph; unchanged without a line, or where the text has it."""
    line = line.strip()
    if not line or line in body:
        return body
    end = "\n" if body.endswith("\n") else ""
    return f"{body.rstrip()}\n\n{line}{end}"


def without(body: str, line: str) -> str:
    """The text before its closing line; unchanged where that line does not close it."""
    line = line.strip()
    if not line or not body.rstrip().endswith(line):
        return body
    return body.rstrip().removesuffix(line).rstrip()


def is_missing(body: str, line: str) -> bool:
    """Whether the text lacks the line that every text must have."""
    return bool(line.strip()) and line.strip() not in body
