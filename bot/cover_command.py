"""`lookout cover`: who is away, and who covers for them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from bot.config import Settings, load
from bot.logs import log_to

cover = typer.Typer(help="Who is away, and who covers for them.", no_args_is_help=True)


@cover.command("add")
def cover_add(
    who: Annotated[str, typer.Argument(help="The e-mail address of the CSM who is away.")],
    by: Annotated[str, typer.Argument(help="The e-mail address of the CSM who covers.")],
    first: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The first day away.")],
    last: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last day away.")],
) -> None:
    """Plan an absence: cards, drafts and mails then go to the cover and come from them."""
    from bot.team_terminal import cover_planned

    print(asyncio.run(cover_planned(_settings(), who, by, first=first.date(), last=last.date())))


@cover.command("list")
def cover_list() -> None:
    """Who is away or will be."""
    from bot.team_terminal import cover_listed

    print(asyncio.run(cover_listed(_settings())))


@cover.command("end")
def cover_end(absence: Annotated[str, typer.Argument(help="The id that `lookout cover list` shows.")]) -> None:
    """Let an absence end now."""
    from bot.team_terminal import cover_ended

    print(asyncio.run(cover_ended(_settings(), absence)))


def _settings() -> Settings:
    settings = load()
    log_to(level=settings.log_level)
    return settings
