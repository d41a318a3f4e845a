"""The answer to `/health acme` in one screen: score, trend, what moved it, what to do next (UX 31)."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.blocks.elements import Json, actions, button, context, header, link, message, section, small
from handlers.blocks.lines import row
from handlers.blocks.literal import named, size
from handlers.blocks.rich import bullets, fixed, paragraph, rich, words
from handlers.blocks.wording import MARKS, age, apportioned, confidence, day_text, sparkline
from handlers.ids import Action, Ref
from scoring.briefs import Bar, Choice, HealthBrief, Line
from scoring.casework import CaseState
from scoring.model import Basis
from scoring.wording import shown

BAR_WIDTH = 12
LABEL_WIDTH = 26
FACTS = 5
PICK = "“{query}” could be several accounts. Which one?"
NEAREST = "No account is called “{query}”. The nearest:"
NOBODY = "No account is called “{query}”. Try its domain, /health alone for your five lowest scores, or /health help."
WORST = "Your lowest scores"
EMPTY = "Nothing is scored yet. The first scores come with the next run."
BASIS = {
    Basis.OWN_HISTORY: "use compared with their own past",
    Basis.BLENDED: "use compared with their own short past and with new accounts",
    Basis.NEW_ACCOUNTS: "use compared with new accounts of the same age",
    Basis.NO_PEERS: "too few accounts to compare their use with",
}
STATES = {
    CaseState.OPEN: "waits for a decision",
    CaseState.SNOOZED: "snoozed",
    CaseState.APPROVED: "a mail is approved",
    CaseState.CONTACTED: "a mail was sent",
    CaseState.DISMISSED: "dismissed",
    CaseState.CLOSED: "closed",
}
SHARED = "Shared by {who}"


def health_card(brief: HealthBrief, *, shared_by: str = "") -> Json:
    """The answer as a message; the private one carries a Share button."""
    blocks = health_blocks(brief, buttons=not shared_by)
    return message(
        [*blocks, context(small(SHARED.format(who=named(shared_by, otherwise="a colleague"))))] if shared_by else blocks
    )


def health_blocks(brief: HealthBrief, *, buttons: bool = True) -> list[Json]:
    """Heading, trend and waterfall, facts, next step, buttons, small print."""
    score, band = shown(brief.health.score), brief.health.band
    blocks = [
        header(f"{named(brief.account.name)}: {score}, {band.value} {MARKS[band]}"),
        rich(*_trend(brief), *_moved(brief)),
        rich(*_standing(brief)),
    ]
    if buttons:
        blocks.append(actions(*_buttons(brief)))
    basis = small(BASIS[brief.signals.usage_basis])
    fresh = [age(brief.data_until, brief.now)] if brief.now else []
    return [*blocks, context(*fresh, small(confidence(brief.health)), basis)]


def waterfall(start: float, bars: Sequence[Bar], end: float) -> list[tuple[str, int]]:
    """The waterfall in whole points: (label, points) from the old shown score to the new one; they add up exactly."""
    first, last = shown(start), shown(end)
    points = apportioned([bar.points for bar in bars], last - first) if bars else []
    moved = [(_label(bar), point) for bar, point in zip(bars, points, strict=True)]
    return [("", first), *moved, ("", last)]


def choice_list(choice: Choice) -> Json:
    """A pick list with domain and owner; or the nearest names and a hint (UX 29)."""
    ask = NOBODY if not choice.lines else (PICK if choice.exact else NEAREST)
    blocks = [section(ask.format(query=named(choice.query, 80, otherwise="nothing")))]
    return message([*blocks, *(row(_picked(line), "Show") for line in choice.lines[:8])])


def worst_list(lines: Sequence[Line]) -> Json:
    """My lowest scores, each with its button (UX 30)."""
    if not lines:
        return message([section(EMPTY)])
    return message([header(WORST), *(row(line, "Show") for line in lines[:10])])


def _picked(line: Line) -> Line:
    known = " · ".join(part for part in (line.domain, f"owner {line.owner}" if line.owner else "") if part)
    return Line(line.account_id, line.name, known or line.text)


def _trend(brief: HealthBrief) -> list[Json]:
    if len(brief.trend) < 2:  # noqa: PLR2004 - one day is no trend
        return []
    (first, old), (last, new) = brief.trend[0], brief.trend[-1]
    span = f"  {shown(old)} on {day_text(first, last)} → {shown(new)} on {day_text(last, last)}"
    return [paragraph(words("Trend  ", bold=True), words(sparkline([score for _, score in brief.trend])), words(span))]


def _moved(brief: HealthBrief) -> list[Json]:
    if not brief.bars or brief.compared_on is None:
        return []
    start = brief.health.score - sum(bar.points for bar in brief.bars)
    steps = waterfall(start, brief.bars, brief.health.score)
    widest = max((abs(points) for _, points in steps[1:-1]), default=0) or 1
    rows = [f"{steps[0][1]:>4}  on {day_text(brief.compared_on, brief.health.day)}"]
    for label, points in steps[1:-1]:
        bar = ("█" if points > 0 else "▒") * max(1, round(abs(points) / widest * BAR_WIDTH))
        rows += [f"{points:>+4}  {bar:<{BAR_WIDTH}}  {label}"] if points else []
    rows.append(f"{steps[-1][1]:>4}  now")
    return [paragraph(words("What moved it", bold=True)), fixed("\n".join(rows))]


def _label(bar: Bar) -> str:
    kind = "" if bar.kind == "behaviour" else f" ({bar.kind})"
    return named(bar.label, LABEL_WIDTH) + kind


def _standing(brief: HealthBrief) -> list[Json]:
    """Facts, last contact, open case, next step."""
    rows = [
        ("Owner: ", named(brief.csm.name, otherwise=brief.csm.email) if brief.csm else "nobody yet"),
        ("\nLast contact: ", brief.last_contact or "none known"),
        ("\nOpen case: ", f"{brief.case.severity.value}, {STATES[brief.case.state]}" if brief.case else "none"),
        ("\nNext step: ", brief.next_step or "nothing to do"),
    ]
    said = paragraph(*(part for label, text in rows for part in (words(label, bold=True), words(text))))
    return [bullets([fact.text for fact in brief.facts[:FACTS]]), said] if brief.facts else [said]


def _buttons(brief: HealthBrief) -> list[Json]:
    ref = Ref(account=brief.account.id)
    found = [button("Share here", Action.SHARE, ref)]
    if brief.case is not None:
        found.insert(0, button("Open the card", Action.DECIDE, Ref(case=brief.case.id)))
    else:
        found.insert(0, button("Open a case", Action.OPEN_CASE, ref))
    linked = brief.card_link if brief.card_link.startswith("https://") and size(brief.card_link) <= 3000 else ""  # noqa: PLR2004
    return [*found, link("Go to the card", linked)] if linked else found
