"""Reads accounts and contacts out of Salesforce by query, page by page, as the mapping names their fields."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.crm.http import CrmHttp
from bot.crm.mapping import ACCOUNTS, CONTACTS, NOTHING_DONE, CrmMapping
from scoring.crm import TheirAccount, TheirContact
from scoring.errors import CrmRefused, InvalidInput

QUERY = "/services/data/v59.0/query/"
DATA = "/services/data/"
NO_SUCH = "{section}.{field}: Salesforce has no field {theirs} on {table} ({where}), or Lookout's user may not see it."
UNNAMED = "without a name"


@dataclass(frozen=True, slots=True)
class SalesforceRecords:
    """Salesforce as a source of accounts and contacts."""

    http: CrmHttp
    mapping: CrmMapping
    name: str = "Salesforce"

    async def check(self) -> None:
        """Salesforce itself refuses a query for a field that is not there; `_rows` says where it was named."""

    async def owners(self) -> dict[str, str]:
        """Owners come with their records, as addresses."""
        return {}

    async def accounts(self) -> AsyncIterator[TheirAccount]:
        """Every account."""
        async for row in self._rows("Account", ACCOUNTS, self.mapping.accounts):
            fields = {ours: _value(row, theirs) for ours, theirs in self.mapping.accounts.items()}
            yield TheirAccount(row["Id"], str(fields.get("name") or UNNAMED), fields)

    async def contacts(self) -> AsyncIterator[TheirContact]:
        """Every contact with their account."""
        async for row in self._rows("Contact", CONTACTS, self.mapping.contacts):
            fields = {ours: _value(row, theirs) for ours, theirs in self.mapping.contacts.items()}
            account = fields.pop("account", None)
            name = f"{fields.get('first_name') or ''} {fields.get('last_name') or ''}".strip()
            yield TheirContact(row["Id"], name or str(fields.get("email") or UNNAMED), str(account or ""), fields)

    async def _rows(self, table: str, section: str, mapping: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        columns = ", ".join(dict.fromkeys(["Id", *mapping.values()]))
        try:
            page = await self.http.ask(QUERY, {"q": f"SELECT {columns} FROM {table}"})  # noqa: S608 - the mapping let plain names in only
        except CrmRefused as refusal:
            raise self._named(refusal, table, section, mapping) from None
        while True:
            for row in page["records"]:
                yield row
            following = str(page.get("nextRecordsUrl") or "")
            if page.get("done", True) or not following.startswith(DATA):
                return
            page = await self.http.ask(following)

    def _named(
        self, refusal: CrmRefused, table: str, section: str, mapping: Mapping[str, str]
    ) -> CrmRefused | InvalidInput:
        """The refusal, with the field's place where it is about one."""
        if refusal.code != "INVALID_FIELD":
            return refusal
        faults = [
            NO_SUCH.format(
                section=section, field=ours, theirs=theirs, table=table, where=self.mapping.where(section, ours)
            )
            for ours, theirs in mapping.items()
            if f"'{theirs.rpartition('.')[2]}'" in str(refusal)
        ]
        return InvalidInput(NOTHING_DONE + "\n  ".join(faults or [str(refusal)]))


def _value(row: Mapping[str, Any], path: str) -> object:
    """A field's value, also along a relation: `Owner.Email`."""
    found: Any = row
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
