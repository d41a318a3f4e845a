"""Short messages: a note in a card's thread, a notice to operators, the storm notice, the introduction to a channel."""

from __future__ import annotations

from datetime import datetime

from handlers.blocks.elements import Json, actions, button, confirm, context, message, saying, section, stamped
from handlers.blocks.literal import named
from handlers.ids import Action, Ref

RELEASE_ASK = "Every card that is held is posted, a few a minute, and sending goes on."
PROMOTE_ASK = (
    "It then writes to standard accounts by itself, within its caps. Every mail can be stopped before it leaves."
)
DROP_ASK = "What is held is dropped: no card is posted for it. Scores stay as they are."
SETTLED = "Many accounts moved together; the cards that were held for it were {done} by {who}."
REDACTED = (
    "This card was taken down: the channel is now shared with another organisation. Its case goes on in App Home."
)
INTRODUCTION = (
    "Lookout posts here when a customer's use fades: one card per account, with a draft to approve, edit, snooze, "
    "assign or dismiss, and a digest on working mornings. At most ten cards an hour; the rest goes into the digest. "
    "To stop it, remove Lookout from this channel. /health help shows what you can ask."
)
OUTSIDERS = (
    "This channel is shared with another organisation, so Lookout posts nothing about customers here. "
    "Use a channel of your own workspace."
)


def notice(text: str, *, storm: bool = False, promote: str = "") -> Json:
    """A plain message; a storm notice asks a person to release or drop what is held (R35)."""
    if promote:
        check = confirm(f"Let “{promote}” send", PROMOTE_ASK, "Promote")
        return message(
            [section(text), actions(button(f"Promote {promote}", Action.PROMOTE, Ref(do=promote), confirm=check))]
        )
    if not storm:
        return saying(text)
    release = confirm("Release the cards", RELEASE_ASK, "Release")
    drop = confirm("Drop the cards", DROP_ASK, "Drop")
    row = actions(
        button("Release", Action.RELEASE, Ref(), style="primary", confirm=release),
        button("Drop", Action.DROP, Ref(), confirm=drop),
    )
    return message([section(text), row])


def introduction(*, shared: bool) -> Json:
    """What a channel is told when Lookout joins: what comes, how often, how to stop it (UX 24)."""
    return saying(OUTSIDERS if shared else INTRODUCTION)


def storm_settled(who: str, at: datetime, *, release: bool) -> Json:
    """What a storm notice becomes once somebody decided."""
    done = "released" if release else "dropped"
    return message([section(SETTLED.format(done=done, who=named(who))), context(stamped("", at))])
