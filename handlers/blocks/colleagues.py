"""What a card says of the people beside its owner: who covers for them, and who must still confirm the mail."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.blocks.elements import TIME, Json, button, confirm, when
from handlers.blocks.literal import named
from handlers.blocks.rich import words
from handlers.ids import Action, Ref
from scoring.briefs import CardBrief
from scoring.casework import Outreach
from scoring.four_eyes import waits_for_second

WAITS = ". It waits for a second person: a mail to this account leaves only after a colleague confirmed it."


def covering(brief: CardBrief) -> list[Json]:
    """Who acts in the owner's place, and until when (R50)."""
    if brief.cover is None or brief.csm is None or brief.cover_until is None:
        return []
    who, owner = (named(person.name, otherwise=person.email) for person in (brief.cover, brief.csm))
    return [words(f" · {who} covering for {owner} until "), when(brief.cover_until)]


def second_person(outreach: Outreach, who: Json) -> list[Json]:
    """Who approved a mail that needs two; empty for one that does not, or has both."""
    if not waits_for_second(outreach):
        return []
    return [
        words("Approved", bold=True),
        words(" by "),
        who,
        words(" at "),
        when(outreach.approved_at, TIME),
        words(WAITS),
    ]


def confirm_button(brief: CardBrief, mail: Ref) -> Sequence[Json]:
    """The second person's button, while a mail waits for one and stands on the card as it was approved."""
    outreach, draft = brief.outreach, brief.draft
    if outreach is None or draft is None or not waits_for_second(outreach):
        return ()
    if outreach.content_hash != draft.content_hash:
        return ()
    check = confirm("Confirm & send", f"Send to {outreach.to_email} from {draft.from_email}?", "Send")
    return (button("Confirm & send", Action.CONFIRM, mail, style="primary", confirm=check),)
