"""The window that hands a case to a colleague."""

from __future__ import annotations

from handlers.blocks.elements import Json, labelled, modal, section
from handlers.blocks.literal import named
from handlers.ids import Field, Ref, Window

ABOUT = "Whoever you choose owns {name} from now on: its cards and its mails go out in their name."
NOT_A_MEMBER = "Please choose a colleague of this workspace: no guest, no bot, nobody from outside."


def assign_modal(case_id: str, name: str, *, current: str = "", said_in: str = "") -> Json:
    """A menu of people, with the present owner chosen."""
    menu: Json = {"type": "users_select", "action_id": Field.PERSON.value}
    if current:
        menu["initial_user"] = current
    blocks = [section(ABOUT.format(name=named(name))), labelled("person", "Colleague", menu)]
    ref = Ref(case=case_id, said_in=said_in)
    return modal("Assign", blocks, callback=Window.ASSIGN, ref=ref, submit="Assign", close="Back")
