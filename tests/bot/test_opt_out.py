"""The line that says how to get no more mail stands in every text that a person is asked to approve."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.library import Library
from prompts.writer import DraftWriter
from scoring.opt_out import closed, is_missing, without
from tests.builders import NOW, a_contact, a_csm, an_account
from tests.mail_world import DANA, RULES, World, a_world

LINE = "If you would rather not get such mails, just answer “no more”."


@pytest.fixture
async def world(store) -> World:
    made = await a_world(store)
    made.rules = replace(RULES, opt_out=LINE)
    return made


@given(st.text(max_size=80), st.text(max_size=30))
def test_a_text_is_closed_once_and_can_be_opened_again(body: str, line: str) -> None:
    text = closed(body, line)

    assert closed(text, line) == text
    assert not is_missing(text, line)
    assert line.strip() in body or without(text, line) == (body.rstrip() if line.strip() else body)


async def test_every_draft_is_closed_by_it_and_the_gate_does_not_mind() -> None:
    writer = DraftWriter(Library.load(None), api_key="", model="m", links={}, product_name="Orbit", opt_out=LINE)
    people = {"account": an_account(), "contact": a_contact(), "csm": a_csm()}

    written = await writer.write(play="low_score", facts=(), now=NOW, **people)

    assert written.body.rstrip().endswith(f"\n\n{LINE}")
    assert writer.check(written.subject, written.body, facts=(), **people) == ()


async def test_a_draft_from_before_it_is_not_approved_and_an_edit_mends_it(world: World) -> None:
    before = await world.approve()
    draft = await world.draft()
    edited = await world.desk.edit("case-1", draft.version, draft.subject, draft.body, DANA)
    after = await world.approve()
    await world.later(seconds=11).sweep().run()

    assert not before.ok
    assert "Press Edit and Save" in before.text
    assert edited.answer.ok
    assert after.ok
    assert world.mailer.mails[0].body == f"{draft.body.rstrip()}\n\n{LINE}"


async def test_taking_it_out_does_not_lose_it_and_a_new_sender_signs_above_it(world: World) -> None:
    await world.learn(a_csm("csm-ben"))
    draft = await world.draft()
    await world.desk.edit("case-1", draft.version, draft.subject, "Hello Kim,\n\nshall we talk?\n\nBest,\nDana", DANA)
    assert (await world.desk.assign("case-1", "UBEN", "ben@us.test", DANA)).ok

    assert (await world.draft()).body == f"Hello Kim,\n\nshall we talk?\n\nBest,\nBen\n\n{LINE}"
