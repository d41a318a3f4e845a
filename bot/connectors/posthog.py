"""Reads what PostHog's SDKs send about the use of a product; bytes are opened in `bot/intake/envelope.py`.

`api_key` stands in the body, the account in `properties.$groups`, its traits in a `$groupidentify` event, a person's in
`$set`. Of the events that PostHog's SDKs send by themselves only page and screen views are use.
Fields: https://posthog.com/docs/api/capture
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from bot.intake.envelope import (
    Keys,
    Parsed,
    SenderClock,
    account_traits,
    collected,
    company_domain,
    events_of,
    mapping,
    person_traits,
    read_id,
)
from bot.intake.instants import microseconds
from bot.intake.values import Unusable
from scoring.arrivals import Arrival, Kind

SOURCE = "posthog"
# PostHog lets a project name its group types; these are the ones that mean a customer company.
ACCOUNT_TYPES = ("company", "account", "organization", "organisation", "customer", "workspace")
VIEWS = {"$pageview": "Viewed a page", "$screen": "Viewed a screen"}
PERSON_EVENTS = frozenset({"$set", "$identify"})

NOBODY = "has no distinct_id"
NO_NAME = "has no “event”, the name of what was done"

Json = Mapping[str, object]


def write_key(body: Json) -> str:
    """The project key; PostHog's SDKs send it in the body alone."""
    key = body.get("api_key")
    return key if isinstance(key, str) else ""


def parse(body: Json, *, received: datetime, zone: tzinfo) -> Parsed:
    """What a request to `/batch/` says.

    Raises:
        InvalidInput: no list of events.
    """
    clock = SenderClock.of(received, body.get("sent_at"))
    keys = Keys(SOURCE, microseconds(received))

    def arrival(index: int, event: Json) -> Arrival | None:
        told = event.get("timestamp")
        key = keys.of(index, event, message_id=read_id("uuid", event.get("uuid")), timed=told is not None)
        return _arrival(event, key, clock.at(told), zone)

    return collected(events_of(body), arrival)


def _arrival(event: Json, key: str, at: int, zone: tzinfo) -> Arrival | None:
    """One event; None for what PostHog's SDKs tell of themselves, and for visitors without a profile or a group."""
    name = read_id("event", event.get("event"))
    properties = mapping(event.get("properties"))
    user = read_id("distinct_id", event.get("distinct_id") or properties.get("distinct_id"))
    if not name:
        raise Unusable(NO_NAME)
    if not user:
        raise Unusable(NOBODY)
    if name == "$groupidentify":
        return _account(properties, Arrival(key, Kind.ACCOUNT, at), zone)
    account = _account_of(mapping(properties.get("$groups")))
    told = mapping(event.get("$set") or properties.get("$set"))
    domain = company_domain(told.get("email")) or company_domain(user)
    if name in PERSON_EVENTS:
        return Arrival(key, Kind.PERSON, at, account, user, domain, traits=person_traits(told, zone))
    nameless = properties.get("$process_person_profile") is False and not account
    if nameless or (name.startswith("$") and name not in VIEWS):
        return None
    return Arrival(key, Kind.USE, at, account, user, domain, VIEWS.get(name, name))


def _account(properties: Json, arrival: Arrival, zone: tzinfo) -> Arrival | None:
    """An account's traits. PostHog names no member here: the sender's `distinct_id` is made up."""
    if properties.get("$group_type") not in ACCOUNT_TYPES:
        return None
    group = read_id("$group_key", properties.get("$group_key"))
    traits = account_traits(mapping(properties.get("$group_set")), zone)
    return arrival._replace(account_id=group, traits=traits) if group else None


def _account_of(groups: Json) -> str:
    for kind in ACCOUNT_TYPES:
        account = read_id(f"$groups.{kind}", groups.get(kind))
        if account:
            return account
    return ""
