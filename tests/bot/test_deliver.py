"""Slack learns what changed: at least once, newest state, through refusals and outages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.loop.deliver import A_RUN, Deliver
from bot.loop.pulse import Pulse
from scoring.briefs import CardBrief, DigestBrief
from scoring.casework import CaseState
from scoring.errors import SlackRefused, Unavailable
from scoring.messages import Post, SlackReceipt
from storage.unit_of_work import SqlStore
from tests.builders import NOW, a_case, a_contact, a_csm, a_draft, a_snapshot, an_account, remember


@dataclass
class ScriptedNotifier:
    """Records what is said; raises what it was told to, once each."""

    said: list[tuple[str, str, str]] = field(default_factory=list)
    hangs_in: str = ""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    refusals: dict[str, list[SlackRefused]] = field(default_factory=dict)

    def _say(self, method: str, target: str, text: str) -> None:
        if self.refusals.get(method):
            raise self.refusals[method].pop(0)
        self.said.append((method, target, text))
        self.heard.set()

    async def post_card(self, channel: str, brief: CardBrief, *, mention: str = "") -> SlackReceipt:
        if channel == self.hangs_in:
            await asyncio.Event().wait()
        self._say("post", channel, brief.case.state.value)
        return SlackReceipt(f"C-{channel}", f"{len(self.said)}.0")

    async def update_card(self, receipt: SlackReceipt, brief: CardBrief) -> None:
        self._say("update", receipt.ts, brief.case.state.value)

    async def note(self, receipt: SlackReceipt, text: str) -> None:
        self._say("note", receipt.ts, text)

    async def digest(self, target: str, brief: DigestBrief) -> SlackReceipt:
        self._say("digest", target, str(brief.day))
        return SlackReceipt(target, "d")

    async def notice(self, target: str, text: str, *, storm: bool = False, promote: str = "") -> SlackReceipt:
        self._say(f"promote {promote}" if promote else "storm" if storm else "notice", target, text)
        return SlackReceipt(target, "n")

    async def reach(self) -> None:
        self._say("reach", "", "")

    async def user_by_email(self, email: str) -> tuple[str, str] | None:
        return None


@dataclass
class Stage:
    """A store with one case, the sweep, and a clock to turn."""

    store: SqlStore
    notifier: ScriptedNotifier
    now: datetime = NOW

    async def run(self) -> int:
        async def nothing(_work: Any, _body: str) -> DigestBrief | None:
            return None

        deliver = Deliver(self.store, self.notifier, nothing, lambda: self.now, ops_channel="#ops")
        return await deliver.run()

    async def pulse(self) -> None:
        await Pulse(self.store, self.notifier, lambda: self.now).run()

    async def flag(self, name: str) -> str | None:
        async with self.store.reading() as work:
            return await work.flags.get(name)

    async def want(self, **more: Any) -> None:
        async with self.store() as work:
            await work.slack.want_card("case-1", **more)


@pytest.fixture
async def stage(store: SqlStore) -> Stage:
    await remember(store, an_account(), a_csm(), a_contact(), a_snapshot(score=52.0), a_case(), a_draft())
    made = Stage(store, ScriptedNotifier())
    await made.want(channel="#alerts")
    return made


async def test_a_card_is_posted_once_and_then_changed_in_place(stage: Stage) -> None:
    await stage.run()
    await stage.run()
    await stage.want()
    await stage.run()

    assert [(method, target) for method, target, _ in stage.notifier.said] == [("post", "#alerts"), ("update", "1.0")]


async def test_ten_changes_while_slack_is_down_become_one_update(stage: Stage) -> None:
    await stage.run()
    for _ in range(10):
        await stage.want()

    assert await stage.run() == 1


async def test_a_card_that_slack_lost_is_posted_anew(stage: Stage) -> None:
    await stage.run()
    await stage.want()
    stage.notifier.refusals["update"] = [SlackRefused("message_not_found", permanent=True)]

    await stage.run()

    assert [method for method, _, _ in stage.notifier.said] == ["post", "post"]


async def test_a_rate_limit_waits_as_long_as_slack_says_but_at_most_ten_minutes(stage: Stage) -> None:
    stage.notifier.refusals["post"] = [SlackRefused("ratelimited", retry_after=86_400)]
    await stage.run()
    stage.now += timedelta(minutes=9)
    assert await stage.run() == 0

    stage.now += timedelta(minutes=1, seconds=1)

    assert await stage.run() == 1


async def test_a_closed_channel_sends_the_card_to_its_owner_and_tells_the_operator_once(stage: Stage) -> None:
    stage.notifier.refusals["post"] = [SlackRefused("not_in_channel", permanent=True)]

    for _ in range(3):
        await stage.run()

    said = [(method, target) for method, target, _ in stage.notifier.said]
    assert sorted(said) == [("notice", "#ops"), ("post", "UDANA")]


async def test_a_note_waits_for_its_card(stage: Stage) -> None:
    async with stage.store() as work:
        await work.slack.say(Post("n1", "note", "", "Dana approved.", case_id="case-1", not_before=None))
        await work.slack.card_failed("case-1", error="x", not_before=NOW + timedelta(minutes=1))
    assert await stage.run() == 0

    stage.now += timedelta(minutes=2)
    await stage.run()

    assert [method for method, _, _ in stage.notifier.said] == ["post", "note"]


async def test_a_card_that_ended_before_anybody_saw_it_is_never_posted(stage: Stage) -> None:
    async with stage.store() as work:
        case = await work.cases.get("case-1")
        assert case is not None
        ended = replace(case, state=CaseState.CLOSED, version=2, closed_at=NOW, close_reason="recovered")
        assert await work.cases.save(ended, expected=1)

    assert await stage.run() == 0
    assert stage.notifier.said == []


async def test_notes_of_a_card_that_will_never_be_posted_are_not_looked_at_for_ever(stage: Stage) -> None:
    async with stage.store() as work:
        await work.slack.say(Post("n", "note", "", "Worse.", case_id="case-1"))
        case = await work.cases.get("case-1")
        await work.cases.save(replace(case, state=CaseState.CLOSED, version=2), expected=1)

    await stage.run()
    await stage.run()

    assert stage.notifier.said == []
    async with stage.store.reading() as work:
        assert await work.slack.posts_due(NOW) == []


async def test_what_shadow_says_carries_the_play_that_can_be_promoted(stage: Stage) -> None:
    async with stage.store() as work:
        await work.slack.say(Post("shadow:1", "shadow", "#ops", "stuck\nShadow, nothing was sent."))

    await stage.run()

    assert ("promote stuck", "#ops", "Shadow, nothing was sent.") in stage.notifier.said


async def test_a_storm_notice_carries_its_buttons(stage: Stage) -> None:
    async with stage.store() as work:
        await work.slack.say(Post("storm:1", "storm", "#alerts", "40 accounts fell at once."))

    await stage.run()

    assert ("storm", "#alerts", "40 accounts fell at once.") in stage.notifier.said


async def test_one_message_that_fails_does_not_keep_the_others_back(stage: Stage) -> None:
    async with stage.store() as work:
        await work.slack.say(Post("a", "notice", "#x", "first"))
        await work.slack.say(Post("b", "notice", "#y", "second"))
    stage.notifier.refusals["notice"] = [SlackRefused("internal_error", ambiguous=True)]

    await stage.run()

    assert ("notice", "#y", "second") in stage.notifier.said


# --- several channels at once


async def queue(store: SqlStore, channel: str, count: int) -> None:
    names = [f"{channel.strip('#')}{n}" for n in range(count)]
    await remember(
        store,
        *(an_account(name) for name in names),
        *(a_snapshot(name, score=52.0) for name in names),
        *(a_case(f"case-{name}", name, opened_at=NOW + timedelta(minutes=1)) for name in names),
    )
    async with store() as work:
        for name in names:
            await work.slack.want_card(f"case-{name}", channel=channel)


async def test_a_channel_in_which_slack_hangs_does_not_hold_up_the_others(stage: Stage) -> None:
    await queue(stage.store, "#stuck", 1)
    stage.notifier.hangs_in = "#stuck"

    running = asyncio.create_task(stage.run())
    async with asyncio.timeout(10):
        await stage.notifier.heard.wait()
    running.cancel()
    assert stage.notifier.said == [("post", "#alerts", "open")]


async def test_what_a_click_changed_is_shown_before_a_long_queue_of_new_cards(stage: Stage) -> None:
    await stage.run()
    await queue(stage.store, "#alerts", 12)
    await stage.run()
    await stage.want()
    runs = [await stage.run() for _ in range(3)]

    said = [method for method, _, _ in stage.notifier.said]
    assert said == ["post", *["post"] * A_RUN, "update", *["post"] * 7]
    assert runs == [A_RUN, 3, 0]


# --- a token that was revoked


def revoked(code: str = "token_revoked") -> SlackRefused:
    return SlackRefused(code, permanent=True, revoked=True)


async def test_a_revoked_token_stops_everything_and_sends_no_card_another_way(stage: Stage) -> None:
    stage.notifier.refusals["post"] = [revoked()]
    async with stage.store() as work:
        await work.slack.say(Post("a", "notice", "#x", "first"))

    ran = [await stage.run() for _ in range(3)]

    async with stage.store.reading() as work:
        card, entries = await work.slack.card("case-1"), await work.audit.newest(9)
    assert card is not None
    assert (card.channel, card.error) == ("#alerts", "token_revoked")
    assert ran == [1, 0, 0]
    assert await stage.flag("slack_lost") == f"token_revoked {NOW.isoformat()}"
    assert [entry.action for entry in entries] == ["shut out of Slack"]


async def test_the_pulse_finds_a_lost_slack_while_nothing_is_said_and_tells_the_operator(stage: Stage) -> None:
    stage.notifier.refusals["reach"] = [revoked("account_inactive"), revoked("account_inactive")]

    for _ in range(2):
        with pytest.raises(Unavailable, match=r"account_inactive.*no mail leaves"):
            await stage.pulse()

    assert await stage.run() == 0
    assert await stage.flag("slack_lost") is not None


async def test_when_slack_lets_us_in_again_everything_goes_on_where_it_stopped(stage: Stage) -> None:
    stage.notifier.refusals["post"] = [revoked()]
    await stage.run()
    stage.now += timedelta(hours=30)
    await stage.pulse()
    await stage.run()

    assert await stage.flag("slack_lost") is None
    assert [(method, target) for method, target, _ in stage.notifier.said] == [("reach", ""), ("post", "#alerts")]


@pytest.mark.parametrize("code", ["internal_error", "ratelimited", "no_answer"])
async def test_a_slack_that_is_merely_down_is_not_lost(stage: Stage, code: str) -> None:
    stage.notifier.refusals["reach"] = [SlackRefused(code, ambiguous=True)]

    await stage.pulse()

    assert await stage.flag("slack_lost") is None


# --- dying and racing between Slack's answer and our record


class Killed(BaseException):
    """Stands for the end of the process at this line."""


@dataclass
class MortalNotifier(ScriptedNotifier):
    """Slack takes a card, and we die before we know; what comes after in the same life never happens."""

    lives: list[int] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)

    async def post_card(self, channel: str, brief: CardBrief, *, mention: str = "") -> SlackReceipt:
        if self.lives and self.lives[0] < 0:
            raise Killed
        self.posted.append(brief.case.id)
        if self.lives:
            self.lives[0] -= 1
            if self.lives[0] < 0:
                raise Killed
        return SlackReceipt(channel, f"{len(self.posted)}.0")


@pytest.mark.long
async def test_a_batch_that_is_cut_off_again_and_again_goes_on_where_it_stopped(stage: Stage) -> None:
    for channel in ("#a", "#b", "#c"):
        await queue(stage.store, channel, 20)
    stage.notifier = slack = MortalNotifier(lives=[0, 3, 1, 11, 5, 0, 7, 2, 13, 4])
    deaths = 0
    while slack.lives:
        try:
            while await stage.run():
                pass
        except Killed:
            deaths += 1
        slack.lives.pop(0)
    while await stage.run():
        pass

    assert deaths == 10
    assert len(set(slack.posted)) == 61
    assert len(slack.posted) <= 61 + deaths, "a death between Slack's answer and our record costs one copy at most"


async def test_a_click_on_a_card_that_slack_is_still_confirming_is_shown_next(stage: Stage) -> None:
    class Impatient(ScriptedNotifier):
        async def post_card(self, channel: str, brief: CardBrief, *, mention: str = "") -> SlackReceipt:
            async with stage.store() as work:
                case = await work.cases.get("case-1")
                assert case is not None
                gone = replace(case, state=CaseState.DISMISSED, version=2, closed_at=NOW)
                assert await work.cases.save(gone, expected=1)
                await work.slack.want_card("case-1")
            return await super().post_card(channel, brief, mention=mention)

    stage.notifier = Impatient()
    await stage.run()
    await stage.run()

    assert stage.notifier.said == [("post", "#alerts", "open"), ("update", "1.0", "dismissed")]
