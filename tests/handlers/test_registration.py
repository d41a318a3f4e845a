"""Everything that Slack can call has a listener, and every listener gets what it asks for by name."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.kwargs_injection.async_utils import build_async_required_kwargs
from slack_bolt.request.async_request import AsyncBoltRequest

import handlers
from handlers import ACTIONS, COMMANDS, EVENTS, WINDOWS, actions, register, views
from handlers.errors import error_listener
from handlers.ids import Action, Command, Event, Window
from handlers.middleware import GIVEN, Entrance
from tests.fakes import ScriptedDesk
from tests.handlers import samples
from tests.handlers.conftest import Hands

LISTENERS: dict[str, Callable[..., Any]] = {
    str(key): listener for table in (ACTIONS, WINDOWS, COMMANDS, EVENTS) for key, listener in table.items()
} | {
    "unknown action": actions.on_unknown,
    "unknown window": views.on_unknown_window,
    "error": error_listener(lambda: "ref"),
    "door": Entrance.admit,
}


def bolts_own() -> set[str]:
    """The names that this version of Bolt fills in."""
    request = AsyncBoltRequest(body={}, mode="socket_mode")
    asked = build_async_required_kwargs(
        logger=logging.getLogger(), required_arg_names=["args"], request=request, response=None
    )
    return set(vars(asked["args"])) | {"context", "error", "next_"}


@pytest.mark.parametrize("name", LISTENERS)
def test_every_parameter_of_a_listener_is_one_that_somebody_fills(name: str) -> None:
    spec = inspect.getfullargspec(LISTENERS[name])

    assert set(spec.args) - {"self"} <= bolts_own() | GIVEN
    assert spec.kwonlyargs == []


@pytest.mark.parametrize("name", LISTENERS)
def test_every_listener_is_named_for_what_a_person_did(name: str) -> None:
    assert LISTENERS[name].__name__.startswith("on_") or name == "door"


def test_every_id_has_its_listener() -> None:
    assert set(ACTIONS) == set(Action)
    assert set(WINDOWS) == set(Window) - {Window.READ}
    assert set(COMMANDS) == set(Command)
    assert set(EVENTS) == set(Event)


async def test_no_listener_is_filled_with_nothing(hands: Hands, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await hands.command("acme")
        await hands.event({"type": "app_home_opened", "user": "UDANA", "tab": "home"})

    assert "is not a valid argument" not in caplog.text


def test_registering_twice_on_two_apps_shares_nothing(hands: Hands) -> None:
    from slack_bolt.async_app import AsyncApp

    from handlers.notifier import slack_client

    register(AsyncApp(client=slack_client("xoxb"), signing_secret="s"), ScriptedDesk(), clock=lambda: samples.NOW)
    tables = (ACTIONS, WINDOWS, COMMANDS, EVENTS)
    held = [
        value for name, value in vars(handlers).items() if isinstance(value, dict | list) and not name.startswith("__")
    ]

    assert all(any(value is table for table in tables) for value in held)
