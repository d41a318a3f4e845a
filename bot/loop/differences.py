"""Says in a few lines what changed between two versions of a draft (C4)."""

from __future__ import annotations

from difflib import ndiff

from scoring.casework import Draft

LINES = 6
WIDTH = 160
MORE = "… and {count} more lines"
NOTHING_SEEN = "the version that you saw is not known here"
SENDER = "From: {name}, {email}"
RECIPIENT = "To: {name}, {email}"
SUBJECT = "Subject: {subject}"


def difference(seen: Draft | None, now: Draft) -> str:
    """Lines that went (`-`) and came (`+`), at most six."""
    if seen is None:
        return NOTHING_SEEN
    changed = [line.rstrip() for line in ndiff(_lines(seen), _lines(now)) if line[0] in "+-"]
    shown = [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in changed[:LINES]]
    return "\n".join([*shown, *([MORE.format(count=len(changed) - LINES)] if len(changed) > LINES else [])])


def _lines(draft: Draft) -> list[str]:
    head = [
        SENDER.format(name=draft.from_name, email=draft.from_email),
        RECIPIENT.format(name=draft.to_name, email=draft.to_email),
        SUBJECT.format(subject=draft.subject),
    ]
    return head + [line for line in draft.body.splitlines() if line.strip()]
