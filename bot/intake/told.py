"""Applies what a product said about people and accounts to what we know; pure.

A product may introduce a contact, say where a person belongs, and tell what an account is like. Write keys are often
public in web pages, so it may not turn a CSM into a contact, lead mail about a company to an address outside of it, or
move a contact with such a company's address to another one. Imports may.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from bot.intake.fields import ACCOUNT_FIELDS, PEOPLE_FIELDS, traits
from bot.intake.instants import EPOCH, MICROSECOND
from scoring.addresses import SHARED_HOSTS, domain_of
from scoring.arrivals import Arrival, Kind
from scoring.model import Account, Person, Role


class Directory:
    """The accounts and people that one run needs, and which of them changed."""

    def __init__(self, accounts: Iterable[Account], people: Mapping[str, Person], zone: tzinfo) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.people = dict(people)
        self.new_accounts: list[str] = []
        self.changed_accounts: dict[str, Account] = {}
        self.changed_people: dict[str, Person] = {}
        self._zone = zone
        domains = Counter(account.domain for account in self.accounts.values() if account.domain)
        # Two accounts with one domain: nobody can say which is meant, so neither is taken.
        self._by_domain = {a.domain: a.id for a in self.accounts.values() if domains[a.domain] == 1}

    def account_of(self, user_id: str, domain: str) -> str:
        """Where a person belongs, by what we were told, else by their e-mail domain; empty when nobody knows."""
        person = self.people.get(user_id)
        return (person.account_id if person else None) or self._by_domain.get(domain, "")

    def open(self, account_id: str) -> Account:
        """The account by its id; one that we hear of for the first time begins with its id as its name."""
        known = self.accounts.get(account_id)
        if known is None:
            known = Account(id=account_id, name=account_id)
            self.new_accounts.append(account_id)
            self._keep_account(known)
        return known

    def hear(self, arrival: Arrival) -> None:
        """Take in one `identify` or `group` call."""
        if arrival.kind is Kind.ACCOUNT:
            self._keep_account(account_told(self.open(arrival.account_id), arrival, self._zone))
        person = self._person(arrival)
        if person is None:
            return
        account_id = arrival.account_id or self.account_of(arrival.user_id, arrival.domain)
        account = self.open(account_id) if account_id else None
        joined = person if account is None or stays(person, account) else replace(person, account_id=account.id)
        if arrival.kind is Kind.PERSON:
            joined = person_told(joined, arrival, self.accounts.get(joined.account_id or ""), self._zone)
        if joined != self.people.get(joined.id):
            self.people[joined.id] = self.changed_people[joined.id] = joined

    def _person(self, arrival: Arrival) -> Person | None:
        """Whom a call is about; None for calls about nobody and about our own CSMs."""
        if not arrival.user_id:
            return None
        known = self.people.get(arrival.user_id)
        if known is not None:
            return None if known.role is Role.CSM else known
        seen = (EPOCH + arrival.at_us * MICROSECOND).astimezone(self._zone).date()
        return Person(id=arrival.user_id, role=Role.CONTACT, first_seen_on=seen)

    def _keep_account(self, account: Account) -> None:
        if account != self.accounts.get(account.id):
            self.accounts[account.id] = self.changed_accounts[account.id] = account


def account_told(known: Account, arrival: Arrival, zone: tzinfo) -> Account:
    """The account after a `group` call: what was told replaces what stood there, but for a domain that is known."""
    given: dict[str, Any] = traits(ACCOUNT_FIELDS, json.loads(arrival.traits or "{}"), zone)
    return replace(known, **(given | {"domain": known.domain or given.get("domain", "")}))


def person_told(known: Person, arrival: Arrival, account: Account | None, zone: tzinfo) -> Person:
    """The contact after an `identify` call."""
    given: dict[str, Any] = traits(PEOPLE_FIELDS, json.loads(arrival.traits or "{}"), zone)
    changes: dict[str, Any] = {name: given[name] for name in ("title", "timezone") if name in given}
    name = given.get("name") or " ".join(given[part] for part in ("first_name", "last_name") if part in given)
    if name:
        changes["name"] = name
    if "email" in given and may_write_to(given["email"], known, account):
        changes["email"] = given["email"]
    return replace(known, **changes)


def stays(person: Person, account: Account) -> bool:
    """Whether a contact who has an address keeps their account: it is not an address of this other one."""
    own = domain_of(person.email)
    return bool(own) and own != account.domain and bool(person.account_id or account.domain)


def may_write_to(address: str, person: Person, account: Account | None) -> bool:
    """Whether a product may set this address: it lies within the company, or nobody knows yet where that is."""
    own = {domain_of(person.email), account.domain if account is not None else ""} - {""}
    return not own or domain_of(address) in own - SHARED_HOSTS
