"""What `/health` answers, whatever somebody types, and that only they see it."""

from __future__ import annotations

import asyncio

import pytest

from handlers import middleware
from handlers.commands import USAGE
from scoring.briefs import Answer, Choice, HealthBrief
from scoring.errors import NotFound, Refused
from tests.fakes import RecordingSlack, ScriptedDesk
from tests.handlers import samples
from tests.handlers.conftest import Hands, body_of, found
from tests.handlers.limits import message_faults


async def test_a_name_is_answered_with_its_health_to_the_asker_alone(hands: Hands, slack: RecordingSlack) -> None:
    shown = body_of(await hands.command("acme"))

    assert shown["response_type"] == "ephemeral"
    assert shown["text"].startswith("Acme Corp: 34, Critical")
    assert found(shown, "Share here")
    assert slack.told == []


async def test_an_answer_that_takes_long_comes_behind_its_acknowledgement(
    hands: Hands, slack: RecordingSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()

    async def health(*_: object) -> HealthBrief:
        await done.wait()
        return samples.HEALTH_BRIEF

    monkeypatch.setattr(ScriptedDesk, "health", health)
    monkeypatch.setattr(middleware, "ACK_SECONDS", 0.05)
    asking = asyncio.create_task(hands.command("acme"))
    async with asyncio.timeout(2):
        while not hands.answers:  # noqa: ASYNC110 - Bolt polls too
            await asyncio.sleep(0.01)
    assert (hands.answers[0].status, hands.answers[0].body) == (200, "")

    done.set()
    await asking
    (told,) = slack.bodies("response_url")
    assert told["response_type"] == "ephemeral"
    assert told["text"].startswith("Acme Corp: 34, Critical")


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Acme Corp", "Acme Corp"),
        ("  “Acme Corp”  ", "Acme Corp"),
        ("'acme'", "acme"),
        ("`acme`", "acme"),
        ("*acme*", "acme"),
        ("<#C123|acme>", "acme"),
        ("#acme", "acme"),
        ("<http://acme.com|acme.com>", "acme.com"),
        ("AT&amp;T", "AT&T"),
        ("<@U123|dana> acme", "acme"),
        ("x" * 4000, "x" * 200),
        ("acme'; DROP TABLE accounts; --", "acme'; DROP TABLE accounts; --"),
    ],
)
async def test_a_name_is_understood_however_it_is_typed(
    hands: Hands, desk: ScriptedDesk, typed: str, asked: str
) -> None:
    await hands.command(typed)

    assert desk.requests("health") == [(asked,)]


async def test_nothing_typed_gives_my_five_worst(hands: Hands, desk: ScriptedDesk) -> None:
    shown = body_of(await hands.command(""))

    assert desk.requests("worst")[0][0].person_id == "csm-dana"
    assert "Acme Corp · 51 → 34 · Critical" in shown["text"]
    assert message_faults(shown) == []


@pytest.mark.parametrize(("typed", "paused"), [("pause", True), ("  Pause ", True), ("resume", False)])
async def test_sending_is_paused_and_resumed_by_a_word(
    hands: Hands, desk: ScriptedDesk, typed: str, paused: bool
) -> None:
    desk.answers["pause"] = Answer(ok=True, text="All sending is paused.")

    assert body_of(await hands.command(typed))["text"] == "All sending is paused."
    assert desk.requests("pause")[0][1] is paused
    assert desk.requests("health") == []


@pytest.mark.parametrize("typed", ["away", " AWAY "])
async def test_away_opens_the_window_for_an_absence(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk, typed: str
) -> None:
    answer = await hands.command(typed)

    (opened,) = slack.bodies("views.open")
    assert (answer.status, answer.body, opened["trigger_id"]) == (200, "", "t")
    assert opened["view"]["title"]["text"] == "Away"
    assert desk.requests("health") == []


async def test_back_ends_an_absence_by_a_word_and_a_name_that_begins_so_is_an_account(
    hands: Hands, desk: ScriptedDesk
) -> None:
    desk.answers["back"] = Answer(ok=True, text="You are there again.")

    assert body_of(await hands.command("back"))["text"] == "You are there again."
    await hands.command("away travel")
    assert desk.requests("health") == [("away travel",)]


async def test_whoever_may_not_plan_an_absence_gets_no_window(
    hands: Hands, slack: RecordingSlack, desk: ScriptedDesk
) -> None:
    desk.answers["absence_form"] = Refused("Only a CSM can do this.")

    assert body_of(await hands.command("away"))["text"] == "Only a CSM can do this."
    assert slack.bodies("views.open") == []


@pytest.mark.parametrize("typed", ["help", "HELP", "?", "--help", "???", "…!"])
async def test_help_says_what_can_be_asked(hands: Hands, desk: ScriptedDesk, typed: str) -> None:
    assert body_of(await hands.command(typed))["text"] == USAGE
    assert desk.requests("health") == []


@pytest.mark.parametrize("typed", ["<@U123|dana>", '""', "***", "<#C123>"])
async def test_what_names_no_account_gets_the_usage(hands: Hands, typed: str) -> None:
    assert USAGE in body_of(await hands.command(typed))["text"]


async def test_several_accounts_give_a_list_to_pick_from_with_domain_and_owner(
    hands: Hands, desk: ScriptedDesk
) -> None:
    desk.answers["health"] = samples.CHOICE
    shown = body_of(await hands.command("acm"))

    assert "Acme Corp · acme.test · owner Dana Reyes" in shown["text"]
    assert "Ácme · acme2.test · owner nobody" in shown["text"]
    assert found(shown, "Show")["value"] == '{"a":"acme"}'


async def test_an_unknown_name_gives_the_nearest_or_a_hint(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["health"] = Choice("zzz", (), exact=False)

    assert "No account is called “zzz”. Try its domain" in body_of(await hands.command("zzz"))["text"]


async def test_before_the_first_score_the_answer_says_so(hands: Hands, desk: ScriptedDesk) -> None:
    desk.answers["health"] = NotFound("Nothing has been scored yet.")

    assert body_of(await hands.command("acme"))["text"] == "Nothing has been scored yet."


@pytest.mark.parametrize("missing", ["channel_id", "team_id", "response_url", "trigger_id"])
async def test_a_command_works_on_ids_alone(hands: Hands, missing: str) -> None:
    shown = body_of(await hands.command("acme", **{missing: ""}))

    assert shown["text"].startswith("Acme Corp: 34")
