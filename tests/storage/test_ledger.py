"""Who did what stays in order; flags and leases belong to one holder."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import NOW, an_entry, remember

SOON, LATER = NOW + timedelta(seconds=30), NOW + timedelta(hours=1)


async def test_the_audit_keeps_the_order_in_which_things_were_done(any_store):
    entries = [an_entry(f"step {number}", at=NOW - timedelta(days=number)) for number in range(4)]
    await remember(any_store, *entries, an_entry("other", case_id="case-2"))

    async with any_store() as work:
        assert await work.audit.of_case("case-1") == entries
        assert [entry.action for entry in await work.audit.newest(2)] == ["other", "step 3"]
        assert await work.audit.newest(0) == []


async def test_the_audit_cannot_be_rewritten_through_its_repository(any_store):
    async with any_store() as work:
        offered = {name for name in dir(work.audit) if not name.startswith("_")}

    assert offered == {"add", "of_case", "done_by", "newest", "tail", "chain"}


async def test_a_flag_is_set_changed_and_taken_away(any_store):
    async with any_store() as work:
        assert await work.flags.get("paused") is None
        await work.flags.set("paused", "by Dana")
        await work.flags.set("paused", "by Lee")
        assert await work.flags.get("paused") == "by Lee"
        await work.flags.set("paused", None)
        await work.flags.set("paused", None)
        assert await work.flags.get("paused") is None


async def test_an_empty_flag_is_still_set(any_store):
    async with any_store() as work:
        await work.flags.set("paused", "")
        assert await work.flags.get("paused") == ""
        assert not await work.flags.claim("paused", "x")


async def test_a_claim_is_for_the_first(any_store):
    async with any_store() as work:
        assert await work.flags.claim("scored:2026-11-20", "a")
        assert not await work.flags.claim("scored:2026-11-20", "b")
        assert await work.flags.get("scored:2026-11-20") == "a"
        await work.flags.set("scored:2026-11-20", None)
        assert await work.flags.claim("scored:2026-11-20", "b")


async def test_a_lease_is_prolonged_by_its_holder_and_refused_to_others(any_store):
    async with any_store() as work:
        assert await work.flags.lease("leader", "a", NOW, SOON)
        assert not await work.flags.lease("leader", "b", NOW, SOON)
        assert await work.flags.lease("leader", "a", NOW, LATER)
        assert not await work.flags.lease("leader", "b", SOON, LATER)
        assert await work.flags.lease("other", "b", NOW, SOON)


async def test_a_lease_that_ran_out_is_taken_over_and_lost(any_store):
    async with any_store() as work:
        assert await work.flags.lease("leader", "a", NOW, SOON)
        assert await work.flags.lease("leader", "b", SOON, LATER)
        assert not await work.flags.lease("leader", "a", SOON, LATER)


async def test_a_holder_may_let_go_at_once(any_store):
    async with any_store() as work:
        assert await work.flags.lease("leader", "a", NOW, LATER)
        assert await work.flags.lease("leader", "a", NOW, NOW)
        assert await work.flags.lease("leader", "b", NOW, LATER)


async def test_a_lease_is_no_flag(any_store):
    async with any_store() as work:
        await work.flags.lease("leader", "a", NOW, LATER)
        assert await work.flags.get("leader") is None
