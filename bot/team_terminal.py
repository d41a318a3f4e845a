"""What the commands about our own people print: who is away and who covers, and who did what when."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

from bot.clock import system_clock
from bot.config import Settings
from bot.loop import rota
from bot.terminal import opened
from scoring.audit_chain import Break, Link, first_break
from scoring.wording import count

AUDIT_LINE = "{seq:>6}  {at:%Y-%m-%d %H:%M:%S}  {actor}  {action}  {account}  {case}  {detail}"
AUDIT_HOLDS = "The audit holds: {rows}, each as it was written. Hash of the last: {hash}"
AUDIT_BROKEN = "Row {seq} of the audit does not hold: {why}. What stands before it is as it was written."
WRITTEN = "{rows} written to {file}."
COLUMNS = ("seq", "at", "actor", "action", "account_id", "case_id", "detail", "previous", "hash")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def cover_planned(settings: Settings, who: str, by: str, *, first: date, last: date) -> str:
    """Plan an absence."""
    async with opened(settings) as store, store() as work:
        return await rota.plan(work, who, by, first=first, last=last, zone=settings.zone, at=system_clock())


async def cover_ended(settings: Settings, absence_id: str) -> str:
    """Let an absence end now."""
    async with opened(settings) as store, store() as work:
        return await rota.end(work, absence_id, system_clock())


async def cover_listed(settings: Settings) -> str:
    """Who is away or will be."""
    async with opened(settings) as store, store.reading() as work:
        return await rota.listing(work, settings.zone, system_clock())


async def audit_log(
    settings: Settings, *, since: date | None, as_json: bool, verify: bool, out: Path | None
) -> tuple[str, bool]:
    """Who did what when, as text, JSON lines or a file; whether every row is as it was written (J12).

    With `since` only rows from that day of the workspace on are shown; what is verified is always the whole chain.
    """
    async with opened(settings) as store, store.reading() as work:
        links = [link async for link in work.audit.chain()]
    broken = first_break(links)
    start = datetime.combine(since, time(), settings.zone) if since else None
    shown = [link for link in links if start is None or link.entry.at >= start]
    said = [] if out or verify else [json.dumps(link.as_dict()) if as_json else _audit_line(link) for link in shown]
    if out is not None:
        await asyncio.to_thread(_write_audit, out, shown)
        said.append(WRITTEN.format(rows=count(len(shown), "row"), file=out))
    if verify or broken:
        said.append(_verdict(links, broken))
    return "\n".join(said), broken is None


def _verdict(links: Sequence[Link], broken: Break | None) -> str:
    if broken is not None:
        return AUDIT_BROKEN.format(seq=broken.seq, why=broken.why)
    return AUDIT_HOLDS.format(rows=count(len(links), "row"), hash=links[-1].hash if links else "none")


def _audit_line(link: Link) -> str:
    said = link.entry
    return AUDIT_LINE.format(
        seq=link.seq, at=said.at, actor=said.actor, action=said.action, account=said.account_id or "-",
        case=said.case_id or "-", detail=said.detail,
    ).rstrip()  # fmt: skip


def _write_audit(file: Path, links: Sequence[Link]) -> None:
    """JSON lines, from which every hash can be made again; a table for people where the name ends in .csv."""
    rows = [link.as_dict() for link in links]
    with file.open("w", encoding="utf-8", newline="") as opened_file:
        if file.suffix.lower() != ".csv":
            opened_file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            return
        table = csv.writer(opened_file)
        table.writerow(COLUMNS)
        table.writerows([_harmless(row[name]) for name in COLUMNS] for row in rows)


def _harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula (G9)."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
