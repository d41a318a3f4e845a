"""Which mailboxes are read for answers: the one that the settings name for all, and those of CSMs that say where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from bot.config import Settings
from bot.inbound.imap_server import ImapServer, Tls
from bot.loop.records import Store
from bot.loop.returns import Returns
from bot.outreach.seals import Seals
from scoring.errors import InvalidInput
from scoring.mailboxes import Mailbox, MailboxKind


@dataclass(frozen=True, slots=True)
class Inboxes:
    """Asked every few seconds, so that a mailbox that was added, changed or removed needs no restart."""

    settings: Settings
    store: Store
    returns: Returns

    async def __call__(self) -> list[ImapServer]:
        """Where each of them is read. One whose secrets cannot be opened is named to operators and left out."""
        async with self.store.reading() as work:
            own = [mailbox for mailbox in await work.mailboxes.all() if is_read(mailbox)]
        found = [shared] if (shared := shared_inbox_of(self.settings)) else []
        for mailbox in own:
            try:
                found.append(self._own(mailbox))
            except InvalidInput as fault:
                await self.returns.cannot_read(mailbox.email, str(fault))
        return found

    def _own(self, mailbox: Mailbox) -> ImapServer:
        access = mailbox.access
        keys = [key.get_secret_value() for key in self.settings.secret_keys]
        return ImapServer(
            access.imap_host,
            port=access.imap_port,
            username=access.username or mailbox.email,
            password=Seals(keys).open(mailbox).password,
            tls=cast("Tls", access.imap_tls),
            ca_file=access.ca_file,
            email=mailbox.email,
        )


def is_read(mailbox: Mailbox) -> bool:
    """Whether answers in it are seen: it opens with a password. What Google and Microsoft gave us can send alone."""
    return mailbox.kind is MailboxKind.SMTP and bool(mailbox.access.imap_host)


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
