"""Reads the bytes of a mail without ever failing: its head, which mail it answers, and its parts.

Everything in here was written by strangers. What cannot be read is left out; nothing is looked up, fetched or run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from html.parser import HTMLParser

from scoring.addresses import plus_token
from scoring.replies import Clues

MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
BLANKS = re.compile(r"\s+")
LONGEST_HEADER = 8_000
# What the button for no more mail of a mail program sends (`bot/outreach/mailboxes.py`).
STOP_SUBJECT = re.compile(r"unsubscribe ([0-9a-f]{16})", re.IGNORECASE)
MOST_IDS, MOST_ADDRESSES, MOST_PARTS = 40, 50, 60
ANSWERED, EARLIER = "In-Reply-To", "References"
RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
HEAD_FIELDS = (
    "Message-ID", ANSWERED, EARLIER, "From", "Subject", "Content-Type", "Return-Path", "X-Failed-Recipients",
    *RECIPIENTS,
)  # fmt: skip
NO_TEXT_TAGS = frozenset({"head", "script", "style", "title"})
SLOW_ALPHABETS = frozenset({"idna", "punycode"})
LINE_TAGS = frozenset({"br", "div", "p", "tr", "li", "blockquote", "h1", "h2", "h3", "hr"})
QUOTE_TAGS = frozenset({"blockquote"})


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, whole or its head alone."""

    message: Message
    digest: str

    @classmethod
    def of(cls, content: bytes) -> Letter:
        """From the bytes of a mail; the parser takes anything. Of a mail nested beyond reason its head is read."""
        digest = hashlib.sha256(content).hexdigest()
        try:
            return cls(message_from_bytes(content), digest)
        except RecursionError:
            return cls(BytesHeaderParser().parsebytes(content), digest)

    def header(self, name: str) -> str:
        """One header as text on one line, cut; empty when there is none."""
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        """Every header of that name."""
        wanted = name.lower()
        found = [value for known, value in self.message.raw_items() if known.lower() == wanted]
        return [_decoded(str(value)) for value in found[:MOST_ADDRESSES]]

    @property
    def message_id(self) -> str:
        """Its own Message-ID, or empty."""
        found = MESSAGE_ID.search(self.header("Message-ID"))
        return found.group() if found else ""

    @property
    def sender(self) -> str:
        """The bare address it says it is from; empty when it says none."""
        return next((address for _, address in getaddresses([self.header("From")]) if "@" in address), "")[:254]

    @property
    def clues(self) -> Clues:
        """Which mail it may answer: In-Reply-To, then References from the newest back, then tokens of addresses."""
        answered = MESSAGE_ID.findall(self.header(ANSWERED))
        earlier = MESSAGE_ID.findall(self.header(EARLIER))[::-1]
        addresses = [address for name in RECIPIENTS for address in self.headers(name)]
        tokens = [plus_token(address) for _, address in getaddresses(addresses)[:MOST_ADDRESSES]]
        return Clues(
            tuple(dict.fromkeys([*answered, *earlier]))[:MOST_IDS],
            tuple(dict.fromkeys(token for token in (self.stop, *tokens) if token)),
        )

    @property
    def stop(self) -> str:
        """The token of our mail whose reader pressed the button for no more mail; empty for any other mail."""
        found = STOP_SUBJECT.fullmatch(self.header("Subject"))
        return found.group(1).lower() if found else ""

    def parts(self) -> Iterator[Message]:
        """Every part that holds something itself, the first few dozen, in order."""
        for number, part in enumerate(self.message.walk()):
            if number >= MOST_PARTS:
                return
            yield part

    def text(self, *, whole: bool = False) -> str:
        """What it says, as plain text: its plain part, else its HTML part without markup.

        `whole`: every text part, as an old bounce needs that has its report in one and our mail in another.
        """
        shown = [part for part in self.parts() if part.get_content_disposition() != "attachment"]
        plain = [text_of(part) for part in shown if part.get_content_type() == "text/plain"]
        if plain:
            return "\n".join(plain) if whole else next((text for text in plain if text.strip()), "")
        pages = [without_markup(text_of(part)) for part in shown if part.get_content_type() == "text/html"]
        return "\n".join(pages) if whole else next(iter(pages), "")


def text_of(part: Message) -> str:
    """A part's text in whatever alphabet it says, or in the one that loses least."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    alphabet = part.get_content_charset("utf-8")
    try:
        return content.decode("utf-8" if alphabet in SLOW_ALPHABETS else alphabet, "replace").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _decoded(raw: str) -> str:
    """A header's words, whatever they are encoded in (RFC 2047, or bare UTF-8), on one line."""
    raw = raw[:LONGEST_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        parts = decode_header(raw)
        text = "".join(
            part if isinstance(part, str) else part.decode(charset or "utf-8", "replace") for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        text = raw
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


class _Page(HTMLParser):
    """Collects the words of a page and leaves quotes of earlier mails out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Words of some elements are none for people."""
        self._silent += tag in NO_TEXT_TAGS
        self._quoted += tag in QUOTE_TAGS
        if tag in LINE_TAGS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """The other half."""
        self._silent = max(0, self._silent - (tag in NO_TEXT_TAGS))
        self._quoted = max(0, self._quoted - (tag in QUOTE_TAGS))
        if tag in LINE_TAGS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """Words, on one line; quoted ones are marked as in plain text."""
        if not self._silent and data.strip():
            self.words.append(("> " if self._quoted else "") + BLANKS.sub(" ", data))


def without_markup(page: str) -> str:
    """The words of an HTML page, in lines."""
    reader = _Page()
    try:
        reader.feed(page)
        reader.close()
    except (AssertionError, ValueError):  # what is not HTML at all ends it; what was read so far stands
        pass
    return "\n".join(line.strip() for line in "".join(reader.words).split("\n"))
