"""What the CRM is told is promised once, tried by one, and never lost between two states."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from scoring.casework import CaseState, OutreachState
from scoring.crm import CrmJob, CrmKind, CrmState, CrmThing, crm_job_id
from scoring.replies import ReplyKind
from tests.builders import NOW, a_case, a_contact, a_crm_job, a_draft, a_reply, an_account, an_outreach, remember

EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(hours=1)


async def test_what_happened_is_promised_once_and_only_what_left_came_back_or_ended(any_store):
    await remember(
        any_store,
        an_account(),
        a_contact(),
        a_case(state=CaseState.CLOSED, closed_at=NOW),
        a_case("case-2"),
        a_draft(),
        an_outreach(state=OutreachState.SENT, sent_at=NOW),
        an_outreach("mail-2", "case-2"),
    )
    async with any_store() as work:
        await work.replies.add(a_reply())
        await work.replies.add(a_reply("reply-2", kind=ReplyKind.AUTO))
        found = await work.crm.untold(EARLIER, NOW)
        assert sorted(job.ref for job in found) == ["case-1", "mail-1", "reply-1"]
        assert {job.case_id for job in found} == {"case-1"}
        assert await work.crm.untold(LATER, NOW) == []

        assert await work.crm.add(found) == 3
        assert await work.crm.add(found) == 0
        assert await work.crm.untold(EARLIER, NOW) == []


async def test_a_try_is_one_processs_and_is_noted_before_it_is_made(any_store):
    async with any_store() as work:
        await work.crm.add([a_crm_job()])

    async def begin():
        async with any_store() as work:
            return await work.crm.begin(a_crm_job(), again=LATER)

    begun = [job for job in await asyncio.gather(begin(), begin(), begin()) if job]

    assert [(job.attempts, job.not_before) for job in begun] == [(1, LATER)]
    async with any_store.reading() as work:
        assert await work.crm.due(NOW, 10) == []
        assert [job.id for job in await work.crm.due(LATER, 10)] == [a_crm_job().id]


async def test_a_person_dismisses_or_tries_again_and_a_late_success_still_counts(any_store):
    job = a_crm_job()
    async with any_store() as work:
        await work.crm.add([job])
        assert await work.crm.fail(job, "It is so.")
        assert await work.crm.fail(job, "again") is None
        assert [(one.state, one.error) for one in await work.crm.troubled()] == [(CrmState.FAILED, "It is so.")]
        assert await work.crm.dismiss(job)
        assert await work.crm.troubled() == []
        assert await work.crm.retry(job)
        await work.crm.done(job, "99")
        assert await work.crm.dismiss(job) is None
        assert await work.crm.retry(job) is None
        assert (await work.crm.of_case("case-1"))[0].crm_id == "99"
        assert await work.crm.counts() == {CrmState.DONE: 1}


async def test_a_newer_health_is_not_taken_for_told_by_an_older_ones_success(any_store):
    def health(text):
        made = crm_job_id(CrmKind.HEALTH, "acme")
        return CrmJob(made, CrmKind.HEALTH, "acme", "acme", case_id="", made_at=NOW, content=text)

    async with any_store() as work:
        assert await work.crm.want_health([health("72|Monitor|2026-11-20")]) == 1
        assert await work.crm.want_health([health("72|Monitor|2026-11-20")]) == 0
        assert await work.crm.want_health([health("58|At Risk|2026-11-21")]) == 1
        await work.crm.done(health("72|Monitor|2026-11-20"), "501")
        assert [job.content for job in await work.crm.due(NOW, 10)] == ["58|At Risk|2026-11-21"]
        await work.crm.done(health("58|At Risk|2026-11-21"), "501")
        assert await work.crm.due(LATER, 10) == []
        assert await work.crm.shown() == {"acme": "58|At Risk|2026-11-21"}


async def test_links_are_kept_for_each_crm_and_what_failed_can_be_revived_by_account(any_store):
    async with any_store() as work:
        await work.crm.keep_links("HubSpot", CrmThing.ACCOUNT, {"acme": "1", "borealis": "2"})
        await work.crm.keep_links("HubSpot", CrmThing.ACCOUNT, {"acme": "3"})
        await work.crm.keep_links("Salesforce", CrmThing.ACCOUNT, {"acme": "001A"})
        await work.crm.drop_links("HubSpot", CrmThing.ACCOUNT, ["borealis"])
        assert await work.crm.links("HubSpot", CrmThing.ACCOUNT) == {"acme": "3"}
        assert await work.crm.link("Salesforce", CrmThing.ACCOUNT, "acme") == "001A"

        await work.crm.add([a_crm_job(state=CrmState.FAILED), a_crm_job("b", account_id="b", state=CrmState.FAILED)])
        assert await work.crm.revive(["acme", "none"]) == 1
        assert [job.account_id for job in await work.crm.due(NOW, 10)] == ["acme"]
