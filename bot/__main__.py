"""The command line. Each command is a thin door to the same code that the bot runs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.config import Settings, load
from bot.cover_command import cover
from bot.erase_command import erase
from bot.logs import log_to
from bot.mailbox_cli import mailbox, optout
from scoring.errors import LookoutError

cli = typer.Typer(
    name="lookout",
    help="The churn radar that lives in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(mailbox, name="mailbox")
cli.command()(optout)
cli.add_typer(cover, name="cover")
cli.add_typer(erase, name="erase")
OURS_ALONE = 0o077
screen = Console()
errors = Console(stderr=True)


def _version(asked: bool) -> None:
    if asked:
        print(f"lookout {version('lookout')}")
        raise typer.Exit


@cli.callback()
def lookout(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """The churn radar that lives in Slack."""


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Where the page listens, on this machine only.")] = 8321,
) -> None:
    """Open a whole invented workspace in the browser: no accounts, keys or network needed."""
    from bot.demo.live import live_bot
    from bot.demo.run import serve

    log_to(level="WARNING")
    asyncio.run(serve(port, live_bot))


@cli.command()
def run() -> None:
    """Run the bot: Socket Mode with an app token, HTTP without."""
    from bot.app import run_forever

    asyncio.run(run_forever(_settings()))


@cli.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files (CSV, JSONL, Parquet) or folders of them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, change nothing.")] = False,
    column: Annotated[list[str], typer.Option("--map", help="ours=theirs, e.g. account_id=company. Repeatable.")] = [],  # noqa: B006
) -> None:
    """Import accounts, people, events, tickets and milestones."""
    from bot.importing import import_paths

    report = asyncio.run(import_paths(_settings(), paths, mapping=column, dry_run=dry_run, console=screen))
    screen.print(report.text(), highlight=False, markup=False)
    raise typer.Exit(code=0 if report.clean else 1)


@cli.command()
def score(
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day to score.")] = None,
    history: Annotated[int, typer.Option(min=1, help="How many days, ending with --as-of.")] = 1,
    out: Annotated[Path | None, typer.Option(help="A .parquet or .csv file for one row per account and day.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score every account, and keep the snapshots."""
    from bot.scoring_run.command import score_accounts

    summary = asyncio.run(score_accounts(_settings(), as_of=as_of.date() if as_of else None, days=history, out=out))
    print(json.dumps(summary.as_dict()) if as_json else summary.text())


@cli.command()
def health(
    name: Annotated[list[str], typer.Argument(help="An account's name, domain or id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what /health would say, in the terminal."""
    from bot.terminal import health_answer

    print(asyncio.run(health_answer(_settings(), " ".join(name), as_json=as_json)))


@cli.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check settings, Slack, database, data, mail and model, and say what to do."""
    from bot.terminal import diagnosis

    text, healthy = asyncio.run(diagnosis(_settings(), as_json=as_json))
    print(text)
    raise typer.Exit(code=0 if healthy else 1)


@cli.command()
def pause() -> None:
    """Stop all sending at once; it stays stopped over restarts."""
    _set_paused(_settings(), paused=True)


@cli.command()
def resume() -> None:
    """Let approved mails leave again."""
    _set_paused(_settings(), paused=False)


@cli.command()
def audit(
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only rows from this day on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a row.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Only say whether every row is as it was written.")] = False,
    out: Annotated[Path | None, typer.Option(help="A .jsonl or .csv file to write the rows to.")] = None,
) -> None:
    """Show who did what when; exit with 1 when a row was changed or taken away."""
    from bot.team_terminal import audit_log

    day = since.date() if since else None
    text, holds = asyncio.run(audit_log(_settings(), since=day, as_json=as_json, verify=verify, out=out))
    print(text)
    raise typer.Exit(code=0 if holds else 1)


@cli.command()
def autopilot(
    order: Annotated[str, typer.Argument(help="list, shadow, promote or off.")] = "list",
    play: Annotated[str, typer.Argument(help="Which play; `list` shows them.")] = "",
) -> None:
    """Say or change which plays may write to standard accounts by themselves."""
    from bot.autopilot_terminal import autopilot

    print(asyncio.run(autopilot(_settings(), order, play)))


@cli.command()
def adopt() -> None:
    """Let this machine's usage folder be the one that accounts are scored by, in place of another."""
    from bot.terminal import adopted

    print(asyncio.run(adopted(_settings())))


@cli.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    from bot.terminal import migrated

    print(asyncio.run(migrated(_settings())))


crm = typer.Typer(
    help="The team's CRM: what could not be told, and its accounts and contacts.", invoke_without_command=True
)
cli.add_typer(crm, name="crm")


@crm.callback()
def crm_listing(context: typer.Context) -> None:
    """List what could not be told to the CRM, and when it was read last."""
    from bot.crm_terminal import crm_listing

    if context.invoked_subcommand is None:
        print(asyncio.run(crm_listing(_settings())))


@crm.command("sync")
def crm_sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it, change nothing.")] = False,
) -> None:
    """Bring accounts and contacts of the CRM in now, and name each record that fits nothing."""
    from bot.crm_terminal import crm_sync

    print(asyncio.run(crm_sync(_settings(), dry_run=dry_run)).text())


@crm.command("retry")
def crm_retry(job: Annotated[str, typer.Argument(help="An id that `lookout crm` lists, or all.")]) -> None:
    """Try again to tell the CRM something."""
    from bot.crm_terminal import crm_retry

    print(asyncio.run(crm_retry(_settings(), job)))


@crm.command("dismiss")
def crm_dismiss(job: Annotated[str, typer.Argument(help="An id that `lookout crm` lists.")]) -> None:
    """Let something be that the CRM could not be told."""
    from bot.crm_terminal import crm_dismiss

    print(asyncio.run(crm_dismiss(_settings(), job)))


def _settings() -> Settings:
    """The settings, and from then on a log as they ask for it."""
    settings = load()
    log_to(level=settings.log_level)
    return settings


def _set_paused(settings: Settings, *, paused: bool) -> None:
    from bot.terminal import set_paused

    print(asyncio.run(set_paused(settings, paused=paused)))


def main() -> None:
    """Run the command line; an error that a person may read is printed without a traceback.

    Whatever Lookout writes is for its own user alone (J9), also in a folder that others may look into.
    """
    os.umask(OURS_ALONE)
    try:
        cli()
    except LookoutError as error:
        errors.print(str(error), style="red", highlight=False, markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
