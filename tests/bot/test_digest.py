"""One digest per person and working day, at their own morning, with what a CSM decides first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.loop.digest import Digest
from scoring.briefs import DigestBrief
from scoring.casework import LOOKOUT, CaseState, Fact, OutreachState, TriggerKind
from scoring.wording import shown
from storage.unit_of_work import SqlStore
from tests.builders import (
    NOW,
    TODAY,
    a_case,
    a_contact,
    a_csm,
    a_decision,
    a_draft,
    a_follow_up,
    a_snapshot,
    a_trigger,
    an_absence,
    an_account,
    an_outreach,
    remember,
)

ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Brisbane")


class Clock:
    """A clock that stands where a test puts it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


async def done(store: SqlStore) -> None:
    async with store() as work:
        await work.flags.set("day_done", str(TODAY))


def a_digest(store: SqlStore, clock: Clock, zone: str = "UTC") -> Digest:
    return Digest(store, clock, time(8, 30), ZoneInfo(zone), "#cs-digest")


async def built(store: SqlStore, clock: Clock, who: str = "csm-dana", zone: str = "UTC") -> DigestBrief | None:
    digest = a_digest(store, clock, zone)
    async with store.reading() as work:
        return await digest.brief(work, f"{TODAY}|{who}")


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


async def queued(store: SqlStore) -> list[str]:
    async with store() as work:
        posts = await work.slack.posts_due(datetime(2100, 1, 1, tzinfo=UTC))
        for post in posts:
            await work.slack.post_done(post.key, datetime(2100, 1, 1, tzinfo=UTC))
    return [post.key for post in posts]


@pytest.mark.parametrize("zone", ZONES)
async def test_each_morning_over_the_clock_change_brings_one_digest_per_local_working_day(
    store: SqlStore, zone: str
) -> None:
    await remember(store, a_csm(timezone=zone), a_csm("csm-ben", slack_id=""), an_account(), a_snapshot())
    await done(store)
    clock = Clock(datetime(2026, 10, 1, tzinfo=UTC))
    digest = a_digest(store, clock, zone)
    for _ in range(50 * 4):
        await digest.run()
        await digest.run()
        clock.now += timedelta(hours=6)

    counts = Counter(key for key in await queued(store) if "csm-dana" in key)

    days = [date.fromisoformat(key.rsplit(":", 1)[1]) for key in counts]
    assert set(counts.values()) == {1}
    assert all(day.weekday() < 5 for day in days)
    assert len(days) >= 50 * 5 // 7 - 1


@pytest.mark.parametrize("zone", ["America", "Mars/Olympus", "../etc/passwd", "", "\x00"])
async def test_a_zone_that_is_none_costs_nobody_their_digest(store: SqlStore, clock: Clock, zone: str) -> None:
    await remember(store, a_csm(timezone=zone), a_csm("csm-ben", timezone="UTC"))
    await done(store)

    await a_digest(store, clock).run()

    assert await queued(store) == [f"digest:{who}:2026-11-20" for who in ("csm-ben", "csm-dana", "channel")]


async def test_nobody_is_greeted_before_their_own_morning(store: SqlStore, clock: Clock) -> None:
    await remember(store, a_csm(timezone="America/New_York"), an_account(), a_snapshot())
    await done(store)

    await a_digest(store, clock).run()

    assert await queued(store) == ["digest:channel:2026-11-20"]


async def test_a_digest_missed_by_more_than_six_hours_is_not_sent_in_the_evening(store: SqlStore, clock: Clock) -> None:
    await remember(store, a_csm(timezone="UTC"), an_account(), a_snapshot())
    await done(store)
    clock.now = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)

    await a_digest(store, clock).run()

    assert await queued(store) == []


async def test_an_open_case_stands_under_decide_now_and_nowhere_else(store: SqlStore, clock: Clock) -> None:
    fell = a_trigger(TriggerKind.SCORE_DROP, digest_only=True)
    await remember(
        store, an_account(), a_csm(), a_contact(), a_snapshot(score=52.0), a_snapshot(day=TODAY - timedelta(7)), fell
    )
    await remember(store, a_case())

    brief = await built(store, clock)

    assert brief is not None
    assert [(section.title, [line.name for line in section.lines]) for section in brief.sections] == [
        ("Decide now", ["Acme"])
    ]


async def test_what_is_snoozed_says_until_when_and_why(store: SqlStore, clock: Clock) -> None:
    until = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    case = a_case(state=CaseState.SNOOZED, snoozed_until=until, snooze_reason="renewal call")
    await remember(store, an_account(), a_csm(), a_snapshot(score=52.0), case)

    brief = await built(store, clock)

    assert brief is not None
    assert brief.sections[0].title == "Waiting"
    assert brief.sections[0].lines[0].text == "snoozed until 2 Dec: renewal call"


async def test_what_triggered_but_got_no_card_is_listed_with_its_reason_and_the_dearest_first(
    store: SqlStore, clock: Clock
) -> None:
    small, large = an_account("small", arr=1_000), an_account("large", arr=900_000)
    held = [a_decision(a.id, action="digest", reason="The month's budget is spent.") for a in (small, large)]
    await remember(store, small, large, a_csm(), a_snapshot("small"), a_snapshot("large"), *held)

    brief = await built(store, clock)

    assert brief is not None
    lines = brief.sections[0].lines
    assert [(line.name, line.text) for line in lines] == [
        ("Large", "The month's budget is spent."),
        ("Small", "The month's budget is spent."),
    ]


async def test_no_more_than_ten_lines_and_the_rest_is_counted(store: SqlStore, clock: Clock) -> None:
    accounts = [an_account(f"a{n:02}") for n in range(25)]
    await remember(store, a_csm(), *accounts, *(a_snapshot(a.id, score=50.0) for a in accounts))
    await remember(store, *(a_case(f"case-{a.id}", a.id) for a in accounts))

    brief = await built(store, clock)

    assert brief is not None
    assert sum(len(section.lines) for section in brief.sections) == 10
    assert sum(section.held for section in brief.sections) == 15


async def test_nothing_to_say_is_not_said_to_a_person_but_the_channel_hears_that_all_is_quiet(
    store: SqlStore, clock: Clock
) -> None:
    await remember(store, a_csm(), an_account(), a_snapshot())

    assert await built(store, clock) is None
    channel = await built(store, clock, "channel")
    assert channel is not None
    assert (channel.sections, channel.healthy, channel.total) == ((), 1, 1)


async def test_another_csms_accounts_are_not_in_my_digest(store: SqlStore, clock: Clock) -> None:
    theirs = an_account("theirs", csm_id="csm-ben")
    await remember(
        store, a_csm(), a_csm("csm-ben"), theirs, a_snapshot("theirs", score=30.0), a_case("c", "theirs", csm_id=None)
    )

    assert await built(store, clock) is None


async def test_paused_blind_and_stale_are_said_before_anybody_trusts_a_line(store: SqlStore, clock: Clock) -> None:
    await remember(store, a_csm(), an_account(), a_snapshot(score=40.0, coverage=0.4), a_case())
    async with store() as work:
        await work.flags.set("paused", "by Dana")
    clock.now += timedelta(days=5)

    brief = await built(store, clock)

    assert brief is not None
    assert brief.notes == (
        "All sending is paused.",
        "Blind on 1 accounts: too little data for an alert.",
        "Scores are old: the last day scored is 2026-11-20.",
    )


async def test_a_watch_line_quotes_its_fact(store: SqlStore, clock: Clock) -> None:
    why = (Fact("logins", "Logins: 40 in 14 days, 80 in the 14 before."),)
    watch = a_trigger(TriggerKind.LOGINS_DOWN, digest_only=True, why=why)
    await remember(store, an_account(), a_csm(), a_snapshot(), watch)

    brief = await built(store, clock)

    assert brief is not None
    assert [(s.title, s.lines[0].text) for s in brief.sections] == [("Worth watching", why[0].text)]


async def test_the_points_of_a_change_are_those_of_the_scores_beside_them(store: SqlStore, clock: Clock) -> None:
    await remember(store, a_csm(), an_account())
    await remember(store, a_snapshot(score=64.6, day=TODAY), a_snapshot(score=84.4, day=TODAY - timedelta(days=7)))

    brief = await built(store, clock)

    assert brief is not None
    (line,) = brief.sections[0].lines
    assert (shown(line.previous or 0), shown(line.score or 0), line.text) == (84, 65, "-19 points in a week")


async def test_an_account_stands_once_and_no_section_squeezes_out_the_next(store: SqlStore, clock: Clock) -> None:
    await remember(store, a_csm())
    for n in range(14):
        await remember(store, an_account(f"a{n:02}"))
        await remember(
            store,
            a_snapshot(f"a{n:02}", score=60.0, day=TODAY),
            a_snapshot(f"a{n:02}", score=90.0, day=TODAY - timedelta(days=7)),
        )
    await remember(store, a_decision("a00", action="digest"), a_trigger(account_id="a01", digest_only=True))

    brief = await built(store, clock)

    assert brief is not None
    lines = [line.account_id for section in brief.sections for line in section.lines]
    assert len(lines) == len(set(lines)) <= 10
    assert all(section.lines for section in brief.sections)
    assert sum(len(section.lines) + section.held for section in brief.sections) == 14


async def test_the_accounts_that_were_written_to_this_week_are_listed_and_no_others(
    store: SqlStore, clock: Clock
) -> None:
    names = ("acme", "old", "lost")
    await remember(
        store, a_csm(), *(an_account(name) for name in names), *(a_snapshot(name) for name in names),
        *(a_contact(f"kim-{name}", name) for name in names), *(a_case(f"case-{name}", name) for name in names),
        *(a_draft(f"draft-{name}", f"case-{name}", account_id=name, to_id=f"kim-{name}") for name in names),
    )  # fmt: skip
    sent = {"state": OutreachState.SENT, "sent_at": NOW - timedelta(days=6)}
    fates = {"acme": sent, "old": sent | {"sent_at": NOW - timedelta(days=8)}, "lost": {"state": OutreachState.FAILED}}
    for name, fate in fates.items():
        made = an_outreach(f"mail-{name}", f"case-{name}", account_id=name, draft_id=f"draft-{name}", **fate)
        await remember(store, replace(made, to_id=f"kim-{name}"))
        async with store() as work:
            case = await work.cases.get(f"case-{name}")
            assert case is not None
            ended = replace(case, state=CaseState.CLOSED, version=2, closed_at=NOW)
            assert await work.cases.save(ended, expected=1)

    brief = await built(store, clock)

    assert brief is not None
    (mailed,) = [section for section in brief.sections if "mail" in section.title.lower()]
    assert [(line.account_id, line.text) for line in mailed.lines] == [("acme", "mail to kim@acme.test on 14 Nov")]


@pytest.mark.parametrize(("who", "zone"), [("csm-dana", "UTC"), ("channel", "Pacific/Kiritimati")])
async def test_every_day_in_a_digest_is_a_day_where_its_reader_is(store, clock, who, zone) -> None:
    """At ten in the evening in UTC it is noon of the next day on Kiritimati."""
    names = ("asleep", "leaving", "followed", "mailed")
    states = (CaseState.SNOOZED, CaseState.APPROVED, CaseState.CONTACTED, CaseState.CONTACTED)
    sent = {"state": OutreachState.SENT, "sent_at": datetime(2026, 11, 15, 22, tzinfo=UTC)}
    asleep = {"snoozed_until": datetime(2026, 12, 2, 22, tzinfo=UTC), "snooze_reason": "renewal call"}
    await remember(
        store, a_csm(timezone="Pacific/Kiritimati"), *(an_account(name) for name in names),
        *(a_contact(f"kim-{name}", name) for name in names), *(a_snapshot(name) for name in names),
        *(
            a_case(f"case-{name}", name, state=state, **(asleep if name == "asleep" else {}))
            for name, state in zip(names, states, strict=True)
        ),
        *(a_draft(f"draft-{name}", f"case-{name}", account_id=name, to_id=f"kim-{name}") for name in names),
        *(
            an_outreach(
                f"mail-{name}", f"case-{name}", account_id=name, draft_id=f"draft-{name}", to_id=f"kim-{name}", **more
            )
            for name, more in {
                "leaving": {"approved_by": LOOKOUT, "not_before": datetime(2026, 11, 20, 22, tzinfo=UTC)},
                "followed": sent,
                "mailed": sent,
            }.items()
        ),
    )  # fmt: skip
    async with store() as work:
        due = datetime(2026, 11, 22, 22, tzinfo=UTC)
        await work.follow_ups.add(
            a_follow_up("mail-followed", case_id="case-followed", account_id="followed", due_at=due)
        )

    brief = await built(store, clock, who, zone)
    assert [line.text for part in brief.sections for line in part.lines] == [
        "a mail to kim@acme.test, 21 Nov at the earliest",
        "a follow-up is due on 23 Nov, unless they answer",
        "snoozed until 3 Dec: renewal call",
        "mail to kim@acme.test on 16 Nov",
    ]


async def test_who_covers_reads_in_their_own_digest_what_leaves_by_itself_in_their_name(store, clock):
    await remember(
        store,
        a_csm(),
        a_csm("csm-ben"),
        an_account(),
        a_contact(),
        a_snapshot(),
        a_case(state=CaseState.APPROVED),
        a_draft(from_id="csm-ben", from_email="ben@us.test"),
        an_outreach(approved_by=LOOKOUT),
        an_absence(since=NOW - timedelta(days=1)),
    )
    for who in ("csm-dana", "csm-ben", "channel"):
        brief = await built(store, clock, who)
        assert [line.account_id for part in brief.sections if part.title == "Leaves by itself" for line in part.lines]
