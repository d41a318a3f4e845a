"""App Home: what needs a decision first, then my portfolio, in pages of at most 100 blocks (UX 32-35)."""

from __future__ import annotations

from dataclasses import replace

from handlers.blocks.away import absences, plan_button
from handlers.blocks.elements import Json, actions, button, confirm, context, divider, header, section, small
from handlers.blocks.lines import row
from handlers.blocks.rich import paragraph, rich, words
from handlers.ids import Action, Ref
from scoring.briefs import HomeBrief

DECIDE_LIMIT = 30
PORTFOLIO_LIMIT = 40
NOTHING = "Nothing needs a decision."
CARD_OPEN = "has a card"
PAUSED = "All sending is paused: no mail leaves until somebody resumes."
STRANGER = (
    "No accounts are yours. Lookout knows its CSMs by e-mail address: ask whoever imports the people table to add you. "
    "/health with an account's name works for you all the same."
)
CLOSED = "Lookout is closed to you"
WHO_MAY = (
    "Accounts, cards and mails are seen and decided about by full members of the workspace that installed Lookout. In "
    "channels shared with other organisations it says nothing about customers."
)
WHAT_WHERE = "Cards go to the alert channel, a digest each working morning. /health help shows what you can ask."
PAUSE_ASK = "No mail leaves, for anybody, until it is resumed. Cards and scores go on."


def home_view(brief: HomeBrief, *, notice: str = "") -> Json:
    """The whole tab; `notice` is what a click on it was answered."""
    blocks = [section(notice), divider()] if notice else []
    blocks += [header(_headline(brief)), _switch(brief)]
    blocks += [section(note) for note in ((PAUSED,) if brief.paused else ()) + brief.notes[:5]]
    blocks += absences(brief)
    shown = brief.decide[:DECIDE_LIMIT]
    blocks += [row(line, "Decide") for line in shown]
    if len(brief.decide) > len(shown):
        blocks.append(context(small(f"and {len(brief.decide) - len(shown)} more; these come first")))
    return {"type": "home", "blocks": [*blocks, divider(), *_portfolio(brief), context(small(WHAT_WHERE))]}


def closed_view(why: str) -> Json:
    """What somebody reads here who may not use Lookout, as from another organisation: why, and nothing of anybody."""
    return {"type": "home", "blocks": [header(CLOSED), section(why), context(small(WHO_MAY))]}


def _headline(brief: HomeBrief) -> str:
    count = len(brief.decide)
    return NOTHING if not count else ("1 needs a decision" if count == 1 else f"{count} need a decision")


def _switch(brief: HomeBrief) -> Json:
    """Everybody sees the switch; who may use it, the desk decides and says."""
    if brief.paused:
        return actions(button("Resume all sending", Action.RESUME, Ref(page=brief.page)), *plan_button(brief))
    check = confirm("Pause all sending", PAUSE_ASK, "Pause")
    return actions(button("Pause all sending", Action.PAUSE, Ref(page=brief.page), confirm=check), *plan_button(brief))


def _portfolio(brief: HomeBrief) -> list[Json]:
    if not brief.portfolio:
        return [section(STRANGER)] if brief.person is None else []
    blocks = [rich(paragraph(words("Portfolio", bold=True), words(", most at risk first")))]
    # A card may be graver than the score alone, so a line says that there is one.
    lines = (replace(line, text=CARD_OPEN) if line.case_id else line for line in brief.portfolio[:PORTFOLIO_LIMIT])
    blocks += [row(line) for line in lines]
    turn = []
    if brief.page > 1:
        turn.append(button("Previous", Action.PAGE_BACK, Ref(page=brief.page - 1)))
    if brief.page < brief.pages:
        turn.append(button("Next", Action.PAGE_NEXT, Ref(page=brief.page + 1)))
    blocks += [actions(*turn)] if turn else []
    return [*blocks, context(small(f"page {brief.page} of {brief.pages}"))] if brief.pages > 1 else blocks
