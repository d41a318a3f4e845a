"""The small parts every picture is made of, within Slack's limits (reliability notes, section 1.3).

All texts are plain: `emoji` off, so that a name such as `:skull:` stays as it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from handlers.blocks.literal import clean, cut, cut_escaped, escape, repaired, size
from handlers.ids import Action, Field, Ref

Json = dict[str, Any]

TEXT_LIMIT = 3900
SECTION_LIMIT = 2800
HEADER_LIMIT = 150
CONTEXT_LIMIT = 1900
BUTTON_LIMIT = 75
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
TITLE_LIMIT = 24
OPTION_LIMIT = 75
LABEL_LIMIT = 150
INPUT_LIMIT = 3000
BLANK = "–"
MOMENT = "{date_short_pretty} at {time}"
DAY = "{date_short_pretty}"
TIME = "{time}"


def plain(text: str, limit: int = SECTION_LIMIT, *, lines: bool = True) -> Json:
    """A plain-text object: shown literally, never blank, never too long."""
    return {"type": "plain_text", "text": cut(clean(text, lines=lines), limit) or BLANK, "emoji": False}


def header(text: str) -> Json:
    """A heading; it is also the first line of the notification."""
    return {"type": "header", "text": plain(text, HEADER_LIMIT, lines=False)}


def section(text: str, accessory: Json | None = None) -> Json:
    """A paragraph, with one button or menu beside it where there is one."""
    block: Json = {"type": "section", "text": plain(text)}
    return block | {"accessory": accessory} if accessory else block


def context(*texts: Json) -> Json:
    """Small print."""
    return {"type": "context", "elements": list(texts[:10])}


def small(text: str) -> Json:
    """One piece of small print."""
    return plain(text, CONTEXT_LIMIT, lines=False)


def stamped(before: str, at: datetime, after: str = "") -> Json:
    """Small print with an instant in each reader's zone. Our only mrkdwn: both texts are our own words."""
    return {"type": "mrkdwn", "text": f"{before}{date_markup(when(at))}{after}", "verbatim": True}


def when(at: datetime, form: str = MOMENT) -> Json:
    """An instant, shown in each reader's own zone; the fallback says UTC (UX 15)."""
    utc = at.astimezone(UTC)
    day, clock = f"{utc.day} {utc:%b %Y}", f"{utc:%H:%M} UTC"
    fallback = {DAY: day, TIME: clock}.get(form, f"{day}, {clock}")
    return {"type": "date", "timestamp": int(utc.timestamp()), "format": form, "fallback": fallback}


def date_markup(date: Json) -> str:
    """The same instant for a text with markup."""
    return f"<!date^{date['timestamp']}^{date['format']}|{date['fallback']}>"


def divider() -> Json:
    """A line across."""
    return {"type": "divider"}


def actions(*elements: Json) -> Json:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(label: str, action: Action, ref: Ref, *, style: str = "", confirm: Json | None = None) -> Json:
    """A button that carries only opaque keys; `style` is `primary` or `danger`."""
    built: Json = {
        "type": "button",
        "action_id": action.value,
        "text": plain(label, BUTTON_LIMIT, lines=False),
        "value": ref.pack(),
    }
    if style:
        built["style"] = style
    return built | {"confirm": confirm} if confirm else built


def link(label: str, url: str) -> Json:
    """A button that only opens an address of ours."""
    return {"type": "button", "action_id": Action.LINK.value, "text": plain(label, BUTTON_LIMIT), "url": url[:3000]}


def confirm(title: str, text: str, yes: str, no: str = "Not yet") -> Json:
    """The question a button asks first."""
    return {
        "title": plain(title, CONFIRM_TITLE, lines=False),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON, lines=False),
        "deny": plain(no, CONFIRM_BUTTON, lines=False),
    }


def option(label: str, value: str) -> Json:
    """One choice of a menu."""
    return {"text": plain(label, OPTION_LIMIT, lines=False), "value": value}


def overflow(action: Action, options: Sequence[Json]) -> Json:
    """The menu behind three dots, for what is done seldom; at most five choices."""
    return {"type": "overflow", "action_id": action.value, "options": list(options[:5])}


def text_input(field: Field, value: str = "", *, tall: bool = False, limit: int = INPUT_LIMIT) -> Json:
    """A field for text; `max_length` makes Slack count, and grows for a text that is longer: nothing is lost."""
    value = cut(repaired(value), INPUT_LIMIT)
    most = min(max(limit, size(value)), INPUT_LIMIT)
    built: Json = {"type": "plain_text_input", "action_id": field.value, "multiline": tall, "max_length": most}
    return built | {"initial_value": value} if value else built


def labelled(block_id: str, label: str, element: Json, *, hint: str = "", optional: bool = False) -> Json:
    """A field with its label. A changed `block_id` makes Slack show a new initial value."""
    block: Json = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, LABEL_LIMIT, lines=False),
        "element": element,
        "optional": optional,
    }
    return block | {"hint": plain(hint, LABEL_LIMIT)} if hint else block


def modal(
    title: str, blocks: Sequence[Json], *, callback: str, ref: Ref, submit: str = "", close: str = "Close"
) -> Json:
    """A window; without `submit` it can only be read."""
    view: Json = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE_LIMIT, lines=False),
        "close": plain(close, TITLE_LIMIT, lines=False),
        "private_metadata": ref.pack(),
        "blocks": list(blocks[:100]),
    }
    return view | {"submit": plain(submit, TITLE_LIMIT, lines=False)} if submit else view


def message(blocks: Sequence[Json]) -> Json:
    """A message from blocks; its `text` says all that they say, for screen readers and notifications (UX 14)."""
    return {"text": spoken(blocks), "blocks": list(blocks[:50])}


def saying(text: str) -> Json:
    """A message of one paragraph."""
    return message([section(text)])


def spoken(blocks: Sequence[Json]) -> str:
    """Everything the blocks say, escaped, at most 3,900 characters."""
    return cut_escaped("\n".join(part for block in blocks if (part := _spoken(block))), TEXT_LIMIT) or BLANK


def _spoken(node: Json) -> str:
    """One block or element as escaped text; buttons and fields say nothing."""
    kind = node["type"]
    if kind in {"header", "section"}:
        return escape(str(node["text"]["text"]))
    if kind == "plain_text" or (kind == "text" and "text" in node):
        return escape(str(node["text"]))
    if kind == "date":
        return date_markup(node)
    if kind == "mrkdwn":
        return str(node["text"])
    if kind == "user":
        return f"<@{node['user_id']}>"
    between = {"context": " · ", "rich_text": "\n", "rich_text_list": "\n"}.get(kind, "")
    bullet = "• " if kind == "rich_text_list" else ""
    nested = [] if kind == "actions" else node.get("elements", [])
    return between.join(bullet + _spoken(element) for element in nested)
