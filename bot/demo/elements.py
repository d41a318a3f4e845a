"""How each Block Kit element carries a value: what it shows at first, and what Slack reports once it was changed."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

OPTION = {"static_select", "radio_buttons", "external_select", "overflow"}
OPTIONS = {"multi_static_select", "checkboxes"}
TEXT = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
ONE = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "multi_users_select": ("selected_users", "initial_users"),
}
WITHOUT_STATE = {"button", "overflow", "image", "workflow_button"}


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of one block, in reading order."""
    found = list(block.get("elements") or []) if block.get("type") in {"actions", "context_actions"} else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return [element for element in found if isinstance(element, dict) and element.get("type") != "image"]


def walk(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block."""
    return ((block, element) for block in blocks for element in elements_of(block))


def complete(blocks: list[Json]) -> list[Json]:
    """A copy of the blocks in which every block and element has an id, as Slack gives them."""
    own = copy.deepcopy(blocks)
    for block in own:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return own


def options_of(element: Json) -> list[Json]:
    """All options of a menu, groups included."""
    grouped = [option for group in element.get("option_groups") or [] for option in group.get("options", [])]
    return list(element.get("options") or []) + grouped


def first_value(element: Json) -> Json:
    """What an untouched element reports."""
    kind = element["type"]
    if kind in OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in OPTIONS:
        return {"type": kind, "selected_options": list(element.get("initial_options") or [])}
    if kind in TEXT:
        return {"type": kind, "value": element.get("initial_value")}
    key, initial = ONE[kind]
    return {"type": kind, key: element.get(initial, [] if key.endswith("s") else None)}


def chosen(element: Json, raw: Any) -> Json:
    """What an element reports after a person chose `raw`: an option's value or label, a date, a text, a user id.

    Raises `ValueError` when the element does not offer it.
    """
    kind = element["type"]
    if kind == "button":
        return {"type": kind, **{key: element[key] for key in ("value", "text", "style") if key in element}}
    if kind in OPTION:
        return {"type": kind, "selected_option": None if raw is None else _option(element, raw)}
    if kind in OPTIONS:
        return {"type": kind, "selected_options": [_option(element, one) for one in raw]}
    if kind in TEXT:
        return {"type": kind, "value": str(raw) if raw not in (None, "") else None}
    return {"type": kind, ONE[kind][0]: int(raw) if kind == "datetimepicker" and raw else raw or None}


def first_state(blocks: list[Json]) -> Json:
    """`state.values` of untouched blocks: block id → action id → value."""
    values: Json = {}
    for block, element in walk(blocks):
        if element["type"] not in WITHOUT_STATE:
            values.setdefault(block["block_id"], {})[element["action_id"]] = first_value(element)
    return values


def is_empty(value: Json) -> bool:
    """Whether a reported value holds nothing."""
    return all(value[key] in (None, "", []) for key in value if key != "type")


def _option(element: Json, raw: Any) -> Json:
    for option in options_of(element):
        if raw in (option.get("value"), option["text"]["text"]):
            return option
    raise ValueError(f"{element.get('action_id')} offers no option {raw!r}")
