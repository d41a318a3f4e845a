"""Reads companies, contacts and owners out of HubSpot, page by page, as the mapping names their properties."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.crm.http import CrmHttp
from bot.crm.mapping import ACCOUNTS, CONTACTS, NOTHING_DONE, CrmMapping
from scoring.crm import TheirAccount, TheirContact
from scoring.errors import InvalidInput

PAGE = 100
COMPANIES, PEOPLE, OWNERS = "/crm/v3/objects/companies", "/crm/v3/objects/contacts", "/crm/v3/owners/"
KNOWN_OF = {ACCOUNTS: "/crm/v3/properties/companies", CONTACTS: "/crm/v3/properties/contacts"}
NO_SUCH = "{section}.{field}: HubSpot has no property {theirs} ({where})."
UNNAMED = "without a name"


@dataclass(frozen=True, slots=True)
class HubSpotRecords:
    """HubSpot as a source of accounts and contacts."""

    http: CrmHttp
    mapping: CrmMapping
    name: str = "HubSpot"

    async def check(self) -> None:
        """Refuse a mapping that names properties which are not there: HubSpot would leave them out without a word."""
        faults = []
        for section, path in KNOWN_OF.items():
            by_hand = self.mapping.written_by_hand(section)
            if not by_hand:
                continue
            known = {one.get("name") for one in (await self.http.ask(path))["results"]}
            faults += [
                NO_SUCH.format(section=section, field=ours, theirs=theirs, where=self.mapping.where(section, ours))
                for ours, theirs in by_hand.items()
                if theirs not in known
            ]
        if faults:
            raise InvalidInput(NOTHING_DONE + "\n  ".join(faults))

    async def owners(self) -> dict[str, str]:
        """Owner's id → their e-mail address."""
        return {
            str(one["id"]): str(one.get("email") or "").lower() async for one in self._pages(OWNERS, ()) if one["id"]
        }

    async def accounts(self) -> AsyncIterator[TheirAccount]:
        """Every company; an owner's id is turned into their address by who asks."""
        async for one in self._pages(COMPANIES, self.mapping.accounts.values()):
            fields = _fields(one, self.mapping.accounts)
            yield TheirAccount(str(one["id"]), str(fields.get("name") or UNNAMED), fields)

    async def contacts(self) -> AsyncIterator[TheirContact]:
        """Every contact with their first company."""
        async for one in self._pages(PEOPLE, self.mapping.contacts.values()):
            fields = _fields(one, self.mapping.contacts)
            company = fields.pop("account", None)
            name = f"{fields.get('first_name') or ''} {fields.get('last_name') or ''}".strip()
            yield TheirContact(str(one["id"]), name or str(fields.get("email") or UNNAMED), str(company or ""), fields)

    async def _pages(self, path: str, properties: Sequence[str] | Any) -> AsyncIterator[Mapping[str, Any]]:
        after = ""
        while True:
            params = [("limit", str(PAGE)), *([("after", after)] if after else [])]
            page = await self.http.ask(path, params + [("properties", one) for one in dict.fromkeys(properties)])
            for one in page["results"]:
                yield one
            after = str(page.get("paging", {}).get("next", {}).get("after", ""))
            if not after:
                return


def _fields(one: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, object]:
    told = one.get("properties") or {}
    return {ours: told.get(theirs) for ours, theirs in mapping.items()}
