"""May we write to this customer now? Every reason why not, and never outside working hours (R44, R50, R51)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.guardrails import No, Plan, Rules, Since, Yes, may_contact
from scoring.hours import WorkingHours, working_days, zone_named
from tests.builders import NOW, TODAY, a_contact, a_csm, a_snapshot, an_account

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
RULES = Rules(BERLIN)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Argentina/Buenos_Aires",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "UTC",
]


def a_plan(**more: Any) -> Plan:
    """A mail from Dana to Kim on a Friday at ten in Berlin, against which nothing speaks."""
    known = {"account": an_account(), "contact": a_contact(), "sender": a_csm(), "to_email": "kim@acme.test"}
    return Plan(NOW, **known | {"snapshot": a_snapshot(score=50.0)} | more)


def answer(**more: Any) -> Yes | No:
    return may_contact(a_plan(**more), RULES)


def refusal(**more: Any) -> No:
    found = answer(**more)
    assert isinstance(found, No)
    return found


def test_a_customer_who_left_today_is_gone_from_the_morning_of_that_day_on_wherever_it_begins() -> None:
    """Nine in Auckland is the evening before in UTC; a machine must not write on the day when they leave."""
    morning = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
    plan = a_plan(account=an_account(churned_on=date(2026, 11, 24), timezone="Pacific/Auckland"))
    said = may_contact(replace(plan, now=morning), RULES)
    assert isinstance(said, No)
    assert "no longer a customer" in said.reason
    assert may_contact(replace(plan, now=morning - DAY), RULES) == Yes()


def test_a_plain_mail_in_working_hours_may_leave() -> None:
    assert answer() == Yes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account": an_account(churned_on=TODAY)}, "no longer a customer"),
        ({"contact": None}, "no longer known"),
        ({"contact": a_contact(left=True)}, "Kim Novak has left Acme"),
        ({"contact": a_contact(account_id="other", email="kim@acme.test")}, "does not belong to Acme"),
        ({"contact": a_contact(email="kim@new.test")}, "address has changed"),
        ({"suppressed": "opted out on 3 May"}, "opted out on 3 May"),
        ({"sender": None}, "no longer with us"),
        ({"sender": a_csm(left=True)}, "no longer with us"),
        ({"owner_id": "csm-omar"}, "belongs to somebody else"),
        ({"snapshot": a_snapshot(coverage=0.4)}, "Too few signals"),
    ],
)
def test_what_stops_a_mail_for_good_says_why(change: dict[str, Any], words: str) -> None:
    no = refusal(**change)

    assert words in no.reason
    assert (no.waits, no.not_before) == (False, None)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kim",
        "kim@acme.test, eve@evil.test",
        "Kim <kim@acme.test>",
        "Kim <kim@acme.test>, eve@evil.test",
        "friends: kim@acme.test;",
        "kim@acme.test\nBcc: eve@evil.test",
        '"kim@acme.test" <eve@evil.test>',
        "noreply@acme.test",
        "kim@",
        "dana@us.test",
    ],
)
def test_only_one_plain_address_of_somebody_else_is_written_to(address: str) -> None:
    no = refusal(to_email=address, contact=a_contact(email=address))

    assert not no.waits


def test_our_own_domains_are_not_written_to_and_a_shared_mail_host_is_nobodys_own() -> None:
    ours = replace(RULES, own_domains=frozenset({"Acme.test"}))
    shared = {
        "sender": a_csm(email="dana@gmail.com"),
        "contact": a_contact(email="kim@gmail.com"),
        "to_email": "kim@gmail.com",
    }

    assert isinstance(may_contact(a_plan(), ours), No)
    assert answer(**shared) == Yes()


def test_paused_and_storm_keep_the_mail_waiting() -> None:
    assert (refusal(paused=True).waits, refusal(paused=True).rule) == (True, "R44")
    assert (refusal(storm=True).waits, refusal(storm=True).rule) == (True, "R35")


def test_what_stops_for_good_is_said_before_what_only_waits() -> None:
    assert not refusal(paused=True, suppressed="bounced").waits


@pytest.mark.parametrize(("ago", "may"), [(6 * DAY, False), (7 * DAY - HOUR, False), (7 * DAY, True)])
def test_one_mail_in_seven_days_per_contact_across_all_plays(ago: timedelta, may: bool) -> None:
    found = answer(last_mail_at=NOW - ago)

    assert (found == Yes()) is may
    if isinstance(found, No):
        assert found.not_before == NOW - ago + 7 * DAY


@pytest.mark.parametrize("what", ["replied_at", "ticket_at", "other_mail_at"])
def test_a_reply_a_ticket_or_another_mail_since_the_draft_stops_it_and_an_older_one_does_not(what: str) -> None:
    drafted = NOW - DAY

    assert refusal(since=Since(drafted, **{what: NOW - HOUR})).rule == "R50"
    assert answer(since=Since(drafted, **{what: drafted - HOUR})) == Yes()


def test_a_recovery_after_the_approval_stops_it() -> None:
    back = a_snapshot(score=70.0)

    assert "recovered: health 70, it was 50" in refusal(snapshot=back, since=Since(NOW, score_seen=50.0)).reason
    assert answer(snapshot=back, since=Since(NOW, score_seen=66.0)) == Yes(), "its approver saw it as well as it is"


def test_it_waits_for_the_contacts_morning_else_the_accounts_else_the_senders_else_ours() -> None:
    friday_evening = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)

    def opens(**more: Any) -> object:
        found = may_contact(replace(a_plan(**more), now=friday_evening), RULES)
        return found.not_before if isinstance(found, No) else "open"

    assert opens(contact=a_contact(timezone="Asia/Tokyo")) == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert opens(account=an_account(timezone="Asia/Kathmandu")) == datetime(2026, 11, 23, 3, 15, tzinfo=UTC)
    assert opens(sender=a_csm(timezone="America/Bogota")) == "open"
    assert opens(sender=a_csm(timezone="Mars/Olympus")) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_the_reason_names_the_time_where_the_reader_sits() -> None:
    late = may_contact(replace(a_plan(contact=a_contact(timezone="Asia/Tokyo")), now=NOW), RULES)

    assert isinstance(late, No)
    assert late.reason == "It is outside working hours where Kim is. It can leave on Monday 23 Nov at 09:00."
    assert late.waits


INSTANTS = st.integers(0, 400 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
STARTS = st.tuples(st.integers(0, 22), st.integers(0, 59)).map(lambda pair: time(*pair))


@given(now=INSTANTS, zone=st.sampled_from(ZONES), start=STARTS, length=st.integers(1, 600))
def test_no_mail_ever_leaves_outside_working_hours_in_any_zone_on_any_day_of_the_year(
    now: datetime, zone: str, start: time, length: int
) -> None:
    end = (datetime.combine(TODAY, start) + timedelta(minutes=length)).time()
    hours = WorkingHours(start, end if end > start else time(23, 59))
    rules = replace(RULES, hours=hours)
    plan = replace(a_plan(contact=a_contact(timezone=zone), snapshot=None), now=now)

    found = may_contact(plan, rules)

    leaves = now if isinstance(found, Yes) else found.not_before
    assert leaves is not None
    local = leaves.astimezone(ZoneInfo(zone))
    assert leaves >= now
    assert local.weekday() < 5
    assert hours.start <= local.time() < hours.end
    assert may_contact(replace(plan, now=leaves), rules) == Yes()


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_400_opens_at_nine_on_the_clock_of_the_place(zone: str) -> None:
    hours, place = WorkingHours(), ZoneInfo(zone)
    for number in range(400):
        midnight = datetime(2026, 1, 1, tzinfo=UTC) + number * DAY
        local = hours.next_open(midnight, place).astimezone(place)

        assert local.weekday() < 5
        assert time(9) <= local.time() < time(18)
        assert local - midnight.astimezone(place) < 4 * DAY


def test_a_start_that_the_clocks_jump_over_still_finds_that_day() -> None:
    # On 29 Mar 2026, a Sunday, Berlin skips 02:30; the Monday after is whole. New York skips it on Sunday 8 March.
    opening = WorkingHours(time(2, 30), time(3, 30)).next_open(datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN)

    assert opening.astimezone(BERLIN) == datetime(2026, 3, 30, 2, 30, tzinfo=BERLIN)


def test_an_unknown_or_missing_zone_falls_back() -> None:
    assert zone_named("", "Mars/Olympus", "../etc/passwd", "Asia/Tokyo", fallback=BERLIN) == ZoneInfo("Asia/Tokyo")
    assert zone_named("", fallback=BERLIN) is BERLIN


@given(days=st.integers(0, 60))
def test_working_days_are_the_weekdays_of_the_days_before(days: int) -> None:
    assert working_days(TODAY, days) == sum((TODAY - n * DAY).weekday() < 5 for n in range(days))
