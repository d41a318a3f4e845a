"""`manifest.yml` asks Slack for exactly what the code uses: commands, events, scopes, and nothing more."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from handlers.ids import Command, Event
from handlers.scopes import EVENT_SCOPES, METHOD_SCOPES, needed

ROOT = Path(__file__).parent.parent
NEVER = re.compile(r".*:history|chat:write\.(public|customize)|files:.*|admin.*|search:.*")
SOCKET = {"apps.connections.open"}


@pytest.fixture
def manifest() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "manifest.yml").read_text()))


def called() -> set[str]:
    """Every Web API method that product code calls, found in the source (the demo stands in for Slack itself)."""
    found = set()
    for file in [*ROOT.glob("handlers/**/*.py"), *ROOT.glob("bot/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            method = node.attr if isinstance(node, ast.Attribute) and _is_client(node.value) else ""
            if "_" in method and hasattr(AsyncWebClient, method):
                found.add(method.replace("_", ".", 2 if method.startswith(("apps_", "usergroups_")) else 1))
    return found - {"api.call"}


def _is_client(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name.strip("_") == "client"


def test_the_table_of_methods_is_what_the_code_calls() -> None:
    assert called() | SOCKET == set(METHOD_SCOPES)


def test_it_asks_for_the_scopes_that_the_code_needs_and_for_no_other(manifest: dict[str, Any]) -> None:
    asked = manifest["oauth_config"]["scopes"]

    assert set(asked) == {"bot"}
    assert set(asked["bot"]) == needed()
    assert len(asked["bot"]) == len(set(asked["bot"]))


def test_it_never_asks_to_read_what_people_write(manifest: dict[str, Any]) -> None:
    assert not any(NEVER.fullmatch(scope) for scope in manifest["oauth_config"]["scopes"]["bot"])


def test_it_registers_the_commands_and_events_that_are_answered(manifest: dict[str, Any]) -> None:
    commands = {command["command"] for command in manifest["features"]["slash_commands"]}

    assert commands == {command.value for command in Command}
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == {event.value for event in Event}
    assert set(EVENT_SCOPES) == {event.value for event in Event}


def test_socket_mode_buttons_and_app_home_are_on(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_enabled"] is True


def test_it_stays_within_what_slack_takes(manifest: dict[str, Any]) -> None:
    about = manifest["display_information"]

    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4000
    assert all(len(command["description"]) <= 2000 for command in manifest["features"]["slash_commands"])
