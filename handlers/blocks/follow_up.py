"""What a card says of mails that leave by themselves: the follow-up that is due, and how to stop it (R53)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.blocks.card_state import OURSELVES, Stage, last_answer
from handlers.blocks.elements import Json, button, confirm, when
from handlers.blocks.rich import words
from handlers.ids import Action, Ref
from scoring.briefs import CardBrief
from scoring.casework import Outreach
from scoring.follow_up import FollowUpState

ELSEWHERE_ASK = "The card then says that they answered, and no follow-up is sent."
STOP_ASK = "No follow-up is sent for this mail, now or later."
ENDED = frozenset({FollowUpState.CANCELLED, FollowUpState.STOPPED, FollowUpState.LATE})
MOMENTS = timedelta(seconds=90)


def told(brief: CardBrief, now: Stage) -> list[Json]:
    """A sentence on the follow-up of this case; nothing where there is none to speak of."""
    follow_up = brief.follow_up
    if follow_up is None:
        return []
    if now is Stage.SENT and follow_up.state is FollowUpState.WAITING and last_answer(brief) is None:
        return [words(" If nobody answers, a follow-up is due "), when(follow_up.due_at), words(".")]
    if now is Stage.SENT and follow_up.state in ENDED:
        return [words(f" No follow-up: {follow_up.reason.rstrip('.')}.")]
    if now is Stage.READY and follow_up.state is FollowUpState.PROPOSED and _is_its_draft(brief):
        return [words("A follow-up", bold=True), words(f" to the mail that nobody answered. {follow_up.reason}")]
    return []


def stop(brief: CardBrief, ref: Ref) -> Sequence[Json]:
    """The button that stops a follow-up, while one waits."""
    follow_up = brief.follow_up
    if follow_up is None or follow_up.state is not FollowUpState.WAITING or last_answer(brief) is not None:
        return ()
    sure = confirm("Stop the follow-up", STOP_ASK, "Stop it")
    return (button("Stop follow-up", Action.STOP_FOLLOW_UP, ref, confirm=sure),)


def elsewhere(brief: CardBrief, ref: Ref) -> Sequence[Json]:
    """For answers that no mailbox of ours sees: on the telephone, in a chat, in a meeting."""
    if last_answer(brief) is not None:
        return ()
    sure = confirm("They answered elsewhere", ELSEWHERE_ASK, "They answered")
    return (button("They answered elsewhere", Action.ELSEWHERE, ref, confirm=sure),)


def undo(mail: Outreach | None, ref: Ref) -> Json:
    """Taking a mail back before it leaves; one that nobody approved is stopped."""
    return button("Stop" if alone(mail) else "Undo", Action.UNDO, ref)


def alone(mail: Outreach | None) -> bool:
    """Whether no person approved this mail."""
    return mail is not None and mail.approved_by.lower() in OURSELVES


def leaving(brief: CardBrief, mail: Outreach) -> list[Json]:
    """Where a mail stands that Lookout is about to send by itself."""
    soon = mail.not_before - brief.now <= MOMENTS
    at = [words(" in a few seconds")] if soon else [words(" on "), when(mail.not_before)]
    return [
        words("Leaves by itself", bold=True),
        *at,
        words(f", to {mail.to_email}; until then anybody can stop it."),
    ]


def _is_its_draft(brief: CardBrief) -> bool:
    return brief.draft is not None and brief.follow_up is not None and brief.draft.play == "follow_up"
