"""From the click to a real mail server that misbehaves: what is certain is acted on, the rest is left to a person."""

from __future__ import annotations

from typing import Any

import pytest

from bot.outreach.smtp import SmtpMailer, SmtpServer
from scoring.casework import CaseState, OutreachState
from tests.mail_sink import PASSWORD, USER, Sink, drop, running
from tests.mail_world import DANA, World, a_world


@pytest.fixture
async def world(store) -> World:
    """An approved mail whose undo window is over."""
    world = await a_world(store)
    assert (await world.approve()).ok
    return world.later(seconds=11)


async def sweep(world: World, sink: Sink, **server: Any) -> None:
    known = {"host": "127.0.0.1", "tls": "none", "command_seconds": 2.0, "text_seconds": 2.0}
    mailer = SmtpMailer(SmtpServer(port=sink.port, **known | server), domains=("us.test",), clock=world.clock)
    await world.sweep(mailer=mailer).run()


async def test_the_approved_text_arrives_once_with_the_message_id_of_its_row(world: World) -> None:
    async with running() as sink:
        await sweep(world, sink)
        await sweep(world, sink)

    mail, [message] = await world.mail(), sink.messages()
    assert mail.state is OutreachState.SENT
    assert message["Message-ID"] == mail.message_id
    assert sink.taken[0].rcpt_tos == ["kim@acme.test"]
    assert message.get_content().replace("\r\n", "\n").rstrip() == (await world.draft()).body


async def test_a_line_that_drops_before_the_answer_leaves_the_choice_to_a_person(world: World) -> None:
    async with running() as sink:
        sink.before_answer = drop
        await sweep(world, sink)
        uncertain = await world.mail()
        await sweep(world.later(minutes=1), sink)

    assert uncertain.state is OutreachState.UNCERTAIN
    assert len(sink.taken) == 1
    assert (await world.case()).state is CaseState.APPROVED
    assert (await world.desk.arrived(uncertain.id, DANA)).ok


async def test_greylisting_is_waited_out(world: World) -> None:
    async with running() as sink:
        sink.on_recipient = "450 4.2.0 greylisted"
        await sweep(world, sink)
        first = await world.mail()
        sink.on_recipient = ""
        await sweep(world.later(seconds=61), sink)

    assert (first.state, first.attempts) == (OutreachState.APPROVED, 1)
    assert "450" in first.error
    assert (await world.mail()).state is OutreachState.SENT
    assert len(sink.taken) == 1


async def test_a_mailbox_that_does_not_exist_is_never_tried_again(world: World) -> None:
    async with running() as sink:
        sink.on_recipient = "550 5.1.1 no such user"
        await sweep(world, sink)
        again = await world.approve()

    assert (await world.mail()).state is OutreachState.FAILED
    assert not again.ok
    assert "must not be written to" in again.text


async def test_a_wrong_password_costs_no_mail_and_the_operators_learn_it(world: World) -> None:
    async with running(login=True, implicit=True) as sink:
        await sweep(world, sink, username=USER, password="wrong")
        waiting = await world.mail()
        await sweep(world.later(seconds=61), sink, username=USER, password=PASSWORD)

    assert waiting.state is OutreachState.APPROVED
    assert any(target == "#ops" and "535" in body for target, body in await world.notices())
    assert (await world.mail()).state is OutreachState.SENT


async def test_a_server_that_is_away_keeps_the_mail_waiting(world: World) -> None:
    async with running() as sink:
        pass
    await sweep(world, sink)
    waiting = await world.mail()
    async with running() as back:
        await sweep(world.later(seconds=61), back)

    assert waiting.state is OutreachState.APPROVED
    assert (await world.mail()).state is OutreachState.SENT
