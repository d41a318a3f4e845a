"""What a language model sent back, read with suspicion: a draft, or why it is none. No I/O here.

Servers that call themselves compatible answer in many ways: fenced JSON, JSON inside prose, HTML with status 200, a
refusal, an answer cut at the token limit, no choices at all. Each has its own sentence, for the card's note.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

KEYS = frozenset({"subject", "body", "facts_used"})
MAX_SUBJECT, MAX_BODY, MAX_FACTS = 300, 4_000, 100
REFUSED = "the model declined to write it"
CUT = "the model's answer was cut off"
FILTERED = "the model's provider blocked the answer"
NOT_JSON = "the model's answer was not the JSON that was asked for"
NOT_AN_ANSWER = "the model's service sent something that is no answer"
EMPTY = "the model's answer was empty"
NO_TEXT = "the model's answer was no text"
_ENDLESS = re.compile(r"\S{81,}")
_BLANK_LINES = re.compile(r"\n[ \t\n]*\n")
_FENCE = re.compile(r"\A\s*```[\w-]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Unusable(Exception):
    """The answer cannot become a draft. `again`: asking once more with the reason may help."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's draft: the middle of a mail, and the ids of the facts it says it used."""

    subject: str
    body: str
    facts_used: tuple[str, ...]


def content(raw: bytes) -> str:
    """The text that a chat completion's bytes hold. Raises `Unusable`."""
    data = _json(raw.decode("utf-8", errors="replace"), NOT_AN_ANSWER)
    choices = data.get("choices") if isinstance(data, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        raise Unusable(NOT_AN_ANSWER)
    if message.get("refusal"):
        raise Unusable(REFUSED, again=False)
    finish = first.get("finish_reason")
    if finish == "content_filter":
        raise Unusable(FILTERED, again=False)
    if finish == "length":
        raise Unusable(CUT)
    return _text(message.get("content"))


def answer(text: str) -> Answer:
    """The draft inside the model's text. Unknown, missing or doubled keys are refused. Raises `Unusable`."""
    data = _json(_inside(text), NOT_JSON)
    if not isinstance(data, dict):
        raise Unusable(NOT_JSON)
    if set(data) != KEYS:
        odd = sorted(set(data) - KEYS) or sorted(KEYS - set(data))
        raise Unusable(f"the model's answer had the wrong fields ({', '.join(odd)[:60]})")
    subject, body, used = data["subject"], data["body"], data["facts_used"]
    if not isinstance(subject, str) or not isinstance(body, str) or not isinstance(used, list):
        raise Unusable(NOT_JSON)
    if not all(isinstance(one, str) for one in used):
        raise Unusable(NOT_JSON)
    if len(subject) > MAX_SUBJECT or len(body) > MAX_BODY or len(used) > MAX_FACTS:
        raise Unusable("the model's answer was far too long")
    if not subject.strip() or not body.strip():
        raise Unusable(EMPTY)
    if _ENDLESS.search(subject) or _ENDLESS.search(body):
        raise Unusable(NO_TEXT)
    return Answer(subject.strip(), _lines(body), tuple(used))


def _text(value: object) -> str:
    if isinstance(value, list):
        value = "".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    if not isinstance(value, str) or not value.strip():
        raise Unusable(EMPTY)
    return value


def _lines(body: str) -> str:
    """Line ends made plain; small models write a line break as a backslash and an n."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    return _BLANK_LINES.sub("\n\n", body.replace("\\n", "\n") if "\n" not in body else body).strip()


def _json(text: str, wrong: str) -> object:
    try:
        return json.JSONDecoder(object_pairs_hook=_once).decode(text)
    except (ValueError, RecursionError):
        raise Unusable(wrong) from None


def _inside(text: str) -> str:
    """The one JSON object in a text: inside a fence, or with prose around it."""
    fenced = _FENCE.match(text)
    inner = fenced[1] if fenced else text
    return inner[max(inner.find("{"), 0) : inner.rfind("}") + 1]


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object whose keys come once: a doubled key could show one text and mean another."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)
