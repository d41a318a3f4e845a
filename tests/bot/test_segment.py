"""What Segment's and PostHog's calls mean: bytes in, values out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.connectors import posthog, segment
from bot.intake.envelope import Parsed, opened
from scoring.arrivals import Arrival, Kind
from scoring.errors import InvalidInput

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ACME = {"groupId": "acme"}


def us(when: datetime) -> int:
    return round(when.timestamp() * 1e6)


def track(**more: object) -> dict[str, object]:
    return {"type": "track", "event": "Report built", "userId": "u1", "messageId": "m1", "context": ACME, **more}


def read(*events: object, sent_at: object = None, received: datetime = NOW) -> Parsed:
    return segment.parse({"batch": list(events), "sentAt": sent_at}, call="batch", received=received, zone=UTC)


def only(parsed: Parsed) -> Arrival:
    assert parsed.rejected == []
    (arrival,) = parsed.arrivals
    return arrival


def test_a_track_call_is_use_of_a_feature_by_a_person_of_an_account() -> None:
    use = only(read(track(timestamp="2026-11-20T11:59:00Z")))

    assert use[1:] == (
        Kind.USE,
        us(datetime(2026, 11, 20, 11, 59, tzinfo=UTC)),
        "acme",
        "u1",
        "",
        "Report built",
        1,
        "",
    )


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "page", "name": "Pricing"}, "Viewed Pricing"),
        ({"type": "page", "properties": {"name": "Pricing"}}, "Viewed Pricing"),
        ({"type": "page"}, "Viewed a page"),
        ({"type": "screen", "name": "Home"}, "Viewed Home"),
    ],
)
def test_pages_and_screens_are_use_too(event: dict[str, object], name: str) -> None:
    assert only(read({"userId": "u1", "context": ACME, **event})).name == name


def test_the_senders_clock_is_corrected_by_when_it_says_it_sent() -> None:
    """A sender one hour behind: what it calls 10:59 with sentAt 11:00 happened at 11:59."""
    use = only(read(track(timestamp="2026-11-20T10:59:00Z"), sent_at="2026-11-20T11:00:00Z"))

    assert use.at_us == us(datetime(2026, 11, 20, 11, 59, tzinfo=UTC))


def test_a_clock_that_runs_ahead_is_corrected_as_well() -> None:
    use = only(read(track(timestamp="2031-01-01T00:00:00Z"), sent_at="2031-01-01T00:01:00Z"))

    assert use.at_us == us(NOW - timedelta(minutes=1))


def test_rudderstacks_node_sdk_calls_the_time_original_timestamp() -> None:
    use = only(read(track(originalTimestamp="2026-11-20T11:00:00.000Z")))

    assert use.at_us == us(datetime(2026, 11, 20, 11, tzinfo=UTC))


@pytest.mark.parametrize("value", [1795172400, 1795172400000, 1795172400000000, "1795172400", "1795172400000"])
def test_epoch_seconds_milliseconds_and_microseconds_are_told_apart(value: object) -> None:
    assert only(read(track(timestamp=value))).at_us == us(datetime(2026, 11, 20, 11, tzinfo=UTC))


def test_an_event_without_a_time_happened_when_it_came() -> None:
    assert only(read(track())).at_us == us(NOW)


def test_an_event_slightly_in_the_future_counts_as_now_and_one_far_ahead_is_refused() -> None:
    assert only(read(track(timestamp="2026-11-20T12:05:00Z"))).at_us == us(NOW)

    assert [one.reason for one in read(track(timestamp="2026-11-22T12:00:00Z")).rejected] == [
        "its time lies more than a day in the future"
    ]


def test_the_same_event_has_the_same_key_whenever_it_is_sent_again() -> None:
    first = only(read(track(timestamp="2026-11-20T10:00:00Z"), sent_at="2026-11-20T10:00:01Z"))
    later = only(
        read(
            track(timestamp="2026-11-20T10:00:00Z"),
            sent_at="2026-11-20T15:00:01Z",
            received=NOW + timedelta(hours=5),
        )
    )

    assert first.key == later.key


def test_events_without_ids_are_told_apart_by_content_and_order() -> None:
    event = track(messageId=None, timestamp="2026-11-20T10:00:00Z")
    keys = [
        arrival.key for arrival in read(event, event, track(messageId=None, timestamp="2026-11-20T10:00:01Z")).arrivals
    ]

    assert len(set(keys)) == 3
    assert keys[:2] == [arrival.key for arrival in read(event, event).arrivals]


def test_without_id_and_time_nothing_can_be_known_again() -> None:
    event = track(messageId=None)

    assert only(read(event)).key != only(read(event, received=NOW + timedelta(seconds=1))).key


def test_identify_tells_of_a_person_and_leaves_out_what_a_product_may_not_say() -> None:
    traits = {"email": "Dana@Acme.com", "firstName": "Dana", "jobTitle": "COO", "lead": True, "role": "csm", "tea": 1}
    told = only(read({"type": "identify", "userId": "u1", "context": ACME, "traits": traits}))

    assert (told.kind, told.account_id, told.domain) == (Kind.PERSON, "acme", "acme.com")
    assert json.loads(told.traits) == {"email": "dana@acme.com", "first_name": "Dana", "title": "COO"}


def test_group_tells_of_an_account_with_documented_names_only() -> None:
    traits = {
        "plan": "gold",
        "seats": 12,
        "ARR": 12000,
        "mrr": 1000,
        "employees": 400,
        "website": "https://www.acme.com/de",
    }
    told = only(read({"type": "group", "groupId": "acme", "userId": "u1", "traits": traits}))

    assert (told.kind, told.account_id, told.user_id) == (Kind.ACCOUNT, "acme", "u1")
    assert json.loads(told.traits) == {"tier": "gold", "domain": "acme.com", "seats": 12, "arr": 12000}


def test_an_unusable_trait_is_left_out_and_the_rest_is_taken() -> None:
    traits = {"name": "Acme", "seats": -3, "arr": "12,5", "createdAt": "31/12/2026"}
    told = only(read({"type": "group", "groupId": "acme", "traits": traits, "userId": "u1"}))

    assert json.loads(told.traits) == {"name": "Acme"}


def test_the_company_behind_an_address_is_kept_to_find_the_account_but_not_a_mail_provider() -> None:
    by_context = {"traits": {"email": "dana@Acme.com"}}

    assert only(read(track(context=by_context))).domain == "acme.com"
    assert only(read(track(context={}, userId="dana@acme.com"))).domain == "acme.com"
    assert only(read(track(context={}, userId="dana@gmail.com"))).domain == ""


def test_visitors_that_nobody_can_name_and_aliases_are_ignored() -> None:
    parsed = read(
        {"type": "track", "event": "Seen", "anonymousId": "a1"},
        {"type": "alias", "userId": "u1", "previousId": "a1"},
        {"type": "identify", "anonymousId": "a1", "traits": {"email": "x@y.com"}},
    )

    assert (parsed.arrivals, parsed.rejected, parsed.ignored) == ([], [], 3)


def test_an_anonymous_visitor_of_a_known_account_counts() -> None:
    assert only(read({"type": "track", "event": "Seen", "anonymousId": "a1", "context": ACME})).user_id == "a1"


def test_what_cannot_be_used_is_named_by_place_and_reason_and_the_rest_is_taken() -> None:
    parsed = read(
        track(messageId="ok"),
        "text",
        {"type": "track", "event": "x"},
        {"type": "track", "userId": "u"},
        {"type": "group", "userId": "u"},
        {"type": "dance", "userId": "u"},
        track(timestamp="yesterday"),
        track(userId="x" * 300),
        track(userId={"id": 1}),
        track(event="a\u0000b"),
        track(userId="\ud800"),
        track(timestamp=5),
    )

    assert len(parsed.arrivals) == 1
    assert [one.index for one in parsed.rejected] == list(range(1, 12))
    assert [one.reason for one in parsed.rejected][:6] == [
        "is no JSON object",
        "has neither userId nor anonymousId",
        "a track call needs “event”, the name of what was done",
        "a group call needs “groupId”",
        "its type must be one of track, identify, group, page, screen",
        "is no date; write it like 2026-11-20 or 2026-11-20T09:30:00Z: “yesterday”",
    ]


def test_numbers_are_fine_as_ids() -> None:
    use = only(read(track(userId=17, context={"groupId": 4})))

    assert (use.user_id, use.account_id) == ("17", "4")


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"[1]", b"null", b"\xff\xfe\x00", b"[" * 50_000, b'{"a":' * 50_000, b"1" * 9_000]
)
def test_a_body_that_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput, match="Nothing was taken"):
        opened(raw)


def test_a_batch_needs_a_list() -> None:
    with pytest.raises(InvalidInput, match="list of events"):
        segment.parse({"batch": {"type": "track"}}, call="batch", received=NOW, zone=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
IDS = ["userId", "anonymousId", "groupId", "messageId", "uuid", "distinct_id"]
FIELDS = st.sampled_from([*IDS, "event", "timestamp", "sentAt", "context", "traits", "name", "properties"])
EVENTS = st.builds(
    lambda event, call, name: {"event": name, "userId": "u1", "distinct_id": "u1", "type": call, **event},
    st.dictionaries(FIELDS, JSON, max_size=4),
    st.sampled_from([*segment.CALLS, "alias"]),
    st.sampled_from(["Report built", "$groupidentify", "$set", "$pageview"]),
)


@settings(deadline=None)
@given(st.lists(EVENTS | JSON, max_size=4), JSON)
def test_whatever_json_comes_each_event_is_taken_ignored_or_named(events: list[object], sent_at: object) -> None:
    for parsed in (
        segment.parse({"batch": events, "sentAt": sent_at}, call="batch", received=NOW, zone=ZoneInfo("UTC")),
        posthog.parse({"batch": events, "sent_at": sent_at}, received=NOW, zone=ZoneInfo("UTC")),
    ):
        assert len(parsed.arrivals) + len(parsed.rejected) + parsed.ignored == len(events)
        for arrival in parsed.arrivals:
            assert arrival.at_us <= us(NOW)
            # What storage would refuse never gets that far: no lone surrogates, no NUL.
            assert "\x00" not in "".join(map(str, arrival))
            "".join(map(str, arrival)).encode()


def hog(*events: object) -> Parsed:
    return posthog.parse({"api_key": "k", "batch": list(events)}, received=NOW, zone=UTC)


def test_posthog_names_the_account_in_its_groups() -> None:
    use = only(
        hog({"event": "Report built", "distinct_id": "u1", "uuid": "1", "properties": {"$groups": {"company": "acme"}}})
    )

    assert (use.kind, use.account_id, use.user_id, use.name) == (Kind.USE, "acme", "u1", "Report built")


def test_posthog_tells_of_accounts_and_persons_in_its_own_events() -> None:
    group = {"$group_type": "company", "$group_key": "acme", "$group_set": {"name": "Acme", "plan": "gold"}}
    account, person = hog(
        {"event": "$groupidentify", "distinct_id": "x", "uuid": "1", "properties": group},
        {"event": "$set", "distinct_id": "u1", "uuid": "2", "$set": {"email": "dana@acme.com"}},
    ).arrivals

    assert (account.kind, account.account_id, account.user_id) == (Kind.ACCOUNT, "acme", "")
    assert json.loads(account.traits) == {"name": "Acme", "tier": "gold"}
    assert (person.kind, person.user_id, json.loads(person.traits)) == (Kind.PERSON, "u1", {"email": "dana@acme.com"})


def test_what_posthogs_sdks_tell_of_themselves_is_no_use_but_page_views_are() -> None:
    events = [
        {"event": name, "distinct_id": "u1", "uuid": name, "properties": {"$groups": {"company": "acme"}}}
        for name in ("$feature_flag_called", "$pageleave", "$exception", "$pageview")
    ]
    parsed = hog(*events, {"event": "x", "distinct_id": "made-up", "properties": {"$process_person_profile": False}})

    assert parsed.ignored == 4
    assert only(parsed).name == "Viewed a page"
