"""Turns an approved mail into the bytes that travel: plain text, one recipient, nothing that nobody approved."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Self

from scoring.addresses import domain_of, one_address
from scoring.errors import InvalidInput
from scoring.messages import Mail, Receipt

BAD_HEADER = "The subject or a name has characters that no mail may carry."
TO_SELF = "{address} is both the sender and the recipient."
FOREIGN_SENDER = "{address} is not in LOOKOUT_MAIL_DOMAINS, so Lookout does not write in its name."

MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")
UNSUBSCRIBE = re.compile(r"(mailto:|https://)[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail that is ready to leave: one sender, one recipient, and the message."""

    sender: str
    recipient: str
    message: EmailMessage


def ready(mail: Mail, at: datetime, *, domains: Collection[str]) -> Envelope | Receipt:
    """The mail in its envelope, dated `at`; or why it never leaves: a sender that is not ours, no usable address (D6).

    `domains` are those we may write from, in small letters.
    """
    try:
        sender = one_address(mail.from_email)
    except InvalidInput as fault:
        return Receipt("refused", str(fault), cause="setup")
    if domain_of(sender) not in domains:
        return Receipt("refused", FOREIGN_SENDER.format(address=sender), cause="setup")
    try:
        recipient = one_address(mail.to_email)
    except InvalidInput as fault:
        return Receipt("refused", str(fault), cause="address")
    if sender.lower() == recipient.lower():
        return Receipt("refused", TO_SELF.format(address=sender), cause="address")
    try:
        return Envelope(sender, recipient, as_message(mail, at))
    except InvalidInput as fault:
        return Receipt("refused", str(fault))


def as_message(mail: Mail, at: datetime) -> EmailMessage:
    """The whole mail, dated `at`. `InvalidInput` for a bad address or a header that would inject another (D4, D6)."""
    sender, recipient = one_address(mail.from_email), one_address(mail.to_email)
    answers = one_address(mail.reply_to) if mail.reply_to else sender
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(mail.from_name, addr_spec=sender)
        message["To"] = Address(mail.to_name, addr_spec=recipient)
        message["Reply-To"] = Address(mail.from_name, addr_spec=answers)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = mail.message_id
        for name, words in _threading(mail).items():
            message[name] = _Words(name, words)
        # Quoted-printable passes every relay unchanged, so the text that arrives is the text that was approved.
        message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
        message.as_bytes()
    except (ValueError, UnicodeError) as fault:
        raise InvalidInput(BAD_HEADER) from fault
    return message


def _threading(mail: Mail) -> dict[str, tuple[str, ...]]:
    """The headers that say which mail this one follows, and where somebody says that they want no more."""
    followed = mail.references or ((mail.in_reply_to,) if mail.in_reply_to else ())
    if not all(MESSAGE_ID.fullmatch(word) for word in (*followed, mail.in_reply_to or "<->")):
        raise InvalidInput(BAD_HEADER)
    if mail.unsubscribe and not UNSUBSCRIBE.fullmatch(mail.unsubscribe):
        raise InvalidInput(BAD_HEADER)
    found = {
        "In-Reply-To": (mail.in_reply_to,) if mail.in_reply_to else (),
        "References": followed,
        "List-Unsubscribe": (f"<{mail.unsubscribe}>",) if mail.unsubscribe else (),
    }
    return {name: words for name, words in found.items() if words}


class _Words(str):
    """A header of words, each on a line of its own; the library would encode long ones, and no server reads them then.

    Message-IDs and addresses are ASCII, and a line may have 998 characters (RFC 5322, 2.1.1).
    """

    __slots__ = ("name", "words")
    name: str
    words: tuple[str, ...]

    def __new__(cls, name: str, words: tuple[str, ...]) -> Self:
        made = super().__new__(cls, " ".join(words))
        made.name, made.words = name, words
        return made

    def fold(self, *, policy: Policy) -> str:
        """The header's lines, as the mail library asks for them."""
        ends = policy.linesep
        return f"{self.name}: {(ends + ' ').join(self.words)}{ends}"
