"""Reads one mailbox by IMAP, and changes nothing in it: the folder is opened read-only, no mail is marked as read.

The library waits for its server, so its calls run in threads of their own; only the waiting for new mail does not:
there the event loop watches the connection, and many quiet mailboxes cost no thread.
"""

from __future__ import annotations

import asyncio
import imaplib
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from imap_tools import ImapToolsError

from bot.inbound.imap_server import ImapServer, connected
from bot.inbound.letter import HEAD_FIELDS
from scoring.errors import Unavailable

T = TypeVar("T")
FOLDER = "INBOX"
POLL_SECONDS = 15.0
LARGEST_HEAD, LARGEST_MAIL = 32_768, 262_144
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UID = re.compile(rb"\bUID (\d+)")
FAULTS = (OSError, imaplib.IMAP4.error, ImapToolsError, ValueError)

NOT_REACHED = "{host}:{port} could not be reached ({fault})"
NOT_LET_IN = "{host} refused the login of {username}"
BROKEN = "{host} stopped answering ({fault})"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one mail in a mailbox, and when the server got it, if it says so."""

    uid: int
    received_at: datetime | None
    content: bytes


class ImapInbox:
    """One connection to one mailbox. `open` first; every method raises `Unavailable` when the connection is lost."""

    def __init__(self, server: ImapServer, threads: Executor) -> None:
        self.server = server
        self.validity = 0
        self._threads = threads
        self._box: Any = None  # the library's IDLE has no types
        self._idles = False

    @property
    def name(self) -> str:
        """Which mailbox."""
        return self.server.name

    @property
    def tells_at_once(self) -> bool:
        """Whether the server tells of new mail (IDLE, RFC 2177); known once it is open."""
        return self._idles

    async def open(self) -> None:
        """Connect, log in, and open the inbox for reading alone."""
        await self._run(self._connect)

    async def numbers(self, above: int | None, since: date) -> tuple[list[int], int]:
        """UIDs of the mails from UID `above` on, or of those that came on `since` or later; and the next UID."""
        return await self._run(lambda: self._search(above, since))

    async def heads(self, uids: Sequence[int]) -> list[Head]:
        """The heads of these mails, cut; mails that are gone are left out."""
        return await self._run(lambda: self._heads(uids))

    async def whole(self, uid: int) -> bytes:
        """A mail, cut at a quarter of a megabyte; empty when it is gone."""
        return await self._run(lambda: self._whole(uid))

    async def wait(self, seconds: float) -> None:
        """Return when the server says that something changed, or after `seconds`; at least every 15 without IDLE."""
        if not self._idles:
            await asyncio.sleep(min(POLL_SECONDS, seconds))
            return
        if not await self._run(self._begin_idle):
            await _readable(self._client.sock, seconds)
        await self._run(self._end_idle)

    def close(self) -> None:
        """Let go of the connection at once, also under a call that still waits for it."""
        box, self._box = self._box, None
        if box is not None:
            with suppress(OSError):
                box.client.shutdown()

    @property
    def _open(self) -> Any:
        if self._box is None:
            raise Unavailable(BROKEN.format(host=self.server.host, fault="closed"))
        return self._box

    @property
    def _client(self) -> Any:
        return self._open.client

    async def _run(self, call: Callable[[], T]) -> T:
        """In a thread; whatever the network or the server does comes out as `Unavailable`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except FAULTS as fault:
            raise Unavailable(BROKEN.format(host=self.server.host, fault=_short(fault))) from fault

    def _connect(self) -> None:
        server = self.server
        try:
            box = connected(server)
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as fault:
            text = NOT_REACHED.format(host=server.host, port=server.port, fault=_short(fault))
            raise Unavailable(text) from fault
        self._box = box
        try:
            if (server.username + server.password).isascii():
                box.login(server.username, server.password, initial_folder=None)
            else:
                box.login_utf8(server.username, server.password, initial_folder=None)
        except (imaplib.IMAP4.error, ImapToolsError) as fault:
            self.close()
            raise Unavailable(NOT_LET_IN.format(host=server.host, username=server.username), permanent=True) from fault
        box.folder.set(FOLDER, readonly=True)
        self.validity = self._told("UIDVALIDITY")
        self._idles = b"IDLE" in self._capabilities()

    def _told(self, name: str) -> int:
        """A number that the server gave when the folder was opened; 0 if it gave none."""
        _, said = self._client.response(name)
        return next((int(text) for text in said if text and text.isdigit()), 0)

    def _capabilities(self) -> bytes:
        """What the server can do, asked after the login: before it many say less."""
        _, said = self._client.capability()
        return b" ".join(text for text in said if text).upper()

    def _search(self, above: int | None, since: date) -> tuple[list[int], int]:
        status = self._open.folder.status(FOLDER, ["UIDNEXT"])
        upcoming = max(1, int(status.get("UIDNEXT", 1)))
        # No server's month names depend on its language (RFC 9051, 9): those of ours could.
        day = f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}"
        _, said = self._checked(self._client.uid("SEARCH", f"UID {above}:*" if above else day))
        # `7:*` names the last mail even when its UID is below 7.
        found = sorted({int(uid) for uid in b" ".join(text for text in said if text).split() if uid.isdigit()})
        uids = [uid for uid in found if uid >= (above or 1)]
        return uids, max([upcoming, *(uid + 1 for uid in uids)])

    def _heads(self, uids: Sequence[int]) -> list[Head]:
        fields = " ".join(name.upper() for name in HEAD_FIELDS)
        what = f"(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS ({fields})]<0.{LARGEST_HEAD}>)"
        _, said = self._checked(self._client.uid("FETCH", ",".join(map(str, uids)), what))
        pairs = zip(said, [*said[1:], b""], strict=True)
        heads = [_head(told[0] + _rest(after), told[1]) for told, after in pairs if isinstance(told, tuple)]
        return sorted((head for head in heads if head is not None), key=lambda head: head.uid)

    def _whole(self, uid: int) -> bytes:
        _, said = self._checked(self._client.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{LARGEST_MAIL}>)"))
        return next((bytes(told[1]) for told in said if isinstance(told, tuple)), b"")

    def _checked(self, answer: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(str(answer))
        return answer

    def _begin_idle(self) -> bool:
        """Ask to be told; whether something was told already. It may lie in our buffer, where no socket shows it."""
        client, idle = self._client, self._open.idle
        client.untagged_responses.clear()
        idle.start()
        return bool(client.untagged_responses) or bool(idle.poll(timeout=0))

    def _end_idle(self) -> None:
        self._open.idle.stop()


def _head(told: bytes, content: bytes) -> Head | None:
    """One mail of a FETCH answer; what is told of it stands before its bytes, behind them, or on both sides."""
    uid = UID.search(told)
    if uid is None:
        return None
    return Head(int(uid.group(1)), _received_at(told), bytes(content))


def _received_at(told: bytes) -> datetime | None:
    """When the server says that it got a mail; a date that no calendar has must not hold up the mails behind it."""
    try:
        local = imaplib.Internaldate2tuple(told)  # a reading of this machine's own clock
        return datetime.fromtimestamp(time.mktime(local), UTC) if local else None
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _rest(told: object) -> bytes:
    return told if isinstance(told, bytes) else b""


async def _readable(sock: Any, seconds: float) -> None:
    """Wait until the connection has something to read, or for `seconds`."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(sock.fileno(), ready.set)
    except RuntimeError:  # the event loop of Windows watches no sockets
        await asyncio.sleep(min(POLL_SECONDS, seconds))
        return
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ready.wait()
    finally:
        loop.remove_reader(sock.fileno())


def _short(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__
