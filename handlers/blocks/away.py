"""Who is away: the window that plans an absence, and what App Home says of those that are planned (R50)."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.blocks.elements import Json, actions, button, confirm, labelled, modal, section
from handlers.blocks.literal import named
from handlers.blocks.wording import day_text
from handlers.ids import Action, Field, Ref, Window
from scoring.briefs import AwayBrief, AwayForm, HomeBrief

ABOUT = (
    "Whoever covers gets the cards, may act on the accounts, and mails come from them. Mails that are approved already "
    "are stopped when the absence begins, and are approved anew."
)
ABOUT_CHANGE = "{who} is away. A change holds from now on."
BOTH_DAYS = "Both days included, in the time zone of who is away."
SPAN = "from {first} to {last}"
UNTIL = "until {last}"
ENDS_ASK = "The cards and mails are theirs again, at once."
OFF_ASK = "The absence is not planned any more. Who would have covered is told."


def away_modal(form: AwayForm, *, said_in: str = "") -> Json:
    """Two days and a colleague; leads also choose who is away."""
    blocks = [section(ABOUT)]
    if form.absence_id and form.who:
        blocks = [section(ABOUT_CHANGE.format(who=named(form.who.name, otherwise=form.who.email))), section(ABOUT)]
    if form.others:
        blocks.append(labelled("who", "Who is away", _people(Field.WHO, form.who.slack_id if form.who else "")))
    blocks += [
        labelled("first", "First day away", _day(Field.FIRST, form.first.isoformat())),
        labelled("last", "Last day away", _day(Field.LAST, form.last.isoformat()), hint=BOTH_DAYS),
        labelled("cover", "Who covers", _people(Field.COVER, form.cover.slack_id if form.cover else "")),
    ]
    ref = Ref(leave=form.absence_id, said_in=said_in)
    return modal("Away", blocks, callback=Window.AWAY, ref=ref, submit="Save", close="Back")


def plan_button(brief: HomeBrief) -> Sequence[Json]:
    """The button that opens the window, for those who may plan."""
    return (button("Plan an absence", Action.AWAY, Ref()),) if brief.may_plan else ()


def absences(brief: HomeBrief) -> list[Json]:
    """A line for each absence that concerns the reader, with its buttons where they may change it."""
    blocks = []
    for away in brief.away:
        blocks.append(section(_sentence(away, brief)))
        if away.may_change:
            ref = Ref(leave=away.id)
            sure = confirm(_end(away), ENDS_ASK if away.now else OFF_ASK, _end(away))
            blocks.append(
                actions(button("Change", Action.AWAY, ref), button(_end(away), Action.BACK, ref, confirm=sure))
            )
    return blocks


def _sentence(away: AwayBrief, brief: HomeBrief) -> str:
    today = brief.now.date()
    days = {"first": day_text(away.first, today), "last": day_text(away.last, today)}
    span = (UNTIL if away.now else SPAN).format(**days)
    cover = "you cover" if away.covering else f"{named(away.cover.name, otherwise=away.cover.email)} covers"
    who = "You are" if away.mine else f"{named(away.who.name, otherwise=away.who.email)} is"
    why = " That is what the Slack status says; clearing it ends it." if away.by_status else ""
    return f"{who} away {span}; {cover}.{why}"


def _end(away: AwayBrief) -> str:
    return "End" if away.now else "Call off"


def _people(field: Field, chosen: str) -> Json:
    menu: Json = {"type": "users_select", "action_id": field.value}
    return menu | {"initial_user": chosen} if chosen else menu


def _day(field: Field, day: str) -> Json:
    return {"type": "datepicker", "action_id": field.value, "initial_date": day}
