"""The demo's mailbox: a real SMTP server in this process, whose mails stay here and can be read on the page."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it arrived. `recipients` are the envelope's; `answer` is what the customer wrote back."""

    id: int
    at: datetime
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    to: str
    subject: str
    body: str
    answer: str = ""
    answered_at: datetime | None = None

    def answer_mail(self, sender: str) -> bytes:
        """What the customer wrote back, as it would arrive in our mailbox: a mail that quotes ours."""
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"], mail["Subject"] = sender, address_of(self.sender), f"Re: {self.subject}"
        mail["Message-ID"] = f"<answer-{self.id}@{sender.rpartition('@')[2]}>"
        mail["In-Reply-To"] = self.message_id
        quoted = "\n".join(f"> {line}" for line in self.body.splitlines())
        mail.set_content(
            f"{self.answer}\n\nOn {self.at:%a, %d %b %Y at %H:%M}, {address_of(self.sender)} wrote:\n{quoted}\n"
        )
        return mail.as_bytes()

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "id": self.id,
            "at": self.at.timestamp(),
            "message_id": self.message_id,
            "from": self.sender,
            "to": self.to,
            "recipients": list(self.recipients),
            "subject": self.subject,
            "body": self.body,
            "answer": self.answer,
            "answered_at": self.answered_at.timestamp() if self.answered_at else None,
        }


class Mailbox:
    """Takes every mail and keeps it. Use as an async context manager; `port` is known inside."""

    def __init__(self, clock: Callable[[], datetime], *, host: str = "127.0.0.1") -> None:
        self.clock = clock
        self.host = host
        self.port = 0
        self.letters: list[Letter] = []
        self.on_change: list[Callable[[], None]] = []
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, hostname="mailbox.demo.example"), self.host, 0
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Accept one mail (the name and arguments are aiosmtpd's)."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.letters.append(self._read(content, tuple(envelope.rcpt_tos)))
        self._changed()
        return "250 OK"

    def answer(self, letter_id: int, text: str) -> Letter:
        """Let the customer write back; `KeyError` for an unknown letter."""
        for index, letter in enumerate(self.letters):
            if letter.id == letter_id:
                self.letters[index] = replace(letter, answer=text, answered_at=self.clock())
                self._changed()
                return self.letters[index]
        raise KeyError(letter_id)

    def _read(self, content: bytes, recipients: tuple[str, ...]) -> Letter:
        mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        part = mail.get_body(("plain",))
        return Letter(
            id=next(self._numbers),
            at=self.clock(),
            message_id=str(mail["Message-ID"] or ""),
            sender=str(mail["From"] or ""),
            recipients=recipients,
            to=str(mail["To"] or ""),
            subject=str(mail["Subject"] or ""),
            body=str(part.get_content()).replace("\r\n", "\n") if part is not None else "",
        )

    def _changed(self) -> None:
        for listener in self.on_change:
            listener()


def address_of(header: str) -> str:
    """The bare address in a header such as `Dana <dana@x.example>`."""
    return parseaddr(header)[1].casefold()
