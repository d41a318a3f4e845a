"""What the commands print: the same answers as in Slack, without Slack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict

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
from bot.leader import FOLDER
from bot.loop.lookup import Lookup
from bot.loop.modes import Switch
from bot.loop.modes import set_paused as turn
from bot.outreach.smtp import SmtpMailer
from bot.outreach.way_out import mailboxes_of, server_of
from handlers.blocks.health import choice_list, health_card
from handlers.diagnosis import examine_slack
from handlers.notifier import slack_client
from scoring.briefs import Choice, HealthBrief
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore

OPERATOR = "operator at the command line"
NAMED = "An operator at the command line"
MARKS = {Verdict.OK: "ok   ", Verdict.OFF: "off  ", Verdict.WRONG: "WRONG"}
ALL_WELL = "Everything that is set up works."
ADOPTED = "From now on accounts are scored by what lies in {folder}; a copy with another folder leads no more."
STRANGE_FOLDER = "accounts were scored by another folder until now; with this one, every account might look silent"
MEND_FOLDER = "Set LOOKOUT_HOME to the right folder, or, if this is the right one from now on, run: lookout adopt"
SOME_WRONG = "{count} to mend; start with the first."


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


async def adopted(settings: Settings) -> str:
    """Let the usage folder of these settings be the one by which accounts are scored (`Leader`)."""
    with closing(await asyncio.to_thread(_usage_store, settings)) as usage:
        name = usage.name()
    async with opened(settings) as store, store() as work:
        await work.flags.set(FOLDER, name)
    return ADOPTED.format(folder=settings.usage_home / "usage")


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


def _usage_store(settings: Settings) -> UsageStore:
    settings.make_home()
    return UsageStore(settings.usage_home, settings.zone, settings.scoring)


def _usage(settings: Settings) -> Probe:
    def look() -> tuple[str, list[tuple[str, str]]]:
        if not (settings.usage_home / "usage" / "ledger.db").exists():
            return "", []  # no event came yet; looking must not make a store
        with closing(_usage_store(settings)) as usage:
            return usage.name(), usage.problems()

    async def probe() -> list[Check]:
        name, problems = await asyncio.to_thread(look)
        async with opened(settings) as store, store.reading() as work:
            known = await work.flags.get(FOLDER) if settings.own_usage and settings.leads else None
        strange = (
            [Check("usage folder", Verdict.WRONG, STRANGE_FOLDER, MEND_FOLDER)] if known not in {None, name} else []
        )
        return [*strange, *check_files(problems)]

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
            async with store.reading() as work:
                csms = [csm.email for csm in await work.accounts.csms() if csm.email and not csm.left]
            alone = settings.can_mail and not settings.smtp_host
            return [*check_mailboxes(ways_out, csms if alone else ()), *check_inboxes(await look_into(settings, store))]

    return probe


def _mail(settings: Settings) -> Probe:
    async def probe() -> list[Check]:
        receipt = await SmtpMailer(server_of(settings), domains=settings.mail_domains, clock=system_clock).reach()
        if receipt.state == "sent":
            return [Check("mail server", Verdict.OK, receipt.detail)]
        return [Check("mail server", Verdict.WRONG, receipt.detail, "Correct LOOKOUT_SMTP_*; nothing was sent.")]

    return probe
