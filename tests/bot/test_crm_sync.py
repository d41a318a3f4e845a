"""Accounts and contacts come from the CRM: matched by what is certain, checked like every import, never emptied."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.config import load
from bot.crm.http import Access, CrmHttp
from bot.crm.mapping import HUBSPOT, SALESFORCE, read_mapping
from bot.crm_parts import crm_parts
from bot.importing.crm import CrmSync, RegularSync
from scoring.crm import CrmState, CrmThing
from scoring.errors import CrmRefused, InvalidInput
from tests.bot.test_crm import no_wait
from tests.builders import NOW, a_contact, a_crm_job, a_csm, an_account, remember
from tests.crm_server import TOKEN, crm_server

BERLIN = ZoneInfo("Europe/Berlin")
HUBSPOT_MAP = """
[accounts]
arr = "contract_value"
tier = "plan"
renewal_on = "renews"
[contacts]
id = "user_id"
"""
SALESFORCE_MAP = """
[accounts]
arr = "ARR__c"
tier = "Tier__c"
renewal_on = "Renewal__c"
[contacts]
id = "User_Id__c"
"""


@pytest.fixture
async def server():
    async with crm_server() as made:
        made.properties |= {"contract_value", "plan", "renews", "user_id"}
        yield made


def companies(server, vendor):
    """Six companies: Acme by id, Borealis by domain, a new one, one that contradicts itself, and two of one account."""
    rows = {
        "1": ("acme", "Acme Corp", "acme.test", "48000", "enterprise", "2027-03-31", "dana@us.test"),
        "2": (None, "Borealis", "https://www.borealis.test/", "n/a", "standard", "", "gone"),
        "3": ("cirrus", "Cirrus", "cirrus.test", "9000.4", "standard", None, "new@us.test"),
        "4": ("acme", "Acme", "borealis.test", "1", "standard", None, None),
        "5": ("dune", "Dune", None, None, None, None, None),
        "6": ("dune", "Dune (old)", None, None, None, None, None),
        "7": (None, "Acme Corp", "elsewhere.test", "7", None, None, None),
    }
    if vendor == "hubspot":
        server.owners = {"90": "dana@us.test", "91": "new@us.test"}
        ids = {"dana@us.test": "90", "new@us.test": "91", "gone": "99", None: None}
        names = ("lookout_account_id", "name", "domain", "contract_value", "plan", "renews", "hubspot_owner_id")
        for record, row in rows.items():
            server.put("companies", record, **dict(zip(names, (*row[:6], ids[row[6]]), strict=True)))
        return
    names = ("Lookout_Account_Id__c", "Name", "Website", "ARR__c", "Tier__c", "Renewal__c")
    for record, row in rows.items():
        owner = {"Email": row[6]} if row[6] else None
        server.put("Account", record, Owner=owner, **dict(zip(names, row[:6], strict=True)))


def people(server, vendor):
    """Kim moved companies there, Lee is new, one has no address, one hangs on a company that is not ours."""
    rows = {
        "11": ("kim", "Kim", "Novak", "kim@acme.test", "1", None),
        "12": (None, "Lee", "Ray", "LEE@borealis.test", "2", True),
        "13": (None, "No", "Body", None, "1", None),
        "14": (None, "Sam", "Else", "sam@else.test", "7", None),
        "15": (None, "Kim", "Novak", "kim@acme.test", "2", None),
        "16": ("pat", "Pat", "Lost", "pat@acme.test, evil@x.test", "1", None),
    }
    names = {
        "hubspot": ("user_id", "firstname", "lastname", "email", "associatedcompanyid", "hs_email_optout"),
        "salesforce": ("User_Id__c", "FirstName", "LastName", "Email", "AccountId", "HasOptedOutOfEmail"),
    }[vendor]
    for record, row in rows.items():
        kind = "contacts" if vendor == "hubspot" else "Contact"
        server.put(kind, record, **dict(zip(names, row, strict=True)))


@pytest.fixture(params=["hubspot", "salesforce"])
async def parts(request, server, tmp_path):
    companies(server, request.param)
    people(server, request.param)
    mapping = tmp_path / "crm.toml"
    mapping.write_text(HUBSPOT_MAP if request.param == "hubspot" else SALESFORCE_MAP)
    made = crm_parts(
        load(
            LOOKOUT_CRM=request.param, LOOKOUT_CRM_URL=server.url, LOOKOUT_CRM_TOKEN=TOKEN,
            LOOKOUT_CRM_MAPPING=str(mapping), LOOKOUT_HOME=str(tmp_path), LOOKOUT_TIMEZONE="Europe/Berlin",
        )
    )  # fmt: skip
    made.http.pause = no_wait
    yield made
    await made.http.close()


@pytest.fixture
async def ours(store):
    await remember(
        store,
        an_account(arr=40_000, renewal_on=date(2026, 12, 31), goal="more reports"),
        an_account("borealis", arr=12_000, renewal_on=date(2027, 1, 1)),
        an_account("dune", domain=""),
        a_csm(),
        a_contact(title="Head of Data"),
        a_contact("bo", "borealis"),
    )
    return store


def by_record(report):
    said = {(one.table, one.record): "" for one in report.unmatched}
    for one in report.unmatched:
        said[one.table, one.record] += one.reason
    return said


async def rows(store):
    async with store.reading() as work:
        accounts = {account.id: account for account in await work.accounts.all()}
        return accounts, {one.id: one for account in accounts for one in await work.accounts.contacts(account)}


async def test_what_is_certain_is_taken_and_everything_else_is_named_with_its_reason(parts, ours):
    report = await parts.sync(ours, lambda: NOW).run()

    accounts, contacts = await rows(ours)
    acme, borealis, cirrus = accounts["acme"], accounts["borealis"], accounts["cirrus"]
    assert (acme.name, acme.arr, acme.tier, acme.renewal_on) == ("Acme Corp", 48_000, "enterprise", date(2027, 3, 31))
    assert (acme.goal, acme.seats, acme.csm_id) == ("more reports", 20, "csm-dana")
    assert (borealis.arr, borealis.renewal_on) == (12_000, date(2027, 1, 1)), "a bad or empty value overwrites nothing"
    assert (cirrus.arr, cirrus.csm_id) == (9_000, "new@us.test")
    assert accounts["dune"].name == "Dune"
    assert contacts["kim"].account_id == "acme"
    assert contacts["kim"].title == "Head of Data"
    assert contacts["lee@borealis.test"].name == "Lee Ray"
    assert {one for one in contacts if contacts[one].account_id == "borealis"} == {"bo", "lee@borealis.test"}

    said = by_record(report)
    assert "no plain number" in said["accounts", "2"]
    assert "borealis.test is borealis's" in said["accounts", "4"]
    assert "one of 2 records of dune (5, 6)" in said["accounts", "5"]
    assert "elsewhere.test is none of our accounts'" in said["accounts", "7"]
    assert "neither id nor email" in said["contacts", "13"]
    assert "known at acme" in said["contacts", "15"]
    assert "not usable" in said["contacts", "16"]
    assert report.left_out == 1
    assert report.new_csms == ["new@us.test"]
    assert "to look at" in report.text()
    assert report.file is not None
    assert "Acme Corp" in report.file.read_text()

    again = await parts.sync(ours, lambda: NOW).run()
    assert (again.accounts.new, again.accounts.changed, again.contacts.changed, again.contacts.new) == (0, 0, 0, 0)


async def test_who_opted_out_there_is_never_written_to_from_here(parts, ours):
    await parts.sync(ours, lambda: NOW).run()

    async with ours.reading() as work:
        assert "opted out" in str(await work.outreach.suppressed("lee@borealis.test"))
        assert await work.outreach.suppressed("kim@acme.test") is None


@pytest.mark.parametrize("company", ["2", "7", None])
async def test_an_opt_out_holds_also_where_its_record_is_not_taken(parts, ours, server, company):
    """Kim's record hangs on another of our accounts, on a company that is none of ours, or on none at all (R51)."""
    hubspot = parts.settings.crm == "hubspot"
    record = server.objects["contacts" if hubspot else "Contact"]["11"]
    record |= {"user_id" if hubspot else "User_Id__c": None, "associatedcompanyid" if hubspot else "AccountId": company}
    record |= {"hs_email_optout" if hubspot else "HasOptedOutOfEmail": True}

    await parts.sync(ours, lambda: NOW).run(dry_run=True)
    async with ours.reading() as work:
        assert await work.outreach.suppressed("kim@acme.test") is None
    await parts.sync(ours, lambda: NOW).run()

    _, contacts = await rows(ours)
    async with ours.reading() as work:
        assert "opted out" in str(await work.outreach.suppressed("kim@acme.test"))
        assert await work.outreach.suppressed("sam@else.test") is None, "whom we do not know is no business of ours"
    assert contacts["kim"].account_id == "acme"


async def test_who_was_assigned_here_stays_until_the_owner_there_changes(parts, ours, server):
    async def assigned(csm):
        async with ours() as work:
            await work.accounts.assign("acme", csm)
        await parts.sync(ours, lambda: NOW).run()
        return (await rows(ours))[0]["acme"].csm_id

    await parts.sync(ours, lambda: NOW).run()
    assert await assigned("new@us.test") == "new@us.test"
    assert await assigned("csm-dana") == "csm-dana"

    if parts.settings.crm == "hubspot":
        server.objects["companies"]["1"]["hubspot_owner_id"] = "91"
    else:
        server.objects["Account"]["1"]["Owner"] = {"Email": "new@us.test"}
    assert await assigned("csm-dana") == "new@us.test"
    assert await assigned("csm-dana") == "csm-dana"


async def test_a_dry_run_says_the_same_and_changes_nothing(parts, ours, server):
    before = await rows(ours)

    report = await parts.sync(ours, lambda: NOW).run(dry_run=True)

    assert await rows(ours) == before
    async with ours.reading() as work:
        assert await work.crm.links(parts.records.name, CrmThing.ACCOUNT) == {}
        assert await work.outreach.suppressed("lee@borealis.test") is None
        assert len(await work.accounts.csms()) == 1
    assert report.accounts.new == 1
    assert "would" in report.text()
    real = await parts.sync(ours, lambda: NOW).run()
    assert (real.accounts, real.contacts, real.unmatched) == (report.accounts, report.contacts, report.unmatched)
    assert not [one for one in server.asked if one[0] in {"PATCH", "PUT", "DELETE"}]


async def test_an_empty_value_empties_ours_only_where_the_mapping_says_so(parts, ours, tmp_path):
    path = tmp_path / "crm.toml"
    path.write_text(path.read_text() + '[rules]\nclears = ["accounts.renewal_on"]\n')
    names = HUBSPOT if parts.settings.crm == "hubspot" else SALESFORCE
    mapping = read_mapping(path, names)

    await CrmSync(
        ours, type(parts.records)(parts.http, mapping), mapping, BERLIN, lambda: NOW, tmp_path / "u.csv"
    ).run()

    accounts, _ = await rows(ours)
    assert accounts["borealis"].renewal_on is None
    assert accounts["borealis"].arr == 12_000


async def test_a_record_that_became_another_accounts_is_written_to_for_that_one_alone(parts, ours, server):
    await parts.sync(ours, lambda: NOW).run()
    first, contact = ("companies", "contacts") if parts.settings.crm == "hubspot" else ("Account", "Contact")
    id_, company = parts.mapping.accounts["id"], parts.mapping.contacts["account"]
    server.objects[first]["1"][id_], server.objects[first]["1"][parts.mapping.accounts["domain"]] = "cirrus", None
    del server.objects[first]["3"]
    server.objects[contact]["11"][company] = "2"

    await parts.sync(ours, lambda: NOW).run()

    async with ours.reading() as work:
        assert await work.crm.links(parts.records.name, CrmThing.ACCOUNT) == {"cirrus": "1", "borealis": "2"}
        assert "kim" not in await work.crm.links(parts.records.name, CrmThing.PERSON)


async def test_a_sync_that_finds_a_record_lets_what_failed_for_want_of_it_go_on(parts, ours):
    job = a_crm_job(state=CrmState.FAILED, error="no one company")
    async with ours() as work:
        await work.crm.add([job])

    report = await parts.sync(ours, lambda: NOW).run()

    async with ours.reading() as work:
        assert await work.crm.link(parts.records.name, CrmThing.ACCOUNT, "acme") == "1"
        assert [found.id for found in await work.crm.due(NOW, 10)] == [job.id]
    assert report.revived == 1


async def test_a_regular_sync_runs_when_its_time_has_come_and_its_trouble_stops_nothing(parts, ours, server):
    now = [NOW]
    regular = RegularSync(parts.sync(ours, lambda: now[0]), ours, lambda: now[0], timedelta(hours=6))
    server.faults = [("GET", 500)]

    assert await regular.run() is None
    assert await regular.run() is not None
    assert await regular.run() is None
    now[0] += timedelta(hours=7)
    assert await regular.run() is not None


async def test_pages_are_read_to_the_end_and_a_busy_crm_is_waited_for(parts, ours, server):
    server.faults = [("GET", 429), ("GET", 429)]

    report = await parts.sync(ours, lambda: NOW).run()

    assert report.accounts.new + report.accounts.changed + report.accounts.unchanged == 3


async def test_a_field_that_is_not_there_is_named_with_its_line(parts, ours, server):
    server.properties -= {"plan"}
    server.missing = {"Tier__c"}

    with pytest.raises(
        InvalidInput, match=r"accounts\.tier: .* has no (property plan|field Tier__c).*crm\.toml, line 4"
    ):
        await parts.sync(ours, lambda: NOW).run()

    assert (await rows(ours))[0]["acme"].arr == 40_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[accounts]\nname = "n"\nplan = "x"', "line 3: [accounts] has no field plan"),
        ("[accounts]\narr = 5", "line 2: accounts.arr is to be the name of a field"),
        ('[accounts]\narr = "a, b FROM User"', "line 2: accounts.arr is to be the name of a field"),
        ('[account]\nid = "x"', "line 1: there is no section [account]"),
        ('[contacts]\n\naccount = ""', "line 3: contacts.account is needed"),
        ('[rules]\nclears = ["arr"]', "line 2: rules.clears names arr"),
        ("[accounts\n", "line 1"),
    ],
)
def test_a_faulty_mapping_is_refused_with_line_and_field(tmp_path, text, said):
    path = tmp_path / "crm.toml"
    path.write_text(text)

    with pytest.raises(InvalidInput) as refused:
        read_mapping(path, SALESFORCE)

    assert said in str(refused.value)


def test_a_token_never_travels_in_the_clear_to_another_machine_and_is_never_shown():
    with pytest.raises(InvalidInput, match="https"):
        CrmHttp("HubSpot", "http://crm.test", Access("s3cret"), "/t")

    assert "s3cret" not in repr(CrmHttp("HubSpot", "https://crm.test", Access("s3cret"), "/t"))


async def test_the_command_line_lists_tries_again_lets_be_and_syncs(server, tmp_path, monkeypatch):
    import asyncio

    from tests.conftest import opened

    companies(server, "hubspot")
    people(server, "hubspot")
    for name, value in {"": "hubspot", "_URL": server.url, "_TOKEN": TOKEN}.items():
        monkeypatch.setenv(f"LOOKOUT_CRM{name}", value)
    monkeypatch.setenv("LOOKOUT_HOME", str(tmp_path))
    failed = a_crm_job(state=CrmState.FAILED, error="It is so.", case_id="")
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'lookout.db'}") as store:
        await remember(store, an_account())
        async with store() as work:
            await work.crm.add([failed])

    async def said(*words):
        result = await asyncio.to_thread(CliRunner().invoke, cli, ["crm", *words])
        return result.output + str(result.exception or "")

    listed = await said()
    assert f"{failed.id}  failed: a mail of Acme" in listed
    assert "It is so." in listed
    assert "It is not told" in await said("dismiss", failed.id)
    assert "Nothing is stuck." in await said()
    assert "will be tried again" in await said("retry", failed.id)
    assert "nothing with the id nobody" in (await said("retry", "nobody")).replace("There is ", "")
    assert "dry run" in await said("sync", "--dry-run")
    assert "There was no sync yet" in await said()
    assert "accounts: 1 new" in await said("sync")
    assert "Last sync: 20" in await said()
    assert (tmp_path / "crm-unmatched.csv").exists()


async def test_the_doctor_says_what_the_crm_lacks_and_what_waits(parts, ours, server):
    async with ours() as work:
        await work.crm.add([a_crm_job(state=CrmState.FAILED)])

    well = {check.name: check for check in await parts.probe(ours)}
    server.properties -= {"lookout_health_band", "Lookout_Health_Band__c"}
    lacks = {check.name: check for check in await parts.probe(ours)}
    server.tokens = set()
    out = {check.name: check for check in await parts.probe(ours)}

    assert (well["CRM"].verdict, well["CRM records"].verdict) == ("ok", "wrong")
    assert "1 could not be told" in well["CRM records"].found
    assert "health_band" in lacks["CRM"].found.lower()
    assert "token is wrong" in out["CRM"].found


async def test_a_redirect_leads_the_token_nowhere(parts, ours, server):
    server.faults = [("GET", 302)]

    with pytest.raises(CrmRefused):
        await parts.sync(ours, lambda: NOW).run()

    assert len(server.asked) == 1
