"""Where one mailbox is read by IMAP, and how the connection to it is made."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from scoring.errors import InvalidInput

Tls = Literal["tls", "starttls", "none"]
COMMAND_SECONDS = 20.0

IN_THE_CLEAR = "The mailbox {name} would be read without encryption, its password readable; use tls or starttls."
NO_CA_FILE = "The CA file {path} cannot be read as certificates: {fault}"


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where one mailbox is read; `email` is its address, where the user name is another."""

    host: str
    port: int = 993
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "tls"
    ca_file: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """The mailbox as the database knows it."""
        return (self.email or self.username).strip().casefold()


def must_be_private(server: ImapServer) -> None:
    """Raise `InvalidInput` for a set-up that would send a password over the network readable."""
    if server.tls == "none" and server.host not in {"localhost", "127.0.0.1", "::1"}:
        raise InvalidInput(IN_THE_CLEAR.format(name=server.name))


def connected(server: ImapServer) -> BaseMailBox:
    """A connection to the server, before the login; `InvalidInput` for settings that cannot be kept to."""
    must_be_private(server)
    if server.tls == "none":
        return MailBoxUnencrypted(server.host, server.port, timeout=COMMAND_SECONDS)
    try:
        context = ssl.create_default_context(cafile=server.ca_file or None)
    except OSError as fault:
        raise InvalidInput(NO_CA_FILE.format(path=server.ca_file, fault=fault)) from fault
    kind = MailBox if server.tls == "tls" else MailBoxStartTls
    return kind(server.host, server.port, timeout=COMMAND_SECONDS, ssl_context=context)
