"""A real SMTP server (aiosmtpd) inside the test's own loop, whose answers a test can script."""
# ruff: noqa: N802 - aiosmtpd names its hooks so

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "lookout", "correct horse"


@dataclass
class Sink:
    """Everything the server accepted, and what it says to the next mails."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    on_mail: str = ""
    on_recipient: str = ""
    on_text: str = ""
    before_answer: Callable[[SMTP], Awaitable[None]] | None = None
    connections: int = 0

    def messages(self) -> list[EmailMessage]:
        """The mails, parsed; no property, since aiosmtpd reads every attribute of a handler for each connection."""
        return [email.message_from_bytes(taken.original_content, policy=email.policy.default) for taken in self.taken]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.on_mail:
            return self.on_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.on_recipient:
            return self.on_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.on_text:
            return self.on_text
        self.taken.append(envelope)
        if self.before_answer:
            await self.before_answer(server)
        return "250 2.0.0 accepted"


def letting_in(user: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator for one user; a failing one must say `handled=False`, or the client hangs."""

    def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=good)

    return authenticate


async def drop(server: SMTP) -> None:
    """Close the line after the text was taken and before the answer."""
    server.transport.abort()


@asynccontextmanager
async def running(
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    login: bool = False,
    user: str = USER,
    password: str = PASSWORD,
    sink: Sink | None = None,
) -> AsyncIterator[Sink]:
    """A server on a free port; `implicit` speaks TLS from the first byte, otherwise `tls` means STARTTLS."""
    sink = sink or Sink()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # aiosmtpd does not see TLS that began before it did.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                sink,
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                authenticator=letting_in(user, password) if login else None,
                auth_required=login,
                auth_require_tls=not implicit,
                loop=asyncio.get_running_loop(),
            )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
