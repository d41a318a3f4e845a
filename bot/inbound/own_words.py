"""What a person wrote in an answer: without what they quote, their signature, and words of their telephone."""

from __future__ import annotations

import re

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

READ, KEPT, LONGEST_LINE = 6_000, 1_500, 600
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs", "ja", "ko", "zh")
BLANKS = re.compile(r"\n[ \t\r\f\v]*(?:\n[ \t\r\f\v]*)+")
QUOTED = re.compile(r"^\s*>")
PHONE = re.compile(
    r"^(sent from|get outlook for|von meinem .{1,40} gesendet|gesendet (von|mit)|envoyé de(puis)?|enviado desde"
    r"|inviato da|verzonden (met|vanaf)|wysłan[eo] z|skickat från|sendt fra)\b.{0,80}$",
    re.IGNORECASE,
)
NOTHING = "(no words of their own)"


def own_words(text: str) -> str:
    """The newest words in a mail's text, at most 1,500 characters; never empty.

    The text is cut and its lines are folded before the library looks at it: its patterns take very long for very
    long lines and for very many empty ones.
    """
    readable = "".join(ch if ch.isprintable() or ch in "\n\t" else " " for ch in text[: 4 * READ])
    folded = BLANKS.sub("\n\n", readable.strip())[:READ]
    known = "\n".join(line[:LONGEST_LINE] for line in folded.split("\n"))
    newest = _first_reply(known) or known
    lines = [line for line in newest.split("\n") if not QUOTED.match(line)]
    while lines and (not lines[-1].strip() or PHONE.match(lines[-1].strip())):
        lines.pop()
    words = "\n".join(lines).strip()
    return (words if len(words) <= KEPT else f"{words[: KEPT - 2].rstrip()} …") or NOTHING


def _first_reply(text: str) -> str:
    languages = [language for language in LANGUAGES if language in MAIL_LANGUAGES]
    replies = EmailMessage(text=text, languages=languages, keep_hyphen_lists=True).read().replies
    return replies[0].body if replies else ""
