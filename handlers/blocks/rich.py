"""Paragraphs, lists, quotes and times in which every word from outside stays literal.

Rich-text objects have no markup: a star, a mention or a link in a name is just characters. That is why what a card says
stands in them and not in mrkdwn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.blocks.elements import BLANK, SECTION_LIMIT, Json
from handlers.blocks.literal import clean, cut

SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")


def rich(*parts: Json) -> Json:
    """A block of paragraphs, lists and quotes; neighbouring paragraphs become one with a line break between."""
    merged: list[Json] = []
    for part in parts:
        if merged and merged[-1]["type"] == part["type"] == "rich_text_section":
            broken = {"type": "text", "text": "\n"}
            merged[-1] = paragraph(*merged[-1]["elements"], broken, *part["elements"])
        else:
            merged.append(part)
    return {"type": "rich_text", "elements": merged}


def words(text: str, *, bold: bool = False, italic: bool = False, limit: int = SECTION_LIMIT) -> Json:
    """Literal text inside a paragraph; leading and trailing spaces are kept."""
    body = cut(clean(text.strip(), lines=True), limit) or BLANK
    inner: Json = {"type": "text", "text": _edge(text) + body + _edge(text[::-1])}
    style = {key: True for key, on in (("bold", bold), ("italic", italic)) if on}
    return inner | {"style": style} if style else inner


def person(slack_id: str) -> Json:
    """A mention; only for the next person who must act (UX 12)."""
    return {"type": "user", "user_id": slack_id}


def slack_id(text: str) -> str:
    """The Slack user id in `U123` or `<@U123>`; empty when there is none."""
    match = SLACK_ID.fullmatch(text.removeprefix("<@").removesuffix(">"))
    return match[0] if match else ""


def paragraph(*elements: Json) -> Json:
    """A paragraph."""
    return {"type": "rich_text_section", "elements": list(elements)}


def bullets(texts: Sequence[str]) -> Json:
    """A list of facts."""
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [paragraph(words(text, limit=300)) for text in texts],
    }


def quote(text: str) -> Json:
    """Somebody's words, set apart."""
    return {"type": "rich_text_quote", "elements": [words(text)]}


def fixed(text: str) -> Json:
    """Figures in columns."""
    inner = {"type": "text", "text": cut(clean(text, lines=True), SECTION_LIMIT) or BLANK}
    return {"type": "rich_text_preformatted", "elements": [inner]}


def _edge(text: str) -> str:
    """The space or line break with which a text begins, kept beside its neighbours."""
    return text[0] if text[:1] in {" ", "\n"} and text.strip() else ""
