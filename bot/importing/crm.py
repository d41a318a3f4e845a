"""Brings accounts and contacts of the team's CRM in: match, check as every import does, and write what changed.

Nothing is decided before all companies were read, so that a record that stands there twice is seen. What is written is
read and written in one transaction a piece, so that a change made in Slack meanwhile is not lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from bot.crm.mapping import CrmMapping
from bot.crm.ports import Records
from bot.importing.crm_contacts import Contacts
from bot.importing.crm_match import ACCOUNTS, Matched, Matching
from bot.importing.crm_report import CrmReport, Unmatched
from bot.importing.records import Unfit
from bot.importing.tables import Accounts, Known
from bot.intake.fields import FIELDS, Table
from bot.loop.ports import Clock
from bot.loop.records import Store
from scoring.crm import CrmThing, owner_of
from scoring.errors import CrmRefused, InvalidInput
from scoring.model import Account

PIECE = 500
SYNCED, SYNC_FAULT = "crm_synced", "crm_sync_fault"
T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class CrmSync:
    """One CRM's records into our tables. `unmatched` is the file that lists what fits nothing."""

    store: Store
    records: Records
    mapping: CrmMapping
    zone: ZoneInfo
    clock: Clock
    unmatched: Path

    async def run(self, *, dry_run: bool = False) -> CrmReport:
        """Read everything, write what changed; with `dry_run` nothing at all.

        Raises:
            CrmRefused: the CRM did not answer; what was written before stays.
            InvalidInput: the mapping names fields that are not there.
        """
        report = CrmReport(self.records.name, dry_run)
        await self.records.check()
        owners = await self.records.owners()
        matched = await self._matched(owners, report)
        await self._accounts(matched, report)
        contacts = Contacts(self.store, self.mapping, self.zone, self.clock, report)
        await contacts.run(self.records.contacts(), {one.theirs.crm_id: one.account_id for one in matched})
        if not dry_run:
            await self._relink(CrmThing.PERSON, contacts.links)
            await self._links(matched, owners, report)
        report.list_unmatched(self.unmatched)
        return report

    async def _matched(self, owners: Mapping[str, str], report: CrmReport) -> list[Matched]:
        async with self.store.reading() as work:
            ours = {account.id: account for account in await work.accounts.all()}
        matching = Matching(
            ours,
            {one.name: one for one in FIELDS[Table.ACCOUNTS]},
            frozenset(name.removeprefix("accounts.") for name in self.mapping.clears if name.startswith("accounts.")),
            self.mapping.customer_stages,
            self.zone,
        )
        matched = matching.match([one async for one in self.records.accounts()], owners)
        report.unmatched += matching.unmatched
        report.no_customers = matching.no_customers
        return matched

    async def _accounts(self, matched: Sequence[Matched], report: CrmReport) -> None:
        new_csms: set[str] = set()
        for piece in pieces(matched, PIECE):
            async with _opened(self.store, dry_run=report.dry_run) as work:
                known = Known(
                    await work.accounts.some(one.account_id for one in piece),
                    {csm.id: csm for csm in await work.accounts.csms()},
                )
                table, before = Accounts(known), await work.crm.links(self.records.name, CrmThing.OWNER)
                news = [_owner_if_news(one, known, before) for one in piece]
                changed = [account for one in news if (account := self._account(one, table, known, report))]
                new_csms |= set(known.new_csms)
                if not report.dry_run:
                    await table.write(work, changed)
        report.new_csms = sorted(new_csms)

    @staticmethod
    def _account(one: Matched, table: Accounts, known: Known, report: CrmReport) -> Account | None:
        """The account as it is to be, if that is news."""
        before = known.accounts.get(one.account_id)
        try:
            _, account = table.read(one.values, known.accounts)
        except Unfit as fault:
            report.unmatched.append(Unmatched(ACCOUNTS, one.theirs.crm_id, one.theirs.name, str(fault)))
            return None
        return account if report.accounts.count(before, account) else None

    async def _links(self, matched: Sequence[Matched], owners: Mapping[str, str], report: CrmReport) -> None:
        """Remember whose record is whose; what could not be told for want of a record is tried again."""
        links = {one.account_id: one.theirs.crm_id for one in matched}
        people = {address: one for one, address in owners.items() if address}
        owned = {owner_of(one.account_id): one.values["csm"] for one in matched if one.values.get("csm")}
        news = await self._relink(CrmThing.ACCOUNT, links)
        async with self.store() as work:
            await work.crm.keep_links(self.records.name, CrmThing.OWNER, people | owned)
            report.revived = await work.crm.revive(news)

    async def _relink(self, thing: CrmThing, links: Mapping[str, str]) -> list[str]:
        """Keep these links and no others; gives those of ours whose record is another now, or is one at last.

        A link that this sync did not find may have become somebody else's: what is written by it would stand with the
        wrong company.
        """
        name = self.records.name
        async with self.store.reading() as work:
            before = await work.crm.links(name, thing)
        stale = [ref for ref, record in before.items() if links.get(ref) != record]
        news = [ref for ref, record in links.items() if before.get(ref) != record]
        for piece in pieces(stale, PIECE):
            async with self.store() as work:
                await work.crm.drop_links(name, thing, piece)
        for piece in pieces(news, PIECE):
            async with self.store() as work:
                await work.crm.keep_links(name, thing, {ref: links[ref] for ref in piece})
        return news


def _owner_if_news(one: Matched, known: Known, before: Mapping[str, str]) -> Matched:
    """An owner who was the owner there the last time is no news: who was assigned here meanwhile stays."""
    account = known.accounts.get(one.account_id)
    if account is None or account.csm_id is None or before.get(owner_of(one.account_id)) != one.values.get("csm"):
        return one
    return replace(one, values={name: value for name, value in one.values.items() if name != "csm"})


def _opened(store: Store, *, dry_run: bool) -> Any:
    return store.reading() if dry_run else store()


def pieces(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The things, at most `size` at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


@dataclass(frozen=True, slots=True)
class RegularSync:
    """A sync every so many hours, however often the process starts; none with `every` zero.

    Its trouble is no fault of ours: it is logged, shown by `lookout crm`, and tried again.
    """

    sync: CrmSync
    store: Store
    clock: Clock
    every: timedelta

    async def run(self) -> CrmReport | None:
        """Sync if it is time; gives the report of a sync that ended well."""
        now = self.clock()
        async with self.store.reading() as work:
            last = await work.flags.get(SYNCED)
        if not self.every or (last is not None and now - datetime.fromisoformat(last) < self.every):
            return None
        try:
            report = await self.sync.run()
        except (CrmRefused, InvalidInput) as fault:
            log.warning("crm sync failed", reason=str(fault))
            await self._note(SYNC_FAULT, f"{now.isoformat()} {fault}")
            return None
        await self._note(SYNC_FAULT, None)
        await self._note(SYNCED, now.isoformat())
        counts = {"accounts": report.accounts.changed, "contacts": report.contacts.changed}
        log.info("crm synced", unmatched=len(report.unmatched), **counts)
        return report

    async def _note(self, flag: str, value: str | None) -> None:
        async with self.store() as work:
            await work.flags.set(flag, value)
