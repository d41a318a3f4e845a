"""Decides which record of a CRM is which account of ours; pure, and never by a name: names repeat, and people misspell.

A record is ours by the id of ours that it carries, else by its mail domain where exactly one account has it. What
contradicts itself, or stands there twice, is nobody's: it is reported and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from bot.importing.crm_report import Unmatched
from bot.intake.fields import Field
from bot.intake.values import Unusable, blank, identity, shown
from bot.intake.values import domain as read_domain
from scoring.addresses import SHARED_HOSTS
from scoring.crm import TheirAccount
from scoring.model import Account

ACCOUNTS, CONTACTS = "accounts", "contacts"

NEITHER = "has neither an account id of ours nor the domain of one of our accounts"
NEITHER_BUT = "has no account id of ours, and its domain {domain} is none of our accounts'"
BAD_ID = "its account id {fault}"
CONTRADICTS = "says that it is {id}, and its domain {domain} is {other}'s"
TWICE = "is one of {n} records of {id} ({records}); merge them, or give the id to one of them"
BY_ID_ELSEWHERE = "has the domain of {id}, which is record {record}"
BAD_VALUE = "{field} {fault}; the rest was taken"
NO_OWNER = "its owner {owner} is not among the owners there; the rest was taken"


@dataclass(frozen=True, slots=True)
class Matched:
    """A record of theirs, the account of ours that it is, and its usable values."""

    theirs: TheirAccount
    account_id: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Matching:
    """All records against all accounts. `fields` read the values; `clears` names those that an empty one empties."""

    ours: Mapping[str, Account]
    fields: Mapping[str, Field]
    clears: frozenset[str]
    customer_stages: frozenset[str]
    zone: tzinfo
    unmatched: list[Unmatched] = field(default_factory=list)
    no_customers: int = 0

    def match(self, records: Iterable[TheirAccount], owners: Mapping[str, str]) -> list[Matched]:
        """The records that are ours, each account at most once; the others are in `unmatched`."""
        domains = self._domains()
        by_id: defaultdict[str, list[TheirAccount]] = defaultdict(list)
        by_domain: defaultdict[str, list[TheirAccount]] = defaultdict(list)
        for one in records:
            self._place(one, domains, by_id, by_domain)
        for account_id, found in by_domain.items():
            if account_id in by_id:
                there = by_id[account_id][0].crm_id
                for one in found:
                    self.refuse(one, BY_ID_ELSEWHERE.format(id=account_id, record=there))
            else:
                by_id[account_id] = found
        return [matched for account_id, found in by_id.items() for matched in self._one(account_id, found, owners)]

    def refuse(self, one: TheirAccount, reason: str) -> None:
        """Report a record."""
        self.unmatched.append(Unmatched(ACCOUNTS, one.crm_id, one.name, reason))

    def _place(
        self,
        one: TheirAccount,
        domains: Mapping[str, str],
        by_id: Mapping[str, list[TheirAccount]],
        by_domain: Mapping[str, list[TheirAccount]],
    ) -> None:
        try:
            account_id = identity(one.fields.get("id"))
        except Unusable as fault:
            self.refuse(one, BAD_ID.format(fault=fault))
            return
        host = _host(one.fields.get("domain"))
        owner = domains.get(host)
        if account_id is None:
            if owner is None:
                self.refuse(one, NEITHER_BUT.format(domain=host) if host else NEITHER)
            else:
                by_domain[owner].append(one)
        elif owner not in {None, account_id}:
            self.refuse(one, CONTRADICTS.format(id=account_id, domain=host, other=owner))
        elif account_id not in self.ours and not self._customer(one):
            self.no_customers += 1
        else:
            by_id[account_id].append(one)

    def _customer(self, one: TheirAccount) -> bool:
        return not self.customer_stages or str(one.fields.get("stage") or "").casefold() in self.customer_stages

    def _one(self, account_id: str, found: list[TheirAccount], owners: Mapping[str, str]) -> Iterable[Matched]:
        if len(found) > 1:
            records = ", ".join(one.crm_id for one in found)
            for one in found:
                self.refuse(one, TWICE.format(n=len(found), id=account_id, records=records))
            return
        one = found[0]
        values = usable(
            one.fields, self.fields, zone=self.zone, clears=self.clears, refuse=lambda reason: self.refuse(one, reason)
        )
        csm = values.get("csm")
        if isinstance(csm, str) and "@" not in csm:
            values["csm"] = owners.get(csm) or None
            if values["csm"] is None:
                self.refuse(one, NO_OWNER.format(owner=shown(csm)))
        yield Matched(one, account_id, {**values, "id": account_id})

    def _domains(self) -> dict[str, str]:
        """Domain → the one account that has it."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for account in self.ours.values():
            if account.domain and account.domain.lower() not in SHARED_HOSTS:
                found[account.domain.lower()].append(account.id)
        return {host: ids[0] for host, ids in found.items() if len(ids) == 1}


def usable(
    told: Mapping[str, object],
    fields: Mapping[str, Field],
    *,
    zone: tzinfo,
    clears: frozenset[str],
    refuse: Callable[[str], None],
) -> dict[str, Any]:
    """The values that can be used; an empty one is left out unless it is to clear ours, a bad one is reported."""
    found: dict[str, Any] = {}
    for name, raw in told.items():
        if name not in fields:
            continue
        if blank(raw):
            if name in clears:
                found[name] = None
            continue
        try:
            found[name] = fields[name].parse(raw, zone)
        except Unusable as fault:
            refuse(BAD_VALUE.format(field=name, fault=fault))
    return found


def _host(raw: object) -> str:
    """A record's domain; a bad one is reported with its other values."""
    try:
        host = read_domain(raw) or ""
    except Unusable:
        return ""
    return "" if host in SHARED_HOSTS else host
