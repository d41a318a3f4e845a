"""Makes any text from outside safe to show: it appears as it is written, pings nobody and breaks no layout.

Slack gives no escaping by itself (H1). Two ways lead out: text goes into plain-text and rich-text objects, which have
no markup at all, or, for the one string that has (a message's top-level `text`), through `escape`.
"""

from __future__ import annotations

import unicodedata

import regex

ELLIPSIS = "…"
NAMELESS = "unnamed account"
COMBINING_LIMIT = 3
ISOLATE, POP = "\u2068", "\u2069"

_SURROGATE = regex.compile(r"[\ud800-\udfff]")
_CONTROL = regex.compile(r"[^\S\n]|[\p{Cc}\u2028\u2029--\n]", regex.V1)
_INVISIBLE = regex.compile(
    r"[\p{Cf}\p{Variation_Selector}\u115f\u1160\u3164\uffa0--\u200c\u200d\ufe0e\ufe0f]", regex.V1
)
_LOOSE_JOINER = regex.compile(r"(?<![^\p{ASCII}\s])[\u200c\u200d]+|[\u200c\u200d]+(?![^\p{ASCII}\s])")
_TOWER = regex.compile(rf"(\p{{M}}{{{COMBINING_LIMIT}}})\p{{M}}+")
_GRAPHEME = regex.compile(r"\X")
_BLANK_LINES = regex.compile(r"\n{3,}")
_BROKEN_TAIL = regex.compile(r"(?:&[a-z]{0,4}|<[^<>]*)$")


def clean(text: str, *, lines: bool = False) -> str:
    """Text without anything that acts on its surroundings (H2): controls, bidi overrides, invisible characters, towers.

    One line unless `lines`. Text that runs from right to left is isolated, so that it cannot turn what follows.
    """
    text = _SURROGATE.sub("\ufffd", text)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    text = _TOWER.sub(r"\1", _LOOSE_JOINER.sub("", text))
    if not lines:
        return _isolated(" ".join(text.split()))
    rows = (" ".join(_isolated(row.rstrip()).split(" ")) for row in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(rows)).strip("\n")


def repaired(text: str) -> str:
    """The text as a person goes on writing it: untouched, but for what cannot be sent to Slack at all."""
    return _SURROGATE.sub("\ufffd", text).replace("\x00", "")


def named(text: str, limit: int = 80, *, otherwise: str = NAMELESS) -> str:
    """A name on one line, at most `limit` long, never blank (H3, H4)."""
    return cut(clean(text), limit) or otherwise


def cut(text: str, limit: int) -> str:
    """The text, or as many whole characters as a reader sees them as fit, with "…" (H3)."""
    if size(text) <= limit:
        return text
    kept, room = [], limit - 1
    for match in _GRAPHEME.finditer(text):
        room -= size(match[0])
        if room < 0:
            break
        kept.append(match[0])
    shown = "".join(kept).rstrip() + ELLIPSIS
    return shown + POP if shown.count(ISOLATE) > shown.count(POP) and size(shown) < limit else shown


def size(text: str) -> int:
    """A length to hold against Slack's limits: code points or UTF-16 units, whichever is more; Slack does not say."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    """For a message's top-level `text`: no mention, link or entity of ours comes from somebody else's words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What `escape` was given."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def cut_escaped(text: str, limit: int) -> str:
    """As `cut`, for text that is escaped already or holds our own markup: never ends inside either."""
    if size(text) <= limit:
        return text
    short = cut(text, limit).removesuffix(ELLIPSIS)
    return _BROKEN_TAIL.sub("", short).rstrip() + ELLIPSIS


def _isolated(text: str) -> str:
    turned = any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in text)
    return f"{ISOLATE}{text}{POP}" if turned else text
