"""Opens what a product's SDK posted: one JSON object with events, a sending time and a key; no I/O.

What each vendor means by its fields stands in `bot/connectors/segment.py` and `bot/connectors/posthog.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b

import orjson

from bot.intake.fields import ACCOUNT_FIELDS, PEOPLE_FIELDS, Field, traits
from bot.intake.instants import DAY_US, microseconds, moment
from bot.intake.values import HOST, LONGEST_ID, Unusable, identity
from scoring.addresses import SHARED_HOSTS
from scoring.arrivals import Arrival
from scoring.errors import InvalidInput

LONGEST_DOMAIN = 253
# What a product may tell about people and accounts. Rights (lead, Slack id) and owners come from imports alone.
PERSON_TRAITS = frozenset({"name", "first_name", "last_name", "email", "title", "timezone"})
ACCOUNT_TRAITS = frozenset({
    "name", "tier", "segment", "domain", "seats", "arr", "currency", "created_on", "renewal_on", "goal", "timezone",
})  # fmt: skip

NOT_JSON = "The body is not JSON. Nothing was taken."
NO_OBJECT = "The body must be one JSON object. Nothing was taken."
NO_EVENTS = "The field “batch” must be a list of events. Nothing was taken."
IS_NO_OBJECT = "is no JSON object"
TOO_DEEP = "is nested too deeply"
IN_FUTURE = "its time lies more than a day in the future"


@dataclass(frozen=True, slots=True)
class Rejected:
    """One event that cannot be used: its place in the request, from 0, and why."""

    index: int
    reason: str


@dataclass(slots=True)
class Parsed:
    """What one request brought. `ignored` counts what is well-formed and says nothing about the use of an account."""

    arrivals: list[Arrival] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: int = 0


def opened(raw: bytes) -> dict[str, object]:
    """The JSON object in a request's body, or `InvalidInput`."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = _opened_patiently(raw)
    if not isinstance(body, dict):
        raise InvalidInput(NO_OBJECT)
    return body


def _opened_patiently(raw: bytes) -> object:
    """What a strict reader refuses and JavaScript and Python write: NaN, half a letter, numbers of any length."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInput(NOT_JSON) from None


def events_of(body: Mapping[str, object]) -> list[object]:
    """The list under `batch`."""
    events = body.get("batch")
    if not isinstance(events, list):
        raise InvalidInput(NO_EVENTS)
    return events


@dataclass(frozen=True, slots=True)
class SenderClock:
    """Corrects a sender's clock as Segment does: `timestamp + (received - sentAt)`, never later than now."""

    received_us: int
    shift_us: int

    @classmethod
    def of(cls, received: datetime, sent_at: object) -> SenderClock:
        """The correction that a request's sending time asks for; none where it tells nothing usable."""
        now = microseconds(received)
        try:
            sent = moment(sent_at, UTC)
        except Unusable:
            sent = None
        return cls(now, 0 if sent is None else now - microseconds(sent))

    def at(self, value: object) -> int:
        """When it really happened, in microseconds since 1970."""
        told = moment(value, UTC)
        if told is None:
            return self.received_us
        at = microseconds(told) + self.shift_us
        if at > self.received_us + DAY_US:
            raise Unusable(IN_FUTURE)
        return min(at, self.received_us)


def collected(events: Sequence[object], read: Callable[[int, Mapping[str, object]], Arrival | None]) -> Parsed:
    """Read each event; one that is unusable is named by its place, the others are taken."""
    parsed = Parsed()
    for index, event in enumerate(events):
        try:
            arrival = read(index, _object(event))
        except Unusable as fault:
            parsed.rejected.append(Rejected(index, str(fault)))
        else:
            if arrival is None:
                parsed.ignored += 1
            else:
                parsed.arrivals.append(arrival)
    return parsed


def _object(event: object) -> Mapping[str, object]:
    if isinstance(event, dict):
        return event
    raise Unusable(IS_NO_OBJECT)


class Keys:
    """What each event of one request is known by when it is sent again (32 characters)."""

    def __init__(self, source: str, received_us: int) -> None:
        self._source = source
        self._received = received_us
        self._seen: Counter[str] = Counter()

    def of(self, index: int, event: Mapping[str, object], *, message_id: str, timed: bool) -> str:
        """By its id. Without one by its content: equal events are told apart by their order where they carry a time,
        and by the moment of arrival where they do not.
        """  # noqa: D205 - one sentence
        if message_id:
            return self._key(message_id)
        try:
            content = json.dumps(event, sort_keys=True)
        except RecursionError:
            raise Unusable(TOO_DEEP) from None
        self._seen[content] += 1
        return self._key(f"{content}\x1f{self._seen[content] if timed else (self._received, index)}")

    def _key(self, text: str) -> str:
        return blake2b(f"{self._source}\x1f{text}".encode(errors="surrogatepass"), digest_size=16).hexdigest()


def read_id(name: str, value: object) -> str:
    """An id, or an empty text where there is none; an unusable one is refused by its name."""
    if value is None:
        return ""
    # Nearly every id is short printable ASCII: the fast way past all checks.
    if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= LONGEST_ID:
        return value.strip(" ")
    try:
        return identity(value) or ""
    except Unusable as fault:
        raise Unusable(f"{name} {fault}") from None


def company_domain(address: object) -> str:
    """The company behind an e-mail address, or an empty text."""
    if not isinstance(address, str) or "@" not in address:
        return ""
    domain = address.rpartition("@")[2].strip().lower()
    usable = len(domain) <= LONGEST_DOMAIN and HOST.fullmatch(domain) and domain not in SHARED_HOSTS
    return domain if usable else ""


def mapping(value: object) -> Mapping[str, object]:
    """An object's fields; nothing where it is no object."""
    return value if isinstance(value, dict) else {}


def person_traits(given: Mapping[str, object], zone: tzinfo) -> str:
    """What was told about a person, cleaned, as JSON."""
    return _told(PEOPLE_FIELDS, PERSON_TRAITS, given, zone)


def account_traits(given: Mapping[str, object], zone: tzinfo) -> str:
    """What was told about an account, cleaned, as JSON."""
    return _told(ACCOUNT_FIELDS, ACCOUNT_TRAITS, given, zone)


def _told(fields: tuple[Field, ...], allowed: frozenset[str], given: Mapping[str, object], zone: tzinfo) -> str:
    return json.dumps(traits(tuple(f for f in fields if f.name in allowed), given, zone), default=str)
