"""Every engine puts an event on the day on which the store on one machine puts it, in every time zone."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.usage.columns import EPOCH, QUARTER_US, day_number, instant
from storage.usage.midnights import QUARTERS_A_DAY, local_day, midnights, offsets
from tests.thoroughness import examples

DAY_US = 86_400_000_000
TODAY = day_number(date(2026, 11, 20))


@settings(max_examples=examples(60), deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones())),
    first=st.integers(day_number(date(1990, 1, 1)), day_number(date(2037, 1, 1))),
    days=st.integers(1, 40),
    seconds=st.lists(st.integers(0, 40 * 86_400), min_size=1, max_size=20),
)
def test_a_day_begins_where_the_zone_says_in_every_zone(zone: str, first: int, days: int, seconds: list[int]) -> None:
    where = ZoneInfo(zone)
    span = midnights(where, first, first + days - 1)
    for second in seconds:
        at = EPOCH + timedelta(days=first, seconds=second)
        at -= timedelta(seconds=at.second, minutes=at.minute % 15)  # as the store: by quarters of an hour
        begun = [day for start, day in span.starts if start <= at]
        if span.start <= at < span.end:
            assert begun[-1] == local_day(at, where)
        else:
            assert not first <= local_day(at, where) <= first + days - 1


def test_a_day_that_a_zone_left_out_holds_nothing() -> None:
    samoa, skipped = ZoneInfo("Pacific/Apia"), day_number(date(2011, 12, 30))
    span = midnights(samoa, skipped, skipped)
    assert span.start == span.end == midnights(samoa, skipped + 1, skipped + 1).start
    assert [day for _, day in midnights(samoa, skipped - 1, skipped + 1).starts] == [skipped - 1, skipped + 1]


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
def test_days_reckoned_by_offsets_are_the_same_days(zone: str) -> None:
    where = ZoneInfo(zone)
    steps = offsets(where, 0, TODAY)
    for quarter in range(0, TODAY * QUARTERS_A_DAY, 251):
        at = quarter * QUARTER_US
        ahead = [offset for start, offset in steps if start <= at][-1]
        assert (at + ahead) // DAY_US == local_day(instant(at), where)
