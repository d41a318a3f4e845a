"""Makes the way out for mail from the settings: the relay, and the mailboxes of CSMs before it."""

from __future__ import annotations

from bot.config import Settings
from bot.loop.ports import Clock, Mailer
from bot.loop.records import Store
from bot.outreach.carriers import Carriers, Vendors
from bot.outreach.mailboxes import Mailboxes
from bot.outreach.none import NoMailer
from bot.outreach.sandbox import FolderMailer
from bot.outreach.seals import Seals
from bot.outreach.smtp import SmtpMailer, SmtpServer
from scoring.addresses import one_address
from scoring.errors import InvalidInput

NO_STOP_ADDRESS = "LOOKOUT_UNSUBSCRIBE: {fault}"


def way_out(settings: Settings, store: Store, clock: Clock) -> Mailer:
    """What sends each mail: mailboxes and the relay, or a folder in the sandbox, where neither is even made (D15)."""
    if settings.sandbox:
        return FolderMailer(settings.home / "sandbox", domains=settings.mail_domains, clock=clock)
    return mailboxes_of(settings, store, clock)


def mailboxes_of(settings: Settings, store: Store, clock: Clock) -> Mailboxes:
    """What sends each mail; `InvalidInput` for settings that cannot be meant."""
    seals = seals_of(settings)
    return Mailboxes(
        store,
        relay_of(settings, clock),
        seals=seals,
        carriers=Carriers(store, seals, vendors=vendors_of(settings), domains=settings.mail_domains, clock=clock),
        clock=clock,
        unsubscribe=_stop_address(settings),
    )


def _stop_address(settings: Settings) -> str:
    """The address for List-Unsubscribe; one that is none would stop every mail, so it is named at the start."""
    try:
        return one_address(settings.unsubscribe) if settings.unsubscribe.strip() else ""
    except InvalidInput as fault:
        raise InvalidInput(NO_STOP_ADDRESS.format(fault=fault)) from None


def relay_of(settings: Settings, clock: Clock) -> Mailer:
    """The server that may send for our domains, or the stand-in that says that there is none."""
    if not settings.smtp_host:
        return NoMailer()
    return SmtpMailer(server_of(settings), domains=settings.mail_domains, clock=clock)


def seals_of(settings: Settings) -> Seals:
    """The keys of mailboxes; `InvalidInput` names one that is none by its place."""
    return Seals([key.get_secret_value() for key in settings.secret_keys])


def vendors_of(settings: Settings) -> Vendors:
    """Where Google's and Microsoft's APIs begin."""
    return Vendors(
        gmail=settings.gmail_url,
        google_token=settings.google_token_url,
        graph=settings.graph_url,
        microsoft_token=settings.microsoft_token_url,
    )


def server_of(settings: Settings) -> SmtpServer:
    """Where the relay takes mail."""
    return SmtpServer(
        settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
        ca_file=settings.smtp_ca_file,
    )
