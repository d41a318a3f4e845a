"""A real IMAP server (pymap) for tests: one mailbox in memory, into which a test delivers mails."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from bot.inbound.imap_server import ImapServer

USER, PASSWORD = "answers@us.test", "secret"
START = "from pymap.main import main; main()"


@dataclass
class MailServer:
    """Where it listens; the process dies and comes back as a test wants."""

    port: int
    process: Any = None
    tasks: list[Any] = field(default_factory=list)

    @property
    def settings(self) -> ImapServer:
        """How Lookout reads it."""
        return ImapServer("127.0.0.1", self.port, USER, PASSWORD, tls="none")

    async def start(self) -> None:
        """A new, empty mailbox, under a new UIDVALIDITY."""
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "dict"]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, *options, "--demo-user", USER, "--demo-password", PASSWORD,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            with contextlib.suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", self.port))[1].close()
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the IMAP server does not start")

    async def stop(self) -> None:
        """Pull the plug."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def deliver(self, *mails: bytes | EmailMessage, at: datetime | None = None) -> None:
        """Put mails into the mailbox, as received at an instant (by default now)."""
        when = imaplib.Time2Internaldate(at) if at else None
        await asyncio.to_thread(
            self._with_client, lambda client: [client.append("INBOX", None, when, _raw(mail)) for mail in mails]
        )

    async def flags(self) -> list[bytes]:
        """What the mailbox says of each mail: flags such as \\Seen."""
        return await asyncio.to_thread(self._with_client, lambda client: client.uid("FETCH", "1:*", "(FLAGS)")[1])

    async def upcoming(self) -> int:
        """The number that the next mail will have."""
        _, said = await asyncio.to_thread(self._with_client, lambda client: client.status("INBOX", "(UIDNEXT)"))
        return int(said[0].split()[-1].rstrip(b")"))

    def _with_client(self, act: Any) -> Any:
        client = imaplib.IMAP4("127.0.0.1", self.port)
        try:
            client.login(USER, PASSWORD)
            client.select("INBOX", readonly=True)
            return act(client)
        finally:
            client.logout()


@contextlib.asynccontextmanager
async def an_imap_server() -> AsyncIterator[MailServer]:
    """Started, and ended with the test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = MailServer(probe.getsockname()[1])
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def _raw(mail: bytes | EmailMessage) -> bytes:
    return mail if isinstance(mail, bytes) else mail.as_bytes()
