"""What the commands print: the same answers as in Slack, without Slack."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path

from bot.clock import system_clock
from bot.config import Settings
from bot.crm_parts import must_have_crm
from bot.doctor import (
    Check,
    Probe,
    StoreProbe,
    Verdict,
    check_files,
    check_inboxes,
    check_mailboxes,
    check_settings,
    examine,
)
from bot.inbound.inboxes import look_into
from bot.loop.lookup import Lookup
from bot.loop.modes import Switch
from bot.loop.modes import set_paused as turn
from bot.outreach.smtp import SmtpMailer
from bot.outreach.way_out import mailboxes_of, server_of
from handlers.blocks.health import choice_list, health_card
from handlers.diagnosis import examine_slack
from handlers.notifier import slack_client
from scoring.audit_chain import Break, Link, first_break
from scoring.briefs import Choice, HealthBrief
from scoring.wording import count
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore

OPERATOR = "operator at the command line"
NAMED = "An operator at the command line"
MARKS = {Verdict.OK: "ok   ", Verdict.OFF: "off  ", Verdict.WRONG: "WRONG"}
ALL_WELL = "Everything that is set up works."
SOME_WRONG = "{count} to mend; start with the first."
AUDIT_LINE = "{seq:>6}  {at:%Y-%m-%d %H:%M:%S}  {actor}  {action}  {account}  {case}  {detail}"
AUDIT_HOLDS = "The audit holds: {rows}, each as it was written. Hash of the last: {hash}"
AUDIT_BROKEN = "Row {seq} of the audit does not hold: {why}. What stands before it is as it was written."
WRITTEN = "{rows} written to {file}."
COLUMNS = ("seq", "at", "actor", "action", "account_id", "case_id", "detail", "previous", "hash")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SqlStore]:
    """The database of these settings, migrated, for the length of one command."""
    settings.make_home()
    store = SqlStore(settings.database)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def health_answer(settings: Settings, name: str, *, as_json: bool) -> str:
    """What `/health NAME` says, as text or as one JSON object."""
    async with opened(settings) as store:
        found = await Lookup(store, system_clock).health(name)
    if as_json:
        return json.dumps(_as_dict(found), default=str, ensure_ascii=False)
    drawn = choice_list(found) if isinstance(found, Choice) else health_card(found)
    return str(drawn["text"])


def _as_dict(found: HealthBrief | Choice) -> dict[str, object]:
    if isinstance(found, Choice):
        return {"query": found.query, "exact": found.exact, "choices": [asdict(line) for line in found.lines]}
    return {
        "account_id": found.account.id,
        "name": found.account.name,
        "day": found.health.day,
        "health": found.health.score,
        "band": found.health.band,
        "coverage": found.health.coverage,
        "config_version": found.health.config_version,
        "parts": [asdict(part) for part in found.health.parts],
        "compared_on": found.compared_on,
        "moved": [asdict(bar) for bar in found.bars],
        "facts": [fact.text for fact in found.facts],
        "trend": [[day, score] for day, score in found.trend],
        "last_contact": found.last_contact,
        "next_step": found.next_step,
        "case": found.case.state if found.case else None,
    }


async def set_paused(settings: Settings, *, paused: bool) -> str:
    """Stop or resume all sending; the running bot sees it before its next mail (R44)."""
    switch = Switch(OPERATOR, NAMED, system_clock(), settings.ops_channel)
    async with opened(settings) as store, store() as work:
        was = await turn(work, switch, paused=paused)
    if paused:
        return "All sending is paused. Approved mails wait; `lookout resume` lets them leave."
    return "Sending is resumed." if was else "Sending was not paused."


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


async def migrated(settings: Settings) -> str:
    """Bring the database up to date."""
    async with opened(settings):
        return "The database is up to date."


async def diagnosis(settings: Settings, *, as_json: bool) -> tuple[str, bool]:
    """Everything the doctor found, as text or JSON, and whether nothing is wrong."""
    probes: list[tuple[str, Probe]] = [("database", _database(settings)), ("usage files", _usage(settings))]
    if settings.slack_bot_token.get_secret_value():
        probes.append(("Slack", _slack(settings)))
    if settings.smtp_host:
        probes.append(("mail server", _mail(settings)))
    probes.append(("mailboxes", _mailboxes(settings)))
    if settings.crm:
        probes.append(("CRM", _crm(settings)))
    checks = [*check_settings(settings), *await examine(probes)]
    wrong = [check for check in checks if check.verdict is Verdict.WRONG]
    if as_json:
        return json.dumps([asdict(check) for check in checks], ensure_ascii=False), not wrong
    lines = [line for check in checks for line in _lines(check)]
    return "\n".join([*lines, SOME_WRONG.format(count=len(wrong)) if wrong else ALL_WELL]), not wrong


def _lines(check: Check) -> list[str]:
    said = [f"{MARKS[check.verdict]}  {check.name}: {check.found}"]
    return [*said, f"       → {check.mend}"] if check.mend and check.verdict is not Verdict.OK else said


def _database(settings: Settings) -> Probe:
    async def probe() -> list[Check]:
        async with opened(settings) as store:
            return await StoreProbe(store, system_clock)()

    return probe


def _usage(settings: Settings) -> Probe:
    def problems() -> list[tuple[str, str]]:
        if not (settings.usage_home / "usage" / "ledger.db").exists():
            return []  # no event came yet; looking must not make a store
        with closing(UsageStore(settings.usage_home, settings.zone, settings.scoring)) as usage:
            return usage.problems()

    async def probe() -> list[Check]:
        return check_files(await asyncio.to_thread(problems))

    return probe


def _slack(settings: Settings) -> Probe:
    async def probe() -> list[Check]:
        client = slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        channels = [settings.alert_channel, settings.digest_channel, settings.ops_channel, *settings.routes.values()]
        token = settings.slack_app_token.get_secret_value()
        found = await examine_slack(client, app_token=token, channels=channels)
        return [Check(f.name, Verdict.OK if f.well else Verdict.WRONG, f.found, f.mend) for f in found]

    return probe


def _crm(settings: Settings) -> Probe:
    async def probe() -> list[Check]:
        parts = must_have_crm(settings)
        async with opened(settings) as store:
            return await parts.probe(store)

    return probe


def _mailboxes(settings: Settings) -> Probe:
    async def probe() -> list[Check]:
        async with opened(settings) as store:
            ways_out = await mailboxes_of(settings, store, system_clock).check()
            return [*check_mailboxes(ways_out), *check_inboxes(await look_into(settings, store))]

    return probe


def _mail(settings: Settings) -> Probe:
    async def probe() -> list[Check]:
        receipt = await SmtpMailer(server_of(settings), domains=settings.mail_domains, clock=system_clock).reach()
        if receipt.state == "sent":
            return [Check("mail server", Verdict.OK, receipt.detail)]
        return [Check("mail server", Verdict.WRONG, receipt.detail, "Correct LOOKOUT_SMTP_*; nothing was sent.")]

    return probe
