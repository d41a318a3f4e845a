"""Mail leaves out of its sender's own mailbox, by real SMTP or a vendor's API; what is not known is never claimed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from bot.app import build
from bot.demo.run import DemoSettings
from bot.outreach.carriers import Carriers, Vendors
from bot.outreach.mailboxes import Mailboxes
from bot.outreach.none import NoMailer
from bot.outreach.seals import Seals, Secrets, new_key
from bot.outreach.smtp import SmtpMailer, SmtpServer
from scoring.addresses import plus_token
from scoring.casework import OutreachState
from scoring.mailboxes import Access, Mailbox, MailboxKind
from scoring.messages import Mail, Receipt
from tests.builders import NOW, a_mailbox, remember
from tests.imap_server import PASSWORD as IMAP_PASSWORD
from tests.imap_server import USER as IMAP_USER
from tests.imap_server import MailServer, an_imap_server
from tests.mail_sink import PASSWORD, running
from tests.mail_vendors import CLIENT, CLIENT_SECRET, VendorServer, vendor_server
from tests.mail_world import RULES, a_world, another_case

KEY = new_key()
SEALS = Seals([KEY])
ANA, BEN = "ana@us.test", "ben@us.test"
MAIL = Mail(
    message_id="<0123456789abcdef0123456789abcdef@us.test>",
    from_name="Ana Díaz",
    from_email=ANA,
    to_name="Kim Novak",
    to_email="kim@acme.test",
    subject="One idea for your month end",
    body="Hello Kim,\n\nGrüße aus Köln.\n\nAna\n",
)


def a_sealed(email: str, secrets: Secrets, **access: Any) -> Mailbox:
    kind = access.pop("kind", MailboxKind.SMTP)
    return a_mailbox(email, kind=kind, access=Access(**access), sealed=SEALS.seal(email, secrets))


def out_of(
    store: Any, relay: Any = None, *, vendors: Vendors | None = None, seals: Seals = SEALS, **more: Any
) -> Mailboxes:
    """What sends for everybody in these tests, at `NOW` unless a clock is given."""
    clock = more.pop("clock", lambda: NOW)
    carriers = Carriers(store, seals, vendors=vendors or Vendors(), domains=("us.test",), clock=clock)
    return Mailboxes(store, relay or NoMailer(), seals=seals, carriers=carriers, clock=clock, **more)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[str, ssl.SSLContext]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    return str(tmp_path / "ca.pem"), context


@pytest.fixture
async def vendor() -> AsyncIterator[VendorServer]:
    async with vendor_server() as server:
        server.refresh = {"1//ana": ANA, "1//ben": BEN}
        server.seconds = 0.6
        yield server


@pytest.fixture(params=[MailboxKind.GMAIL, MailboxKind.GRAPH])
def kind(request: pytest.FixtureRequest) -> MailboxKind:
    return request.param


def at_vendor(kind: MailboxKind, email: str = ANA, refresh_token: str = "1//ana") -> Mailbox:
    secrets = Secrets(client_secret=CLIENT_SECRET, refresh_token=refresh_token)
    return a_sealed(email, secrets, kind=kind, client_id=CLIENT, tenant="us.test", plus=True)


# --- by SMTP


async def test_each_mail_leaves_by_its_senders_own_server_and_others_by_the_relay(store, authority) -> None:
    ca_file, context = authority
    how = {"smtp_host": "localhost", "ca_file": ca_file}
    async with (
        running(tls=context, login=True, user=ANA) as anas,
        running(tls=context, implicit=True, login=True, user="ben") as bens,
        running() as relay,
    ):
        ana = a_sealed(ANA, Secrets(password=PASSWORD), smtp_port=anas.port, **how)
        ben = a_sealed(BEN, Secrets(PASSWORD), smtp_port=bens.port, smtp_tls="tls", username="ben", plus=True, **how)
        await remember(store, ana, ben)
        server = SmtpServer("127.0.0.1", relay.port, tls="none")
        mailer = out_of(store, SmtpMailer(server, domains=("us.test",), clock=lambda: NOW))

        receipts = [
            await mailer.send(replace(MAIL, from_email=sender)) for sender in ("Ana@us.test", BEN, "cy@us.test")
        ]

    assert [receipt.state for receipt in receipts] == ["sent"] * 3
    (by_ana,), (by_ben,), (by_relay,) = anas.messages(), bens.messages(), relay.messages()
    assert by_ana["From"] == "Ana Díaz <Ana@us.test>"
    assert by_ana["Reply-To"] == by_ana["From"]
    assert by_relay["Reply-To"] == by_relay["From"] == "Ana Díaz <cy@us.test>"
    assert by_ben["Reply-To"] == "Ana Díaz <ben+0123456789abcdef@us.test>"
    assert [sink.taken[0].rcpt_tos for sink in (anas, bens, relay)] == [["kim@acme.test"]] * 3
    assert {message["Message-ID"] for message in (by_ana, by_ben, by_relay)} == {MAIL.message_id}
    assert all(message["List-Unsubscribe"] is None for message in (by_ana, by_ben, by_relay))


async def test_a_wrong_password_is_about_that_mailbox_alone_and_is_not_shown(store, authority) -> None:
    ca_file, context = authority
    async with running(tls=context, login=True, user=ANA) as sink:
        access = {"smtp_host": "localhost", "smtp_port": sink.port, "ca_file": ca_file}
        await remember(store, a_sealed(ANA, Secrets(password="hunter2"), **access))
        receipt = await out_of(store).send(MAIL)

    assert (receipt.state, receipt.cause, receipt.own) == ("deferred", "setup", True)
    assert "hunter2" not in receipt.detail
    assert sink.taken == []


async def test_a_mailbox_whose_key_is_gone_sends_nothing_and_says_what_to_do(store) -> None:
    await remember(store, a_sealed(ANA, Secrets(password=PASSWORD), smtp_host="127.0.0.1"))

    receipt = await out_of(store, seals=Seals([new_key()])).send(MAIL)

    assert (receipt.state, receipt.cause, receipt.own) == ("deferred", "setup", True)
    assert "LOOKOUT_SECRET_KEYS" in receipt.detail


async def test_list_unsubscribe_names_the_mail_by_its_token(store) -> None:
    async with running() as relay:
        server = SmtpServer("127.0.0.1", relay.port, tls="none")
        behind = SmtpMailer(server, domains=("us.test",), clock=lambda: NOW)
        await out_of(store, behind, unsubscribe="stop@us.test").send(MAIL)

    (message,) = relay.messages()
    assert message["List-Unsubscribe"] == "<mailto:stop@us.test?subject=unsubscribe%200123456789abcdef>"


# --- by a vendor's API


async def test_a_vendor_gets_exactly_the_approved_mail_out_of_that_mailbox(store, vendor, kind) -> None:
    await remember(store, at_vendor(kind))
    mailer = out_of(store, vendors=vendor.vendors)

    receipts = [await mailer.send(MAIL), await mailer.send(replace(MAIL, message_id="<fedcba98@us.test>"))]

    assert [receipt.state for receipt in receipts] == ["sent", "sent"]
    owner, message = vendor.taken[0]
    assert owner == ANA
    assert message["Message-ID"] == MAIL.message_id
    assert message["To"] == "Kim Novak <kim@acme.test>"
    assert message["From"] == "Ana Díaz <ana@us.test>"
    assert plus_token(message["Reply-To"].addresses[0].addr_spec) == "0123456789abcdef"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == MAIL.body
    assert vendor.asked == ["token", "send", "send"]


async def test_a_token_that_ran_out_is_asked_for_anew_once_before_anything_was_sent(store, vendor, kind) -> None:
    await remember(store, at_vendor(kind))
    mailer = out_of(store, vendors=vendor.vendors)
    await mailer.send(MAIL)
    vendor.access.clear()

    once = await mailer.send(MAIL)
    vendor.then = ["401", "401", "401"]
    never = await mailer.send(MAIL)

    assert once.state == "sent"
    assert (never.state, never.cause, never.own) == ("deferred", "setup", True)
    assert len(vendor.taken) == 2
    assert vendor.asked == ["token", "send", "send", "token", "send", "send", "token", "send"]


async def test_a_token_is_renewed_before_its_hour_is_over(store, vendor, kind) -> None:
    times = iter([NOW, NOW, NOW, NOW + timedelta(minutes=58), *[NOW + timedelta(minutes=59)] * 9])
    await remember(store, at_vendor(kind))
    mailer = out_of(store, vendors=vendor.vendors, clock=lambda: next(times))

    for _ in range(3):
        assert (await mailer.send(MAIL)).state == "sent"

    assert vendor.asked.count("token") == 2


ENDINGS = {
    "429 rateLimitExceeded": ("deferred", ""),
    "400 ErrorMimeContentInvalid": ("refused", ""),
    "413 too large": ("refused", ""),
    "404 ErrorInvalidUser": ("deferred", "setup"),
    "403 ErrorAccessDenied": ("deferred", "setup"),
    "500": ("unknown", ""),
    "503": ("unknown", ""),
    "408": ("unknown", ""),
    "302": ("unknown", ""),
    "broken": ("unknown", ""),
    "odd": ("unknown", ""),
    "drop": ("unknown", ""),
    "hang": ("unknown", ""),
}
OWN_WORDS = {
    MailboxKind.GMAIL: {
        "403 userRateLimitExceeded": ("deferred", ""),
        "400 Invalid To header": ("refused", "address"),
    },
    MailboxKind.GRAPH: {"400 ErrorInvalidRecipients": ("refused", "address")},
}


async def test_only_a_clear_answer_is_certain_and_nothing_is_handed_over_twice(store, vendor, kind) -> None:
    await remember(store, at_vendor(kind))
    mailer, found, posts, wanted = out_of(store, vendors=vendor.vendors), {}, [], ENDINGS | OWN_WORDS[kind]

    for wrong in wanted:
        vendor.then, vendor.asked = [wrong], []
        receipt = await mailer.send(MAIL)
        found[wrong] = (receipt.state, receipt.cause)
        posts.append(vendor.asked.count("send"))

    assert found == wanted
    assert posts == [1] * len(wanted)
    assert len(vendor.taken) == len({"broken", "odd", "drop", "hang"})


async def test_without_a_token_nothing_was_sent_for_certain(store, vendor, kind) -> None:
    await remember(store, at_vendor(kind))
    nowhere = {"google_token": "http://127.0.0.1:1/token", "microsoft_token": "http://127.0.0.1:1/token"}

    async def trouble(vendors: Vendors = vendor.vendors, **how: Any) -> Receipt:
        for name, value in ({"on_token": "", "scope": "", "refresh": {"1//ana": ANA}} | how).items():
            setattr(vendor, name, value)
        return await out_of(store, vendors=vendors).send(MAIL)

    revoked = await trouble(refresh={})
    passing = [
        await trouble(on_token="500"),
        await trouble(on_token="hang"),
        await trouble(scope="openid profile"),
        await trouble(replace(vendor.vendors, **nowhere)),
    ]

    assert {(told.state, told.cause, told.own) for told in (revoked, *passing)} == {("deferred", "setup", True)}
    assert "send" not in vendor.asked
    assert "lookout mailbox add ana@us.test" in revoked.detail
    assert not any("lookout mailbox add" in told.detail or CLIENT_SECRET in told.detail for told in passing)
    assert "gmail.send" in passing[2].detail or "Mail.Send" in passing[2].detail
    assert (await trouble()).state == "sent"


async def test_nobody_can_be_made_to_write_in_anothers_name(store, vendor, kind) -> None:
    """Ben's token was stored for Ana's mailbox, and a sender outside of our domains has a mailbox."""
    await remember(store, at_vendor(kind, refresh_token="1//ben"), at_vendor(kind, "eve@other.test", "1//ben"))
    mailer = out_of(store, vendors=vendor.vendors)

    swapped, foreign = await mailer.send(MAIL), await mailer.send(replace(MAIL, from_email="eve@other.test"))

    assert (swapped.state, swapped.cause) == ("deferred", "setup")
    assert (foreign.state, foreign.cause) == ("refused", "setup")
    assert vendor.taken == []


async def test_a_refresh_token_that_comes_in_the_place_of_ours_is_kept_sealed(store, vendor) -> None:
    vendor.renews = True
    await remember(store, at_vendor(MailboxKind.GRAPH))
    mailer = out_of(store, vendors=vendor.vendors)
    assert (await mailer.send(MAIL)).state == "sent"
    async with store.reading() as work:
        kept = await work.mailboxes.of(ANA)

    assert SEALS.open(kept).refresh_token.startswith("renewed-")
    assert SEALS.open(kept).client_secret == CLIENT_SECRET
    assert (await mailer.send(MAIL)).state == "sent"
    assert vendor.asked.count("token") == 1
    assert (await out_of(store, vendors=vendor.vendors).send(MAIL)).state == "sent"


async def test_tokens_travel_over_https_alone(store) -> None:
    await remember(store, at_vendor(MailboxKind.GMAIL))

    receipt = await out_of(store, vendors=Vendors(google_token="http://tokens.us.test/")).send(MAIL)

    assert (receipt.state, receipt.cause) == ("deferred", "setup")
    assert "LOOKOUT_GOOGLE_TOKEN_URL" in receipt.detail


# --- a copy in Sent


@pytest.fixture
async def imap() -> AsyncIterator[MailServer]:
    async with an_imap_server() as server:
        yield server


async def in_sent(imap: MailServer) -> list[bytes]:
    """Every mail in the folder Sent, as it lies there."""

    def read(client: Any) -> list[bytes]:
        client.select("Sent", readonly=True)
        found = client.search(None, "ALL")[1][0].split()
        return [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in found]

    return await asyncio.to_thread(imap._with_client, read)


@asynccontextmanager
async def danas_server(authority: tuple[str, ssl.SSLContext], imap: MailServer, **access: Any) -> AsyncIterator[Any]:
    """Dana's mailbox: SMTP and IMAP with one login; gives the mailbox and what her mail server took."""
    ca_file, context = authority
    login = {"login": True, "user": IMAP_USER, "password": IMAP_PASSWORD}
    async with running(tls=context, implicit=True, **login) as sink:
        here = {"smtp_host": "localhost", "smtp_port": sink.port, "smtp_tls": "tls", "ca_file": ca_file}
        there = {"imap_host": "127.0.0.1", "imap_port": imap.port, "imap_tls": "none", "username": IMAP_USER}
        yield a_sealed("dana@us.test", Secrets(password=IMAP_PASSWORD), **here | there | access), sink


async def test_what_was_sent_lies_once_in_sent_exactly_as_it_left(store, authority, imap: MailServer) -> None:
    mail = replace(MAIL, from_email="dana@us.test")
    await asyncio.to_thread(imap._with_client, lambda client: client.create("Sent"))
    async with danas_server(authority, imap) as (dana, sink):
        await remember(store, dana)
        mailer = out_of(store)
        before = await mailer.keep(mail)
        sent = await mailer.send(mail)
        said, again = await mailer.keep(mail), await mailer.keep(mail)
        await mailer.send(mail)
        await mailer.keep(mail)
        (checked,) = await mailer.check()
        await remember(store, replace(dana, access=replace(dana.access, sent_folder="Versendet")))
        await mailer.send(mail)
        (nowhere, misled) = (await mailer.keep(mail), (await mailer.check())[0])

    assert (sent.state, before, said, again) == ("sent", "", "", "")
    assert ("no Sent folder" in nowhere, misled.well) == (True, False)
    assert await in_sent(imap) == [sink.taken[0].original_content]
    assert checked.well
    assert "copies go to Sent" in checked.found


async def test_a_copy_that_cannot_be_filed_is_noted_and_the_mail_stays_sent(store, authority) -> None:
    world = await a_world(store)
    async with danas_server(authority, MailServer(port=1)) as (dana, sink):
        await remember(store, dana)
        assert (await world.approve()).ok
        mailer = out_of(store, clock=world.clock)
        await world.later(seconds=11).sweep(mailer=mailer, copies=mailer).run()

    assert (await world.mail()).state is OutreachState.SENT
    assert len(sink.taken) == 1
    assert (await world.notes())[-1].startswith("No copy was filed in dana@us.test's Sent folder: ")
    assert (await world.actions())[-2:] == ["sent", "no copy"]


# --- the sweep


async def test_a_mailbox_in_trouble_holds_up_its_owner_alone_and_is_told_once_a_day(store) -> None:
    world = await a_world(store)
    await another_case(world, "n1")
    await another_case(world, "n2", from_email="other.dana@us.test")
    for case_id in ("case-1", "case-n1", "case-n2"):
        assert (await world.approve(case_id=case_id)).ok
    locked_out = Receipt("deferred", "Google no longer lets us in.", cause="setup", own=True)
    world.mailer.says = [locked_out]
    sweep = world.later(seconds=11).sweep()

    handed_over = [await sweep.run(), await sweep.run()]
    world.mailer.says = [locked_out]
    world.later(seconds=61)
    handed_over.append(await sweep.run())

    assert handed_over == [2, 0, 1]
    assert [mail.from_email for mail in world.mailer.mails] == ["dana@us.test", "other.dana@us.test", "dana@us.test"]
    told = [body for target, body in await world.notices() if target == "#ops"]
    assert len(told) == 1
    assert "mailbox of dana@us.test" in told[0]


@pytest.mark.slow
async def test_the_running_bot_sends_out_of_the_csms_mailbox_and_files_the_copy(
    sqlite_url: str, store, authority, imap: MailServer, tmp_path: Path
) -> None:
    await asyncio.to_thread(imap._with_client, lambda client: client.create("Sent"))
    world = await a_world(store)
    assert (await world.approve()).ok
    world.later(seconds=11)
    own = {
        "database_url": sqlite_url,
        "LOOKOUT_HOME": tmp_path,
        "slack_bot_token": "xoxb-1",
        "slack_signing_secret": "s",
    }
    mail = {"LOOKOUT_MAIL_DOMAINS": "us.test", "LOOKOUT_SECRET_KEYS": KEY, "LOOKOUT_UNSUBSCRIBE": "stop@us.test"}
    app = await build(DemoSettings(**own | mail), clock=world.clock)
    try:
        async with danas_server(authority, imap) as (dana, sink):
            await remember(store, dana)
            await app.lead.beat()
            handed_over = await app.send.run()
    finally:
        await app.stop()

    assert handed_over == 1
    assert (await world.mail()).state is OutreachState.SENT
    assert await in_sent(imap) == [sink.taken[0].original_content]
    assert "stop@us.test" in sink.messages()[0]["List-Unsubscribe"]


async def test_a_sender_with_neither_mailbox_nor_relay_is_told_before_anything_is_approved(store) -> None:
    world = await a_world(store)
    world.rules = replace(RULES, relay=False)
    before = await world.approve()
    await remember(store, a_mailbox("dana@us.test"))
    after = await world.approve()

    assert "lookout mailbox add dana@us.test" in before.text
    assert (before.ok, after.ok) == (False, True)
