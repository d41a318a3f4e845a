"""Faces Slack: which function answers which button, window, command and event."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers import absences, actions, autopilot, commands, events, views
from handlers.errors import error_listener
from handlers.groups import Groups
from handlers.ids import Action, Command, Event, Window
from handlers.middleware import Entrance
from handlers.people import Directory
from handlers.ports import Desk
from scoring.roles import Staff

Listener = Callable[..., Awaitable[Any]]

ACTIONS: Mapping[Action, Listener] = {
    Action.APPROVE: actions.on_approve,
    Action.EDIT: actions.on_edit,
    Action.SNOOZE: actions.on_snooze,
    Action.MORE: actions.on_more,
    Action.UNDO: actions.on_undo,
    Action.CONFIRM: actions.on_confirm,
    Action.ARRIVED: actions.on_arrived,
    Action.ELSEWHERE: actions.on_elsewhere,
    Action.SEND_AGAIN: actions.on_send_again,
    Action.WAKE: actions.on_wake,
    Action.SHOW_MAIL: actions.on_show_mail,
    Action.STOP_FOLLOW_UP: autopilot.on_stop_follow_up,
    Action.DECIDE: actions.on_decide,
    Action.DETAILS: actions.on_details,
    Action.SHARE: actions.on_share,
    Action.OPEN_CASE: actions.on_open_case,
    Action.LINK: actions.on_link,
    Action.PAGE_BACK: actions.on_page,
    Action.PAGE_NEXT: actions.on_page,
    Action.PAUSE: actions.on_pause,
    Action.RESUME: actions.on_pause,
    Action.RELEASE: actions.on_storm,
    Action.DROP: actions.on_storm,
    Action.PROMOTE: autopilot.on_promote,
    Action.AWAY: absences.on_away,
    Action.BACK: absences.on_back,
}
WINDOWS: Mapping[Window, Listener] = {
    Window.DRAFT: views.on_draft_saved,
    Window.SNOOZE: views.on_snoozed,
    Window.DISMISS: views.on_dismissed,
    Window.ASSIGN: views.on_assigned,
    Window.AWAY: absences.on_away_planned,
}
COMMANDS: Mapping[Command, Listener] = {Command.HEALTH: commands.on_health}
EVENTS: Mapping[Event, Listener] = {Event.HOME_OPENED: events.on_home_opened, Event.JOINED: events.on_joined}
ANYTHING = re.compile(r".*", re.DOTALL)


def register(
    app: AsyncApp,
    desk: Desk,
    *,
    clock: Callable[[], datetime],
    reference: Callable[[], str] = lambda: secrets.token_hex(4),
    staff: Staff | None = None,
) -> None:
    """Put the door and every listener into Bolt; what is older than this release gets an answer too (A10).

    `staff` is whom the settings name as leads and admins.
    """
    staff = staff or Staff()
    app.use(Entrance(desk, Directory(clock), clock, staff, Groups(clock, staff.groups)).admit)
    for action, listener in ACTIONS.items():
        app.action(action.value)(listener)
    app.action(ANYTHING)(actions.on_unknown)
    for window, listener in WINDOWS.items():
        app.view(window.value)(listener)
    app.view(ANYTHING)(views.on_unknown_window)
    for command, listener in COMMANDS.items():
        app.command(command.value)(listener)
    for event, listener in EVENTS.items():
        app.event(event.value)(listener)
    app.error(error_listener(reference))
