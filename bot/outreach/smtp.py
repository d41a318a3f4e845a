"""Sends one approved mail to one customer over SMTP, in the CSM's name, and says what is certain and what is not.

The mailer never retries (R54). Until the text of the mail is handed over nothing can have arrived, so every failure
is certain; from then until the server's answer an ending is `unknown`, and a person decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib

from bot.loop.ports import Clock
from bot.outreach.message import Envelope, ready
from bot.outreach.replies import about_data, about_recipient, about_sender, unreachable
from scoring.addresses import domain_of
from scoring.errors import InvalidInput
from scoring.messages import Mail, Receipt

COMMAND_SECONDS = 20.0
DIALOGUE_SECONDS = 60.0
TEXT_SECONDS = 60.0
FAREWELL_SECONDS = 2.0

IN_THE_CLEAR = "LOOKOUT_SMTP_TLS=none would send the mail password readable; use starttls or tls."
NO_CA_FILE = "LOOKOUT_SMTP_CA_FILE={path} cannot be read as certificates: {fault}"
REACHED = "{host}:{port} answers and lets us in"
CUT_OFF = "The connection ended before the mail server answered ({fault})."

Tls = Literal["starttls", "tls", "none"]

NETWORK_FAULTS = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over, and how long we wait: for one command, for all of them, for the text's answer."""

    host: str
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "starttls"
    ca_file: str = ""
    command_seconds: float = COMMAND_SECONDS
    dialogue_seconds: float = DIALOGUE_SECONDS
    text_seconds: float = TEXT_SECONDS


class SmtpMailer:
    """Implements the loop's `Mailer`; one connection per mail. `InvalidInput` for a set-up that shows the password."""

    def __init__(self, server: SmtpServer, *, domains: tuple[str, ...], clock: Clock) -> None:
        self._server = server
        self._domains = frozenset(domain.lower() for domain in domains)
        self._clock = clock
        if server.tls == "none" and server.username and not is_here(server.host):
            raise InvalidInput(IN_THE_CLEAR)
        self._tls_context = None if server.tls == "none" else tls_context(server.ca_file)

    async def send(self, mail: Mail) -> Receipt:
        """Hand the mail over once. Never raises for what a server or a network does."""
        letter = ready(mail, self._clock(), domains=self._domains)
        if isinstance(letter, Receipt):
            return letter
        client = self._client(domain_of(letter.sender))
        try:
            refusal = await self._introduce(client, letter)
            return refusal or await self._hand_over(client, letter)
        finally:
            await _farewell(client)

    async def reach(self) -> Receipt:
        """Connect, log in and leave again, for `lookout doctor`; `sent` means that the server would take mail."""
        client = self._client("localhost")
        try:
            async with asyncio.timeout(self._server.dialogue_seconds):
                await client.connect()
        except NETWORK_FAULTS as fault:
            return unreachable(fault)
        finally:
            await _farewell(client)
        return Receipt("sent", REACHED.format(host=self._server.host, port=self._server.port))

    def _client(self, our_name: str) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password if server.username else None,
            local_hostname=our_name,
            timeout=server.command_seconds,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=self._tls_context,
        )

    async def _introduce(self, client: aiosmtplib.SMTP, letter: Envelope) -> Receipt | None:
        """Everything before the text: what fails here sent nothing for certain. None when the server takes the mail."""
        try:
            async with asyncio.timeout(self._server.dialogue_seconds):
                await client.connect()
                await client.mail(letter.sender)
                await client.rcpt(letter.recipient)
        except aiosmtplib.SMTPSenderRefused as refusal:
            return about_sender(refusal)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            return about_recipient(refusal)
        except NETWORK_FAULTS as fault:
            return unreachable(fault)
        return None

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: Envelope) -> Receipt:
        """The text, to one recipient. Only an answer of the server is certain from here on (D2)."""
        try:
            async with asyncio.timeout(self._server.text_seconds):
                answer = await client.data(letter.message.as_bytes(), timeout=self._server.text_seconds)
        except aiosmtplib.SMTPDataError as refusal:
            return about_data(refusal)
        except NETWORK_FAULTS as fault:
            return Receipt("unknown", CUT_OFF.format(fault=type(fault).__name__))
        return Receipt("sent", answer.message)


def is_here(host: str) -> bool:
    """Whether the server is on this machine, where nobody listens in between."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Certificates and host names are always checked; a CA file replaces the machine's own list."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as fault:
        raise InvalidInput(NO_CA_FILE.format(path=ca_file, fault=fault)) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _farewell(client: aiosmtplib.SMTP) -> None:
    """Say QUIT, but let no slow goodbye change what became of the mail."""
    if client.is_connected:
        with contextlib.suppress(*NETWORK_FAULTS):
            await client.quit(timeout=FAREWELL_SECONDS)
    client.close()
