"""Windows that show what a message would show: a case to decide on, an account's health, an answer."""

from __future__ import annotations

from handlers.blocks.alert_card import card_blocks
from handlers.blocks.elements import Json, divider, modal, section
from handlers.blocks.health import health_blocks
from handlers.ids import Ref, Window
from scoring.briefs import CardBrief, HealthBrief


def case_modal(brief: CardBrief, *, notice: str = "", said_in: str = "") -> Json:
    """The card in a window, with the same buttons: acting here changes the card there (UX 33)."""
    above = [section(notice), divider()] if notice else []
    ref = Ref(case=brief.case.id, said_in=said_in)
    return modal("Decide", [*above, *card_blocks(brief)], callback=Window.READ, ref=ref)


def health_modal(brief: HealthBrief) -> Json:
    """An account's health in a window; it cannot be shared from there."""
    return modal("Health", health_blocks(brief, buttons=False), callback=Window.READ, ref=Ref(account=brief.account.id))


def answer_modal(text: str, *, title: str = "Lookout") -> Json:
    """A sentence in a window, where there is no other place for it."""
    return modal(title, [section(text)], callback=Window.READ, ref=Ref())
