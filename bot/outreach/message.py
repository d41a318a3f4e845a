"""Turns an approved mail into the bytes that travel: plain text, one recipient, nothing that nobody approved."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from scoring.addresses import one_address
from scoring.errors import InvalidInput
from scoring.messages import Mail

BAD_HEADER = "The subject or a name has characters that no mail may carry."
TO_SELF = "{address} is both the sender and the recipient."


def as_message(mail: Mail, at: datetime) -> EmailMessage:
    """The whole mail, dated `at`. `InvalidInput` for a bad address or a header that would inject another (D4, D6)."""
    sender, recipient = one_address(mail.from_email), one_address(mail.to_email)
    if sender.lower() == recipient.lower():
        raise InvalidInput(TO_SELF.format(address=sender))
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(mail.from_name, addr_spec=sender)
        message["To"] = Address(mail.to_name, addr_spec=recipient)
        message["Reply-To"] = Address(mail.from_name, addr_spec=sender)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = mail.message_id
        # Quoted-printable passes every relay unchanged, so the text that arrives is the text that was approved.
        message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
        message.as_bytes()
    except (ValueError, UnicodeError) as fault:
        raise InvalidInput(BAD_HEADER) from fault
    return message
