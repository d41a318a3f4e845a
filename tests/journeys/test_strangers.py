"""Who has no business here gets nothing: outsiders, guests, bots, the deactivated, forged buttons, shared channels."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack_objects import User
from handlers.ids import Action
from tests.builders import a_case, a_contact, a_draft, a_snapshot, an_account, remember
from tests.journeys.conftest import DAY, Venue, opened_venue


@pytest.fixture
async def venue(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Venue]:
    """A bot with one open case and an operators' channel."""
    async with opened_venue(tmp_path / "home", sqlite_url, LOOKOUT_OPS_CHANNEL="#ops") as made:
        made.slack.add_channel("ops")
        await made.case()
        yield made


async def nothing_leaves(venue: Venue) -> None:
    venue.clock.move_to(venue.clock() + timedelta(seconds=11))
    await venue.app.send.run()
    assert venue.letters == []


def told(venue: Venue, user: str) -> list[str]:
    return [m.text for m in venue.slack.messages("#cs-alerts", seen_by=user) if m.visible_to]


async def test_outsiders_guests_bots_and_the_deactivated_are_refused_learn_nothing_and_are_on_record(
    venue: Venue,
) -> None:
    people = venue.slack.workspace.users
    people["UVERA"].is_guest = False
    people["UGUS"] = User("UGUS", "gus", "Gus", "dana@us.test", team_id=venue.slack.workspace.team_id, is_guest=True)
    people["UBEEP"] = User("UBEEP", "beep", "Beep", "dana@us.test", team_id=venue.slack.workspace.team_id, is_bot=True)
    people["UGONE"] = User("UGONE", "gone", "Gone", "dana@us.test", team_id=venue.slack.workspace.team_id, deleted=True)
    strangers = ["vera", "gus", "beep", "gone"]
    for name in strangers:
        venue.slack.channel("#cs-alerts").members.add(f"U{name.upper()}")
        for action in (Action.APPROVE, Action.APPROVE, Action.EDIT):
            await venue.slack.click("#cs-alerts", action.value, user=name)

        await venue.slack.open_home(name)

    for name in strangers:
        await venue.until(lambda name=name: venue.slack.home(name) is not None)
        shown = json.dumps(venue.slack.home(name).body)
        assert "Lookout is closed to you" in shown
        assert not [word for word in ("Acme", "kim", "Kim", "Dana", "case-1", "button") if word in shown]
        await venue.until(lambda name=name: len(told(venue, name)) == 3)
        assert venue.slack.modal(name) is None
        said = " ".join(told(venue, name))
        assert "nothing was sent" in said
        assert not [word for word in ("Acme", "kim", "Kim", "52", "Dana", "case-1") if word in said]
    async with venue.app.store.reading() as work:
        rows = await work.audit.newest(20)
    assert sorted(row.actor for row in rows if row.action == "turned away at the door") == [
        "UBEEP", "UGONE", "UGUS", "UVERA",
    ]  # fmt: skip
    await nothing_leaves(venue)


async def test_a_button_that_was_tampered_with_reaches_no_other_case_and_no_other_text(venue: Venue) -> None:
    await remember(
        venue.app.store, an_account("zeta"), a_contact("zoe", "zeta"), a_snapshot("zeta", day=DAY, score=40.0),
        a_case("case-2", "zeta", opened_at=venue.clock()),
        a_draft("draft-2", "case-2", account_id="zeta", to_id="zoe", to_email="zoe@zeta.test"),
    )  # fmt: skip
    card = venue.card()

    async def pressed(**changes: object) -> None:
        forged = deepcopy(card)
        elements = [e for block in forged.blocks for e in block.get("elements", [])]
        approve = next(e for e in elements if e.get("action_id") == Action.APPROVE.value)
        approve["value"] = json.dumps(json.loads(approve["value"]) | changes)
        ack = await venue.slack.click(forged, Action.APPROVE.value, user="dana")
        assert ack.status == 200

    for changes in ({"c": "case-2"}, {"c": "nobody"}, {"f": "0" * 64}, {"v": 7}, {"c": "' OR 1=1 --"}, {"x": "y"}):
        await pressed(**changes)
    await venue.until(lambda: len(told(venue, "dana")) == 6)

    assert all("othing was" in text for text in told(venue, "dana"))
    async with venue.app.store.reading() as work:
        assert [(await work.cases.get(case)).state.value for case in ("case-1", "case-2")] == ["open", "open"]
    await nothing_leaves(venue)


async def test_a_channel_that_becomes_shared_loses_its_cards_and_the_operators_hear_of_it(venue: Venue) -> None:
    venue.slack.channel("#cs-alerts").is_ext_shared = True
    notifier = next(s for s in venue.app.schedule.sweeps if s.name == "deliver").run.__self__.notifier
    notifier._channels.shared.clear()  # ten minutes have passed: shares are asked about again
    async with venue.app.store() as work:
        await work.slack.want_card("case-1")
    venue.app.schedule.wake()

    await venue.until(lambda: "taken down" in venue.card().text)
    assert "Acme" not in venue.card().words
    await venue.until(lambda: venue.slack.messages("#ops"))
    assert "externally_shared" in venue.slack.messages("#ops")[-1].text
