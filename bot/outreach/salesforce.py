"""Writes our work with a customer into Salesforce: a task for each mail, answer and outcome; health as fields.

A task is written by our own id in an external id field: writing it a second time finds the first (R52, D11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import quote

from bot.crm.http import CrmHttp
from bot.crm.mapping import CrmMapping
from bot.intake.values import Unusable, domain
from scoring.crm import CrmHealth, Entry, EntryForm
from scoring.errors import CrmRefused
from scoring.model import Account

DATA = "/services/data/v59.0"
QUERY, TASK, ACCOUNT = f"{DATA}/query/", f"{DATA}/sobjects/Task", f"{DATA}/sobjects/Account"
LONGEST_SUBJECT, LONGEST = 255, 31_000
HEALTH = ("score", "band", "day")
GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})

WRITTEN = {EntryForm.SENT: "Email", EntryForm.RECEIVED: "Reply", EntryForm.NOTE: "Lookout"}
FROM_TO = "From: {sender}\nTo: {to}\n\n"
REFERENCE = "\n\nLookout reference: {id}"
REACHED = "Salesforce lets us in, and tasks have the field {reference}"
NO_REFERENCE = (
    "Salesforce has no external id field {reference} on tasks. Make one on Activity (a text, external id, unique), or "
    "name yours as reference under [written] in LOOKOUT_CRM_MAPPING."
)
NO_FIELDS = (
    "Salesforce has no place for the health score. Make the account fields {names} (a number, a text, a date), or name "
    "yours under [written] in LOOKOUT_CRM_MAPPING. {said}"
)


@dataclass(frozen=True, slots=True)
class Salesforce:
    """Implements the loop's `Crm`."""

    http: CrmHttp
    mapping: CrmMapping
    name: str = "Salesforce"

    async def reach(self) -> str:
        """Ask whether tasks have the field for our id, and accounts those of a health."""
        reference = self.mapping.written["reference"]
        fields = (await self.http.ask(f"{TASK}/describe"))["fields"]
        if not any(one["name"] == reference and one.get("externalId") for one in fields):
            raise CrmRefused("no reference", NO_REFERENCE.format(reference=reference), setup=True)
        known = {one["name"] for one in (await self.http.ask(f"{ACCOUNT}/describe"))["fields"]}
        missing = [theirs for ours, theirs in self.mapping.written.items() if ours in HEALTH and theirs not in known]
        if missing:
            raise CrmRefused("no fields", NO_FIELDS.format(names=", ".join(missing), said="").strip(), setup=True)
        return REACHED.format(reference=reference)

    async def find_account(self, account: Account) -> str | None:
        """By our id, else by the web site's domain, unless that record says that it is another account."""
        id_, website = self.mapping.accounts.get("id"), self.mapping.accounts.get("domain")
        if id_ and (found := await self._with_id(id_, account.id)):
            return str(found[0]["Id"]) if len(found) == 1 else None
        if not website or not account.domain:
            return None
        columns = ", ".join(["Id", website, *([id_] if id_ else [])])
        where = f"{website} LIKE '%{_quoted(account.domain, like=True)}%'"
        rows = await self._select(columns, "Account", where, limit=50)
        found = [row for row in rows if _host(row.get(website)) == account.domain.lower()]
        return str(found[0]["Id"]) if len(found) == 1 and not (id_ and found[0].get(id_)) else None

    async def _with_id(self, id_: str, ours: str) -> list[Mapping[str, Any]]:
        try:
            return await self._select("Id", "Account", f"{id_} = '{_quoted(ours)}'")
        except CrmRefused as refusal:
            if refusal.code != "INVALID_FIELD":
                raise
            return []  # nobody carries our id where there is no field for it

    async def find_contact(self, email: str, account: str) -> str | None:
        """By address, among the people of that account."""
        address, company = self.mapping.contacts["email"], self.mapping.contacts["account"]
        where = f"{address} = '{_quoted(email)}' AND {company} = '{_quoted(account)}'"
        found = await self._select("Id", "Contact", where)
        return str(found[0]["Id"]) if len(found) == 1 else None

    async def find_owner(self, email: str) -> str | None:
        """The user with this address, if there is one alone."""
        found = await self._select("Id", "User", f"Email = '{_quoted(email)}' AND IsActive = true")
        return str(found[0]["Id"]) if len(found) == 1 else None

    async def find(self, entry: Entry) -> str | None:
        """The task with our id."""
        reference = self.mapping.written["reference"]
        found = await self._select("Id", "Task", f"{reference} = '{_quoted(entry.id)}'")
        return str(found[0]["Id"]) if found else None

    async def log(self, entry: Entry) -> str:
        """One task, made or found by our id."""
        reference = self.mapping.written["reference"]
        try:
            told = await self.http.tell("PATCH", f"{TASK}/{reference}/{quote(entry.id, safe='')}", json=_task(entry))
        except CrmRefused as refusal:
            raise _named(refusal, reference) from None
        made = str(told["id"]) if told else await self.find(entry)
        return made or ""

    async def show_health(self, account: str, health: CrmHealth) -> None:
        """Score, band and since when, as far as the mapping names fields for them."""
        told = {"score": health.score, "band": health.band.value, "day": health.day.isoformat()}
        fields = {theirs: told[ours] for ours, theirs in self.mapping.written.items() if ours in told}
        if not fields:
            return
        try:
            await self.http.tell("PATCH", f"{ACCOUNT}/{quote(account, safe='')}", json=fields)
        except CrmRefused as refusal:
            if not refusal.permanent or refusal.gone or refusal.code in GONE:
                refusal.gone = refusal.gone or refusal.code in GONE
                raise
            text = NO_FIELDS.format(names=", ".join(fields), said=refusal)
            raise CrmRefused(refusal.code, text, setup=True) from None

    async def _select(self, columns: str, table: str, where: str, *, limit: int = 2) -> list[Mapping[str, Any]]:
        """Names come from a checked mapping, values through `_quoted`."""
        soql = f"SELECT {columns} FROM {table} WHERE {where} LIMIT {limit}"  # noqa: S608
        return list((await self.http.ask(QUERY, {"q": soql}))["records"])


def _task(entry: Entry) -> dict[str, str]:
    note = entry.form is EntryForm.NOTE
    between = "" if note else FROM_TO.format(sender=entry.from_email, to=entry.to_email)
    known = {"WhoId": entry.contact, "OwnerId": entry.owner}
    return {
        "Subject": f"{WRITTEN[entry.form]}: {entry.subject}"[:LONGEST_SUBJECT],
        "Description": f"{between}{entry.text[:LONGEST]}{REFERENCE.format(id=entry.id)}",
        "Status": "Completed",
        "TaskSubtype": "Task" if note else "Email",
        "ActivityDate": entry.at.astimezone(UTC).date().isoformat(),
        "WhatId": entry.account,
    } | {name: value for name, value in known.items() if value}


def _named(refusal: CrmRefused, reference: str) -> CrmRefused:
    """A missing field for our id is a matter of set-up; a deleted record is looked for anew."""
    if refusal.gone:
        return CrmRefused("no reference", NO_REFERENCE.format(reference=reference), setup=True)
    refusal.gone = refusal.code in GONE
    return refusal


def _quoted(text: str, *, like: bool = False) -> str:
    """A text inside of a query's quotes: nothing in it can end them."""
    safe = text.replace("\\", "\\\\").replace("'", "\\'")
    return safe.replace("%", "\\%").replace("_", "\\_") if like else safe


def _host(value: object) -> str:
    try:
        return domain(value) or ""
    except Unusable:
        return ""
