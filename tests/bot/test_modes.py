"""Who may let a play send, and what a pause leaves behind: audited, announced, and there after a restart (R44)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.autopilot_terminal import autopilot
from bot.config import Settings
from bot.loop.modes import AutopilotParts, Switch, mode_of, set_mode
from bot.loop.rights import Rights
from bot.terminal import opened, set_paused
from scoring.automatic import Mode
from scoring.casework import OutreachKind
from scoring.errors import InvalidInput, Refused
from scoring.guardrails import No, Plan, Rules, Yes, may_contact
from scoring.model import Band
from scoring.roles import Staff, TeamRole
from tests.builders import NOW, a_contact, a_csm, a_snapshot, an_account
from tests.fleet_mail import LIBRARY
from tests.follow_world import the_rules
from tests.mail_world import BEN_ACTS, DANA, a_world

PARTS = AutopilotParts(LIBRARY.playbook, "#ops")
SWITCH = Switch("dana", "Dana", NOW, "#ops")


def desk_of(world, *admins):
    """The desk where these people are admins."""
    desk = world.desk
    return type(desk)(
        desk.store, desk.clock, desk.wake, desk.writer, desk.brief, desk.rules,
        Rights(Staff.named(admins, ())), PARTS,
    )  # fmt: skip


async def test_only_an_admin_promotes_and_only_what_was_in_shadow(store):
    world = await a_world(store)
    ben = replace(BEN_ACTS, role=TeamRole.ADMIN)

    refusals = [await desk_of(world).promote("stuck", DANA), await desk_of(world, "ben@us.test").promote("stuck", DANA)]
    assert [answer.ok for answer in refusals] == [False, False], "nobody is an admin, or somebody else is"
    early = await desk_of(world, "ben@us.test").promote("stuck", ben)
    assert (early.ok, early.text.startswith("“stuck” is off. Only a play in shadow")) == (False, True)
    async with store() as work:
        await set_mode(work, LIBRARY.playbook, "stuck", Mode.SHADOW, SWITCH)
    done = await desk_of(world, "ben@us.test").promote("stuck", ben)

    assert (done.ok, "is live" in done.text) == (True, True)
    async with store.reading() as work:
        assert await mode_of(work, "stuck") is Mode.LIVE
        newest = (await work.audit.newest(1))[0]
    assert (newest.action, newest.detail) == ("promoted", "stuck: shadow to live")
    assert [text for target, text in await world.notices() if target == "#ops"][-1] == (
        "Ben Reyes changed the play “stuck” from shadow to live."
    )


@pytest.mark.parametrize(
    ("play", "mode", "channel", "why"),
    [
        ("nonsense", Mode.SHADOW, "#ops", "There is no play"),
        ("critical", Mode.SHADOW, "#ops", "There is no play"),
        ("churning", Mode.SHADOW, "#ops", "There is no play"),
        ("stuck", Mode.LIVE, "#ops", "Only a play in shadow"),
        ("stuck", Mode.SHADOW, "", "LOOKOUT_OPS_CHANNEL"),
    ],
)
async def test_what_must_not_be_switched_is_refused_with_its_reason(store, play, mode, channel, why):
    async with store() as work:
        with pytest.raises(Refused, match=why):
            await set_mode(work, LIBRARY.playbook, play, mode, replace(SWITCH, ops_channel=channel))


async def test_the_command_line_lists_switches_and_pauses_and_the_database_remembers(tmp_path):
    settings = Settings(_env_file=None, LOOKOUT_HOME=tmp_path, LOOKOUT_OPS_CHANNEL="#ops")

    assert "stuck          off" in await autopilot(settings, "list", "")
    assert "in shadow" in await autopilot(settings, "shadow", "stuck")
    assert "is live" in await autopilot(settings, "promote", "stuck")
    assert "stuck          live" in await autopilot(settings, "list", "")
    assert "sends nothing by itself" in await autopilot(settings, "off", "stuck")
    with pytest.raises(InvalidInput, match="Name a play"):
        await autopilot(settings, "shadow", "")
    with pytest.raises(InvalidInput, match="not known"):
        await autopilot(settings, "launch", "stuck")
    assert "All sending is paused" in await set_paused(settings, paused=True)
    async with opened(settings) as store, store.reading() as work:
        assert await work.flags.get("paused") is not None
        told = [post.body for post in await work.slack.posts_due(NOW.replace(year=2100))]
    assert told[-1] == "An operator at the command line paused all sending. Approved and automatic mails wait."
    assert await set_paused(settings, paused=False) == "Sending is resumed."


async def test_a_pause_from_slack_is_told_to_operators_once(store):
    world = await a_world(store)
    desk = desk_of(world)

    assert (await desk.pause(DANA, paused=True)).ok
    assert (await desk.pause(BEN_ACTS, paused=True)).ok

    assert [text for target, text in await world.notices() if target == "#ops"] == [
        "Dana Reyes paused all sending. Approved and automatic mails wait."
    ]


KINDS = st.sampled_from([OutreachKind.AUTOMATIC, OutreachKind.FOLLOW_UP])


@given(
    kind=KINDS,
    by_hand=st.booleans(),
    valued=st.sampled_from([True, False, None]),
    case=st.sampled_from(list(Band)) | st.none(),
    on=st.booleans(),
    ticket=st.booleans(),
    score=st.floats(0, 100),
)
def test_whatever_is_known_no_unattended_mail_is_allowed_where_a_person_must_send(
    kind, by_hand, valued, case, on, ticket, score
):
    """R40 as a property of the guardrails alone; the stages ask them at planning and at the claim."""
    plan = Plan(
        now=NOW,
        account=an_account(),
        contact=a_contact(),
        sender=a_csm(),
        to_email="kim@acme.test",
        owner_id="csm-dana",
        snapshot=a_snapshot(score=score),
        unattended=kind,
        begun_by_hand=by_hand,
        valued=valued,
        severity=case,
        switched_on=on,
        ticket_open=ticket,
    )
    verdict = may_contact(plan, rules())

    grave = case is None or case.rank >= Band.CRITICAL.rank
    if valued is not False or grave:
        assert isinstance(verdict, No)
        assert not verdict.waits
    else:
        follows = kind is OutreachKind.FOLLOW_UP
        allowed = (follows and by_hand) or (on and case.rank <= Band.MONITOR.rank)
        assert isinstance(verdict, Yes) is (allowed and not (follows and ticket))


def rules() -> Rules:
    """The usual rules; a Friday at nine is in working hours."""
    return the_rules().guard
