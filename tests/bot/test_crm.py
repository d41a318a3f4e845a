"""The CRM hears of each mail, answer and outcome once, whatever happens on the way, and shows each account's health."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.crm.http import Access, CrmHttp
from bot.crm.mapping import HUBSPOT, SALESFORCE, read_mapping
from bot.loop.briefing import card_brief
from bot.loop.crm import CrmLog
from bot.outreach.hubspot import HubSpot
from bot.outreach.salesforce import Salesforce
from handlers.blocks.alert_card import alert_card
from scoring.casework import CaseState, OutreachState, Verdict
from scoring.crm import CrmState
from scoring.model import Band
from scoring.replies import ReplyKind
from tests.builders import (
    NOW,
    TODAY,
    a_case,
    a_contact,
    a_csm,
    a_draft,
    a_reply,
    a_snapshot,
    an_account,
    an_outreach,
    remember,
)
from tests.crm_server import FRESH, TOKEN, crm_server

LATER = timedelta(hours=2)
ACCESS = Access(TOKEN, "client", "secret", "refresh")


class Vendor:
    """One CRM on the stand-in, with Acme and Kim in it, and our way to it."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        hubspot = name == "hubspot"
        self.account, self.contact = ("501", "601") if hubspot else ("001A", "003K")
        if hubspot:
            server.put("companies", "501", name="Acme Inc.", domain="acme.test")
            server.put("companies", "502", name="Acme", domain="other.test")
            server.put("contacts", "601", email="kim@acme.test", associatedcompanyid="501")
            server.owners = {"701": "dana@us.test"}
        else:
            server.put("Account", "001A", Name="Acme Inc.", Website="https://www.acme.test/")
            server.put("Account", "001B", Name="Acme", Website="not-acme.test")
            server.put("Contact", "003K", Email="kim@acme.test", AccountId="001A")
            server.put("User", "005D", Email="dana@us.test", IsActive=True)

    def port(self, *, seconds=5.0):
        hubspot = self.name == "hubspot"
        path = "/oauth/v1/token" if hubspot else "/services/oauth2/token"
        http = CrmHttp(
            self.name.title(), self.server.url, ACCESS, path, frozenset({"REQUEST_LIMIT_EXCEEDED"}), seconds, no_wait
        )
        made = HubSpot if hubspot else Salesforce
        return made(http, read_mapping(None, HUBSPOT if hubspot else SALESFORCE))

    def records(self):
        """Everything that was written down about a customer."""
        kinds = ("emails", "notes") if self.name == "hubspot" else ("Task",)
        return [one for kind in kinds for one in self.server.written(kind)]

    @property
    def create(self):
        """What a request that writes a mail down looks like."""
        return "POST /crm/v3/objects/emails" if self.name == "hubspot" else "PATCH /services/data/v59.0/sobjects/Task"


async def no_wait(_seconds):
    """Nobody waits in a test."""


@pytest.fixture(params=["hubspot", "salesforce"])
async def vendor(request):
    async with crm_server() as server:
        yield Vendor(server, request.param)


@pytest.fixture
async def clock():
    class Clock:
        now = NOW + timedelta(minutes=5)

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
async def sweep(store, vendor, clock):
    """The sweep over a mail that Dana sent to Kim."""
    await remember(
        store,
        an_account(),
        a_csm(),
        a_contact(),
        a_snapshot(score=64.0),
        a_case(state=CaseState.CONTACTED),
        a_draft(),
        an_outreach(state=OutreachState.SENT, sent_at=NOW),
    )
    async with store() as work:
        await work.slack.want_card("case-1", channel="#cs")
    made = CrmLog(store, vendor.port(), clock, "#ops")
    yield made
    await made.crm.http.close()


async def jobs(store):
    async with store.reading() as work:
        return {job.kind.value: job for job in await work.crm.of_case("case-1")}


async def card_of(store, clock):
    async with store.reading() as work:
        return str(alert_card(await card_brief(work, "case-1", clock())))


async def test_a_mail_an_answer_and_an_outcome_are_each_written_once_with_company_contact_and_owner(
    store, vendor, sweep, clock
):
    answer = a_reply(received_at=NOW + timedelta(minutes=1), text="Yes, <b>Tuesday</b>.", from_email="kim@acme.test")
    async with store() as work:
        await work.replies.add(answer)
        case = await work.cases.get("case-1")
        assert await work.cases.save(
            replaced(case, state=CaseState.CLOSED, close_reason="recovered", closed_at=clock(), verdict=Verdict.RIGHT),
            expected=1,
        )

    assert await sweep.run() == 3
    for _ in range(3):
        clock.now += LATER
        assert await sweep.run() == 0

    told = await jobs(store)
    assert {job.state for job in told.values()} == {CrmState.DONE}
    assert len(vendor.records()) == 3
    texts = [str(one) for one in vendor.records()]
    assert all(sum(job.id in text for text in texts) == 1 for job in told.values())
    assert [text for text in texts if "recovered" in text and "Verdict: right." in text]
    if vendor.name == "hubspot":
        sent, received = vendor.server.written("emails")
        assert sent["about"] == received["about"] == ["501", "601"]
        assert (sent["hubspot_owner_id"], sent["hs_email_direction"]) == ("701", "EMAIL")
        assert (received["hs_email_direction"], "Tuesday" in received["hs_email_text"]) == ("INCOMING_EMAIL", True)
        assert vendor.server.written("notes")[0]["about"] == ["501"]
    else:
        sent = vendor.server.written("Task")[0]
        assert (sent["WhatId"], sent["WhoId"], sent["OwnerId"]) == ("001A", "003K", "005D")
        assert sent["Subject"] == "Email: A hand with your reports?"
        assert {one["WhatId"] for one in vendor.records()} == {"001A"}


def replaced(case, **changes):
    from dataclasses import replace

    return replace(case, version=case.version + 1, **changes)


@pytest.mark.parametrize("fault", ["drop", "hang", "odd", 500])
async def test_an_answer_that_got_lost_makes_no_second_record(store, vendor, sweep, clock, fault):
    vendor.server.faults = [(vendor.create, fault)]
    vendor.server.seconds = 0.3
    sweep.crm.http.seconds = 0.1

    assert await sweep.run() == 0
    assert len(vendor.records()) == (fault != 500)
    assert "CRM pending" in await card_of(store, clock)
    assert await sweep.run() == 0, "nothing is tried again at once"

    clock.now += LATER
    assert await sweep.run() == 1
    assert len(vendor.records()) == 1
    assert (await jobs(store))["mail"].state is CrmState.DONE
    assert "CRM" not in await card_of(store, clock)


async def test_answers_that_nobody_understands_wait_for_a_person_after_a_week(store, vendor, sweep, clock):
    vendor.server.faults = [(vendor.create, "odd"), ("search" if vendor.name == "hubspot" else "query", "odd")] * 9
    for _ in range(10):
        assert await sweep.run() == 0
        clock.now += timedelta(days=1)

    job = (await jobs(store))["mail"]
    assert (job.state, job.attempts) == (CrmState.FAILED, 9)
    assert "an answer that Lookout does not understand" in job.error
    assert "CRM failed" in await card_of(store, clock)


async def test_a_process_that_dies_while_it_tells_leaves_no_second_record(store, vendor, sweep, clock):
    vendor.server.faults = [(vendor.create, "hang")]
    vendor.server.seconds = 0.2
    dying = asyncio.create_task(sweep.run())
    while not vendor.records():  # noqa: ASYNC110 - the other side's memory tells nobody
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)

    successor = CrmLog(store, vendor.port(), clock)
    assert await successor.run() == 0, "the try of the dead one may still be under way"
    clock.now += LATER
    assert await successor.run() == 1
    await successor.crm.http.close()

    assert len(vendor.records()) == 1


async def test_a_try_ends_before_another_process_could_begin_one(store, vendor, sweep, clock):
    vendor.server.faults = [(vendor.create, "hang")]
    vendor.server.seconds, sweep.longest_try = 5, 1.5

    assert await sweep.run() == 0
    assert "too long" in (await jobs(store))["mail"].error
    clock.now += LATER
    sweep.longest_try = 30
    assert await sweep.run() == 1
    assert len(vendor.records()) == 1


async def test_two_processes_at_once_write_one_record(store, vendor, sweep, clock):
    other = CrmLog(store, vendor.port(), clock)

    assert sum(await asyncio.gather(sweep.run(), other.run())) == 1
    await other.crm.http.close()

    assert len(vendor.records()) == 1


async def test_a_token_that_ran_out_is_renewed_and_the_request_goes_out_again(store, vendor, sweep):
    vendor.server.tokens = set()

    assert await sweep.run() == 1

    assert len(vendor.records()) == 1
    assert FRESH in vendor.server.tokens
    assert len(vendor.server.told("POST", "token")) == 1


async def test_a_crm_that_asks_to_wait_is_left_alone_for_so_long(store, vendor, sweep, clock):
    vendor.server.retry_after = "600"
    vendor.server.faults = [(vendor.create, 429)]

    assert await sweep.run() == 0
    before = len(vendor.server.asked)
    clock.now += timedelta(seconds=599)
    assert await sweep.run() == 0
    assert len(vendor.server.asked) == before

    clock.now += timedelta(seconds=2)
    assert await sweep.run() == 1
    assert len(vendor.records()) == 1


async def test_a_refusal_for_good_waits_for_a_person_and_says_so_on_card_and_thread(store, vendor, sweep, clock):
    vendor.server.faults = [(vendor.create, 422)]

    assert await sweep.run() == 0
    clock.now += LATER
    assert await sweep.run() == 0

    assert (await jobs(store))["mail"].state is CrmState.FAILED
    assert "CRM failed" in await card_of(store, clock)
    async with store.reading() as work:
        notes = [post.body for post in await work.slack.posts_due(clock()) if post.case_id]
    assert [note for note in notes if "could not be written" in note and "lookout crm" in note]

    async with store() as work:
        assert await work.crm.retry((await work.crm.troubled())[0])
    assert await sweep.run() == 1
    assert len(vendor.records()) == 1


async def test_without_rights_everything_waits_and_the_operators_hear_of_it_once(store, vendor, sweep, clock):
    vendor.server.faults = [(vendor.create, 403), (vendor.create, 403)]

    assert await sweep.run() == 0
    clock.now += LATER
    assert await sweep.run() == 0

    async with store.reading() as work:
        notices = [post for post in await work.slack.posts_due(clock()) if post.target == "#ops"]
    assert len(notices) == 1
    assert (await jobs(store))["mail"].state is CrmState.PENDING
    clock.now += LATER
    assert await sweep.run() == 1


async def test_a_record_that_was_deleted_there_is_looked_for_anew(store, vendor, sweep, clock):
    kind, name = ("companies", "HubSpot") if vendor.name == "hubspot" else ("Account", "Salesforce")
    async with store() as work:
        from scoring.crm import CrmThing

        await work.crm.keep_links(name, CrmThing.ACCOUNT, {"acme": "404"})

    assert await sweep.run() == 0
    clock.now += LATER
    assert await sweep.run() == 1

    assert vendor.account in vendor.server.objects[kind]
    assert vendor.account in str(vendor.records())


async def test_an_account_that_the_crm_does_not_surely_know_is_not_guessed_by_its_name(store, vendor, sweep):
    for kind in ("companies", "Account"):
        for record in vendor.server.objects[kind].values():
            record |= {"domain": "elsewhere.test", "Website": "elsewhere.test", "name": "Acme", "Name": "Acme"}

    assert await sweep.run() == 0

    assert vendor.records() == []
    assert "no one company that is surely Acme" in (await jobs(store))["mail"].error


async def test_a_contact_of_another_company_is_left_out_of_a_record(store, vendor, sweep):
    for kind, company in (("contacts", "associatedcompanyid"), ("Contact", "AccountId")):
        for record in vendor.server.objects[kind].values():
            record[company] = "001B" if kind == "Contact" else "502"

    assert await sweep.run() == 1

    written = vendor.records()[0]
    assert vendor.contact not in str(written)
    assert vendor.account in str(written)


async def test_health_is_shown_when_it_changed_and_for_linked_accounts_alone(store, vendor, sweep, clock):
    await remember(store, an_account("borealis"), a_snapshot("borealis", score=30.0))
    await sweep.run()
    asked = "companies/501" if vendor.name == "hubspot" else "Account/001A"

    async def day(number, score):
        when = TODAY + timedelta(days=number)
        async with store() as work:
            await work.snapshots.land([a_snapshot(day=when, score=score), a_snapshot("borealis", when, score)])
            await work.flags.set("day_done", when.isoformat())
        clock.now += timedelta(days=1)
        for _ in range(2):
            await sweep.run()
        return [body for _, _, body in vendor.server.told("PATCH", asked)]

    assert len(await day(0, 64.0)) == 1
    assert len(await day(1, 64.3)) == 1
    told = await day(2, 58.9)

    assert len(told) == 2
    assert Band.AT_RISK.value in str(told[-1])
    assert "59" in str(told[-1])
    assert not [one for one in vendor.server.asked if "borealis" in str(one)]


async def test_health_that_finds_no_field_there_holds_no_mail_up(store, vendor, sweep, clock):
    vendor.server.missing = {"lookout_health_score", "Lookout_Health_Score__c"}
    await sweep.run()
    async with store() as work:
        await work.flags.set("day_done", TODAY.isoformat())
        await work.replies.add(a_reply(kind=ReplyKind.ELSEWHERE, text="She called.", received_at=clock()))

    assert await sweep.run() == 1

    assert len(vendor.records()) == 2
    async with store.reading() as work:
        waiting = await work.crm.troubled()
    assert [job.kind.value for job in waiting] == ["health"]
    assert "Make the" in waiting[0].error
