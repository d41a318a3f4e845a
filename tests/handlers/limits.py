"""What Slack refuses, measured on what we build (reliability notes, section 1.3); empty: it would be shown."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

MESSAGE_BLOCKS, VIEW_BLOCKS, CARD_BLOCKS = 50, 100, 8
TEXT = 3900
PLACES = {"section": 3000, "header": 150, "context": 3000, "label": 2000, "hint": 2000, "title": 24, "button": 75}
ALLOWED = {"section", "header", "context", "actions", "divider", "rich_text", "input"}
RICH = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}


def length(text: str) -> int:
    """The larger of code points and UTF-16 units."""
    return max(len(text), len(text.encode("utf-16-le")) // 2)


def message_faults(message: Json, most: int = MESSAGE_BLOCKS) -> list[str]:
    """Faults of a message."""
    found = ["no text"] if not message.get("text", "").strip() else []
    found += ["text too long"] if length(message.get("text", "")) > TEXT else []
    found += ["too many blocks"] if len(message["blocks"]) > most else []
    return found + _blocks(message["blocks"])


def view_faults(view: Json) -> list[str]:
    """Faults of a modal or Home."""
    found = ["too many blocks"] if len(view["blocks"]) > VIEW_BLOCKS else []
    for part in ("title", "submit", "close"):
        found += _plain(view[part], 24, part) if part in view else []
    found += ["no title"] if view["type"] == "modal" and "title" not in view else []
    kinds = {block["type"] for block in view["blocks"]}
    found += ["input without submit"] if "input" in kinds and "submit" not in view else []
    found += ["metadata too long"] if length(view.get("private_metadata", "")) > 3000 else []
    return found + _blocks(view["blocks"])


def _blocks(blocks: list[Json]) -> list[str]:
    found = ["no blocks"] if not blocks else []
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    found += ["block ids repeat"] if len(ids) != len(set(ids)) else []
    for block in blocks:
        found += [f"{block['type']}: {fault}" for fault in _block(block)]
    return found


def _block(block: Json) -> list[str]:  # noqa: PLR0911 - one line a kind
    kind = block["type"]
    if kind not in ALLOWED:
        return ["unknown"]
    if kind == "header":
        return _plain(block["text"], 150, kind)
    if kind == "section":
        return _plain(block["text"], 3000, kind) + _element(block.get("accessory"))
    if kind == "context":
        texts = [fault for element in block["elements"] for fault in _text(element, 3000, kind)]
        return texts + (["count"] if not 1 <= len(block["elements"]) <= 10 else [])
    if kind == "actions":
        ids = [element["action_id"] for element in block["elements"]]
        count = ["count"] if not 1 <= len(ids) <= 25 or len(ids) != len(set(ids)) else []
        return count + [fault for element in block["elements"] for fault in _element(element)]
    if kind == "input":
        labels = _plain(block["label"], 2000, "label") + (
            _plain(block["hint"], 2000, "hint") if "hint" in block else []
        )
        return labels + _element(block["element"])
    return [fault for element in block.get("elements", []) for fault in _rich(element)]


def _rich(node: Json) -> list[str]:
    if node["type"] == "text":
        return [] if node["text"] and length(node["text"]) <= 3000 else ["rich text empty or long"]
    if node["type"] in {"date", "user"}:
        return [] if node.get("timestamp") or node.get("user_id") else ["bad element"]
    if node["type"] not in RICH or not node["elements"]:
        return [f"bad {node['type']}"]
    return [fault for element in node["elements"] for fault in _rich(element)]


def _element(element: Json | None) -> list[str]:
    if element is None:
        return []
    kind = element["type"]
    found = ["action_id"] if not 1 <= length(element["action_id"]) <= 255 else []
    if kind == "button":
        found += _plain(element["text"], 75, kind) + (["value"] if length(element.get("value", "")) > 2000 else [])
        found += ["button says too much"] if length(element["text"]["text"]) > 24 else []
        found += ["url"] if length(element.get("url", "")) > 3000 else []
    if kind in {"overflow", "radio_buttons"}:
        most = 5 if kind == "overflow" else 10
        found += ["options"] if not 1 <= len(element["options"]) <= most else []
        for option in element["options"]:
            found += _plain(option["text"], 75, kind) + (["option value"] if length(option["value"]) > 75 else [])
        if "initial_option" in element and element["initial_option"] not in element["options"]:
            found.append("initial option")
    if kind == "plain_text_input":
        found += ["max_length"] if not 1 <= element["max_length"] <= 3000 else []
        found += ["initial"] if length(element.get("initial_value", "")) > element["max_length"] else []
    for part, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if "confirm" in element:
            found += _text(element["confirm"][part], most, f"confirm {part}")
    return found


def _plain(node: Json, most: int, name: str) -> list[str]:
    return [f"{name} is not plain"] if node["type"] != "plain_text" else _text(node, most, name)


def _text(node: Json, most: int, name: str) -> list[str]:
    return [] if node["text"].strip() and length(node["text"]) <= most else [f"{name}: {length(node['text'])}"]
