"""`lookout mailbox`: an operator connects the mailboxes of CSMs. Secrets come by prompt or stdin, not as arguments."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from bot.config import Settings, load
from bot.logs import log_to
from scoring.mailboxes import Access, MailboxKind

mailbox = typer.Typer(help="Mailboxes of CSMs: mail leaves from them in their own name.", no_args_is_help=True)


@mailbox.command()
def add(
    email: Annotated[str, typer.Argument(help="The CSM's address, in one of LOOKOUT_MAIL_DOMAINS.")],
    *,
    kind: Annotated[MailboxKind, typer.Option(help="Who carries the mail.")] = MailboxKind.SMTP,
    host: Annotated[str, typer.Option(help="The mail server that takes their mail (smtp).")] = "",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Its port.")] = 587,
    tls: Annotated[str, typer.Option(help="How it is encrypted: starttls or tls.")] = "starttls",
    username: Annotated[str, typer.Option(help="The login, if it is not the address.")] = "",
    imap_host: Annotated[str, typer.Option(help="Where the mailbox is read: for answers, and copies in Sent.")] = "",
    imap_port: Annotated[int, typer.Option(min=1, max=65535, help="Its port.")] = 993,
    imap_tls: Annotated[str, typer.Option(help="How it is encrypted: tls or starttls.")] = "tls",
    sent_folder: Annotated[str, typer.Option(help="The folder for copies, if the server names none.")] = "",
    copies: Annotated[bool, typer.Option(help="File what was sent in Sent (smtp with --imap-host).")] = True,
    plus: Annotated[
        bool | None,
        typer.Option(help="Mail to ana+anything@… arrives (gmail, graph: yes; smtp: no, unless you say so)."),
    ] = None,
    client_id: Annotated[str, typer.Option(help="Our app's id at Google or Microsoft.")] = "",
    tenant: Annotated[str, typer.Option(help="Microsoft's name or id of your organisation.")] = "",
    ca_file: Annotated[str, typer.Option(help="Trust these certificates alone.")] = "",
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Keep it without getting into it first.")] = False,
) -> None:
    """Connect a mailbox, after getting into it; its secrets are asked for, or read from stdin line by line."""
    from bot.mailbox_terminal import Asked, added

    access = Access(
        username=username,
        smtp_host=host,
        smtp_port=port,
        smtp_tls=tls,
        imap_host=imap_host,
        imap_port=imap_port,
        imap_tls=imap_tls,
        sent_folder=sent_folder,
        copies=copies,
        plus=kind is not MailboxKind.SMTP if plus is None else plus,
        client_id=client_id,
        tenant=tenant,
        ca_file=ca_file,
    )
    asked = Asked(email, kind, access)
    _say(asyncio.run(added(_settings(), asked, _secret, check=not unchecked)))


@mailbox.command("list")
def list_() -> None:
    """Show which mailboxes are connected; no secrets."""
    from bot.mailbox_terminal import listed

    _say(asyncio.run(listed(_settings())))


@mailbox.command()
def remove(email: Annotated[str, typer.Argument(help="The address of the mailbox.")]) -> None:
    """Forget a mailbox and what opens it."""
    from bot.mailbox_terminal import removed

    _say(asyncio.run(removed(_settings(), email)))


@mailbox.command()
def rotate() -> None:
    """Seal what opens mailboxes anew, with the newest key of LOOKOUT_SECRET_KEYS."""
    from bot.mailbox_terminal import rotated

    _say(asyncio.run(rotated(_settings())))


@mailbox.command()
def key() -> None:
    """Print a new key for LOOKOUT_SECRET_KEYS; it is kept nowhere."""
    from bot.outreach.seals import new_key

    _say(new_key())


def optout(email: Annotated[str, typer.Argument(help="An address at a customer.")]) -> None:
    """Never write to an address again: they asked for no more mail."""
    from bot.mailbox_terminal import opted_out

    _say(asyncio.run(opted_out(_settings(), email)))


def _secret(name: str) -> str:
    """One secret, typed unseen, or the next line of stdin; never an argument, which others on the machine can read."""
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True, default="", show_default=False)).strip()
    return sys.stdin.readline().rstrip("\r\n")


def _settings() -> Settings:
    settings = load()
    log_to(level=settings.log_level)
    return settings


def _say(text: str) -> None:
    typer.echo(text)
