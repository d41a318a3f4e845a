"""The mailbox of a CSM: where mail leaves in their own name, and where answers arrive; its secrets are sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MailboxKind(StrEnum):
    """Who carries the mail: a mail server by SMTP, Gmail's API, or Microsoft Graph."""

    SMTP = "smtp"
    GMAIL = "gmail"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Access:
    """How a mailbox is reached; nothing here is secret.

    `username` empty: the mailbox's address. `plus`: mail to `ana+anything@x.com` arrives in Ana's mailbox.
    `imap_host` empty: nobody reads the mailbox. `copies`: what was sent by SMTP is filed in `sent_folder` by IMAP
    (empty: the folder that the server calls Sent). `client_id` and `tenant` name our app at Google or Microsoft.
    `ca_file` replaces the machine's list of trusted certificates.
    """

    username: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: str = "tls"
    sent_folder: str = ""
    copies: bool = True
    plus: bool = False
    client_id: str = ""
    tenant: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox. `sealed` holds the secrets, unreadable without LOOKOUT_SECRET_KEYS (`bot/outreach/seals.py`)."""

    email: str
    kind: MailboxKind
    access: Access
    sealed: str = field(repr=False)
    added_at: datetime

    @property
    def is_read(self) -> bool:
        """Whether answers in it are seen: it opens with a password. What Google and Microsoft give can send alone."""
        return self.kind is MailboxKind.SMTP and bool(self.access.imap_host)
