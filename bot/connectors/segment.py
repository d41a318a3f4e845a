"""Reads what Segment's and RudderStack's SDKs send about the use of a product; `bot/intake/envelope.py` opens bytes.

The calls of the Segment spec: `track`, `page` and `screen` are use; `identify` tells of a person, `group` of an account
and who belongs to it. The account of an event is `context.groupId`, else what an earlier `group` call or the person's
e-mail domain says (decided when the inbox is worked off). Fields: https://segment.com/docs/connections/spec/common/
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

SOURCE = "segment"
CALLS = ("track", "identify", "group", "page", "screen")

NOBODY = "has neither userId nor anonymousId"
NO_NAME = "a track call needs “event”, the name of what was done"
NO_GROUP = "a group call needs “groupId”"
UNKNOWN_CALL = f"its type must be one of {', '.join(CALLS)}"
VIEWED = "Viewed {name}"
VIEWED_SOME = "Viewed a {call}"

Json = Mapping[str, object]


def write_key(body: Json) -> str:
    """The write key that some SDKs repeat in the body."""
    key = body.get("writeKey")
    return key if isinstance(key, str) else ""


def parse(body: Json, *, call: str, received: datetime, zone: tzinfo) -> Parsed:
    """What a request says. `call` is the last part of its path: `batch`, or the one type that its single event has.

    Raises:
        InvalidInput: a batch without a list of events.
    """
    request = _Request(body, call, received, zone)
    return collected(events_of(body) if call == "batch" else [body], request.arrival)


class _Request:
    """Reads the events of one request."""

    def __init__(self, body: Json, call: str, received: datetime, zone: tzinfo) -> None:
        self._call = call
        self._received = received
        self._zone = zone
        self._clock = SenderClock.of(received, body.get("sentAt"))
        self._timed_by_body = body.get("sentAt") is not None
        self._keys = Keys(SOURCE, microseconds(received))

    def arrival(self, index: int, event: Json) -> Arrival | None:
        """One event; None for what says nothing about an account: aliases, and visitors that nobody can name."""
        call = event.get("type", self._call)
        if call == "alias":
            return None
        if call not in CALLS:
            raise Unusable(UNKNOWN_CALL)
        user = read_id("userId", event.get("userId"))
        visitor = user or read_id("anonymousId", event.get("anonymousId"))
        if not visitor:
            raise Unusable(NOBODY)
        context = mapping(event.get("context"))
        account = read_id("context.groupId", context.get("groupId"))
        told = event.get("timestamp") or event.get("originalTimestamp")
        key = self._keys.of(
            index, event, message_id=read_id("messageId", event.get("messageId")), timed=told is not None
        )
        at = self._clock_for(event).at(told)
        if call == "identify":
            return _person(event, Arrival(key, Kind.PERSON, at, account, user), self._zone)
        if call == "group":
            return _account(event, Arrival(key, Kind.ACCOUNT, at, "", user), self._zone)
        if not (user or account):
            return None
        # The domain serves to find the account, so it is read only where none is named.
        domain = "" if account else _domain(user, event, context)
        return Arrival(key, Kind.USE, at, account, visitor, domain, _use_name(str(call), event))

    def _clock_for(self, event: Json) -> SenderClock:
        if self._timed_by_body:
            return self._clock
        return SenderClock.of(self._received, event.get("sentAt"))


def _use_name(call: str, event: Json) -> str:
    if call == "track":
        name = read_id("event", event.get("event"))
        if not name:
            raise Unusable(NO_NAME)
        return name
    name = read_id("name", event.get("name")) or read_id("name", mapping(event.get("properties")).get("name"))
    return VIEWED.format(name=name) if name else VIEWED_SOME.format(call=call)


def _domain(user: str, event: Json, context: Json) -> str:
    for address in (mapping(context.get("traits")).get("email"), mapping(event.get("traits")).get("email"), user):
        domain = company_domain(address)
        if domain:
            return domain
    return ""


def _person(event: Json, arrival: Arrival, zone: tzinfo) -> Arrival | None:
    if not arrival.user_id:
        return None
    traits = mapping(event.get("traits"))
    company = read_id("traits.company.id", mapping(traits.get("company")).get("id"))
    return arrival._replace(
        account_id=arrival.account_id or company,
        domain=_domain(arrival.user_id, event, mapping(event.get("context"))),
        traits=person_traits(traits, zone),
    )


def _account(event: Json, arrival: Arrival, zone: tzinfo) -> Arrival:
    group = read_id("groupId", event.get("groupId"))
    if not group:
        raise Unusable(NO_GROUP)
    return arrival._replace(account_id=group, traits=account_traits(mapping(event.get("traits")), zone))
