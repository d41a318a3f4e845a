"""The mailer speaks real SMTP with a real server, and is honest about what it cannot know."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from bot.outreach.message import as_message
from bot.outreach.none import NoMailer
from bot.outreach.smtp import SmtpMailer, SmtpServer
from scoring.errors import InvalidInput
from scoring.messages import Mail
from tests.mail_sink import PASSWORD, USER, drop, running

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BODY = (
    "Hi Dana,\n\nyour team built 14 reports with Report Builder last month. Grüße aus Köln – this line is long enough "
    "to be folded by a careless mail program, so it is here on purpose.\n\n.\nFrom here on\n\nBest,\nAna\n"
)
MAIL = Mail(
    message_id="<3f2a@vendor.test>",
    from_name="Ana Díaz",
    from_email="ana@vendor.test",
    to_name="Dana Scott",
    to_email="dana@acme.test",
    subject="Report Builder: one idea – for your month end",
    body=BODY,
)


def mailer(port: int, **server: object) -> SmtpMailer:
    settings = {"host": "127.0.0.1", "tls": "none", "command_seconds": 2.0, "text_seconds": 2.0, **server}
    return SmtpMailer(SmtpServer(port=port, **settings), domains=("vendor.test",), clock=lambda: NOW)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[str, ssl.SSLContext]:
    """A CA file, and a server context for localhost that it signed."""
    ca = trustme.CA()
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    return str(path), context


async def test_an_accepted_mail_is_sent_with_exactly_the_approved_text_to_exactly_one_person() -> None:
    async with running() as sink:
        receipt = await mailer(sink.port).send(MAIL)

    assert receipt.state == "sent"
    assert [(taken.mail_from, taken.rcpt_tos) for taken in sink.taken] == [("ana@vendor.test", ["dana@acme.test"])]
    message = sink.messages()[0]
    assert message.get_content().replace("\r\n", "\n") == BODY
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == "<3f2a@vendor.test>"
    assert (message["From"], message["Reply-To"]) == ("Ana Díaz <ana@vendor.test>", "Ana Díaz <ana@vendor.test>")
    assert message["To"] == "Dana Scott <dana@acme.test>"
    assert message["Cc"] is None
    assert message["Bcc"] is None
    assert message.get_content_type() == "text/plain"


async def test_the_bytes_on_the_wire_are_the_golden_ones() -> None:
    async with running() as sink:
        await mailer(sink.port).send(MAIL)

    golden = (Path(__file__).parent / "golden" / "mail.eml").read_bytes()
    wire = sink.taken[0].original_content
    assert wire.replace(b"\r\n", b"\n") == golden
    assert wire.count(b"\n") == wire.count(b"\r\n")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=300))
def test_whatever_text_was_approved_is_the_text_that_arrives(body: str) -> None:
    wire = as_message(replace(MAIL, body=body), NOW).as_bytes()

    arrived = email.message_from_bytes(wire, policy=email.policy.default).get_content()
    assert wire.isascii()
    assert arrived.replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")


@pytest.mark.parametrize(
    ("where", "answer", "state", "cause"),
    [
        ("on_recipient", "450 4.2.0 greylisted, try later", "deferred", ""),
        ("on_recipient", "421 4.3.2 closing", "deferred", ""),
        ("on_recipient", "452 4.2.2 mailbox full", "deferred", ""),
        ("on_recipient", "550 5.1.1 no such user", "refused", "address"),
        ("on_recipient", "550 no such user", "refused", "address"),
        ("on_recipient", "550 5.7.1 relaying denied", "refused", "setup"),
        ("on_recipient", "550 Relay not permitted", "refused", "setup"),
        ("on_recipient", "552 5.2.2 over quota", "refused", ""),
        ("on_recipient", "530 5.7.0 log in first", "deferred", "setup"),
        ("on_mail", "451 4.3.0 try later", "deferred", ""),
        ("on_mail", "550 5.7.60 not allowed to send as this sender", "refused", "setup"),
        ("on_mail", "535 5.7.8 login expired", "deferred", "setup"),
        ("on_text", "451 4.7.1 try later", "deferred", ""),
        ("on_text", "554 5.7.1 looks like spam", "refused", ""),
        ("on_text", "299 perhaps", "unknown", ""),
    ],
)
async def test_a_clear_no_is_told_apart_by_what_it_means(where: str, answer: str, state: str, cause: str) -> None:
    async with running() as sink:
        setattr(sink, where, answer)
        receipt = await mailer(sink.port).send(MAIL)

    assert (receipt.state, receipt.cause) == (state, cause)
    assert sink.taken == []


async def test_a_line_dropped_before_the_answer_is_unknown_because_the_mail_may_have_arrived() -> None:
    async with running() as sink:
        sink.before_answer = drop
        receipt = await mailer(sink.port).send(MAIL)

    assert receipt.state == "unknown"
    assert len(sink.taken) == 1


async def test_an_answer_that_comes_after_our_patience_is_unknown() -> None:
    async def late(_server: object) -> None:
        await asyncio.sleep(1.0)

    async with running() as sink:
        sink.before_answer = late
        receipt = await mailer(sink.port, text_seconds=0.2).send(MAIL)

    assert receipt.state == "unknown"


async def test_a_server_that_never_greets_is_certainly_not_sent() -> None:
    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.0)
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    receipt = await mailer(server.sockets[0].getsockname()[1], command_seconds=0.2).send(MAIL)
    server.close()

    assert (receipt.state, receipt.cause) == ("deferred", "setup")


async def test_a_server_that_drips_its_answers_cannot_hold_us_for_ever() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-")
        for _ in range(20):
            writer.write(b"x")
            await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    receipt = await mailer(server.sockets[0].getsockname()[1], dialogue_seconds=0.3).send(MAIL)
    server.close()

    assert (receipt.state, receipt.cause) == ("deferred", "setup")


async def test_a_refused_connection_and_an_unknown_host_are_for_the_operator() -> None:
    async with running() as sink:
        port = sink.port
    refused = await mailer(port).send(MAIL)
    unknown = await mailer(port, host="mail.invalid").send(MAIL)

    assert (refused.state, refused.cause) == ("deferred", "setup")
    assert (unknown.state, unknown.cause) == ("deferred", "setup")
    assert "could not be reached" in unknown.detail


@pytest.mark.parametrize(("tls", "implicit"), [("starttls", False), ("tls", True)])
async def test_an_encrypted_server_with_a_login_takes_the_mail(authority, tls: str, implicit: bool) -> None:
    ca_file, context = authority
    async with running(tls=context, implicit=implicit, login=True) as sink:
        ours = mailer(sink.port, host="localhost", tls=tls, ca_file=ca_file, username=USER, password=PASSWORD)
        receipt = await ours.send(MAIL)

    assert receipt.state == "sent"
    assert len(sink.taken) == 1


async def test_a_wrong_password_sends_nothing_and_is_for_the_operator(authority) -> None:
    ca_file, context = authority
    async with running(tls=context, login=True) as sink:
        ours = mailer(sink.port, host="localhost", tls="starttls", ca_file=ca_file, username=USER, password="wrong")
        receipt = await ours.send(MAIL)

    assert (receipt.state, receipt.cause) == ("deferred", "setup")
    assert "535" in receipt.detail
    assert "wrong" not in receipt.detail
    assert sink.taken == []


@pytest.mark.parametrize(("tls", "implicit"), [("starttls", False), ("tls", True)])
async def test_a_certificate_that_we_do_not_trust_stops_us_before_the_login(
    authority, tls: str, implicit: bool
) -> None:
    _, context = authority
    async with running(tls=context, implicit=implicit, login=True) as sink:
        ours = mailer(sink.port, host="localhost", tls=tls, username=USER, password=PASSWORD)
        receipt = await ours.send(MAIL)

    assert (receipt.state, receipt.cause) == ("deferred", "setup")
    assert "certificate" in receipt.detail.lower()
    assert sink.taken == []


async def test_a_certificate_for_another_host_stops_us(authority) -> None:
    ca_file, context = authority
    async with running(tls=context) as sink:
        receipt = await mailer(sink.port, host="127.0.0.1", tls="starttls", ca_file=ca_file).send(MAIL)

    assert (receipt.state, receipt.cause) == ("deferred", "setup")


async def test_a_server_without_starttls_gets_neither_mail_nor_password() -> None:
    async with running() as sink:
        ours = mailer(sink.port, host="localhost", tls="starttls", username=USER, password=PASSWORD)
        receipt = await ours.send(MAIL)

    assert (receipt.state, receipt.cause) == ("deferred", "setup")
    assert sink.taken == []


@pytest.mark.parametrize(
    "address",
    [
        "Dana <dana@acme.test>, evil@other.test",
        "dana@acme.test, evil@other.test",
        "dana@acme.test; evil@other.test",
        "dana@acme.test\nBcc: evil@other.test",
        "dana@acme.test\r\nRCPT TO:<evil@other.test>",
        "undisclosed: dana@acme.test, evil@other.test;",
        "dana@acme.test>\x00<evil@other.test",
        '"dana, evil"@acme.test',
        "dana@acme.test evil@other.test",
        "dana@acme@other.test",
        "dana@[10.0.0.1]",
        "noreply@acme.test",
        "dana@localhost",
        "@acme.test",
        "dana@",
        "",
        "dänä@acme.test",
        "ana@vendor.test",
    ],
)
async def test_a_tricky_recipient_never_reaches_the_server(address: str) -> None:
    async with running() as sink:
        receipt = await mailer(sink.port).send(replace(MAIL, to_email=address))

    assert (receipt.state, receipt.cause) == ("refused", "address")
    assert sink.connections == 0


@pytest.mark.parametrize(
    ("address", "envelope"),
    [
        ("  dana@acme.test ", "dana@acme.test"),
        ("Dana.Scott+eu@ACME.test", "Dana.Scott+eu@acme.test"),
        ("dana@bücher.test", "dana@xn--bcher-kva.test"),
    ],
)
async def test_a_plain_address_is_normalised_to_one_envelope_recipient(address: str, envelope: str) -> None:
    async with running() as sink:
        await mailer(sink.port).send(replace(MAIL, to_email=address))

    assert sink.taken[0].rcpt_tos == [envelope]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hello\r\nBcc: evil@other.test"},
        {"subject": "Hello\nX: y"},
        {"from_name": "Ana\r\nBcc: evil@other.test"},
        {"to_name": "Dana\nCc: evil@other.test"},
        {"message_id": "<a@b>\r\nBcc: evil@other.test"},
    ],
)
async def test_a_header_that_would_inject_another_is_refused(change: dict[str, str]) -> None:
    async with running() as sink:
        receipt = await mailer(sink.port).send(replace(MAIL, **change))

    assert receipt.state == "refused"
    assert sink.connections == 0


async def test_a_display_name_full_of_tricks_stays_a_name() -> None:
    async with running() as sink:
        await mailer(sink.port).send(replace(MAIL, to_name='Dana, "x" <evil@other.test>'))

    assert sink.taken[0].rcpt_tos == ["dana@acme.test"]
    assert [address.addr_spec for address in sink.messages()[0]["To"].addresses] == ["dana@acme.test"]


async def test_a_sender_outside_our_mail_domains_is_refused() -> None:
    async with running() as sink:
        receipt = await mailer(sink.port).send(replace(MAIL, from_email="ana@elsewhere.test"))

    assert (receipt.state, receipt.cause) == ("refused", "setup")
    assert sink.connections == 0


def test_a_password_is_never_sent_readable_over_a_network() -> None:
    with pytest.raises(InvalidInput, match="readable"):
        mailer(25, host="mail.vendor.test", tls="none", username=USER, password=PASSWORD)


def test_a_missing_ca_file_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.pem"):
        mailer(25, tls="starttls", ca_file=str(tmp_path / "nowhere.pem"))


def test_the_password_is_not_printed_with_the_server() -> None:
    assert "horse" not in repr(SmtpServer(host="x", password=PASSWORD))


async def test_without_a_mail_server_nothing_is_ever_sent() -> None:
    assert (await NoMailer().send(MAIL)).state == "deferred"


def test_a_follow_up_names_the_mail_it_follows_in_words_that_every_mail_program_reads() -> None:
    earlier = tuple(f"<{digit * 32}@customer-success.a-company-with-quite-a-long-name.test>" for digit in "abc")
    mail = replace(
        MAIL,
        reply_to="ana+0123456789abcdef@vendor.test",
        in_reply_to=earlier[-1],
        references=earlier,
        unsubscribe="mailto:stop@a-company-with-quite-a-long-name.test?subject=unsubscribe%200123456789abcdef",
    )

    wire = as_message(mail, NOW).as_bytes()

    arrived = email.message_from_bytes(wire, policy=email.policy.default)
    assert arrived["Reply-To"] == "Ana Díaz <ana+0123456789abcdef@vendor.test>"
    assert arrived["From"] == "Ana Díaz <ana@vendor.test>"
    assert arrived["In-Reply-To"] == earlier[-1]
    assert tuple(arrived["References"].split()) == earlier
    assert arrived["List-Unsubscribe"] == f"<{mail.unsubscribe}>"
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
    assert b"=?" not in wire.split(b"References")[1].split(b"Content-Type")[0]


@pytest.mark.parametrize(
    "change",
    [
        {"in_reply_to": "<a@b>\r\nBcc: evil@other.test"},
        {"in_reply_to": "a@b"},
        {"references": ("<a@b>", "<c@d> <e@f>")},
        {"unsubscribe": "mailto:stop@vendor.test>\r\nBcc: evil@other.test"},
        {"unsubscribe": "javascript:alert(1)"},
        {"reply_to": "ana@vendor.test, evil@other.test"},
        {"subject": "Hello\r\nBcc: evil@other.test"},
    ],
)
async def test_a_header_that_is_none_stops_the_mail_and_blames_no_address(change: dict[str, object]) -> None:
    async with running() as sink:
        receipt = await mailer(sink.port).send(replace(MAIL, **change))

    assert (receipt.state, receipt.cause) == ("refused", "")
    assert sink.connections == 0
