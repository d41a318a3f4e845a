"""Makes what speaks to a mailbox's server: SMTP, Gmail's API or Microsoft Graph, with the tokens that these ask for."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import cast
from urllib.parse import quote

from bot.loop.ports import Clock
from bot.loop.records import Store
from bot.outreach import gmail, graph
from bot.outreach.by_api import ApiMailer, Vendor
from bot.outreach.line import Line, private
from bot.outreach.seals import Seals, Secrets
from bot.outreach.smtp import SmtpMailer, SmtpServer, Tls
from bot.outreach.tokens import TokenDesk, Tokens
from scoring.errors import Unavailable
from scoring.mailboxes import Mailbox, MailboxKind


@dataclass(frozen=True, slots=True)
class Vendors:
    """Where the vendors' APIs begin; `{tenant}` stands for the mailbox's tenant."""

    gmail: str = "https://gmail.googleapis.com"
    google_token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    graph: str = "https://graph.microsoft.com/v1.0"
    microsoft_token: str = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"  # noqa: S105 - an address
    seconds: float = 45.0


class Carriers:
    """One for the whole process: it remembers tokens, and keeps a refresh token that a vendor gave anew."""

    def __init__(self, store: Store, seals: Seals, *, vendors: Vendors, domains: Collection[str], clock: Clock) -> None:
        self._store = store
        self._seals = seals
        self._vendors = vendors
        self._domains = frozenset(domain.lower() for domain in domains)
        self._clock = clock
        self._line = Line(seconds=vendors.seconds)
        self._tokens: dict[str, tuple[str, Tokens]] = {}

    def of(self, mailbox: Mailbox, secrets: Secrets, at: datetime) -> SmtpMailer | ApiMailer:
        """What hands over a mail dated `at`; `InvalidInput` for a set-up that would show a secret."""
        domains = tuple(self._domains)
        if mailbox.kind is MailboxKind.SMTP:
            return SmtpMailer(_server(mailbox, secrets), domains=domains, clock=lambda: at)
        vendor: Vendor = (
            gmail.Gmail(private(self._vendors.gmail, "LOOKOUT_GMAIL_URL"))
            if mailbox.kind is MailboxKind.GMAIL
            else graph.Graph(private(self._vendors.graph, "LOOKOUT_GRAPH_URL"))
        )
        tokens = self.tokens(mailbox, secrets)
        return ApiMailer(vendor, tokens, self._line, email=mailbox.email, domains=domains, clock=lambda: at)

    def tokens(self, mailbox: Mailbox, secrets: Secrets) -> Tokens:
        """The tokens of a mailbox; the same ones while what is sealed stays the same."""
        sealed, known = self._tokens.get(mailbox.email, ("", None))
        if known is not None and sealed == mailbox.sealed:
            return known
        tokens = Tokens(
            self._desk(mailbox),
            self._line,
            email=mailbox.email,
            secrets=secrets,
            clock=self._clock,
            keep=partial(self._keep, mailbox.email, secrets),
        )
        self._tokens[mailbox.email] = (mailbox.sealed, tokens)
        return tokens

    def _desk(self, mailbox: Mailbox) -> TokenDesk:
        access, vendors = mailbox.access, self._vendors
        if mailbox.kind is MailboxKind.GMAIL:
            url = private(vendors.google_token, "LOOKOUT_GOOGLE_TOKEN_URL")
            return TokenDesk("Google", url, access.client_id, rights=gmail.RIGHTS)
        url = private(vendors.microsoft_token, "LOOKOUT_MICROSOFT_TOKEN_URL")
        here = url.replace("{tenant}", quote(access.tenant or "organizations", safe=""))
        return TokenDesk("Microsoft", here, access.client_id, scope=graph.SCOPE, rights=graph.RIGHTS)

    async def _keep(self, email: str, secrets: Secrets, refresh_token: str) -> None:
        """Store a refresh token that came in the place of ours, unless somebody changed the mailbox meanwhile."""
        was, tokens = self._tokens[email]
        sealed = self._seals.seal(email, replace(secrets, refresh_token=refresh_token))
        # The old one mostly stays good, so a database that is away is no reason to keep a mail back.
        with suppress(Unavailable):
            async with self._store() as work:
                kept = await work.mailboxes.reseal(email, was=was, sealed=sealed)
            if kept:
                self._tokens[email] = (sealed, tokens)


def _server(mailbox: Mailbox, secrets: Secrets) -> SmtpServer:
    access = mailbox.access
    return SmtpServer(
        access.smtp_host,
        port=access.smtp_port,
        username=access.username or mailbox.email,
        password=secrets.password,
        tls=cast("Tls", access.smtp_tls),
        ca_file=access.ca_file,
    )
