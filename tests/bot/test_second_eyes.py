"""Four eyes: a mail to a dear account leaves only after somebody else confirmed it (C8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.loop.briefing import card_brief
from handlers.blocks.alert_card import alert_card
from scoring.casework import CaseState, OutreachState
from tests.builders import a_csm, an_account
from tests.mail_world import BEN_ACTS, DANA, RULES, STRANGER, World, a_world

DEAR = replace(RULES, second_above=40_000)


async def confirm(world: World, actor: Any) -> Any:
    return await world.desk.confirm((await world.mail()).id, actor)


async def shown(world: World) -> Any:
    async with world.store.reading() as work:
        return alert_card(await card_brief(work, "case-1", world.now))


def labels(card: Any) -> list[str]:
    return [e["text"]["text"] for b in card["blocks"] if b["type"] == "actions" for e in b["elements"] if "text" in e]


async def test_who_approved_cannot_confirm_and_a_colleague_can(any_store: Any) -> None:
    world = await a_world(any_store, rules=DEAR)
    await world.learn(a_csm("csm-lea", lead=True))
    assert (await world.approve()).ok

    await world.later(seconds=60).sweep().run()
    assert world.mailer.mails == []
    card = await shown(world)
    assert "It waits for a second person" in card["text"]
    assert labels(card) == ["Confirm & send", "Undo"]
    assert "ULEA" in [who for who, _ in await world.notices()]

    for actor in (DANA, STRANGER):
        refused = await confirm(world, actor)
        assert not refused.ok
        assert "sent" in refused.text
    assert (await confirm(world, BEN_ACTS)).ok
    assert (await confirm(world, BEN_ACTS)).ok is False

    await world.sweep().run()
    assert world.mailer.mails == [], "the second person has ten seconds to undo, too"
    await world.later(seconds=11).sweep().run()
    assert len(world.mailer.mails) == 1
    assert (await world.mail()).confirmed_by == "csm-ben"
    assert await world.actions() == ["approved", "refused", "refused", "confirmed", "sending", "sent"]
    async with any_store.reading() as work:
        tried = [(one.actor, one.detail) for one in await work.audit.of_case("case-1") if one.action == "refused"]
    assert tried == [(who, "confirm this mail as the second person") for who in ("csm-dana", "UEVE")]
    assert "Ben Reyes confirmed the mail" in " ".join(await world.notes())


async def test_nobody_confirms_what_was_undone_and_an_unconfirmed_mail_ends_after_a_day(store: Any) -> None:
    world = await a_world(store, rules=DEAR)
    await world.approve()
    mail = await world.mail()
    assert (await world.desk.undo(mail.id, BEN_ACTS)).ok
    assert not (await world.desk.confirm(mail.id, BEN_ACTS)).ok

    await world.approve()
    await world.later(hours=25).sweep().run()
    assert world.mailer.mails == []
    assert (await world.mail()).state is OutreachState.STOPPED
    assert (await world.case()).state is CaseState.OPEN


async def test_an_account_that_became_dear_after_the_approval_is_asked_about_again(store: Any) -> None:
    world = await a_world(store, rules=DEAR)
    await world.learn(an_account(arr=100))
    assert (await world.approve()).ok
    await world.learn(an_account(arr=90_000))

    await world.later(seconds=11).sweep().run()

    assert world.mailer.mails == []
    assert "second person by now" in (await world.mail()).error


async def test_a_cheaper_account_needs_one_person_and_an_unknown_value_counts_as_dear(store: Any) -> None:
    world = await a_world(store, rules=DEAR)
    await world.learn(an_account(arr=39_999))
    await world.approve()
    await world.later(seconds=11).sweep().run()
    assert len(world.mailer.mails) == 1

    assert DEAR.needs_second(an_account(arr=None))
    assert not RULES.needs_second(an_account(arr=None))
