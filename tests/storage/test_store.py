"""The store keeps what it is given, on both backends."""

from __future__ import annotations

from tests.builders import NOW, TODAY, a_case, a_contact, a_csm, a_draft, a_snapshot, an_account, an_outreach, remember


async def test_what_is_stored_comes_back(any_store):
    await remember(any_store, an_account(), a_csm(), a_contact(), a_snapshot(), a_case(), a_draft(), an_outreach())

    async with any_store() as work:
        assert await work.accounts.get("acme") == an_account()
        assert await work.accounts.person("kim") == a_contact()
        assert await work.snapshots.on(TODAY) == {"acme": a_snapshot()}
        assert await work.cases.live_of("acme") == a_case()
        assert await work.outreach.latest_draft("case-1") == a_draft()
        assert await work.outreach.due(NOW) == [an_outreach()]
        await work.flags.set("paused", "since")
        assert await work.flags.some("paused", "storm") == {"paused": "since"}
