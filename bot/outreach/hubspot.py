"""Writes our work with a customer into HubSpot: mails and answers as e-mails, the rest as notes, health as properties.

HubSpot knows no idempotency key, and its search lags behind what was written. So our id stands in the last line of each
text, and before a second try the company's own list of activities is read, which does not lag (R52, D11).
"""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.crm.http import CrmHttp
from bot.crm.mapping import CrmMapping
from scoring.crm import CrmHealth, Entry, EntryForm
from scoring.errors import CrmRefused
from scoring.model import Account

OBJECTS = "/crm/v3/objects"
OWNERS, PROPERTIES = "/crm/v3/owners/", "/crm/v3/properties/companies"
HEALTH = ("score", "band", "day")
LISTED, READ_AT_ONCE = 500, 100
LONGEST = 60_000
# HubSpot's own numbers for “this e-mail (note) is about that contact (company)”.
TO_CONTACT = {"emails": 198, "notes": 202}
TO_COMPANY = {"emails": 186, "notes": 190}
TEXT_OF = {"emails": "hs_email_text", "notes": "hs_note_body"}

REFERENCE = "Lookout reference: {id}"
REACHED = "HubSpot lets us in"
NO_PROPERTIES = (
    "HubSpot has no place for the health score. Make the company properties {names} (a number, a text, a date), or "
    "name yours under [written] in LOOKOUT_CRM_MAPPING. {said}"
)


@dataclass(frozen=True, slots=True)
class HubSpot:
    """Implements the loop's `Crm`."""

    http: CrmHttp
    mapping: CrmMapping
    name: str = "HubSpot"

    async def reach(self) -> str:
        """Ask for one record of each kind, which needs the rights that we need, and for the properties of a health."""
        for kind in ("companies", "contacts", "emails"):
            await self.http.ask(f"{OBJECTS}/{kind}", {"limit": "1"})
        known = {one["name"] for one in (await self.http.ask(PROPERTIES))["results"]}
        missing = [theirs for ours, theirs in self.mapping.written.items() if ours in HEALTH and theirs not in known]
        if missing:
            raise CrmRefused(
                "no properties", NO_PROPERTIES.format(names=", ".join(missing), said="").strip(), setup=True
            )
        return REACHED

    async def find_account(self, account: Account) -> str | None:
        """By our id, else by the mail domain, unless that company says that it is another account."""
        id_, domain = self.mapping.accounts.get("id"), self.mapping.accounts.get("domain")
        if id_ and (found := await self._with_id(id_, account.id)):
            return found[0]["id"] if len(found) == 1 else None
        if not domain or not account.domain:
            return None
        found = await self._search("companies", domain, account.domain, [domain, *([id_] if id_ else [])])
        free = [one for one in found if not (id_ and one["properties"].get(id_))]
        return free[0]["id"] if len(found) == len(free) == 1 else None

    async def _with_id(self, id_: str, ours: str) -> list[Mapping[str, Any]]:
        try:
            return await self._search("companies", id_, ours, [id_])
        except CrmRefused as refusal:
            if not refusal.permanent:
                raise
            return []  # a search by a property that is not there is refused: then nobody carries our id

    async def find_contact(self, email: str, account: str) -> str | None:
        """By address; somebody whose company is another one is not taken."""
        company = self.mapping.contacts["account"]
        found = await self._search("contacts", self.mapping.contacts["email"], email.lower(), [company])
        mine = [one for one in found if str(one["properties"].get(company) or account) == account]
        return mine[0]["id"] if len(mine) == 1 else None

    async def find_owner(self, email: str) -> str | None:
        """The HubSpot user with this address."""
        found = (await self.http.ask(OWNERS, {"email": email, "limit": "1"}))["results"]
        return str(found[0]["id"]) if found else None

    async def find(self, entry: Entry) -> str | None:
        """Read the company's activities of this kind for our id."""
        kind = _kind(entry)
        async for ids in self._listed(entry.account, kind):
            for start in range(0, len(ids), READ_AT_ONCE):
                asked = {
                    "inputs": [{"id": one} for one in ids[start : start + READ_AT_ONCE]],
                    "properties": [TEXT_OF[kind]],
                    "propertiesWithHistory": [],
                }
                for one in (await self.http.ask(f"{OBJECTS}/{kind}/batch/read", json=asked))["results"]:
                    if entry.id in str(one["properties"].get(TEXT_OF[kind]) or ""):
                        return str(one["id"])
        return None

    async def _listed(self, company: str, kind: str) -> AsyncIterator[list[str]]:
        after = ""
        while True:
            params = {"limit": str(LISTED)} | ({"after": after} if after else {})
            page = await self.http.ask(f"/crm/v4/objects/companies/{company}/associations/{kind}", params)
            yield [str(one["toObjectId"]) for one in page["results"]]
            after = str(page.get("paging", {}).get("next", {}).get("after", ""))
            if not after:
                return

    async def log(self, entry: Entry) -> str:
        """One e-mail or note, with company and contact."""
        kind = _kind(entry)
        properties = _note(entry) if kind == "notes" else _email(entry)
        if entry.owner:
            properties["hubspot_owner_id"] = entry.owner
        body = {"properties": properties, "associations": _associations(entry, kind)}
        try:
            return str((await self.http.tell("POST", f"{OBJECTS}/{kind}", json=body))["id"])
        except CrmRefused as refusal:
            if refusal.permanent and not await self._all_there(entry):
                refusal.gone = True
            raise

    async def _all_there(self, entry: Entry) -> bool:
        """Whether what the entry hangs on still exists; a refusal does not say so clearly."""
        records = [("companies", entry.account), *([("contacts", entry.contact)] if entry.contact else [])]
        for kind, record in records:
            try:
                await self.http.ask(f"{OBJECTS}/{kind}/{record}")
            except CrmRefused as refusal:
                if refusal.gone:
                    return False
                raise
        return True

    async def show_health(self, account: str, health: CrmHealth) -> None:
        """Score, band and since when, as far as the mapping names properties for them."""
        told = {"score": str(health.score), "band": health.band.value, "day": health.day.isoformat()}
        properties = {theirs: told[ours] for ours, theirs in self.mapping.written.items() if ours in told}
        if not properties:
            return
        try:
            await self.http.tell("PATCH", f"{OBJECTS}/companies/{account}", json={"properties": properties})
        except CrmRefused as refusal:
            if not refusal.permanent or refusal.gone:
                raise
            text = NO_PROPERTIES.format(names=", ".join(properties), said=refusal)
            raise CrmRefused(refusal.code, text, setup=True) from None

    async def _search(self, kind: str, name: str, value: str, properties: list[str]) -> list[Mapping[str, Any]]:
        filters = [{"propertyName": name, "operator": "EQ", "value": value}]
        asked = {"filterGroups": [{"filters": filters}], "properties": properties, "limit": 2}
        found = await self.http.ask(f"{OBJECTS}/{kind}/search", json=asked)
        return list(found["results"])


def _kind(entry: Entry) -> str:
    return "notes" if entry.form is EntryForm.NOTE else "emails"


def _associations(entry: Entry, kind: str) -> list[dict[str, object]]:
    records = [(entry.account, TO_COMPANY[kind]), *([(entry.contact, TO_CONTACT[kind])] if entry.contact else [])]
    return [
        {"to": {"id": record}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]}
        for record, number in records
    ]


def _email(entry: Entry) -> dict[str, str]:
    received = entry.form is EntryForm.RECEIVED
    sender = _person(entry.from_email, entry.from_name)
    headers = {"from": sender, "sender": sender, "to": [_person(entry.to_email, entry.to_name)], "cc": [], "bcc": []}
    return {
        "hs_timestamp": _instant(entry.at),
        "hs_email_direction": "INCOMING_EMAIL" if received else "EMAIL",
        "hs_email_status": "SENT",
        "hs_email_subject": entry.subject,
        "hs_email_text": f"{entry.text[:LONGEST]}\n\n{REFERENCE.format(id=entry.id)}",
        "hs_email_headers": json.dumps(headers, ensure_ascii=False),
    }


def _note(entry: Entry) -> dict[str, str]:
    """A note is HTML there; what customers wrote must stay text."""
    lines = [entry.subject, *entry.text[:LONGEST].splitlines(), REFERENCE.format(id=entry.id)]
    return {"hs_timestamp": _instant(entry.at), "hs_note_body": "<br>".join(html.escape(line) for line in lines)}


def _person(email: str, name: str) -> dict[str, str]:
    first, _, last = name.strip().partition(" ")
    return {"email": email, "firstName": first, "lastName": last}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
