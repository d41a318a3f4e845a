"""The window that asks whether an alert was right: one tap, and it teaches what fires next (R82, UX 17)."""

from __future__ import annotations

from handlers.blocks.elements import Json, labelled, modal, option, section, text_input
from handlers.blocks.literal import named
from handlers.ids import Field, Ref, Window
from scoring.casework import Verdict

ABOUT = (
    "The case of {name} ends here. What you say is kept with the alert. The account then stays quiet for a while, "
    "unless it recovers and fades again or falls to Churning."
)
CHOICES = {
    Verdict.RIGHT: "Right: it was a risk, and it is dealt with",
    Verdict.KNEW_IT: "Knew it already",
    Verdict.FALSE_ALARM: "False alarm: no risk here",
    Verdict.WRONG_DATA: "Wrong data",
}
NOTE_LIMIT = 500


def dismiss_modal(case_id: str, name: str, *, said_in: str = "") -> Json:
    """Four verdicts and a note."""
    radio = {
        "type": "radio_buttons",
        "action_id": Field.VERDICT.value,
        "options": [option(label, verdict.value) for verdict, label in CHOICES.items()],
    }
    blocks = [
        section(ABOUT.format(name=named(name))),
        labelled("verdict", "Was the alert right?", radio),
        labelled("note", "Note", text_input(Field.NOTE, tall=True, limit=NOTE_LIMIT), optional=True),
    ]
    ref = Ref(case=case_id, said_in=said_in)
    return modal("Dismiss", blocks, callback=Window.DISMISS, ref=ref, submit="Dismiss", close="Back")
