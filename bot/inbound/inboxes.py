"""Which mailboxes are read for answers: the one that the settings name for all."""

from __future__ import annotations

from bot.config import Settings
from bot.inbound.imap_server import ImapServer


def shared_inbox_of(settings: Settings) -> ImapServer | None:
    """The mailbox that the settings name for answers, or None."""
    if not settings.imap_host:
        return None
    return ImapServer(
        settings.imap_host,
        port=settings.imap_port,
        username=settings.imap_username,
        password=settings.imap_password.get_secret_value(),
        tls=settings.imap_tls,
        ca_file=settings.imap_ca_file,
    )
