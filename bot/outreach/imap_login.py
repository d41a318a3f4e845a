"""Opens a mailbox by IMAP: encrypted, with the server's certificate checked, and with a limit on each wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from imaplib import IMAP4

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from bot.outreach.replies import one_line
from bot.outreach.seals import Secrets
from bot.outreach.smtp import is_here, tls_context
from scoring.errors import InvalidInput, Unavailable
from scoring.mailboxes import Mailbox

SECONDS = 15.0
IN_THE_CLEAR = "The mailbox of {email} would be read without encryption, its password readable; use starttls or tls."
LOGIN_REFUSED = "{host} refused our login to the mailbox of {email}."
NOT_REACHED = "The mailbox of {email} could not be reached at {host}:{port}: {fault}."

FAULTS = (ImapToolsError, IMAP4.error, OSError, EOFError)


@contextmanager
def opened(mailbox: Mailbox, secrets: Secrets, *, seconds: float = SECONDS) -> Iterator[BaseMailBox]:
    """The mailbox, logged in, no folder chosen; blocks, so call it in a thread. Each wait takes at most `seconds`.

    Raises:
        InvalidInput: it would show the password, or the CA file cannot be read.
        Unavailable: no connection, no login (`permanent`), or a fault while the mailbox was used.
    """
    access = mailbox.access
    client = None
    try:
        client = _connected(mailbox, seconds)
        _login(client, mailbox, secrets)
        yield client
    except FAULTS as fault:
        said = one_line(str(fault)) or type(fault).__name__
        where = {"email": mailbox.email, "host": access.imap_host, "port": access.imap_port}
        raise Unavailable(NOT_REACHED.format(fault=said, **where)) from None
    finally:
        if client is not None:
            with suppress(*FAULTS):
                client.logout()


def _connected(mailbox: Mailbox, seconds: float) -> BaseMailBox:
    access = mailbox.access
    if access.imap_tls == "none":
        if not is_here(access.imap_host):
            raise InvalidInput(IN_THE_CLEAR.format(email=mailbox.email))
        return MailBoxUnencrypted(access.imap_host, access.imap_port, timeout=seconds)
    kind = MailBoxStartTls if access.imap_tls == "starttls" else MailBox
    return kind(access.imap_host, access.imap_port, timeout=seconds, ssl_context=tls_context(access.ca_file))


def _login(client: BaseMailBox, mailbox: Mailbox, secrets: Secrets) -> None:
    name, password = mailbox.access.username or mailbox.email, secrets.password
    # The plain LOGIN command knows ASCII alone.
    login = client.login if name.isascii() and password.isascii() else client.login_utf8
    try:
        login(name, password, initial_folder=None)
    except (ImapToolsError, IMAP4.error) as refusal:
        if isinstance(refusal, IMAP4.abort):
            raise
        said = LOGIN_REFUSED.format(host=mailbox.access.imap_host, email=mailbox.email)
        raise Unavailable(said, permanent=True) from None
