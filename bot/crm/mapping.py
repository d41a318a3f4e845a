"""Which field of the CRM holds what: sensible names for each CRM, and a team's own file that changes them.

The file is TOML; what it does not name keeps its default, and an empty name leaves a field out:

    [accounts]                      # ours = theirs
    id = "product_account_id"
    arr = "contract_value"
    [contacts]
    title = ""
    [written]                       # what Lookout writes: score, band, day; in Salesforce the reference of a task, too
    score = "lookout_health"
    [rules]
    clears = ["accounts.renewal_on"]        # an empty value there empties ours
    customer_stages = ["customer"]          # records in another stage make no new account
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.intake.fields import ACCOUNT_FIELDS, PEOPLE_FIELDS
from scoring.errors import InvalidInput

ACCOUNTS, CONTACTS, WRITTEN, RULES = "accounts", "contacts", "written", "rules"
OPTED_OUT = "opted_out"
LISTS = ("clears", "customer_stages")
WRITABLE = ("score", "band", "day", "reference")
OURS: Mapping[str, tuple[str, ...]] = {
    ACCOUNTS: tuple(one.name for one in ACCOUNT_FIELDS),
    CONTACTS: (
        *(one.name for one in PEOPLE_FIELDS if one.name not in {"role", "slack_id", "lead", "first_seen_on"}),
        OPTED_OUT,
    ),
    WRITTEN: WRITABLE,
    RULES: LISTS,
}
# A property's name, in Salesforce also along one relation (Owner.Email): safe in an address and in a query.
PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}(\.[A-Za-z][A-Za-z0-9_]{0,99})?")

HUBSPOT: Mapping[str, Mapping[str, str]] = {
    ACCOUNTS: {
        "id": "lookout_account_id", "name": "name", "domain": "domain", "tier": "tier", "arr": "arr",
        "renewal_on": "renewal_date", "csm": "hubspot_owner_id", "stage": "lifecyclestage",
    },
    CONTACTS: {
        "account": "associatedcompanyid", "email": "email", "first_name": "firstname", "last_name": "lastname",
        "title": "jobtitle", OPTED_OUT: "hs_email_optout",
    },
    WRITTEN: {
        "score": "lookout_health_score", "band": "lookout_health_band", "day": "lookout_health_since",
    },
}  # fmt: skip
SALESFORCE: Mapping[str, Mapping[str, str]] = {
    ACCOUNTS: {
        "id": "Lookout_Account_Id__c", "name": "Name", "domain": "Website", "csm": "Owner.Email", "stage": "Type",
    },
    CONTACTS: {
        "account": "AccountId", "email": "Email", "first_name": "FirstName", "last_name": "LastName",
        "title": "Title", OPTED_OUT: "HasOptedOutOfEmail",
    },
    WRITTEN: {
        "score": "Lookout_Health_Score__c", "band": "Lookout_Health_Band__c", "day": "Lookout_Health_Since__c",
        "reference": "Lookout_Id__c",
    },
}  # fmt: skip

NOTHING_DONE = "The CRM mapping cannot be used; nothing was changed.\n  "
NO_FILE = "LOOKOUT_CRM_MAPPING: {path} cannot be read ({why})."
NO_TOML = "{path}: {fault}"
NO_SECTION = "{path}, line {line}: there is no section [{section}]. The sections are: {names}."
NO_FIELD = "{path}, line {line}: [{section}] has no field {field}. The fields are: {names}."
NO_PROPERTY = "{path}, line {line}: {section}.{field} is to be the name of a field there, like arr or ARR__c."
NO_LIST = "{path}, line {line}: rules.{field} is to be a list of names."
NO_CLEARED = "{path}, line {line}: rules.clears names {name}, which is no field like accounts.arr."
NEEDED = "{path}, line {line}: {section}.{field} is needed."
NEED = ((CONTACTS, "account"), (CONTACTS, "email"), (WRITTEN, "reference"))
BY_DEFAULT = "by default"
BY_LINE = "{path}, line {line}"


@dataclass(frozen=True, slots=True)
class CrmMapping:
    """Our field → their property, for each direction; `lines` says where a person wrote it."""

    accounts: Mapping[str, str]
    contacts: Mapping[str, str]
    written: Mapping[str, str]
    clears: frozenset[str] = frozenset()
    customer_stages: frozenset[str] = frozenset()
    path: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def where(self, section: str, name: str) -> str:
        """Where a field's property was named: the file's line, or by default."""
        line = self.lines.get(f"{section}.{name}")
        return BY_DEFAULT if line is None else BY_LINE.format(path=self.path, line=line)

    def written_by_hand(self, section: str) -> dict[str, str]:
        """The fields that the file names itself, with their properties."""
        named: Mapping[str, str] = getattr(self, section)
        return {name: theirs for name, theirs in named.items() if f"{section}.{name}" in self.lines}


def read_mapping(path: Path | None, defaults: Mapping[str, Mapping[str, str]]) -> CrmMapping:
    """The mapping of a file over the defaults of a CRM.

    Raises:
        InvalidInput: every fault with its line and field.
    """
    if path is None:
        return CrmMapping(defaults[ACCOUNTS], defaults[CONTACTS], defaults[WRITTEN])
    try:
        text = path.read_text(encoding="utf-8")
        told = tomllib.loads(text)
    except OSError as fault:
        raise InvalidInput(NO_FILE.format(path=path, why=fault.strerror)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise InvalidInput(NOTHING_DONE + NO_TOML.format(path=path, fault=fault)) from None
    lines = _lines(text)
    faults = list(_faults(told, lines, path.name, defaults))
    if faults:
        raise InvalidInput(NOTHING_DONE + "\n  ".join(faults))
    merged = {one: _merged(defaults[one], told.get(one, {})) for one in (ACCOUNTS, CONTACTS, WRITTEN)}
    rules = told.get(RULES, {})
    return CrmMapping(
        **merged,
        clears=frozenset(rules.get("clears", ())),
        customer_stages=frozenset(one.casefold() for one in rules.get("customer_stages", ())),
        path=path.name,
        lines=lines,
    )


def _merged(defaults: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    return {name: theirs for name, theirs in {**defaults, **told}.items() if theirs}


def _faults(
    told: Mapping[str, Any], lines: Mapping[str, int], path: str, defaults: Mapping[str, Mapping[str, str]]
) -> Iterable[str]:
    for section, fields in told.items():
        line = lines.get(section, 1)
        if section not in OURS or not isinstance(fields, Mapping):
            yield NO_SECTION.format(path=path, line=line, section=section, names=", ".join(OURS))
            continue
        for name, theirs in fields.items():
            here = {"path": path, "line": lines.get(f"{section}.{name}", line), "section": section, "field": name}
            if name not in OURS[section]:
                yield NO_FIELD.format(**here, names=", ".join(OURS[section]))
            elif section == RULES:
                yield from _list_faults(theirs, here)
            elif not isinstance(theirs, str) or (theirs and not PROPERTY.fullmatch(theirs)):
                yield NO_PROPERTY.format(**here)
            elif not theirs and (section, name) in NEED and name in defaults[section]:
                yield NEEDED.format(**here)


def _list_faults(given: object, here: Mapping[str, Any]) -> Iterable[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        yield NO_LIST.format(**here)
        return
    if here["field"] == "clears":
        for name in given:
            section, _, ours = name.partition(".")
            if section not in {ACCOUNTS, CONTACTS} or ours not in OURS[section]:
                yield NO_CLEARED.format(**here, name=name)


def _lines(text: str) -> dict[str, int]:
    """Where each section begins and each `section.field` stands; TOML's parser does not tell."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if heading := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
            section = heading.group(1)
            found.setdefault(section, number)
        elif key := re.match(r"""\s*["']?([\w-]+)["']?\s*=""", line):
            found.setdefault(f"{section}.{key.group(1)}" if section else key.group(1), number)
    return found
