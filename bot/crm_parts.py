"""Makes what a CRM needs from the settings: one way to talk to it, what reads it, and what writes into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from bot.config import Settings
from bot.connectors.hubspot import HubSpotRecords
from bot.connectors.salesforce import SalesforceRecords
from bot.crm.http import Access, CrmHttp
from bot.crm.mapping import HUBSPOT, SALESFORCE, CrmMapping, read_mapping
from bot.crm.ports import Records
from bot.doctor import Check, Verdict
from bot.importing.crm import CrmSync, RegularSync
from bot.loop.crm import CrmLog
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Crm
from bot.loop.records import Store
from bot.outreach.hubspot import HubSpot
from bot.outreach.salesforce import Salesforce
from bot.schedule import Sweep
from scoring.crm import CrmState
from scoring.errors import CrmRefused, InvalidInput

NO_CRM = "No CRM is set up. Set LOOKOUT_CRM to hubspot or salesforce; .env.example lists the rest."
NO_ACCESS = (
    "LOOKOUT_CRM is {crm}, and there is no way in: set LOOKOUT_CRM_TOKEN, or LOOKOUT_CRM_CLIENT_ID and its secret."
)
NO_URL = (
    "LOOKOUT_CRM is salesforce: set LOOKOUT_CRM_URL to your own address there, like https://acme.my.salesforce.com."
)
HUBSPOT_URL = "https://api.hubapi.com"
UNMATCHED = "crm-unmatched.csv"
# Salesforce says “too many” and “locked just now” with other numbers than 429.
SALESFORCE_BUSY = frozenset({"REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"})
WAITING = "{failed} could not be told and wait for a person, {pending} are on their way"
MEND = "Run: lookout crm"


@dataclass(frozen=True)
class CrmParts:
    """One CRM, ready to be read and told."""

    settings: Settings
    http: CrmHttp
    mapping: CrmMapping

    @cached_property
    def told(self) -> Crm:
        """What writes into it."""
        made = HubSpot if self.settings.crm == "hubspot" else Salesforce
        return made(self.http, self.mapping)

    @cached_property
    def records(self) -> Records:
        """What reads it."""
        made = HubSpotRecords if self.settings.crm == "hubspot" else SalesforceRecords
        return made(self.http, self.mapping)

    def sync(self, store: Store, clock: Clock) -> CrmSync:
        """What brings its accounts and contacts in."""
        settings = self.settings
        return CrmSync(store, self.records, self.mapping, settings.zone, clock, settings.home / UNMATCHED)

    def regular_sync(self, store: Store, clock: Clock) -> RegularSync:
        """The same, every so many hours."""
        every = timedelta(hours=self.settings.crm_sync_hours)
        return RegularSync(self.sync(store, clock), store, clock, every)

    def sweeps(self, store: Store, clock: Clock, one_by_one: OneByOne) -> tuple[Sweep, ...]:
        """What is done again and again with it."""
        log = CrmLog(store, self.told, clock, self.settings.ops_channel, one_by_one=one_by_one)
        return Sweep("crm", 5, log.run), Sweep("crm sync", 600, self.regular_sync(store, clock).run)

    async def probe(self, store: Store) -> list[Check]:
        """Whether it lets us in, whether its fields are there, and what waits."""
        try:
            found = [Check("CRM", Verdict.OK, await self.told.reach())]
            await self.records.check()
        except (CrmRefused, InvalidInput) as fault:
            found = [Check("CRM", Verdict.WRONG, str(fault), "Correct LOOKOUT_CRM_* or the mapping; nothing was sent.")]
        finally:
            await self.http.close()
        async with store.reading() as work:
            counts = await work.crm.counts()
        failed, pending = counts.get(CrmState.FAILED, 0), counts.get(CrmState.PENDING, 0)
        verdict = Verdict.WRONG if failed else Verdict.OK
        return [*found, Check("CRM records", verdict, WAITING.format(failed=failed, pending=pending), MEND)]


def crm_parts(settings: Settings) -> CrmParts | None:
    """The CRM of these settings, None without one and in the sandbox; `InvalidInput` for settings that cannot work."""
    if not settings.crm or settings.sandbox:
        return None
    hubspot = settings.crm == "hubspot"
    access = Access(
        settings.crm_token.get_secret_value(),
        settings.crm_client_id,
        settings.crm_client_secret.get_secret_value(),
        settings.crm_refresh_token.get_secret_value(),
    )
    if not access.given:
        raise InvalidInput(NO_ACCESS.format(crm=settings.crm))
    if not hubspot and not settings.crm_url:
        raise InvalidInput(NO_URL)
    path = Path(settings.crm_mapping) if settings.crm_mapping else None
    http = CrmHttp(
        "HubSpot" if hubspot else "Salesforce",
        settings.crm_url or HUBSPOT_URL,
        access,
        "/oauth/v1/token" if hubspot else "/services/oauth2/token",
        frozenset() if hubspot else SALESFORCE_BUSY,
    )
    return CrmParts(settings, http, read_mapping(path, HUBSPOT if hubspot else SALESFORCE))


def must_have_crm(settings: Settings) -> CrmParts:
    """The CRM of these settings; `InvalidInput` where there is none."""
    parts = crm_parts(settings)
    if parts is None:
        raise InvalidInput(NO_CRM)
    return parts
