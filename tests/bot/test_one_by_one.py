"""A bug that one mail, card or account brings to light holds up no other; people are told, and it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.app import build
from bot.demo.run import DemoSettings
from bot.loop import alert, detect, matters
from bot.loop.crm import CrmLog
from bot.loop.crm_entry import entry_of
from bot.loop.deliver import A_RUN, Deliver
from bot.loop.detect import Detect
from bot.loop.digest import Digest
from bot.loop.docket import Docket
from bot.loop.follow_up import Follow
from bot.loop.one_by_one import OneByOne
from bot.loop.reminders import Reminders
from bot.trouble import Trouble
from scoring.casework import CaseState, OutreachState
from scoring.config import PolicyConfig
from scoring.crm import CrmState
from scoring.errors import Unavailable
from scoring.follow_up import FollowUpState
from scoring.guardrails import may_contact
from scoring.hours import zone_named
from scoring.messages import Post, SlackReceipt
from tests.alert_world import FIRST_DAY, Fleet
from tests.builders import a_csm, a_snapshot, remember
from tests.follow_world import a_sent_mail, a_writer
from tests.mail_world import a_world, another_case, many_cases


class Bug(ZeroDivisionError):
    """What nobody expected; its words must reach nobody."""


@dataclass
class Bugs:
    """Which items the code trips over, and the hand of the clock by which they rest."""

    store: Any
    clock: Any
    items: set[str] = field(default_factory=set)
    seconds: float = 0.0
    one_by_one: OneByOne = field(init=False)

    def __post_init__(self) -> None:
        self.one_by_one = OneByOne(Trouble(self.store, self.clock, "#ops").told, lambda: self.seconds)

    def meets(self, item: str) -> None:
        if item in self.items:
            raise Bug("Kim Novak said something odd")

    def mended(self) -> None:
        self.items.clear()
        self.seconds += 61


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """What operators read in the log."""
    with capture_logs() as lines:
        yield lines


def told(notices: list[tuple[str, str]]) -> list[str]:
    return [text for target, text in notices if target == "#ops"]


async def test_a_mail_that_lookout_trips_over_stops_no_other_and_leaves_once_when_that_is_mended(
    store, monkeypatch, log
) -> None:
    world = await a_world(store)
    await many_cases(world, 3)
    for name in ("case-1", "case-n0", "case-n1", "case-n2"):
        assert (await world.approve(case_id=name)).ok
    world.later(seconds=11)
    bugs = Bugs(store, world.clock, {"acme"})

    def buggy(plan, rules):
        bugs.meets(plan.account.id)
        return may_contact(plan, rules)

    monkeypatch.setattr("bot.loop.second_look.may_contact", buggy)
    sweep = world.sweep(one_by_one=bugs.one_by_one)
    assert await sweep.run() == 3
    assert await sweep.run() == 0

    mail = await world.mail()
    assert (mail.state, mail.attempts) == (OutreachState.APPROVED, 0)
    assert {m.to_email for m in world.mailer.mails} == {f"kim@n{n}.test" for n in range(3)}
    (said,) = told(await world.notices())
    assert said.startswith(f"Lookout tripped over the mail {mail.id} (Bug). All others go on;")
    assert "Novak" not in said
    assert [(line["event"], line["kind"], line["item"]) for line in log] == [("left for later", "mail", mail.id)]
    assert isinstance(log[0]["exc_info"], Bug)

    bugs.mended()
    assert await sweep.run() == 1
    assert await sweep.run() == 0
    assert [m.to_email for m in world.mailer.mails].count("kim@acme.test") == 1


async def test_a_mail_that_broke_while_it_was_handed_over_is_never_tried_again_but_asks_a_person(store) -> None:
    world = await a_world(store)
    await many_cases(world, 2)
    for name in ("case-1", "case-n0", "case-n1"):
        assert (await world.approve(case_id=name)).ok
    world.later(seconds=11)
    bugs = Bugs(store, world.clock)
    world.mailer.says = [Bug("after the last byte")]
    sweep = world.sweep(one_by_one=bugs.one_by_one)
    assert await sweep.run() == 2
    broken = [name for name in ("case-1", "case-n0", "case-n1") if (await world.mail(name)).sent_at is None]
    for _ in range(8):
        bugs.seconds += 4000
        await world.later(minutes=1).sweep(one_by_one=bugs.one_by_one).run()

    assert [(await world.mail(name)).state for name in broken] == [OutreachState.UNCERTAIN]
    assert len(world.mailer.mails) == 3
    assert len(told(await world.notices())) == 1


async def test_every_sweep_over_items_goes_on_with_the_next_and_tells_of_the_one(tmp_path) -> None:
    """In the bot as it runs. What is in no list here is new: it says which of the two it is."""
    whole = {"drain", "daily", "fresh", "pulse", "tidy", "old texts", "old usage", "crm sync"}
    given = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "secret", "LOOKOUT_HOME": tmp_path}
    crm = {"LOOKOUT_CRM": "hubspot", "LOOKOUT_CRM_TOKEN": "token", "LOOKOUT_OPS_CHANNEL": "#ops"}
    app = await build(DemoSettings(**given | crm))
    try:
        stages = {sweep.name: sweep.run.__self__ for sweep in app.schedule.sweeps if sweep.name not in whole}
        stages |= {type(stage).__name__: stage for stage in app.daily.then}
        shared = {
            name: vars(stage).get("_one_by_one") if hasattr(stage, "__dict__") else stage.one_by_one
            for name, stage in stages.items()
        }
        assert len({id(one) for one in shared.values()}) == 1
        assert isinstance(shared["send"].told.__self__, Trouble)
        assert {"send", "deliver", "follow-ups", "replies", "digest", "crm", "Alert", "Detect"} <= shared.keys()
    finally:
        await app.stop()


async def test_a_reader_whose_digest_cannot_be_planned_costs_nobody_else_theirs(store, monkeypatch) -> None:
    bugs = Bugs(store, lambda: datetime(2026, 11, 20, 9, tzinfo=UTC), {"Odd/Place"})
    await remember(store, a_csm(timezone="Odd/Place"), a_csm("csm-ben"))
    async with store() as work:
        await work.flags.set("day_done", "2026-11-19")

    def buggy(*names, fallback):
        bugs.meets(names[0])
        return zone_named(*names, fallback=fallback)

    monkeypatch.setattr("bot.loop.digest.zone_named", buggy)
    digest = Digest(store, bugs.clock, time(8, 30), ZoneInfo("UTC"), "#cs", bugs.one_by_one)
    assert await digest.run() == 2
    bugs.mended()
    assert await digest.run() == 1


async def test_nothing_is_hidden_where_everything_is_concerned(store) -> None:
    """A database that is away is no fault of the mail that was looked at."""
    heard: list[str] = []

    async def note(_kind: str, item: str, _error: Exception) -> None:
        heard.append(item)

    async def away(_item: str) -> bool:
        raise Unavailable("The database does not answer.")

    with pytest.raises(Unavailable):
        await OneByOne(note).each("mail", {"a": "a", "b": "b"}, away)
    assert heard == []


async def test_what_went_wrong_rests_longer_each_time_and_at_once_goes_on_when_it_went_well(store) -> None:
    bugs, tries = Bugs(store, lambda: datetime(2026, 11, 20, 9).astimezone(), {"x"}), list[float]()

    async def work(item: str) -> str:
        tries.append(bugs.seconds)
        bugs.meets(item)
        return item

    while bugs.seconds < 3 * 3600:
        assert await bugs.one_by_one.each("mail", {"x": "x"}, work) == []
        bugs.seconds += 30
    assert [round((b - a) / 60) for a, b in pairwise(tries)] == [1, 5, 15, 60, 60]

    bugs.seconds += 3600
    bugs.items.clear()
    for _ in range(2):
        assert await bugs.one_by_one.each("mail", {"x": "x"}, work) == ["x"]


async def test_cards_that_cannot_be_drawn_hold_up_neither_their_channel_nor_a_digest(store) -> None:
    world = await a_world(store)
    await many_cases(world, A_RUN + 1)
    bugs = Bugs(store, world.clock, {"acme", *(f"n{n}" for n in range(A_RUN))})
    shown: list[str] = []

    class Slack:
        async def post_card(self, channel, brief, *, mention=""):
            bugs.meets(brief.account.id)
            shown.append(brief.account.id)
            return SlackReceipt(channel, str(len(shown)))

        async def digest(self, target, brief):
            shown.append(target)
            return SlackReceipt(target, "d")

        async def notice(self, target, text, *, storm=False, promote=""):
            return SlackReceipt(target, "n")

    async def brief(_work, body):
        bugs.meets(body)
        return body

    async with store() as work:
        for who in ("UBAD", "UDANA"):
            await work.slack.say(Post(f"digest:{who}", "digest", who, who))
    bugs.items.add("UBAD")
    deliver = Deliver(store, Slack(), brief, world.clock, "#ops", bugs.one_by_one)
    for _ in range(3):
        await deliver.run()
    assert sorted(shown) == ["UDANA", f"n{A_RUN}"]

    bugs.mended()
    for _ in range(3):
        await deliver.run()
    assert sorted(shown) == sorted({"UDANA", "UBAD", "acme", *(f"n{n}" for n in range(A_RUN + 1))})


async def test_a_follow_up_that_cannot_be_written_leaves_the_others_alone(store) -> None:
    world = await a_sent_mail(store)
    await another_case(world, "bolt")
    assert (await world.approve(case_id="case-bolt")).ok
    await world.later(seconds=11).sweep().run()
    bugs = Bugs(store, world.clock, {"acme"})
    writer = a_writer()

    class Tripping:
        check = writer.check

        async def write(self, **material):
            bugs.meets(material["account"].id)
            return await writer.write(**material)

    follow = Follow(store, Tripping(), world.rules, world.clock, bugs.one_by_one)
    await follow.run()
    day = (await world.follow_up()).due_at
    world.now = day + timedelta(hours=1)
    yesterday = (day - timedelta(days=1)).date()
    await remember(
        store, *(a_snapshot(name, yesterday, score=52.0, last_feature="reports") for name in ("acme", "bolt"))
    )
    assert await follow.run() == 1
    assert (await world.follow_up()).state is FollowUpState.WAITING
    assert len(told(await world.notices())) == 1

    bugs.mended()
    assert await follow.run() == 1
    assert await follow.run() == 0


async def test_a_record_that_cannot_be_made_for_the_crm_leaves_the_others_alone(store, monkeypatch) -> None:
    world = await a_world(store)
    await many_cases(world, 2)
    for name in ("case-1", "case-n0", "case-n1"):
        assert (await world.approve(case_id=name)).ok
    await world.later(seconds=11).sweep().run()
    bugs, logged = Bugs(store, world.clock, {(await world.mail()).id}), list[str]()

    async def buggy(work, job):
        bugs.meets(job.ref)
        return await entry_of(work, job)

    class Crm:
        name = "HubSpot"

        async def find_account(self, account):
            return f"their-{account.id}"

        async def find_contact(self, email, account):
            return None

        async def find_owner(self, email):
            return None

        async def find(self, entry):
            return None

        async def log(self, entry):
            logged.append(entry.id)
            return f"their-{entry.id}"

    monkeypatch.setattr("bot.loop.crm.entry_of", buggy)
    sweep = CrmLog(store, Crm(), world.clock, "#ops", one_by_one=bugs.one_by_one)
    assert await sweep.run() == 2

    bugs.mended()
    world.later(minutes=10)
    assert await sweep.run() == 1
    assert len(logged) == len(set(logged)) == 3
    async with store.reading() as work:
        assert {job.state for job in await work.crm.of_case("case-1")} == {CrmState.DONE}


async def test_a_snooze_and_a_draft_that_break_leave_the_others_alone(store) -> None:
    bugs = Bugs(store, lambda: fleet.now, {"a00"})
    fleet = Fleet(store, PolicyConfig(budget_per_account_month=5.0))

    class Tripping(type(fleet.writer)):
        async def write(self, **material):
            bugs.meets(material["account"].id)
            return await super().write(**material)

    fleet.writer = Tripping()
    await fleet.settle("a00", "a01")
    drafting = replace(fleet.drafting, one_by_one=bugs.one_by_one)
    alert = replace(fleet.alert, drafting=drafting, one_by_one=bugs.one_by_one)
    for number, score in enumerate((80, 58)):
        day = FIRST_DAY + timedelta(days=number)
        fleet.now = datetime(day.year, day.month, day.day, 10, tzinfo=fleet.now.tzinfo) + timedelta(days=1)
        await remember(store, *(a_snapshot(name, day, score=score, active_users_28=20) for name in ("a00", "a01")))
        await Detect(store, fleet.policy).run(day)
        await alert.run(day)
    assert len(await fleet.cases()) == 2
    assert [given["account"].id for given in fleet.writer.given] == ["a01"]

    async with store() as work:
        for case in await work.cases.live():
            asleep = replace(case, state=CaseState.SNOOZED, snoozed_until=fleet.now, version=case.version + 1)
            assert await work.cases.save(asleep, expected=case.version)
    bugs.items = {"a01"}

    @dataclass(frozen=True)
    class Sleepy(Reminders):
        async def _open(self, work, case, now):
            bugs.meets(case.account_id)
            return await super()._open(work, case, now)

    reminders = Sleepy(store, fleet.docket, fleet.clock, fleet.wake, one_by_one=bugs.one_by_one)
    assert await reminders.wake_snoozed(fleet.now) == 1
    bugs.mended()
    assert await reminders.wake_snoozed(fleet.now) == 1


PLACES = [(detect, "detect"), (matters, "_matter"), (alert, "decide"), (Docket, "_open")]


@pytest.mark.parametrize(("home", "name"), PLACES)
async def test_an_account_that_breaks_on_a_morning_is_held_with_its_reason_and_gets_its_card_the_next_day(
    store, monkeypatch, home, name
) -> None:
    fleet = Fleet(store, PolicyConfig(budget_per_account_month=5.0))
    bugs = Bugs(store, fleet.clock)
    right = getattr(home, name)

    def buggy(*given: Any, **more: Any) -> Any:
        for thing in given[0] if isinstance(given[0], list) else given:
            matter = getattr(thing, "matter", thing)
            bugs.meets(thing if isinstance(thing, str) else getattr(getattr(matter, "account", matter), "id", ""))
        return right(*given, **more)

    monkeypatch.setattr(home, name, buggy)
    await fleet.settle("a00", "a01")

    async def morning(number: int, score: float) -> None:
        day = FIRST_DAY + timedelta(days=number)
        fleet.now = datetime(day.year, day.month, day.day, 10, tzinfo=fleet.now.tzinfo) + timedelta(days=1)
        await remember(store, *(a_snapshot(one, day, score=score, active_users_28=20) for one in ("a00", "a01")))
        await Detect(store, fleet.policy, bugs.one_by_one).run(day)
        await replace(fleet.alert, one_by_one=bugs.one_by_one).run(day)

    await morning(0, 80)
    bugs.items = {"a00"}
    await morning(1, 58)
    assert [case.account_id for case in await fleet.cases()] == ["a01"]
    held = await fleet.decision("a00")
    assert (held.action, held.reason) == (
        "hold",
        "Lookout tripped over this account; it is looked at again tomorrow.",
    )

    bugs.mended()
    await morning(2, 58)
    assert [case.account_id for case in await fleet.cases()] == ["a00", "a01"]
