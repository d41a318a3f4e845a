"""The morning digest: what to decide, what waits, what changed; one message, one button a line (UX 25-27)."""

from __future__ import annotations

from handlers.blocks.elements import Json, context, header, message, section, small
from handlers.blocks.lines import row
from handlers.blocks.rich import paragraph, rich, words
from handlers.blocks.wording import day_text
from scoring.briefs import DigestBrief, Section

LINE_LIMIT = 30
QUIET = "All quiet: nothing needs a decision."
HELD = "and {held} more"


def digest_card(brief: DigestBrief) -> Json:
    """The digest as a message; sections in the order in which they were given, at most 30 lines."""
    blocks = [header(f"{_whose(brief)}, scores of {day_text(brief.day, brief.day)}")]
    blocks += [section(note) for note in brief.notes[:5]]
    room = LINE_LIMIT
    for part in brief.sections[:6]:
        blocks += _section(part, room)
        room -= len(part.lines)
    if not any(part.lines for part in brief.sections):
        blocks.append(section(QUIET))
    counted = f"{brief.healthy} of {brief.total} accounts healthy"
    return message([*blocks, context(small(counted), small("figures as in App Home and /health"))])


def _whose(brief: DigestBrief) -> str:
    return "Your accounts" if brief.person is not None else "All accounts"


def _section(part: Section, room: int) -> list[Json]:
    shown = part.lines[: max(room, 0)]
    held = part.held + len(part.lines) - len(shown)
    blocks = [rich(paragraph(words(part.title, bold=True)))] if shown or held else []
    blocks += [row(line, part.button) for line in shown]
    return [*blocks, context(small(HELD.format(held=held)))] if held else blocks
