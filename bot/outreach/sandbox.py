"""The sandbox: every mail becomes a file in a folder, and nothing here could reach a customer (D15).

A sandbox has a database of its own. Mails that reached nobody count as sent there, so neither side may ever go on with
the other's database: a real follow-up of a mail that nobody got, or an approved mail that ends in a folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

from bot.loop.ports import Clock
from bot.loop.records import Store
from bot.outreach.message import ready
from scoring.briefs import SANDBOX_FLAG
from scoring.errors import InvalidInput
from scoring.messages import Mail, Receipt

KEPT = "Sandbox: kept in {file}; it reached nobody."
NOT_KEPT = "The sandbox cannot write to {folder} ({why}). Nothing was sent."
MADE_FOR_REAL = (
    "LOOKOUT_SANDBOX is on, and this database belongs to a Lookout that works with customers. Nothing was sent. Give "
    "the sandbox a LOOKOUT_HOME of its own, and a DATABASE_URL of its own if you set one."
)
MADE_IN_SANDBOX = (
    "This database was made in the sandbox: the mails that it calls sent reached nobody. Nothing was sent. Use another "
    "LOOKOUT_HOME (and DATABASE_URL, if you set one), or set LOOKOUT_SANDBOX=true."
)


class FolderMailer:
    """Implements the loop's `Mailer` with a folder for its only reach: it knows no host, no port and no password."""

    def __init__(self, folder: Path, *, domains: tuple[str, ...], clock: Clock) -> None:
        self._folder = folder
        self._domains = frozenset(domain.lower() for domain in domains)
        self._clock = clock

    async def send(self, mail: Mail) -> Receipt:
        """Keep the mail exactly as it would have left; what would be refused is refused here too."""
        letter = ready(mail, self._clock(), domains=self._domains)
        if isinstance(letter, Receipt):
            return letter
        file = self._folder / f"{hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]}.eml"
        try:
            await asyncio.to_thread(_write, file, letter.message.as_bytes())
        except OSError as fault:
            return Receipt("deferred", NOT_KEPT.format(folder=self._folder, why=fault.strerror), cause="setup")
        return Receipt("sent", KEPT.format(file=file.name))


async def must_belong(store: Store, *, sandbox: bool) -> None:
    """Mark a new database of a sandbox; `InvalidInput` for one that was made for the other kind."""
    async with store.reading() as work:
        marked, used = await work.flags.get(SANDBOX_FLAG) is not None, bool(await work.audit.newest(1))
    if marked and not sandbox:
        raise InvalidInput(MADE_IN_SANDBOX)
    if sandbox and used and not marked:
        raise InvalidInput(MADE_FOR_REAL)
    if sandbox and not marked:
        async with store() as work:
            await work.flags.set(SANDBOX_FLAG, "yes")


def _write(file: Path, content: bytes) -> None:
    """For our user alone (J9), and whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = file.with_suffix(".part")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)
