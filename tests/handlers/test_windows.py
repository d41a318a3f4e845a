"""Every window, filled in and submitted through the real app: what is kept, what is refused, what is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.absences import NO_DAY, NOT_A_CSM
from handlers.blocks.assign_modal import NOT_A_MEMBER, assign_modal
from handlers.blocks.away import away_modal
from handlers.blocks.dismiss_modal import dismiss_modal
from handlers.blocks.draft_modal import draft_modal
from handlers.blocks.snooze_modal import FAR, PAST, snooze_modal
from handlers.blocks.windows import answer_modal
from handlers.ids import OUTDATED
from handlers.views import NOTHING_TYPED, SAY_WHY
from scoring.briefs import Answer, Edited, Planned
from scoring.casework import Verdict
from scoring.errors import Refused
from tests.fakes import RecordingSlack, ScriptedDesk
from tests.handlers import samples
from tests.handlers.conftest import Hands, body_of
from tests.handlers.limits import view_faults

EDITOR = draft_modal(samples.card(), samples.DRAFT, said_in="C1")
SNOOZE = snooze_modal("case-1", "Acme Corp", now=samples.NOW, timezone="Europe/Berlin", said_in="C1")
DISMISS = dismiss_modal("case-1", "Acme Corp", said_in="C1")
ASSIGN = assign_modal("case-1", "Acme Corp", said_in="C1")
AWAY = away_modal(samples.AWAY_FORM)
IN_CHANNEL = away_modal(samples.AWAY_FORM, said_in="C1")
TYPED = {"subject": {"value": "My subject"}, "body": {"value": "My own text,\nwith two lines."}}


def fields(view: dict[str, object]) -> list[object]:
    """What stands in a window's text fields."""
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    return [block["element"].get("initial_value") for block in blocks if block["type"] == "input"]


async def test_a_saved_text_becomes_the_next_version_and_the_window_closes(hands: Hands, desk: ScriptedDesk) -> None:
    answer = await hands.submit(EDITOR, TYPED)

    assert body_of(answer) == {"response_action": "clear"}
    (asked,) = desk.requests("edit")
    assert asked[:4] == ("case-1", 1, "My subject", "My own text,\nwith two lines.")
    assert desk.requests("approve") == []


async def test_what_the_gate_remarks_stands_beside_the_saved_text(hands: Hands, desk: ScriptedDesk) -> None:
    saved = replace(samples.DRAFT, version=2, subject="My subject", body="20 % off!")
    desk.answers["edit"] = Edited(Answer(ok=True), saved, ("“20 % off” is not in the facts.",))
    shown = body_of(await hands.submit(EDITOR, TYPED))

    assert shown["response_action"] == "update"
    assert "“20 % off” is not in the facts." in str(shown["view"])
    assert "Saved as version 2" in str(shown["view"])
    assert fields(shown["view"]) == ["My subject", "20 % off!"]
    assert view_faults(shown["view"]) == []


async def test_a_text_that_somebody_overtook_is_kept_beside_theirs(hands: Hands, desk: ScriptedDesk) -> None:
    theirs = replace(samples.DRAFT, version=2, subject="Their subject", body="Their text")
    desk.answers["draft"] = (samples.card(), theirs)
    desk.answers["edit"] = Edited(Answer(ok=False, text="Omar Haddad saved version 2 at 10:02."))
    shown = body_of(await hands.submit(EDITOR, TYPED))

    assert "Omar Haddad saved version 2 at 10:02. Nothing of yours is lost" in str(shown["view"])
    assert "Their text" in str(shown["view"])
    assert fields(shown["view"]) == ["My subject", "My own text,\nwith two lines."]

    desk.answers["edit"] = Edited(Answer(ok=True))
    await hands.submit(shown["view"], TYPED)

    assert [asked[1] for asked in desk.requests("edit")] == [1, 2]


async def test_a_refused_text_stays_in_the_window_with_the_reason_beside_it(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["edit"] = Edited(Answer(ok=False, text="Omar Haddad approved this at 10:02. Nothing more was sent."))
    shown = body_of(await hands.submit(EDITOR, TYPED))

    assert shown["response_action"] == "errors"
    assert list(shown["errors"].values()) == ["Omar Haddad approved this at 10:02. Nothing more was sent."]
    assert next(iter(shown["errors"])).startswith("body")


@pytest.mark.parametrize(("field", "text"), [("body", " \n "), ("subject", "  ")])
async def test_an_empty_text_is_not_saved(hands: Hands, desk: ScriptedDesk, field: str, text: str) -> None:
    shown = body_of(await hands.submit(EDITOR, TYPED | {field: {"value": text}}))

    assert list(shown["errors"].values()) == [NOTHING_TYPED]
    assert next(iter(shown["errors"])).startswith(field)
    assert desk.requests("edit") == []


async def test_a_failure_of_ours_keeps_the_window_open_with_everything_typed(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["edit"] = RuntimeError("disk full")
    shown = body_of(await hands.submit(EDITOR, TYPED))

    assert shown["response_action"] == "errors"
    assert "Reference ref-1" in next(iter(shown["errors"].values()))


async def test_links_that_slack_marked_up_come_back_as_they_were_typed(hands: Hands, desk: ScriptedDesk) -> None:
    echoed = "See <https://us.test/a|https://us.test/a>, <mailto:dana@us.test|dana@us.test> or <https://evil|x>."
    await hands.submit(EDITOR, TYPED | {"body": {"value": echoed}})

    assert desk.requests("edit")[0][3] == "See https://us.test/a, dana@us.test or <https://evil|x>."


async def test_an_emoji_code_is_pointed_out_before_a_customer_reads_it(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["edit"] = Edited(Answer(ok=True), replace(samples.DRAFT, version=2, body="Hello :wave:"))
    shown = body_of(await hands.submit(EDITOR, TYPED | {"body": {"value": "Hello :wave: at 10:30:00"}}))

    assert "“:wave:” stands in the text" in str(shown["view"])
    assert ":30:" not in str(shown["view"])


async def test_a_long_draft_split_over_fields_is_saved_as_one(hands: Hands, desk: ScriptedDesk) -> None:
    long = replace(samples.DRAFT, body="A line of text, again.\n" * 300)
    await hands.submit(draft_modal(samples.card(), long), {})

    assert desk.requests("edit")[0][3] == long.body


async def test_snoozing_until_a_morning_passes_the_instant_and_the_reason(hands: Hands, desk: ScriptedDesk) -> None:
    answer = await hands.submit(SNOOZE, {"reason": {"value": " renewal call "}})

    assert body_of(answer) == {"response_action": "clear"}
    (asked,) = desk.requests("snooze")
    assert asked[:3] == ("case-1", datetime(2026, 11, 21, 8, 0, tzinfo=UTC), "renewal call")


async def test_snoozing_until_a_time_of_ones_own(hands: Hands, desk: ScriptedDesk) -> None:
    until = samples.NOW + timedelta(days=40)
    custom = {
        "until": {"selected_option": {"value": "custom"}},
        "custom": {"selected_date_time": int(until.timestamp())},
    }
    await hands.submit(SNOOZE, custom)

    assert desk.requests("snooze")[0][1] == until


@pytest.mark.parametrize(
    ("chosen", "moment", "field", "reason"),
    [
        ("custom", -60, "custom", PAST),
        ("custom", None, "custom", PAST),
        ("custom", 400 * 86_400, "custom", FAR),
        ("1", 0, "until", PAST),
        ("tomorrow", 0, "until", PAST),
        ("", 0, "until", PAST),
    ],
)
async def test_a_snooze_that_makes_no_sense_is_said_beside_its_field(
    hands: Hands, desk: ScriptedDesk, chosen: str, moment: int | None, field: str, reason: str
) -> None:
    at = None if moment is None else int(samples.NOW.timestamp()) + moment
    values = {"until": {"selected_option": {"value": chosen}}, "custom": {"selected_date_time": at}}

    assert body_of(await hands.submit(SNOOZE, values))["errors"] == {field: reason}
    assert desk.requests("snooze") == []


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_each_verdict_reaches_the_desk_with_its_note(hands: Hands, desk: ScriptedDesk, verdict: Verdict) -> None:
    chosen = {"verdict": {"selected_option": {"value": verdict.value}}, "note": {"value": "they told me"}}
    await hands.submit(DISMISS, chosen)

    assert desk.requests("dismiss")[0][:3] == ("case-1", verdict, "they told me")


async def test_dismissing_without_a_verdict_asks_for_one(hands: Hands, desk: ScriptedDesk) -> None:
    assert body_of(await hands.submit(DISMISS, {}))["errors"] == {"verdict": SAY_WHY}
    assert desk.requests("dismiss") == []


async def test_assigning_passes_the_colleagues_id_and_verified_mail(hands: Hands, desk: ScriptedDesk) -> None:
    await hands.submit(ASSIGN, {"person": {"selected_user": "UOMAR"}})

    assert desk.requests("assign")[0][:3] == ("case-1", "UOMAR", "omar@us.test")


@pytest.mark.parametrize("who", ["UGUEST", "USINGLE", "UBOT", "UGONE", "UEVIL", "UNKNOWN"])
async def test_only_full_members_can_own_an_account(hands: Hands, desk: ScriptedDesk, who: str) -> None:
    assert body_of(await hands.submit(ASSIGN, {"person": {"selected_user": who}}))["errors"] == {"person": NOT_A_MEMBER}
    assert desk.requests("assign") == []


@pytest.mark.parametrize(
    ("view", "values", "asked"),
    [
        (SNOOZE, {}, "snooze"),
        (DISMISS, {"verdict": {"selected_option": {"value": "right"}}}, "dismiss"),
        (ASSIGN, {"person": {"selected_user": "UOMAR"}}, "assign"),
    ],
)
async def test_the_loser_of_a_race_reads_in_the_window_who_was_faster(
    hands: Hands, desk: ScriptedDesk, view: dict[str, object], values: dict[str, object], asked: str
) -> None:
    desk.answers[asked] = Answer(ok=False, text="Omar Haddad dismissed this at 10:02. Nothing was sent.")
    shown = body_of(await hands.submit(view, values))

    assert shown == {
        "response_action": "update",
        "view": answer_modal("Omar Haddad dismissed this at 10:02. Nothing was sent."),
    }


async def test_a_good_answer_comes_back_into_the_channel_where_it_began(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    desk.answers["snooze"] = Answer(ok=True, text="Snoozed until tomorrow, 09:00.")
    await hands.submit(SNOOZE, {})

    (told,) = slack.bodies("chat.postEphemeral")
    assert (told["channel"], told["user"], told["text"]) == ("C1", "UDANA", "Snoozed until tomorrow, 09:00.")


async def test_a_refusal_by_a_rule_keeps_the_window_open(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["dismiss"] = Refused("Nothing was changed. Only the owner or a lead can dismiss this.")
    shown = body_of(await hands.submit(DISMISS, {"verdict": {"selected_option": {"value": "right"}}}))

    assert list(shown["errors"].values()) == ["Nothing was changed. Only the owner or a lead can dismiss this."]


async def test_a_window_of_another_release_says_that_nothing_happened(hands: Hands) -> None:
    shown = body_of(await hands.submit(SNOOZE | {"callback_id": "snooze_v0"}, {}))

    assert shown == {"response_action": "update", "view": answer_modal(OUTDATED)}


@pytest.mark.parametrize("metadata", ["", "nonsense", "[]", '{"c":1}'])
async def test_a_forged_window_changes_nothing(hands: Hands, desk: ScriptedDesk, metadata: str) -> None:
    shown = body_of(await hands.submit(DISMISS | {"private_metadata": metadata}, {}))

    assert OUTDATED in str(shown)
    assert desk.requests("dismiss") == []


DAYS = {"first": {"selected_date": "2026-12-01"}, "last": {"selected_date": "2026-12-05"}}
OMAR_COVERS = DAYS | {"cover": {"selected_user": "UOMAR"}}


async def test_an_absence_is_kept_as_it_was_chosen_and_told_to_the_asker_alone(
    hands: Hands, desk: ScriptedDesk, slack: RecordingSlack
) -> None:
    answer = await hands.submit(IN_CHANNEL, OMAR_COVERS)

    assert body_of(answer) == {"response_action": "clear"}
    (asked,) = desk.requests("plan_absence")
    assert asked[:3] == ("csm-dana", "csm-omar", (date(2026, 12, 1), date(2026, 12, 5)))
    (told,) = slack.bodies("chat.postEphemeral")
    assert (told["user"], told["text"]) == ("UDANA", "You are away.")


async def test_an_absence_from_app_home_is_said_in_the_window_and_home_is_drawn_anew(
    hands: Hands, slack: RecordingSlack
) -> None:
    shown = body_of(await hands.submit(AWAY, OMAR_COVERS))

    assert (shown["response_action"], "You are away." in str(shown["view"])) == ("update", True)
    assert len(slack.bodies("views.publish")) == 1


@pytest.mark.parametrize(
    ("chosen", "field", "said"),
    [
        ({"cover": {"selected_user": "UGUEST"}}, "cover", NOT_A_MEMBER),
        ({"cover": {"selected_user": "UEVIL"}}, "cover", NOT_A_MEMBER),
        ({"cover": {"selected_user": "UBLANK"}}, "cover", NOT_A_CSM),
        ({"who": {"selected_user": "UBLANK"}}, "who", NOT_A_CSM),
        ({"first": {"selected_date": None}}, "first", NO_DAY),
        ({"last": {"selected_date": "tomorrow"}}, "last", NO_DAY),
    ],
)
async def test_what_cannot_be_an_absence_is_said_beside_its_field(
    hands: Hands, desk: ScriptedDesk, chosen: dict[str, object], field: str, said: str
) -> None:
    shown = body_of(await hands.submit(AWAY, OMAR_COVERS | chosen))

    assert shown == {"response_action": "errors", "errors": {field: said}}
    assert desk.requests("plan_absence") == []


async def test_a_refused_absence_keeps_the_window_open_at_what_must_be_chosen_anew(
    hands: Hands, desk: ScriptedDesk
) -> None:
    desk.answers["plan_absence"] = Planned(Answer(ok=False, text="Omar is away, too."), "cover")
    shown = body_of(await hands.submit(AWAY, OMAR_COVERS))
    assert shown == {"response_action": "errors", "errors": {"cover": "Omar is away, too."}}

    desk.answers["plan_absence"] = Planned(Answer(ok=False, text="Only leads may plan that."))
    assert "Only leads may plan that." in str(body_of(await hands.submit(AWAY, OMAR_COVERS))["view"])
