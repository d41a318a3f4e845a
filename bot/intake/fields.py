"""The tables that Lookout takes in, their fields, and the column names by which each field is known.

A field is found under its own name or under one of its synonyms; nothing else is guessed. Money has the fewest synonyms
on purpose: a monthly sum is not a yearly one. The same fields clean the traits of `identify` and `group` calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from bot.intake.instants import day, moment
from bot.intake.values import (
    Parse,
    Unusable,
    currency,
    domain,
    email,
    identity,
    money,
    seats,
    times,
    words,
    yes_no,
    zone_name,
)  # fmt: skip
from scoring.model import Role


class Table(StrEnum):
    """What one file holds."""

    ACCOUNTS = "accounts"
    PEOPLE = "people"
    MILESTONES = "milestones"
    TICKETS = "tickets"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how its value is read, which columns may hold it, and whether a row needs it."""

    name: str
    parse: Parse
    synonyms: tuple[str, ...] = ()
    required: bool = False


def role(value: object, _zone: tzinfo) -> Role | None:
    """Which side of the table a person sits on."""
    text = identity(value)
    if text is None:
        return None
    if text.lower() in {"csm", "owner", "customer success manager"}:
        return Role.CSM
    if text.lower() in {"contact", "user", "customer"}:
        return Role.CONTACT
    raise Unusable(f"is neither contact nor csm: “{text[:40]}”")


ACCOUNT_IDS = ("account_id", "company_id", "customer_id", "organization_id", "organisation_id", "group_id")
ACCOUNT = Field("account", identity, (*ACCOUNT_IDS, "company", "organization"), required=True)
DOMAIN = Field("domain", domain, ("email_domain", "website", "company_domain"))
TIMEZONE = Field("timezone", zone_name, ("time_zone", "tz"))

ACCOUNT_FIELDS = (
    Field("id", identity, ACCOUNT_IDS, required=True),
    Field("name", words, ("account_name", "company_name", "company", "customer", "organization")),
    Field("tier", words, ("plan", "plan_name", "subscription_plan")),
    Field("segment", words, ("customer_segment",)),
    DOMAIN,
    Field("seats", seats, ("seat_count", "licensed_seats", "licenses", "licences")),
    Field("arr", money, ("annual_recurring_revenue",)),
    Field("currency", currency, ("currency_code",)),
    Field("created_on", day, ("created_at", "created", "customer_since", "start_date", "signed_up_at")),
    Field("renewal_on", day, ("renewal_at", "renewal_date", "renewal")),
    Field("csm", identity, ("csm_id", "csm_email", "owner", "owner_id", "owner_email", "account_owner")),
    Field("complex", yes_no, ("is_complex",)),
    Field("goal", words, ("success_goal",)),
    TIMEZONE,
    Field("churned_on", day, ("churned_at", "churn_date", "cancelled_at", "canceled_at")),
    Field("stage", words, ("lifecycle_stage",)),
)

PEOPLE_FIELDS = (
    Field("id", identity, ("user_id", "person_id", "contact_id", "csm_id", "distinct_id")),
    Field("role", role),
    Field("name", words, ("full_name", "display_name", "contact_name", "user_name")),
    Field("first_name", words, ("firstname", "given_name")),
    Field("last_name", words, ("lastname", "surname", "family_name")),
    Field("email", email, ("email_address", "e_mail", "mail")),
    Field("account", identity, (*ACCOUNT_IDS, "company", "organization")),
    Field("title", words, ("job_title", "position")),
    TIMEZONE,
    Field("slack_id", identity, ("slack_user_id",)),
    Field("primary", yes_no, ("is_primary", "primary_contact")),
    Field("left", yes_no, ("has_left",)),
    Field("lead", yes_no, ("is_lead",)),
    Field("first_seen_on", day, ("first_seen_at", "first_seen")),
)

MILESTONE_FIELDS = (
    ACCOUNT,
    Field("name", words, ("milestone", "milestone_name", "step"), required=True),
    Field("due_on", day, ("due_at", "due", "due_date")),
    Field("done_on", day, ("done_at", "done", "completed_at", "completed_on")),
    Field("started_on", day, ("started_at", "started")),
)

TICKET_FIELDS = (
    Field("id", identity, ("ticket_id",)),
    ACCOUNT,
    Field("opened_at", moment, ("ts", "opened", "created_at", "timestamp", "opened_on"), required=True),
    Field("priority", words, ("severity",)),
    Field("closed_at", moment, ("closed", "solved_at", "resolved_at", "closed_on")),
)

EVENT_FIELDS = (
    Field("id", identity, ("event_id", "message_id", "insert_id", "uuid")),
    Field("at", moment, ("ts", "timestamp", "time", "occurred_at", "event_time", "date", "day"), required=True),
    ACCOUNT,
    Field("user", identity, ("user_id", "person_id", "distinct_id", "member_id"), required=True),
    Field("name", identity, ("event", "event_name", "feature", "action"), required=True),
    Field("n", times, ("count", "event_count")),
)

FIELDS: Mapping[Table, tuple[Field, ...]] = {
    Table.ACCOUNTS: ACCOUNT_FIELDS,
    Table.PEOPLE: PEOPLE_FIELDS,
    Table.MILESTONES: MILESTONE_FIELDS,
    Table.TICKETS: TICKET_FIELDS,
    Table.EVENTS: EVENT_FIELDS,
}


def column_key(name: str) -> str:
    """A column's name as it is compared: `Account ID`, `accountId` and `account-id` are one name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def traits(fields: tuple[Field, ...], given: Mapping[str, object], zone: tzinfo) -> dict[str, object]:
    """The usable fields among what somebody told us; unknown ones and unusable values are left out."""
    by_column = {column_key(name): value for name, value in given.items()}
    found: dict[str, object] = {}
    for field in fields:
        for name in (field.name, *field.synonyms):
            value = _usable(field, by_column.get(name), zone)
            if value is not None:
                found[field.name] = value
                break
    return found


def _usable(field: Field, value: object, zone: tzinfo) -> object:
    try:
        return field.parse(value, zone)
    except Unusable:
        return None
