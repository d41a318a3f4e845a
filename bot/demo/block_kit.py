"""Refuses what Slack refuses: blocks that are too long, too many, unknown or incomplete.

The limits are those of Slack's reference for Block Kit; lengths are counted in the larger of code points and UTF-16
units, since Slack does not say which it counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.demo.elements import ONE, OPTION, OPTIONS, TEXT, elements_of, options_of

Json = dict[str, Any]

EVERYWHERE = {"section", "header", "context", "divider", "actions", "rich_text", "image", "input"}
SURFACES = {
    "message": EVERYWHERE | {"markdown", "table", "context_actions"},
    "modal": EVERYWHERE | {"alert"},
    "home": EVERYWHERE,
}
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_OPTIONS = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}
ELEMENTS = {"button", "image", *OPTION, *OPTIONS, *TEXT, *ONE}
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
VIEW_BYTES = 250_000


def length(text: str) -> int:
    """How long Slack may find a text."""
    return max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)


def faults_of(blocks: object, surface: str) -> list[str]:
    """Everything that Slack would refuse in these blocks, in its manner (`… [json-pointer:/blocks/0/text]`)."""
    if not isinstance(blocks, list):
        return ["blocks must be an array [json-pointer:/blocks]"]
    found = [f"no more than {MOST_BLOCKS[surface]} items allowed"] if len(blocks) > MOST_BLOCKS[surface] else []
    found += _twice(str(block["block_id"]) for block in blocks if isinstance(block, dict) and block.get("block_id"))
    for index, block in enumerate(blocks):
        faults = _block(block, surface) if isinstance(block, dict) else ["must be an object"]
        found += [f"{fault} [json-pointer:/blocks/{index}]" for fault in faults]
    return found


def faults_of_view(view: object) -> list[str]:
    """Everything that Slack would refuse in a modal or a Home."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["view must be a modal or a home"]
    found = faults_of(view.get("blocks"), view["type"])
    if view["type"] == "modal":
        for key in ("title", "submit", "close"):
            found += _text(view.get(key), key, 24, plain=True, needed=key == "title")
        kinds = {block.get("type") for block in view.get("blocks") or [] if isinstance(block, dict)}
        found += ["submit is needed with input blocks"] if "input" in kinds and not view.get("submit") else []
    for key, most in (("private_metadata", 3000), ("callback_id", 255)):
        found += _most(view.get(key), key, most)
    return found + (["view is too large"] if len(json.dumps(view).encode()) > VIEW_BYTES else [])


def _block(block: Json, surface: str) -> Iterator[str]:
    kind = block.get("type")
    if kind not in SURFACES[surface]:
        yield f"unsupported type: {kind}"
        return
    yield from _most(block.get("block_id"), "block_id", 255)
    yield from _CHECKS.get(kind, lambda _: [])(block)
    for element in elements_of(block):
        yield from _element(element, kind)
    actions = [str(element["action_id"]) for element in elements_of(block) if element.get("action_id")]
    yield from _twice(actions)


def _section(block: Json) -> Iterator[str]:
    fields = block.get("fields")
    yield from _text(block.get("text"), "text", 3000, needed=not fields)
    if fields is not None:
        yield from _count(fields, "fields", 1, 10)
        for one in fields:
            yield from _text(one, "fields", 2000)


def _context(block: Json) -> Iterator[str]:
    yield from _count(block.get("elements"), "elements", 1, 10)
    for one in block.get("elements") or []:
        if one.get("type") != "image":
            yield from _text(one, "elements", 3000)


def _input(block: Json) -> Iterator[str]:
    yield from _text(block.get("label"), "label", 2000, plain=True)
    yield from _text(block.get("hint"), "hint", 2000, plain=True, needed=False)
    if not isinstance(block.get("element"), dict):
        yield "element is missing"
    elif block["element"].get("type") in {"button", "overflow"}:
        yield "this element cannot stand in an input"


def _element(element: Json, place: str) -> Iterator[str]:
    kind = element.get("type")
    if kind not in ELEMENTS:
        yield f"unsupported element: {kind}"
        return
    if kind in TEXT and place != "input":
        yield f"{kind} belongs into an input"
    yield from _most(element.get("action_id"), "action_id", 255)
    yield from _text(element.get("placeholder"), "placeholder", 150, plain=True, needed=False)
    yield from _confirm(element.get("confirm"))
    if kind == "button":
        yield from _button(element)
    elif kind in OPTION | OPTIONS and kind != "external_select":
        yield from _menu(element, kind)
    elif kind == "plain_text_input":
        yield from _field(element)


def _button(element: Json) -> Iterator[str]:
    yield from _text(element.get("text"), "text", 75, plain=True)
    for key, most in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        yield from _most(element.get(key), key, most)
    if element.get("style") not in (None, "primary", "danger"):
        yield "style must be primary or danger"


def _menu(element: Json, kind: str) -> Iterator[str]:
    yield from _count(element.get("option_groups") or element.get("options"), "options", 1, MOST_OPTIONS.get(kind, 100))
    for option in options_of(element):
        yield from _text(option.get("text"), "option text", 75)
        yield from _most(option.get("value"), "option value", 150, needed=True)
        yield from _text(option.get("description"), "option description", 75, needed=False)
    initial = element.get("initial_option")
    if initial is not None and initial not in options_of(element):
        yield "initial_option must be one of the options"


def _field(element: Json) -> Iterator[str]:
    most = element.get("max_length", 3000)
    if not isinstance(most, int) or not 1 <= most <= 3000:  # noqa: PLR2004 - Slack's own bound
        yield "max_length must be between 1 and 3000"
    elif length(element.get("initial_value") or "") > most:
        yield "initial_value is longer than max_length"


def _confirm(confirm: object) -> Iterator[str]:
    if confirm is None:
        return
    if not isinstance(confirm, dict):
        yield "confirm must be an object"
        return
    for key, most in CONFIRM.items():
        yield from _text(confirm.get(key), f"confirm {key}", most, needed=key in ("title", "text"))


def _text(node: object, name: str, most: int, *, plain: bool = False, needed: bool = True) -> Iterator[str]:
    if node is None:
        if needed:
            yield f"{name} is missing"
        return
    if not isinstance(node, dict) or node.get("type") not in ("plain_text", "mrkdwn"):
        yield f"{name} must be a text object"
    elif plain and node["type"] != "plain_text":
        yield f"{name} must be plain_text"
    elif not node.get("text"):
        yield f"{name} must be more than 0 characters"
    else:
        yield from _most(node["text"], name, most)


def _most(value: object, name: str, most: int, *, needed: bool = False) -> Iterator[str]:
    if value is None:
        if needed:
            yield f"{name} is missing"
    elif not isinstance(value, str):
        yield f"{name} must be a string"
    elif length(value) > most:
        yield f"{name} must be less than {most + 1} characters"


def _count(items: object, name: str, least: int, most: int) -> Iterator[str]:
    if not isinstance(items, list) or not least <= len(items) <= most:
        yield f"{name} must have {least} to {most} items"


def _twice(ids: Iterable[str]) -> list[str]:
    known = list(ids)
    return [f"{one} already exists" for one in sorted({one for one in known if known.count(one) > 1})]


_CHECKS = {
    "section": _section,
    "context": _context,
    "input": _input,
    "header": lambda block: _text(block.get("text"), "text", 150, plain=True),
    "actions": lambda block: _count(block.get("elements"), "elements", 1, 25),
    "markdown": lambda block: _most(block.get("text"), "text", 12_000, needed=True),
    "alert": lambda block: _text(block.get("text"), "text", 200),
    "rich_text": lambda block: _count(block.get("elements"), "elements", 1, 1000),
    "image": lambda block: _most(block.get("alt_text"), "alt_text", 2000, needed=True),
}
