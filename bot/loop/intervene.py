"""What a person can decide on a card; the acting half of the desk that handlers talk to.

Each act is one transaction: read the case, see whether the move is legal, compare-and-set on its version, write the
audit row, ask for the card, add to the thread. Slack and mail are told by the sweeps, which are woken afterwards.
"""

from __future__ import annotations

from bot.loop.autopilot import Autopilot
from bot.loop.away import Away
from bot.loop.edit import Drafts
from bot.loop.triage import Triage


class Intervene(Autopilot, Drafts, Triage, Away):
    """Approve, undo · follow-up, promote · draft, edit, assign · snooze, wake, dismiss · pause · away, back."""

    __slots__ = ()
