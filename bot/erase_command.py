"""`lookout erase`: forget a contact or an account that asked for it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.config import load
from bot.logs import log_to

erase = typer.Typer(help="Forget a contact or an account: texts and addresses go for good.", no_args_is_help=True)

SURE = "Everything written to, by and about {who} is deleted for good. Go on?"
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@erase.command("contact")
def erase_contact(
    who: Annotated[str, typer.Argument(help="The e-mail address or the id of somebody at a customer.")],
    yes: Yes = False,  # noqa: FBT002 - typer reads an option so
) -> None:
    """Forget a person: their answers, the drafts and mails to them, and their address, which is never written to."""
    _erase("contact", who, yes=yes)


@erase.command("account")
def erase_account(
    account: Annotated[str, typer.Argument(help="The id of an account.")],
    yes: Yes = False,  # noqa: FBT002 - as above
) -> None:
    """Forget a customer with all their contacts; their scores stay as numbers of an id."""
    _erase("account", account, yes=yes)


def _erase(what: str, who: str, *, yes: bool) -> None:
    from bot.erase_terminal import erased

    settings = load()
    log_to(level=settings.log_level)
    if not yes:
        typer.confirm(SURE.format(who=who), abort=True)
    print(asyncio.run(erased(settings, what, who)))
