"""Makes of one mail's bytes what the loop is told: whose answer, automatic or not, bounced or late, and its words."""

from __future__ import annotations

from datetime import datetime

from bot.inbound.letter import Letter
from bot.inbound.machines import is_automatic
from bot.inbound.own_words import own_words
from bot.inbound.reports import may_be_report, report_in
from scoring.replies import Arrival, Clues, ReplyKind

UNREADABLE = "(This mail cannot be read here; it lies in the mailbox.)"
# What the standard library's mail parser is known to raise over mail that somebody broke, on purpose or not.
MALFORMED = (AttributeError, IndexError, KeyError, LookupError, RecursionError, TypeError, ValueError)


def clues_of_head(content: bytes) -> tuple[Clues, bool]:
    """Which mail an arriving one may answer, and whether only the rest of it can tell (a mail server's report)."""
    try:
        head = Letter.of(content)
        return head.clues, may_be_report(head)
    except MALFORMED:
        return Clues(), False


def arrival_of(content: bytes, received_at: datetime) -> Arrival:
    """The whole mail, read as far as it concerns us. Never raises for what stands in it."""
    letter = Letter.of(content)
    try:
        return _read(letter, received_at)
    except MALFORMED:
        return Arrival(letter.digest, ReplyKind.ANSWER, "", UNREADABLE, received_at, clues_of_head(content)[0])


def _read(letter: Letter, received_at: datetime) -> Arrival:
    key, message_id, sender = letter.message_id or letter.digest, letter.message_id, letter.sender
    report = report_in(letter)
    if report is not None:
        # Its addresses are the sender's and prove nothing; the mail that it speaks of does.
        clues = Clues(report.about, letter.clues.tokens)
        return Arrival(
            key, report.kind, sender, report.reason, received_at, clues, message_id, report.lost, report.dead
        )
    kind = ReplyKind.AUTO if is_automatic(letter) else ReplyKind.ANSWER
    words, stop = own_words(letter.text()), bool(letter.stop)
    return Arrival(key, kind, sender, words, received_at, letter.clues, message_id, stop=stop)
