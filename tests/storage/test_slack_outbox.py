"""Slack is told everything at least once, in order, and the newest state wins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scoring.errors import NotFound
from scoring.messages import Card, Post
from storage.errors import ConstraintBroken
from tests.builders import NOW, a_case, an_account, remember

LATER = NOW + timedelta(hours=1)


async def some_cases(store, *names):
    """Cases, the first the oldest."""
    for number, name in enumerate(names):
        opened = NOW + timedelta(minutes=number)
        await remember(store, an_account(name), a_case(name, name, opened_at=opened))


async def test_a_card_is_wanted_posted_and_wanted_again(any_store):
    await some_cases(any_store, "c")

    async with any_store() as work:
        assert await work.slack.card("c") is None
        await work.slack.want_card("c", channel="#cs", mention="UDANA")
        assert await work.slack.cards_due(NOW) == [Card("c", "#cs", 1, mention="UDANA")]
        await work.slack.card_done("c", posted=1, channel="C1", ts="1.5", at=NOW)
        assert await work.slack.cards_due(NOW) == []
        await work.slack.want_card("c")
        assert await work.slack.cards_due(NOW) == [
            Card("c", "#cs", 2, 1, "1.5", "C1", mention="UDANA", first_posted_at=NOW)
        ]


async def test_a_change_while_slack_was_being_told_stays_due(any_store):
    await some_cases(any_store, "c")

    async with any_store() as work:
        await work.slack.want_card("c", channel="#cs")
        await work.slack.want_card("c")
        await work.slack.card_done("c", posted=1, channel="C1", ts="1.5", at=NOW)
        assert [card.posted for card in await work.slack.cards_due(NOW)] == [1]


async def test_an_old_confirmation_takes_nothing_back(any_store):
    await some_cases(any_store, "c")

    async with any_store() as work:
        await work.slack.want_card("c", channel="#cs")
        await work.slack.want_card("c")
        await work.slack.card_done("c", posted=2, channel="C1", ts="1.5", at=NOW)
        await work.slack.card_done("c", posted=1, channel="C1", ts="1.5", at=NOW)
        assert (await work.slack.card("c")).posted == 2


async def test_a_card_cannot_be_more_than_what_was_wanted(any_store):
    await some_cases(any_store, "c")

    with pytest.raises(ConstraintBroken):
        async with any_store() as work:
            await work.slack.want_card("c", channel="#cs")
            await work.slack.card_done("c", posted=5, channel="C1", ts="1.5", at=NOW)


async def test_a_first_card_needs_a_channel_and_a_case(any_store):
    await some_cases(any_store, "c")

    with pytest.raises(ValueError, match="needs a channel"):
        async with any_store() as work:
            await work.slack.want_card("c")
    with pytest.raises(ConstraintBroken):
        async with any_store() as work:
            await work.slack.want_card("no such case", channel="#cs")


async def test_a_card_is_drawn_again_where_there_is_one(any_store):
    await some_cases(any_store, "c", "none")

    async with any_store() as work:
        await work.slack.want_card("c", channel="#cs")
        await work.slack.redraw("c")
        await work.slack.redraw("none")
        assert (await work.slack.card("c")).wanted == 2
        assert await work.slack.card("none") is None


async def test_a_held_card_waits_for_its_time_even_when_it_changes(any_store):
    await some_cases(any_store, "c")

    async with any_store() as work:
        await work.slack.want_card("c", channel="#cs", not_before=LATER)
        await work.slack.want_card("c")
        assert await work.slack.cards_due(NOW) == []
        assert await work.slack.backlog() == 1
        assert [card.wanted for card in await work.slack.cards_due(LATER)] == [2]


async def test_a_failed_card_is_tried_again_later_and_its_trouble_is_forgotten_when_it_works(any_store):
    await some_cases(any_store, "c")

    async with any_store() as work:
        await work.slack.want_card("c", channel="#cs")
        await work.slack.card_failed("c", error="not_in_channel", not_before=LATER)
        await work.slack.card_failed("c", error="channel_not_found", not_before=LATER)
        assert await work.slack.cards_due(NOW) == []
        assert await work.slack.card("c") == Card(
            "c", "#cs", 1, attempts=2, error="channel_not_found", not_before=LATER
        )
        await work.slack.card_done("c", posted=1, channel="C1", ts="1.5", at=NOW)
        assert await work.slack.card("c") == Card("c", "#cs", 1, 1, "1.5", "C1", first_posted_at=NOW)


async def test_cards_of_the_oldest_cases_go_first(any_store):
    await some_cases(any_store, "z", "y", "a")

    async with any_store() as work:
        for name in "ayz":
            await work.slack.want_card(name, channel="#cs")
        assert [card.case_id for card in await work.slack.cards_due(NOW)] == ["z", "y", "a"]


async def test_cards_are_counted_when_first_posted_by_either_name_of_the_channel(any_store):
    await some_cases(any_store, "a", "b", "c")

    async with any_store() as work:
        for name in "abc":
            await work.slack.want_card(name, channel="#cs")
        await work.slack.card_done("a", posted=1, channel="C1", ts="1", at=NOW - timedelta(hours=2))
        await work.slack.card_done("b", posted=1, channel="C1", ts="2", at=NOW)
        await work.slack.want_card("a")
        await work.slack.card_done("a", posted=2, channel="C1", ts="1", at=NOW)
        assert await work.slack.cards_posted_since("#cs", NOW - timedelta(hours=1)) == 1
        assert await work.slack.cards_posted_since("C1", NOW - timedelta(hours=3)) == 2
        assert await work.slack.cards_posted_since("#other", NOW - timedelta(hours=3)) == 0


async def test_a_card_may_move_to_another_channel(any_store):
    await some_cases(any_store, "c")

    async with any_store() as work:
        await work.slack.want_card("c", channel="#cs")
        await work.slack.want_card("c", channel="@dana", mention="ULEE")
        assert await work.slack.card("c") == Card("c", "@dana", 2, mention="ULEE")


async def test_a_post_is_said_once(any_store):
    first = Post("digest:1", "digest", "#digest", "2026-11-20")

    async with any_store() as work:
        assert await work.slack.say(first)
        assert not await work.slack.say(Post("digest:1", "notice", "#ops", "other"))
        assert await work.slack.posts_due(NOW) == [first]
        assert await work.slack.backlog() == 1
        await work.slack.post_done("digest:1", NOW)
        assert await work.slack.posts_due(LATER) == []
        assert await work.slack.backlog() == 0
        assert not await work.slack.say(first)


async def test_posts_keep_the_order_in_which_they_were_said(any_store):
    async with any_store() as work:
        for key in ("z", "a", "m"):
            await work.slack.say(Post(key, "note", "", key, case_id="c"))
        await work.slack.say(Post("held", "note", "", "held", not_before=LATER))
        assert [post.key for post in await work.slack.posts_due(NOW)] == ["z", "a", "m"]


async def test_a_failed_post_is_tried_again_later(any_store):
    async with any_store() as work:
        await work.slack.say(Post("k", "notice", "#ops", "hello"))
        await work.slack.post_failed("k", error="ratelimited", not_before=LATER)
        assert await work.slack.posts_due(NOW) == []
        (post,) = await work.slack.posts_due(LATER)
        assert (post.attempts, post.error) == (1, "ratelimited")


async def test_a_receipt_for_something_unknown_is_no_silence(any_store):
    async with any_store() as work:
        with pytest.raises(NotFound):
            await work.slack.post_done("nobody", NOW)
        with pytest.raises(NotFound):
            await work.slack.post_failed("nobody", error="", not_before=NOW)
        with pytest.raises(NotFound):
            await work.slack.card_done("nobody", posted=1, channel="C", ts="1", at=NOW)
        with pytest.raises(NotFound):
            await work.slack.card_failed("nobody", error="", not_before=NOW)


async def test_when_a_digest_was_shown_first_after_an_instant_is_known_of_each_reader(any_store):
    async with any_store() as work:
        for who, day, hours in (("a_b", 1, 0), ("a_b", 2, 2), ("a_b", 3, 3), ("axb", 4, 1), ("channel", 5, None)):
            await work.slack.say(Post(f"digest:{who}:2026-11-0{day}", "digest", "#cs", "text"))
            if hours is not None:
                await work.slack.post_done(f"digest:{who}:2026-11-0{day}", NOW + timedelta(hours=hours))

        assert await work.slack.digest_shown_at(["a_b"], NOW) == NOW + timedelta(hours=2)
        assert await work.slack.digest_shown_at(["a_b", "axb"], NOW) == NOW + timedelta(hours=1)
        assert await work.slack.digest_shown_at(["channel", "a"], NOW - timedelta(days=9)) is None
