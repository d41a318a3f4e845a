"""What we send to a CRM is what its vendor's own SDK sends: method, address, question and body."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import trustme
from hubspot import HubSpot as HubSpotSdk
from simple_salesforce import Salesforce as SalesforceSdk

from bot.connectors.hubspot import HubSpotRecords
from bot.connectors.salesforce import SalesforceRecords
from bot.crm.http import Access, CrmHttp
from bot.crm.mapping import HUBSPOT, SALESFORCE, read_mapping
from bot.outreach.hubspot import HubSpot
from bot.outreach.salesforce import Salesforce
from scoring.crm import CrmHealth, Entry, EntryForm
from scoring.model import Band
from tests.builders import NOW, an_account
from tests.crm_server import FRESH, TOKEN, crm_server

SENT = Entry(
    "mail-1", EntryForm.SENT, NOW, "Hello & welcome", "It's “new”.\nDana", "501", "601", "701",
    "dana@us.test", "Dana Reyes", "kim@acme.test", "Kim Novak",
)  # fmt: skip
NOTE = Entry("outcome-1", EntryForm.NOTE, NOW, "Closed <b>", "recovered", "501")
HEALTH = CrmHealth(58, Band.AT_RISK, date(2026, 11, 22))
ACME = an_account("o'brien & co", domain="o-brien.test")


def said(server):
    """The requests so far in a form that two clients can be compared by, and a clean sheet."""
    asked, server.asked = server.asked, []
    found = []
    for method, address, body in asked:
        parts = urlsplit(address)
        form = sorted(parse_qsl(body)) if isinstance(body, str) else body
        found.append((method, parts.path, sorted(parse_qsl(parts.query)), form))
    return found


@pytest.fixture
async def server():
    async with crm_server() as made:
        yield made


def labels(*pairs):
    return [
        {"to": {"id": record}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]}
        for record, number in pairs
    ]


def equal(name, value):
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}], "limit": 2}


def everything_by_the_sdk_of_hubspot(url, email, note, ours):
    """The same in HubSpot's own words; what a mail holds is ours, how it is sent is theirs."""
    sdk = HubSpotSdk(access_token=TOKEN, host=url)
    objects, crm = sdk.crm.objects, sdk.crm
    mail = {"properties": email, "associations": labels(("501", 186), ("601", 198))}
    objects.emails.basic_api.create(simple_public_object_input_for_create=mail)
    objects.notes.basic_api.create(
        simple_public_object_input_for_create={"properties": note, "associations": labels(("501", 190))}
    )
    crm.companies.basic_api.update("501", simple_public_object_input={"properties": ours})
    search = crm.companies.search_api.do_search
    search(public_object_search_request=equal("lookout_account_id", ACME.id) | {"properties": ["lookout_account_id"]})
    found = equal("domain", ACME.domain) | {"properties": ["domain", "lookout_account_id"]}
    search(public_object_search_request=found)
    asked = equal("email", "kim@acme.test") | {"properties": ["associatedcompanyid"]}
    crm.contacts.search_api.do_search(public_object_search_request=asked)
    crm.owners.owners_api.get_page(email="dana@us.test", limit=1)
    listed = crm.associations.v4.basic_api.get_page("companies", "501", "emails", limit=500)
    wanted = {
        "inputs": [{"id": str(one.to_object_id)} for one in listed.results],
        "properties": ["hs_email_text"],
        "propertiesWithHistory": [],
    }
    objects.emails.batch_api.read(batch_read_input_simple_public_object_id=wanted)
    names = list(dict.fromkeys(HUBSPOT["accounts"].values()))
    first = crm.companies.basic_api.get_page(limit=100, properties=names)
    crm.companies.basic_api.get_page(limit=100, properties=names, after=first.paging.next.after)
    crm.owners.owners_api.get_page(limit=100)
    sdk.oauth.tokens_api.create(
        grant_type="refresh_token", client_id="client", client_secret="secret", refresh_token="refresh"
    )


async def test_hubspot_is_asked_and_told_in_the_words_of_its_own_sdk(server):
    for number in ("501", "502", "503"):
        server.put("companies", number, name=number)
    server.put("contacts", "601", email="other@acme.test")
    server.owners = {"701": "dana@us.test"}
    mapping = read_mapping(None, HUBSPOT)
    http = CrmHttp("HubSpot", server.url, Access(TOKEN, "client", "secret", "refresh"), "/oauth/v1/token")
    port, records = HubSpot(http, mapping), HubSpotRecords(http, mapping)

    record = await port.log(SENT)
    await port.log(NOTE)
    await port.show_health("501", HEALTH)
    assert await port.find_account(ACME) is None
    assert await port.find_contact("Kim@acme.test", "501") is None
    assert await port.find_owner("dana@us.test") == "701"
    assert await port.find(SENT) == record
    assert len([one async for one in records.accounts()]) == 3
    await records.owners()
    server.tokens = {FRESH}
    await http._renew(TOKEN)
    await http.close()
    ours = said(server)

    server.objects["emails"].clear()
    server.linked.clear()
    server.tokens = {TOKEN}
    email, note, health = (ours[number][3]["properties"] for number in range(3))
    await asyncio.to_thread(everything_by_the_sdk_of_hubspot, server.url, email, note, health)
    theirs = said(server)

    # Each makes its own mail, and the stand-in numbers them on.
    for sheet in (ours, theirs):
        read = next(body for _, path, _, body in sheet if path.endswith("batch/read"))
        read["inputs"] = len(read["inputs"])
    assert ours == theirs
    assert json.loads(email["hs_email_headers"])["to"] == [
        {"email": "kim@acme.test", "firstName": "Kim", "lastName": "Novak"}
    ]
    assert email["hs_timestamp"] == "2026-11-20T09:00:00.000Z"
    assert "Closed &lt;b&gt;" in note["hs_note_body"]


def everything_by_the_sdk_of_salesforce(url, task, fields, ca):
    session = requests.Session()
    session.verify, session.trust_env = ca, False
    sdk = SalesforceSdk(instance=url.removeprefix("https://"), session_id=TOKEN, session=session)
    sdk.Task.upsert("Lookout_Id__c/mail-1", task)
    sdk.Account.update("501", fields)
    sdk.query("SELECT Id FROM Account WHERE Lookout_Account_Id__c = 'o\\'brien & co' LIMIT 2")
    like = "Website LIKE '%o-brien.test%'"
    sdk.query(f"SELECT Id, Website, Lookout_Account_Id__c FROM Account WHERE {like} LIMIT 50")
    sdk.query("SELECT Id FROM Contact WHERE Email = 'kim@acme.test' AND AccountId = '501' LIMIT 2")
    sdk.query("SELECT Id FROM User WHERE Email = 'dana@us.test' AND IsActive = true LIMIT 2")
    sdk.query("SELECT Id FROM Task WHERE Lookout_Id__c = 'mail-1' LIMIT 2")
    rows = sdk.query("SELECT Id, Lookout_Account_Id__c, Name, Website, Owner.Email, Type FROM Account")
    sdk.query_more(rows["nextRecordsUrl"], identifier_is_url=True)
    sdk.Task.describe()
    sdk.Account.describe()


async def test_salesforce_is_asked_and_told_in_the_words_of_its_sdk(tmp_path):
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(ca)
    async with crm_server(ssl_context=context) as secure, crm_server() as plain:
        for server in (secure, plain):
            for number in ("501", "502", "503"):
                server.put("Account", number, Name=number)
        mapping = read_mapping(None, SALESFORCE)
        http = CrmHttp("Salesforce", plain.url, Access(TOKEN), "/services/oauth2/token")
        port, records = Salesforce(http, mapping), SalesforceRecords(http, mapping)

        await port.log(SENT)
        await port.show_health("501", HEALTH)
        assert await port.find_account(ACME) is None
        assert await port.find_contact("kim@acme.test", "501") is None
        assert await port.find_owner("dana@us.test") is None
        assert await port.find(SENT)
        assert len([one async for one in records.accounts()]) == 3
        await port.reach()
        await http.close()
        ours = said(plain)
        await asyncio.to_thread(everything_by_the_sdk_of_salesforce, secure.url, ours[0][3], ours[1][3], ca)
        theirs = said(secure)

    for sheet in (ours, theirs):
        # A cursor's name is the server's.
        sheet[-3] = (sheet[-3][0], sheet[-3][1].rpartition("/")[0], *sheet[-3][2:])
    assert ours == theirs
    assert ours[0][3] == {
        "Subject": "Email: Hello & welcome",
        "Description": ("From: dana@us.test\nTo: kim@acme.test\n\nIt's “new”.\nDana\n\nLookout reference: mail-1"),
        "Status": "Completed",
        "TaskSubtype": "Email",
        "ActivityDate": "2026-11-20",
        "WhatId": "501",
        "WhoId": "601",
        "OwnerId": "701",
    }
