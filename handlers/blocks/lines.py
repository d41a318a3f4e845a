"""One account as one line with one button: in digests, lists and App Home (UX 26)."""

from __future__ import annotations

from handlers.blocks.elements import Json, button, section
from handlers.blocks.literal import clean, cut, named
from handlers.blocks.wording import MARKS
from handlers.ids import Action, Ref
from scoring.briefs import Line
from scoring.model import Band
from scoring.wording import shown

LINE_LIMIT = 280
LABEL_LIMIT = 24
DECISIONS = frozenset({"Decide", "Read or stop"})


def row(line: Line, label: str = "Details") -> Json:
    """The line with its button: a decision where there is an open case, else the account's health."""
    if line.case_id and label in DECISIONS:
        return section(line_text(line), button(label, Action.DECIDE, Ref(case=line.case_id)))
    return section(
        line_text(line),
        button(
            "Details" if label in DECISIONS else cut(label, LABEL_LIMIT), Action.DETAILS, Ref(account=line.account_id)
        ),
    )


def line_text(line: Line) -> str:
    """Name, score and its move, severity as a word and a shape, and the reason; name and reason only once."""
    said = [named(line.name)]
    if line.score is not None:
        moved = line.previous is not None and shown(line.previous) != shown(line.score)
        said.append(
            f"{shown(line.previous)} → {shown(line.score)}"
            if moved and line.previous is not None
            else f"{shown(line.score)}"
        )
    known = line.severity in set(Band)
    text = clean(line.text)
    said += [line.severity] if known and line.severity != text else []
    said += [text] if text else []
    return cut(" · ".join(said), LINE_LIMIT) + (f" {MARKS[Band(line.severity)]}" if known else "")
