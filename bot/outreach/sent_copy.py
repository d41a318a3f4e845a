"""Files what was sent by SMTP in its sender's Sent folder, so that they find it where they look for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from imap_tools import AND, BaseMailBox, H, MailMessageFlags

from bot.outreach.imap_login import SECONDS, opened
from bot.outreach.seals import Secrets
from scoring.errors import LookoutError
from scoring.mailboxes import Mailbox

SENT_FLAG = r"\Sent"
USUAL = ("Sent", "Sent Items", "Sent Messages", "INBOX.Sent")
NO_FOLDER = "there is no Sent folder, and --sent-folder names none"
NOT_FILED = "No copy was filed in {email}'s Sent folder: {why}"
TOO_SLOW = "the mailbox took too long."
LONGEST = 30.0


@dataclass(frozen=True, slots=True)
class Copy:
    """What was handed over: the bytes, when, and the Message-ID by which a copy is known."""

    message_id: str
    content: bytes
    at: datetime


async def file_copy(mailbox: Mailbox, secrets: Secrets, copy: Copy, *, seconds: float = SECONDS) -> str:
    """Put a copy into Sent, unless the server did so itself; empty, or why there is none. Never raises for a server.

    Nothing here changes what became of the mail: it has left already.
    """
    try:
        async with asyncio.timeout(LONGEST):
            why = await asyncio.to_thread(_file, mailbox, secrets, copy, seconds)
    except TimeoutError:
        why = TOO_SLOW
    except LookoutError as fault:
        why = str(fault)
    return NOT_FILED.format(email=mailbox.email, why=why) if why else ""


async def look(mailbox: Mailbox, secrets: Secrets, *, seconds: float = SECONDS) -> str:
    """Log in and find the Sent folder, for `lookout doctor`: its name, or empty. Raises as `opened` does."""

    def find() -> str:
        with opened(mailbox, secrets, seconds=seconds) as client:
            return sent_folder(client, mailbox)

    return await asyncio.to_thread(find)


def sent_folder(client: BaseMailBox, mailbox: Mailbox) -> str:
    """The folder that the mailbox's owner named, else the one the server calls Sent (RFC 6154), else a usual name."""
    folders = client.folder.list()
    if wanted := mailbox.access.sent_folder:
        return wanted if wanted in {folder.name for folder in folders} else ""
    marked = [folder.name for folder in folders if SENT_FLAG in folder.flags]
    names = {folder.name for folder in folders}
    return next(iter([*marked, *(name for name in USUAL if name in names)]), "")


def _file(mailbox: Mailbox, secrets: Secrets, copy: Copy, seconds: float) -> str:
    with opened(mailbox, secrets, seconds=seconds) as client:
        folder = sent_folder(client, mailbox)
        if not folder:
            return NO_FOLDER
        client.folder.set(folder, readonly=True)
        if not client.uids(AND(header=H("Message-ID", copy.message_id))):
            client.append(copy.content, folder, dt=copy.at, flag_set=[MailMessageFlags.SEEN])
    return ""
