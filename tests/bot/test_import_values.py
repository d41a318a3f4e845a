"""Every field is read as something clean, as nothing, or refused with a reason; never anything else."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.intake.fields import FIELDS, Field, column_key
from bot.intake.instants import moment
from bot.intake.values import Unusable, identity, money, whole

BERLIN = ZoneInfo("Europe/Berlin")
ALL = sorted({field for fields in FIELDS.values() for field in fields}, key=lambda field: field.name)
LOOKALIKES = st.sampled_from(
    ["12,5", "NaN", "1e400", "-0", "٣", "²", "2026-02-30", "0001-01-01", "9999-12-31T23:59:59Z", "2026-W01-1",
     "20261120", "a@b.c", "a@b.com,c@d.com", "=1+1", "\ufeff", "\u202egnp", "http://", "Europe/Berlin", "1" * 5_000]
)  # fmt: skip
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | LOOKALIKES | st.datetimes() | st.dates()
    | st.datetimes(timezones=st.timezones()) | st.lists(st.integers(), max_size=2)
)  # fmt: skip


def reading(field: Field, value: object, zone: tzinfo) -> tuple[object, str]:
    """What is read, and why not."""
    try:
        return field.parse(value, zone), ""
    except Unusable as fault:
        return None, str(fault) or "refused without a reason"


@settings(deadline=None)
@given(st.sampled_from(ALL), VALUES)
def test_any_value_is_read_or_refused_with_a_reason(field: Field, value: object) -> None:
    for zone in (UTC, BERLIN):
        read, reason = reading(field, value, zone)

        assert "\n" not in reason
        assert reason != "refused without a reason"
        if isinstance(read, str):
            read.encode()
            assert "\x00" not in read
        if isinstance(read, int):
            assert 0 <= read < 2**63


@settings(deadline=None)
@given(VALUES)
def test_what_was_read_once_reads_the_same_again(value: object) -> None:
    for field in ALL:
        read, reason = reading(field, value, UTC)

        assert reason or field.parse(read, UTC) == read


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("2026-11-20 09:30", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("2026-11-20T09:30:00+05:00", datetime(2026, 11, 20, 4, 30, tzinfo=UTC)),
        ("20261120", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        (date(2026, 11, 20), datetime(2026, 11, 19, 23, tzinfo=UTC)),
        (1763510400, datetime(2025, 11, 19, tzinfo=UTC)),
        ("1763510400000", datetime(2025, 11, 19, tzinfo=UTC)),
        (" ", None),
        (float("nan"), None),
    ],
)
def test_an_instant_without_an_offset_is_the_workspaces(value: object, expected: datetime | None) -> None:
    assert moment(value, BERLIN) == expected


@pytest.mark.parametrize("value", ["11/20/2026", "20.11.2026", "2026-13-01", "tomorrow", 5, 20261120, True, "12:30"])
def test_a_date_that_could_mean_two_things_or_nothing_is_refused(value: object) -> None:
    with pytest.raises(Unusable):
        moment(value, UTC)


def test_money_is_rounded_and_never_guessed() -> None:
    assert [money(value) for value in ("12500", "99.5", 99.4, "", None)] == [12500, 100, 99, None, None]
    for value in ("12,5", "12.500,00", "48.000", "$5", "5k", -1, "1e3", True):
        with pytest.raises(Unusable):
            money(value)


def test_a_whole_number_may_come_as_a_float_but_not_broken() -> None:
    assert [whole(value) for value in (3.0, "3", "3.0")] == [3, 3, 3]
    with pytest.raises(Unusable):
        whole(3.5)


def test_an_id_is_kept_exactly() -> None:
    assert [identity(value) for value in (" 007 ", 7, 7.0, "=1+1", "Ünï")] == ["007", "7", "7", "=1+1", "Ünï"]


@pytest.mark.parametrize("name", ["Account ID", "accountId", "account-id", " ACCOUNT_ID ", "Account.Id"])
def test_spellings_of_a_column_are_one_name(name: str) -> None:
    assert column_key(name) == "account_id"
