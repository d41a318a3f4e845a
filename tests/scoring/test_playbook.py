"""The playbook as data: what it says, and what nobody can edit away (R40-R43)."""

from __future__ import annotations

import copy
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scoring.casework import TriggerKind
from scoring.errors import InvalidInput
from scoring.model import Band
from scoring.playbook import Action, Playbook
from tests.builders import NOW, a_trigger

ROOT = Path(__file__).parents[2]
SHIPPED = tomllib.loads((ROOT / "prompts" / "playbook.toml").read_text())
BERLIN = ZoneInfo("Europe/Berlin")


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The shipped playbook with one thing changed; `to` None takes it out."""
    data = copy.deepcopy(SHIPPED)
    place = data
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


def test_the_shipped_playbook_is_the_table_of_the_rules() -> None:
    book = Playbook.from_mapping(SHIPPED)

    def row(severity: Band, *, severe: bool = False) -> tuple[str, str, int | None]:
        found = book.row(severity, high_priority=severe)
        return found.standard.value, found.valued.value, found.due_hours

    assert row(Band.HEALTHY) == ("monthly list", "monthly list", None)
    assert row(Band.MONITOR) == ("automatic mail", "draft card", 72)
    assert row(Band.AT_RISK) == ("draft card", "draft card", 24)
    assert row(Band.AT_RISK, severe=True) == ("draft card", "draft card", 24)
    assert row(Band.CRITICAL, severe=True) == ("draft card", "draft card", 0)
    assert row(Band.CHURNING) == ("executive route", "executive route", None)
    assert book.row(Band.AT_RISK).reminder_hours == 12


def test_every_play_has_a_template() -> None:
    book = Playbook.from_mapping(SHIPPED)
    templates = {path.stem for path in (ROOT / "prompts" / "templates").glob("*.md")}

    assert {*book.plays.values(), *book.severity_plays.values()} <= templates


def test_the_lead_hears_of_valued_critical_accounts_and_of_all_that_churn() -> None:
    book = Playbook.from_mapping(SHIPPED)

    assert [book.row(Band.CRITICAL).copies_lead(valued=v) for v in (False, True)] == [False, True]
    assert [book.row(Band.CHURNING).copies_lead(valued=v) for v in (False, True)] == [True, True]
    assert [book.row(Band.AT_RISK).copies_lead(valued=v) for v in (False, True)] == [False, False]
    assert [book.row(Band.AT_RISK, high_priority=True).copies_lead(valued=v) for v in (False, True)] == [False, True]


def test_the_first_trigger_that_has_a_play_decides_and_severity_overrides() -> None:
    book = Playbook.from_mapping(SHIPPED)
    dormant = a_trigger(TriggerKind.INACTIVITY, detail="dormant")

    assert book.play(Band.AT_RISK, [a_trigger(TriggerKind.STUCK), a_trigger()]) == "stuck"
    assert book.play(Band.CRITICAL, [a_trigger(TriggerKind.STUCK)]) == "critical"
    assert book.play(Band.AT_RISK, [dormant, a_trigger(TriggerKind.SEATS_IDLE)]) == "seats_idle"
    assert book.play(Band.AT_RISK, [dormant]) == "low_score"


def test_at_once_is_now_and_the_same_day_ends_at_local_midnight() -> None:
    book = Playbook.from_mapping(SHIPPED)

    assert book.row(Band.CRITICAL).due_at(NOW, BERLIN) == NOW
    assert book.row(Band.CHURNING).due_at(NOW, BERLIN) == datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert book.row(Band.HEALTHY).due_at(NOW, BERLIN) is None


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-11-19T05:10", "2026-11-20T05:10"),  # Thursday morning: Friday morning
        ("2026-11-20T05:10", "2026-11-23T05:10"),  # Friday: Monday
        ("2026-11-21T05:10", "2026-11-23T23:00"),  # Saturday: Monday's 24 hours, in Berlin
    ],
)
def test_a_weekend_does_not_make_a_card_overdue(opened: str, due: str) -> None:
    row = Playbook.from_mapping(SHIPPED).row(Band.AT_RISK)

    assert row.due_at(datetime.fromisoformat(f"{opened}+00:00"), BERLIN) == datetime.fromisoformat(f"{due}+00:00")


@pytest.mark.parametrize("row", ["At Risk", "Severe", "Critical", "Churning"])
def test_nobody_can_make_a_grave_severity_automatic(row: str) -> None:
    with pytest.raises(InvalidInput, match="need a human"):
        Playbook.from_mapping(changed("rows", row, "standard", to="automatic mail"))


@pytest.mark.parametrize("row", ["Healthy", "Monitor", "At Risk", "Critical"])
def test_nobody_can_make_a_valued_account_automatic(row: str) -> None:
    with pytest.raises(InvalidInput, match="need a human"):
        Playbook.from_mapping(changed("rows", row, "valued", to=Action.AUTO_MAIL.value))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, r"no table \[rows\]"),
        (changed("rows", "Critical", to=None), "no row .*Critical"),
        (changed("rows", "Dire", to={}), "row 'Dire'"),
        (changed("rows", "Healthy", "color", to="red"), "'color', which means nothing"),
        (changed("rows", "Healthy", "standard", to="mail them all"), "may be one of"),
        (changed("rows", "At Risk", "due_hours", to=-1), "whole hours"),
        (changed("rows", "At Risk", "due_hours", to=True), "whole hours"),
        (changed("rows", "At Risk", "reminder_hours", to="noon"), "whole hours"),
        (changed("rows", "Churning", "due_same_day", to="yes"), "true or false"),
        (changed("rows", "Critical", "lead_copied", to="perhaps"), "may be one of"),
        (changed("plays", to=None), r"no table \[plays\]"),
        (changed("plays", "stuck", to=None), "no play for: stuck"),
        (changed("plays", "bored", to="bored"), "'bored'"),
        (changed("plays", "stuck", to="../../etc/passwd"), "name a template"),
        (changed("plays", "stuck", to=7), "name a template"),
        (changed("severity_plays", "Dire", to="critical"), "'Dire'"),
    ],
)
def test_a_playbook_that_cannot_be_used_says_where_it_is_wrong(data: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        Playbook.from_mapping(data)
