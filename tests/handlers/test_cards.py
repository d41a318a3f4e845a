"""Every picture in every state, held against golden files. `LOOKOUT_GOLDEN=update` in the environment rewrites them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from handlers.blocks.alert_card import alert_card, plain_card, preview, title
from handlers.blocks.assign_modal import assign_modal
from handlers.blocks.away import away_modal
from handlers.blocks.card_state import Stage, stage
from handlers.blocks.digest import digest_card
from handlers.blocks.dismiss_modal import dismiss_modal
from handlers.blocks.draft_modal import conflict_modal, draft_modal, mail_modal, saved_modal
from handlers.blocks.health import choice_list, health_card, worst_list
from handlers.blocks.home import home_view
from handlers.blocks.notice import introduction, notice, storm_settled
from handlers.blocks.snooze_modal import snooze_modal
from handlers.blocks.windows import case_modal, health_modal
from handlers.ids import Action
from scoring.briefs import AwayForm
from scoring.casework import CaseState, OutreachState
from scoring.model import Band, Snapshot
from tests.handlers import samples
from tests.handlers.limits import CARD_BLOCKS, message_faults, view_faults

GOLDEN = Path(__file__).parent / "golden"
UNTOUCHED = ("open", "writing", "no_contact")
UPDATE = os.environ.get("LOOKOUT_GOLDEN") == "update"  # read before fixtures clean the environment

PICTURES: dict[str, Callable[[], dict[str, Any]]] = {
    **{f"card_{name}": lambda brief=brief: alert_card(brief) for name, brief in samples.CARDS.items()},
    "card_with_mention": lambda: alert_card(samples.card(), mention="<@UDANA>"),
    "card_plain_layout": lambda: plain_card(samples.card()),
    "health": lambda: health_card(samples.HEALTH_BRIEF),
    "health_shared": lambda: health_card(samples.HEALTH_BRIEF, shared_by="Dana Reyes"),
    "health_pick": lambda: choice_list(samples.CHOICE),
    "health_nearest": lambda: choice_list(replace(samples.CHOICE, exact=False)),
    "health_nobody": lambda: choice_list(replace(samples.CHOICE, lines=(), exact=False)),
    "worst": lambda: worst_list(samples.LINES),
    "digest": lambda: digest_card(samples.DIGEST),
    "digest_quiet": lambda: digest_card(replace(samples.DIGEST, person=None, sections=(), notes=())),
    "home": lambda: home_view(samples.HOME),
    "home_paused_by_click": lambda: home_view(replace(samples.HOME, paused=True), notice="Paused. No mail leaves."),
    "home_of_a_colleague": lambda: home_view(replace(samples.HOME, person=None, decide=(), portfolio=(), pages=1)),
    "home_away": lambda: home_view(samples.AWAY_HOME),
    "window_away": lambda: away_modal(samples.AWAY_FORM),
    "window_away_changed": lambda: away_modal(
        AwayForm("away-1", samples.DANA, samples.OMAR, date(2026, 11, 20), date(2026, 12, 4), others=False)
    ),
    "window_draft": lambda: draft_modal(samples.card(), samples.NOTED_DRAFT, said_in="C1"),
    "window_saved": lambda: saved_modal(samples.EDITED_DRAFT, ["“20 % off” is not in the facts."]),
    "window_conflict": lambda: conflict_modal(samples.EDITED_DRAFT, "My subject", "My text"),
    "window_mail": lambda: mail_modal(samples.CARDS["sent"], samples.DRAFT),
    "window_snooze": lambda: snooze_modal("case-1", "Acme Corp", now=samples.NOW, timezone="Europe/Berlin"),
    "window_dismiss": lambda: dismiss_modal("case-1", "Acme Corp"),
    "window_assign": lambda: assign_modal("case-1", "Acme Corp", current="UDANA"),
    "window_case": lambda: case_modal(samples.card(), notice="Omar Haddad approved this at 10:02."),
    "window_health": lambda: health_modal(samples.HEALTH_BRIEF),
    "storm": lambda: notice("31 of 60 accounts worsened in one run. Cards and mails are held.", storm=True),
    "storm_settled": lambda: storm_settled("Dana Reyes", samples.NOW, release=True),
    "introduction": lambda: introduction(shared=False),
}


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_looks_as_its_golden_file_says(name: str) -> None:
    built, file = PICTURES[name](), GOLDEN / f"{name}.json"
    if UPDATE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(built, indent=1, ensure_ascii=False) + "\n")

    assert json.loads(file.read_text()) == built


def test_no_golden_file_is_left_behind() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_stays_within_what_slack_allows(name: str) -> None:
    built = PICTURES[name]()

    assert (view_faults(built) if "type" in built else message_faults(built)) == []


@pytest.mark.parametrize("name", samples.CARDS)
def test_a_card_fits_a_phone_and_says_everything_in_its_text(name: str) -> None:
    built = alert_card(samples.CARDS[name])

    assert len(built["blocks"]) <= CARD_BLOCKS
    assert built["text"].startswith(title(samples.CARDS[name]))
    assert not any(block["type"] == "section" and "fields" in block for block in built["blocks"])


def buttons(brief: Any) -> list[str]:
    """The labels a person can press, the menu's behind its dots."""
    row = next((block for block in alert_card(brief)["blocks"] if block["type"] == "actions"), {"elements": []})
    found = []
    for element in row["elements"]:
        found += [element["text"]["text"]] if "text" in element else [one["text"]["text"] for one in element["options"]]
    return found


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("open", ["Approve & send", "Edit", "Snooze", "Assign…", "Dismiss…"]),
        ("writing", ["Snooze", "Assign…", "Dismiss…"]),
        ("approved", ["Undo"]),
        ("approved_for_later", ["Undo"]),
        ("sending", []),
        ("uncertain", ["It arrived", "Send again"]),
        ("sent", ["View mail", "They answered elsewhere", "Snooze", "Assign…", "Dismiss…"]),
        ("answered", ["View mail", "Snooze", "Assign…", "Dismiss…"]),
        ("bounced", ["Approve & send", "Edit", "Snooze", "Assign…", "Dismiss…"]),
        ("failed", ["Approve & send", "Edit", "Snooze", "Assign…", "Dismiss…"]),
        ("stopped", ["Approve & send", "Edit", "Snooze", "Assign…", "Dismiss…"]),
        ("snoozed", ["Wake now", "Assign…", "Dismiss…"]),
        ("dismissed", []),
        ("closed", []),
    ],
)
def test_only_buttons_that_apply_are_there(name: str, labels: list[str]) -> None:
    assert buttons(samples.CARDS[name]) == labels


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("approved", "Approved by Omar Haddad at "),
        ("sending", "Sending… Approved by Omar Haddad"),
        ("sent", "Sent by Omar Haddad, "),
        ("answered", "to kim@acme.test. Answered by kim@acme.test, "),
        ("answered_elsewhere", "Answered elsewhere, says Dana Reyes, "),
        ("away", "An automatic reply came "),
        ("late", "A mail server says that it has not arrived yet."),
        (
            "bounced",
            "Not delivered: the mail to kim@acme.test came back (550 5.1.1 no such user). Nobody got it. Correct",
        ),
        ("bounced_with_another", "Nobody got it. The draft below goes to somebody else."),
        ("failed", "Not sent: 550 no such mailbox. Nothing was sent"),
        ("stopped", "Stopped before sending: the account recovered. Nothing was sent."),
        ("undone", "Approval taken back by Omar Haddad"),
        ("snoozed", "Snoozed by Omar Haddad, "),
        ("dismissed", ": false alarm – seasonal: they pause in autumn."),
        ("closed", "Closed by Lookout, "),
        ("uncertain", "We do not know whether this mail arrived."),
        ("no_contact", "No contact with an e-mail address is known"),
        ("open_bare", "4 days old"),
    ],
)
def test_a_card_says_who_did_what(name: str, sentence: str) -> None:
    assert sentence in alert_card(samples.CARDS[name])["text"]


def test_a_card_speaks_of_a_follow_up_only_where_there_is_one() -> None:
    speaking = {name for name, brief in samples.CARDS.items() if "follow-up" in alert_card(brief)["text"].lower()}

    assert speaking == {"follow_up_due", "follow_up_dropped", "follow_up_proposed"}
    due, alone = alert_card(samples.CARDS["follow_up_due"]), alert_card(samples.CARDS["leaves_by_itself"])
    assert "If nobody answers, a follow-up is due" in due["text"]
    assert "Leaves by itself" in alone["text"]
    labels = [[one["text"]["text"] for one in row_of(built)["elements"] if "text" in one] for built in (due, alone)]
    assert labels == [["View mail", "They answered elsewhere", "Stop follow-up", "Snooze"], ["Stop"]]


def row_of(built: dict[str, Any]) -> dict[str, Any]:
    """The card's row of buttons."""
    return next(block for block in built["blocks"] if block["type"] == "actions")


def test_a_card_that_was_put_aside_says_that_they_answered() -> None:
    aside = samples.card(
        samples.case(CaseState.SNOOZED, snoozed_until=samples.LATER),
        outreach=samples.mail(OutreachState.SENT, sent_at=samples.NOW),
        replies=(samples.reply(),),
    )

    assert "gets worse. Answered by kim@acme.test, " in alert_card(aside)["text"]


def test_the_old_mail_of_an_earlier_case_does_not_make_an_open_card_look_sent() -> None:
    assert stage(samples.CARDS["recovered_while_open"]) is Stage.READY


def test_approving_asks_once_and_names_recipient_and_sender() -> None:
    row = next(block for block in alert_card(samples.card())["blocks"] if block["type"] == "actions")
    approve = row["elements"][0]

    assert approve["style"] == "primary"
    assert [element.get("style") for element in row["elements"][1:]] == [None, None, None]
    assert "kim@acme.test" in approve["confirm"]["text"]["text"]
    assert "Dana Reyes (dana@us.test)" in approve["confirm"]["text"]["text"]


def test_what_is_approved_is_bound_to_the_text_on_the_card() -> None:
    row = next(block for block in alert_card(samples.card())["blocks"] if block["type"] == "actions")

    assert json.loads(row["elements"][0]["value"]) == {"c": "case-1", "v": 1, "f": samples.DRAFT.content_hash}


def test_a_button_carries_no_name_score_or_money() -> None:
    for brief in samples.CARDS.values():
        values = json.dumps([b.get("value") for b in alert_card(brief)["blocks"][-2].get("elements", [])])
        assert not any(word in values for word in ("Acme", "Kim", "48", "34", "acme.test"))


def test_the_first_six_lines_of_a_draft_are_seen_before_approval() -> None:
    seen = preview(samples.BODY)

    assert seen.split("\n")[0] == "Hi Kim,"
    assert len(seen.split("\n")) == 6
    assert seen.endswith(" …")


def test_severity_is_a_word_a_shape_and_a_colour_and_each_shape_is_its_own() -> None:
    heads = {band: title(samples.card(replace(samples.CASE, severity=band))) for band in Band}

    assert all(f": {band.value}" in head for band, head in heads.items())
    assert len({head.rsplit(" ", 1)[1] for head in heads.values()}) == len(Band)


def test_a_draft_edited_after_the_approval_is_not_shown_as_the_mail() -> None:
    edited = replace(samples.CARDS["sent"], draft=replace(samples.DRAFT, version=2, body="Something else."))

    assert "Something else" not in alert_card(edited)["text"]


def test_only_the_next_person_is_mentioned_and_never_who_just_acted() -> None:
    asked = alert_card(samples.card(), mention="UDANA")["text"]

    assert "<@UDANA>: please decide." in asked
    assert "<@UDANA>: please decide." in alert_card(samples.card())["text"], "also when it is only brought up to date"
    acted = [brief for name, brief in samples.CARDS.items() if not name.startswith(UNTOUCHED)]
    assert not any("<@" in alert_card(brief)["text"] for brief in acted)


def test_somebody_we_know_only_by_slack_id_is_shown_by_slack() -> None:
    told = alert_card(samples.card(samples.case(by="U0ADMIN", state=samples.CaseState.DISMISSED)))

    assert "Dismissed by <@U0ADMIN>" in told["text"]


def test_snooze_offers_mornings_on_the_clickers_own_wall_clock() -> None:
    view = snooze_modal(
        "case-1", "Acme", now=samples.NOW + timedelta(hours=14, minutes=59), timezone="Pacific/Auckland"
    )
    labels = [one["text"]["text"] for one in view["blocks"][1]["element"]["options"]]

    assert labels[:3] == [
        "Tomorrow, Sun 22 Nov 09:00",
        "Next Monday, Mon 23 Nov 09:00",
        "In two weeks, Sat 5 Dec 09:00",
    ]
    assert view["blocks"][1]["element"]["options"][0]["value"] == "1795291200"


def test_snoozing_over_the_end_of_summer_time_still_wakes_at_nine() -> None:
    before = samples.NOW.replace(month=10, day=24)
    view = snooze_modal("case-1", "Acme", now=before, timezone="Europe/Berlin")

    assert int(view["blocks"][1]["element"]["options"][0]["value"]) - int(before.timestamp()) == 23 * 3600


def test_an_unknown_time_zone_falls_back_to_utc() -> None:
    view = snooze_modal("case-1", "Acme", now=samples.NOW, timezone="Mars/Olympus")

    assert view["blocks"][1]["element"]["options"][0]["value"] == str(int(samples.NOW.timestamp()) + 24 * 3600)


def test_the_page_of_a_large_portfolio_stays_under_a_hundred_blocks() -> None:
    many = tuple(replace(samples.LINES[0], account_id=f"a{n}", case_id=f"c{n}") for n in range(200))

    assert view_faults(home_view(replace(samples.HOME, decide=many, portfolio=many, paused=True), notice="x")) == []


def test_a_reason_from_another_day_is_told_with_that_days_numbers_and_its_date() -> None:
    then = date(2026, 11, 13)
    signals = replace(samples.SIGNALS, day=then, usage_ratio=Fraction(34, 100))
    told = Snapshot(replace(samples.HEALTH, day=then), signals)
    today = replace(told, health=replace(told.health, day=samples.DAY))

    assert "high priority – usage 66 % below its usual, 13 Nov 🟥" in title(samples.card(told=told))
    assert "high priority – usage 66 % below its usual 🟥" in title(samples.card(told=today))


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (samples.CASE.opened_at, "act at once"),
        (samples.NOW + timedelta(hours=1), "act by "),
        (samples.NOW - timedelta(hours=1), "overdue since "),
    ],
)
def test_a_card_says_until_when_to_act_and_whether_that_has_passed(due: datetime, said: str) -> None:
    assert f"· {said}" in alert_card(samples.card(samples.case(due_at=due)))["text"]


@pytest.mark.parametrize(
    ("how", "score", "said"), [("recovered", 92.0, "recovered, was Critical 🟢"), ("", 15.0, "closed, was Critical ⛔")]
)
def test_a_closed_card_says_how_it_ended_in_the_colour_of_today(how: str, score: float, said: str) -> None:
    health = replace(samples.HEALTH, score=score)

    assert title(samples.card(samples.case(CaseState.CLOSED, close_reason=how), health=health)) == f"Acme Corp: {said}"


def test_a_sent_card_shows_how_the_score_went_since_the_mail() -> None:
    sent = samples.mail(OutreachState.SENT, sent_at=samples.NOW, score_seen=21.0)

    said = alert_card(samples.card(samples.case(CaseState.CONTACTED), outreach=sent))["text"]
    assert "to kim@acme.test. Score 21 then, 34 now." in said
    unchanged = replace(sent, score_seen=samples.HEALTH.score)
    assert "then," not in alert_card(samples.card(samples.case(CaseState.CONTACTED), outreach=unchanged))["text"]


def test_a_long_digest_stays_one_message() -> None:
    many = tuple(replace(samples.LINES[0], account_id=f"a{n}") for n in range(90))
    built = digest_card(replace(samples.DIGEST, sections=tuple(samples.Section(f"s{n}", many) for n in range(6))))

    assert message_faults(built) == []
    assert "and 60 more" in built["text"]


def test_a_body_too_long_for_one_field_is_split_and_lost_nowhere() -> None:
    long = replace(samples.DRAFT, body="A line of text, again.\n" * 400)
    view = draft_modal(samples.card(), long)
    fields = [block["element"] for block in view["blocks"] if block["type"] == "input"][1:]

    assert view_faults(view) == []
    assert "".join(field["initial_value"] for field in fields) == long.body


def test_every_button_has_a_listener() -> None:
    from handlers import ACTIONS

    assert set(ACTIONS) == set(Action)
