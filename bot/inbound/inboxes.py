"""Which mailboxes are read for answers: the one that the settings name for all, and those of CSMs that say where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

from bot.config import Settings
from bot.inbound.imap import ImapInbox
from bot.inbound.imap_server import ImapServer, Tls
from bot.loop.ears import Ears
from bot.loop.records import Store
from bot.loop.returns import Returns
from bot.outreach.seals import Seals
from scoring.errors import InvalidInput, LookoutError
from scoring.mailboxes import Mailbox

AT_ONCE = "read at {host}:{port}, which tells of new mail at once"
NOW_AND_THEN = "read at {host}:{port}, every 15 seconds"


@dataclass(frozen=True, slots=True)
class Inboxes:
    """Asked every few seconds, so that a mailbox that was added, changed or removed needs no restart."""

    settings: Settings
    store: Store
    returns: Returns

    async def __call__(self) -> list[ImapServer]:
        """Where each of them is read. One whose secrets cannot be opened is named to operators and left out."""
        found, closed = await inboxes_of(self.settings, self.store)
        for email, reason in closed:
            await self.returns.cannot_read(email, reason)
        return found


@dataclass(frozen=True, slots=True)
class Looked:
    """What `lookout doctor` learned about one mailbox; nothing in it was changed."""

    name: str
    well: bool
    found: str


async def look_into(settings: Settings, store: Store) -> list[Looked]:
    """Open every mailbox that is read for answers, and leave it again."""
    servers, closed = await inboxes_of(settings, store)
    looked = [Looked(email, well=False, found=reason) for email, reason in closed]
    with ThreadPoolExecutor(1, "doctor") as threads:
        for server in servers:
            inbox = ImapInbox(server, threads)
            try:
                await inbox.open()
                how = AT_ONCE if inbox.tells_at_once else NOW_AND_THEN
                looked.append(Looked(server.name, well=True, found=how.format(host=server.host, port=server.port)))
            except LookoutError as fault:
                looked.append(Looked(server.name, well=False, found=str(fault)))
            finally:
                inbox.close()
    return looked


async def inboxes_of(settings: Settings, store: Store) -> tuple[list[ImapServer], list[tuple[str, str]]]:
    """The mailboxes that are read (none in the sandbox), and those whose secrets cannot be opened, with the reason."""
    if settings.sandbox:
        return [], []
    async with store.reading() as work:
        own = [mailbox for mailbox in await work.mailboxes.all() if mailbox.is_read]
    found = [shared] if (shared := shared_inbox_of(settings)) else []
    closed = []
    for mailbox in own:
        try:
            found.append(_own(mailbox, settings))
        except InvalidInput as fault:
            closed.append((mailbox.email, str(fault)))
    return found, closed


def _own(mailbox: Mailbox, settings: Settings) -> ImapServer:
    access = mailbox.access
    keys = [key.get_secret_value() for key in settings.secret_keys]
    return ImapServer(
        access.imap_host,
        port=access.imap_port,
        username=access.username or mailbox.email,
        password=Seals(keys).open(mailbox).password,
        tls=cast("Tls", access.imap_tls),
        ca_file=access.ca_file,
        email=mailbox.email,
    )


def ears_of(settings: Settings) -> Ears:
    """What knows whether answers are seen."""
    shared = shared_inbox_of(settings)
    return Ears(shared.name if shared else "", silent=settings.misses_no_answer)


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
