"""Answers in a real mailbox reach the card within two seconds, once, whatever dies; other mail is left alone."""

from __future__ import annotations

import asyncio
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from zoneinfo import ZoneInfo

import aiosmtplib
import pytest
import trustme
from structlog.testing import capture_logs

from bot.demo.run import DemoSettings
from bot.doctor import Verdict, check_inboxes
from bot.inbound import imap
from bot.inbound.imap import ImapInbox
from bot.inbound.imap_server import ImapServer
from bot.inbound.inboxes import Inboxes, ears_of, look_into
from bot.inbound.reading import arrival_of
from bot.inbound.watch import Watch
from bot.leader import Leader, LedStore
from bot.loop.ears import Ears, Hearing
from bot.loop.lead import Alone
from bot.loop.one_by_one import OneByOne
from bot.loop.returns import Returns
from bot.outreach.seals import Seals, Secrets, new_key
from bot.outreach.smtp import SmtpMailer, SmtpServer
from bot.trouble import Trouble
from scoring.casework import CaseState
from scoring.errors import InvalidInput, Unavailable
from scoring.mailboxes import Access, Mailbox, MailboxKind
from scoring.replies import ReplyKind
from tests import mail_sink
from tests.imap_server import PASSWORD, USER, MailServer, an_imap_server
from tests.inbound.mails import answer, report
from tests.mail_world import World, a_world


def wall_clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def mailbox():
    async with an_imap_server() as server:
        yield server


def watching(world: World, mailbox: MailServer, *, lead=None, **more) -> Watch:
    async def inboxes():
        return [replace(mailbox.settings, **more)]

    store = LedStore(world.store, lead) if lead else world.store
    returns = Returns(store, wall_clock, ZoneInfo("UTC"), frozenset({"us.test"}), ops_channel="#ops")
    return Watch(inboxes, returns, lead or Alone(), wall_clock, back_off=(timedelta(milliseconds=100),))


class Wire:
    """A line to the mail server that can be cut: inside TLS, or one over which it hides that it knows IDLE."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.behind, self.tls, self.lines, self.writers = port, tls, 0, []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.join, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.cut()
        self.server.close()

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def join(self, reader, writer) -> None:
        self.lines += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        self.writers += [writer, far_writer]
        await asyncio.gather(self.carry(reader, far_writer), self.carry(far_reader, writer), return_exceptions=True)

    async def carry(self, reader, writer) -> None:
        while data := await reader.read(65_536):
            writer.write(data if self.tls else data.replace(b" IDLE", b""))


async def sent(world: World) -> str:
    """Dana's mail has left; its Message-ID."""
    assert (await world.approve()).ok
    await world.later(seconds=11).sweep().run()
    return (await world.mail()).message_id


async def until(what, seconds: float = 10.0) -> float:
    """Wait for it; how long that took."""
    begun = time.perf_counter()
    while not await what():
        assert time.perf_counter() - begun < seconds, "it did not happen"
        await asyncio.sleep(0.05)
    return time.perf_counter() - begun


async def replies(world: World):
    async with world.store.reading() as work:
        return await work.replies.of_case("case-1")


async def read_to_the_end(world: World, mailbox: MailServer, watch: Watch) -> None:
    """Until everything that lies in the mailbox was looked at."""
    last = sum(told is not None for told in await mailbox.flags()) + 100

    async def done() -> bool:
        await watch.run()
        async with world.store.reading() as work:
            mark = await work.replies.read_up_to(mailbox.settings.name)
        return mark is not None and mark.uid > last

    await until(done)


async def test_from_our_mail_to_the_customers_answer_under_the_card(store, mailbox) -> None:
    world = await a_world(store)
    async with mail_sink.running() as ours, mail_sink.running() as theirs:
        server = SmtpServer("127.0.0.1", ours.port, tls="none")
        assert (await world.approve()).ok
        mailer = SmtpMailer(server, domains=("us.test",), clock=world.clock)
        await world.later(seconds=11).sweep(mailer=mailer).run()
        got = ours.messages()[0]

        watch = watching(world, mailbox)
        await watch.run()
        await read_to_the_end(world, mailbox, watch)
        back = EmailMessage()
        back["From"], back["To"], back["Subject"] = "Kim <kim@acme.test>", got["From"], f"Re: {got['Subject']}"
        back["Message-ID"], back["In-Reply-To"] = make_msgid(domain="acme.test"), got["Message-ID"]
        back.set_content(f"Gladly, <!channel> on Monday.\n\nOn Friday Dana wrote:\n> {got.get_content()}")

        async def into_the_mailbox(_) -> None:
            await mailbox.deliver(theirs.taken[-1].original_content)

        theirs.before_answer = into_the_mailbox
        await aiosmtplib.send(back, hostname="127.0.0.1", port=theirs.port)
        waited = await until(lambda: replies(world), 2.0)
        await watch.stop()

    assert waited < 2
    [reply] = await replies(world)
    assert (reply.kind, reply.text, reply.from_email) == (
        ReplyKind.ANSWER,
        "Gladly, <!channel> on Monday.",
        "kim@acme.test",
    )
    note = (await world.notes())[-1]
    assert note.startswith("Kim Novak (kim@acme.test) answered on ")
    assert note.endswith(":\nGladly, <!channel> on Monday.")
    assert (await world.case()).state is CaseState.CONTACTED
    assert (await world.actions())[-1] == "came back: answer"
    assert ("UDANA", "Kim Novak (kim@acme.test) answered the mail that you approved. The card has it.") in (
        await world.notices()
    )


async def test_others_mail_is_not_kept_and_nothing_in_the_mailbox_changes(store, mailbox) -> None:
    world = await a_world(store)
    ref = await sent(world)
    private = b"From: bank@money.test\r\nSubject: your balance\r\nMessage-ID: <1@money.test>\r\n\r\n12,000\r\n"
    colleague = answer("Have you seen this?", ref=ref, sender="Ben <ben@us.test>")
    stray_report = report()  # of a mail that is not ours
    await mailbox.deliver(private, colleague, stray_report, answer(ref=ref))
    watch = watching(world, mailbox)
    await read_to_the_end(world, mailbox, watch)
    await watch.stop()

    assert [reply.from_email for reply in await replies(world)] == ["kim@acme.test"]
    assert not any(b"Seen" in flags for flags in await mailbox.flags())


async def test_after_a_restart_nothing_is_lost_and_nothing_said_twice(store, mailbox) -> None:
    world = await a_world(store)
    ref = await sent(world)
    first = watching(world, mailbox)
    await mailbox.deliver(answer("One.", ref=ref))
    await read_to_the_end(world, mailbox, first)
    await first.stop()
    await mailbox.deliver(answer("One.", ref=ref), b"\x00\xff broken \r\n\r\n\xfe", answer("Two.", ref=ref))
    second = watching(world, mailbox)
    await read_to_the_end(world, mailbox, second)
    await second.stop()

    assert {reply.text for reply in await replies(world)} == {"One.", "Two."}
    assert len([note for note in await world.notes() if "answered" in note]) == 2


async def test_a_mail_that_lookout_trips_over_stops_no_answer_behind_it_and_is_read_when_that_is_mended(
    store, mailbox, monkeypatch
) -> None:
    world, seconds, broken = await a_world(store), [0.0], [True]
    ref, heard = await sent(world), list[str]()

    def odd(content, received_at):
        if broken[0] and b"Odd." in content:
            raise ZeroDivisionError
        return arrival_of(content, received_at)

    monkeypatch.setattr("bot.inbound.watch.arrival_of", odd)
    await mailbox.deliver(answer("Odd.", ref=ref), answer("Fine.", ref=ref))
    watch = watching(world, mailbox)
    watch.heard = heard.append
    watch.one_by_one = OneByOne(Trouble(store, wall_clock, "#ops").told, lambda: seconds[0])

    async def texts() -> set[str]:
        await watch.run()
        return {reply.text for reply in await replies(world)}

    with capture_logs():
        await until(texts)
        await mailbox.deliver(answer("Later.", ref=ref))
        await until(lambda: _is(texts, {"Fine.", "Later."}))
    assert heard == []  # so what leaves by itself waits: the odd one may be an answer
    assert [text.split(" (")[0] for target, text in await world.notices() if target == "#ops"] == [
        f"Lookout tripped over the mail number 101 in {mailbox.settings.name}"
    ]

    broken[0], seconds[0] = False, 61.0
    await mailbox.deliver(answer("Last.", ref=ref))
    await until(lambda: _is(texts, {"Odd.", "Fine.", "Later.", "Last."}))
    await until(lambda: _is(texts, {"Odd.", "Fine.", "Later.", "Last."}) if heard else asyncio.sleep(0))
    await watch.stop()
    assert len([note for note in await world.notes() if "answered" in note]) == 4


async def _is(found, wanted) -> bool:
    return await found() == wanted


async def test_answers_count_as_heard_only_when_their_mailbox_was_read_to_its_end(store, mailbox) -> None:
    watch = watching(await a_world(store), mailbox)
    ears = Ears(mailbox.settings.name)
    watch.heard = ears.note

    async def hearing() -> Hearing:
        async with store.reading() as work:
            return await ears.hear(work, "dana@us.test")

    await mailbox.stop()
    await watch.run()
    await asyncio.sleep(0.1)
    assert await hearing() is Hearing.NOT_NOW
    await mailbox.start()
    async with asyncio.timeout(10):
        while await hearing() is not Hearing.YES:
            await watch.run()
            await asyncio.sleep(0.02)
    await watch.stop()


@pytest.mark.parametrize(
    ("told", "hearing"),
    [
        ({}, Hearing.NEVER),
        ({"LOOKOUT_IMAP_HOST": "mail.us.test"}, Hearing.NOT_NOW),
        ({"LOOKOUT_SANDBOX": True}, Hearing.YES),
    ],
)
async def test_at_the_start_nothing_was_heard_yet_and_without_a_mailbox_nothing_ever_is(store, told, hearing) -> None:
    settings = DemoSettings(**told, LOOKOUT_IMAP_USERNAME=USER, LOOKOUT_IMAP_PASSWORD=PASSWORD)
    async with store.reading() as work:
        assert await ears_of(settings).hear(work, "dana@us.test") is hearing


async def test_a_mail_that_cannot_be_kept_holds_up_none_behind_it(store, mailbox) -> None:
    class Picky(Returns):
        async def take(self, arrival, mark=None) -> bool:
            if arrival.text == "One.":
                raise InvalidInput("no database takes this")
            return await Returns.take(self, arrival, mark)

    world = await a_world(store)
    ref = await sent(world)
    await mailbox.deliver(answer("One.", ref=ref), answer("Two.", ref=ref))
    watch = watching(world, mailbox)
    watch.returns = Picky(world.store, wall_clock, ZoneInfo("UTC"))
    await read_to_the_end(world, mailbox, watch)
    await watch.stop()

    assert [reply.text for reply in await replies(world)] == ["Two."]


@pytest.mark.parametrize(
    "date", ["01-Jan-0001 00:00:00 +1400", "17-Xyz-2026 10:00:00 +0000", "31-Dec-9999 23:59:59 -1200"]
)
def test_a_mail_whose_date_no_calendar_has_is_read_like_any_other(date) -> None:
    head = imap._head(f'1 (UID 5 INTERNALDATE "{date}" BODY[HEADER.FIELDS (FROM)] {{4}}'.encode(), b"x")
    assert head is not None
    assert (head.uid, head.received_at) == (5, None)


def test_a_mail_of_the_hour_that_comes_twice_keeps_its_instant(monkeypatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        head = imap._head(b'1 (UID 5 INTERNALDATE "25-Oct-2026 02:30:00 +0100" BODY[] {1}', b"x")
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert head is not None
    assert head.received_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


async def test_a_mailbox_that_comes_back_as_another_is_read_again_and_said_once(store, mailbox) -> None:
    world = await a_world(store)
    ref = await sent(world)
    watch = watching(world, mailbox)
    await mailbox.deliver(answer("One.", ref=ref))
    await read_to_the_end(world, mailbox, watch)
    await mailbox.stop()
    await mailbox.start()  # empty, and its UIDs mean something else
    await mailbox.deliver(answer("One.", ref=ref), answer("Two.", ref=ref))

    async def two() -> bool:
        await watch.run()
        return len(await replies(world)) == 2

    await until(two)
    await watch.stop()

    assert {reply.text for reply in await replies(world)} == {"One.", "Two."}


async def test_a_mailbox_that_cannot_be_opened_is_told_to_operators_and_disturbs_no_other(store, mailbox) -> None:
    world = await a_world(store)
    ref = await sent(world)
    await mailbox.deliver(answer(ref=ref))
    good, bad = mailbox.settings, replace(mailbox.settings, username="gone@us.test")

    async def inboxes():
        return [bad, good]

    watch = Watch(inboxes, watching(world, mailbox).returns, Alone(), wall_clock)

    async def both() -> bool:
        await watch.run()
        return bool(await replies(world)) and any(
            "gone@us.test cannot be read" in text for _, text in await world.notices()
        )

    await until(both)
    await watch.stop()

    [told] = [text for target, text in await world.notices() if target == "#ops"]
    assert told.startswith("The mailbox gone@us.test cannot be read: 127.0.0.1 refused the login of gone@us.test.")


async def test_a_mailbox_that_lookout_trips_over_disturbs_no_other_and_is_told_to_operators(
    store, mailbox, monkeypatch
) -> None:
    world, numbers = await a_world(store), ImapInbox.numbers
    await mailbox.deliver(answer(ref=await sent(world)))
    good, odd = mailbox.settings, replace(mailbox.settings, email="odd@us.test")

    async def inboxes():
        return [odd, good]

    async def buggy(inbox, above, since):
        if inbox.name == odd.name:
            raise ZeroDivisionError
        return await numbers(inbox, above, since)

    monkeypatch.setattr(ImapInbox, "numbers", buggy)
    watch = watching(world, mailbox)
    watch.inboxes, watch.one_by_one = inboxes, OneByOne(Trouble(store, wall_clock, "#ops").told)

    async def both() -> bool:
        await watch.run()
        return bool(await replies(world)) and any(target == "#ops" for target, _ in await world.notices())

    with capture_logs():
        await until(both)
        await watch.stop()
    (told,) = [text for target, text in await world.notices() if target == "#ops"]
    assert told.startswith("Lookout tripped over the mailbox odd@us.test (ZeroDivisionError).")


async def test_a_csms_own_mailbox_is_read_too_and_one_that_cannot_be_opened_is_named(store) -> None:
    world, key = await a_world(store), new_key()
    settings = DemoSettings(
        LOOKOUT_IMAP_HOST="imap.us.test", LOOKOUT_IMAP_USERNAME="answers@us.test", LOOKOUT_SECRET_KEYS=key
    )
    access = Access(smtp_host="smtp.us.test", imap_host="mail.us.test", imap_port=143, imap_tls="starttls")
    seals = Seals([key])
    async with store() as work:
        for email, sealed in (
            ("dana@us.test", seals.seal("dana@us.test", Secrets(password="dana's"))),
            ("ben@us.test", Seals([new_key()]).seal("ben@us.test", Secrets(password="ben's"))),
        ):
            await work.mailboxes.put(Mailbox(email, MailboxKind.SMTP, access, sealed, world.now))
        unread = Mailbox("cleo@us.test", MailboxKind.SMTP, Access(smtp_host="smtp.us.test"), "", world.now)
        await work.mailboxes.put(unread)
    returns = Returns(store, world.clock, ZoneInfo("UTC"), ops_channel="#ops")

    found = await Inboxes(settings, store, returns)()

    assert [(server.name, server.host, server.port, server.tls, server.password) for server in found] == [
        ("answers@us.test", "imap.us.test", 993, "tls", ""),
        ("dana@us.test", "mail.us.test", 143, "starttls", "dana's"),
    ]
    assert "dana's" not in repr(found)
    [(target, text)] = await world.notices()
    assert target == "#ops"
    assert text.startswith("The mailbox ben@us.test cannot be read: What opens the mailbox of ben@us.test was sealed")


async def test_the_doctor_says_which_mailboxes_are_read(store, mailbox) -> None:
    assert [check.verdict for check in check_inboxes(await look_into(DemoSettings(), store))] == [Verdict.OFF]
    given = {"LOOKOUT_IMAP_HOST": "127.0.0.1", "LOOKOUT_IMAP_PORT": mailbox.port, "LOOKOUT_IMAP_TLS": "none"}
    right = DemoSettings(**given, LOOKOUT_IMAP_USERNAME=USER, LOOKOUT_IMAP_PASSWORD=PASSWORD)
    wrong = DemoSettings(**given, LOOKOUT_IMAP_USERNAME=USER, LOOKOUT_IMAP_PASSWORD="wrong")

    [well], [ill] = check_inboxes(await look_into(right, store)), check_inboxes(await look_into(wrong, store))

    assert (well.verdict, ill.verdict) == (Verdict.OK, Verdict.WRONG)
    assert well.found == f"{USER}: read at 127.0.0.1:{mailbox.port}, which tells of new mail at once"
    assert ill.found == f"{USER}: 127.0.0.1 refused the login of {USER}"


async def test_a_server_that_tells_nothing_is_asked_and_a_cut_line_is_mended(store, mailbox, monkeypatch) -> None:
    monkeypatch.setattr(imap, "POLL_SECONDS", 0.1)
    world = await a_world(store)
    ref = await sent(world)
    async with Wire(mailbox.port) as wire:
        watch = watching(world, mailbox, port=wire.port)
        await watch.run()
        await until(lambda: idle(wire))
        await mailbox.deliver(answer("One.", ref=ref))
        await until(lambda: replies(world), 2.0)
        wire.cut()
        await mailbox.deliver(answer("Two.", ref=ref))

        async def two() -> bool:
            await watch.run()
            return len(await replies(world)) == 2

        await until(two)
        await watch.stop()

    assert wire.lines == 2
    assert {reply.text for reply in await replies(world)} == {"One.", "Two."}


async def test_tls_is_spoken_and_a_server_that_nobody_vouches_for_gets_no_password(store, mailbox, tmp_path) -> None:
    world, authority, context = await a_world(store), trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ref = await sent(world)
    async with Wire(mailbox.port, context) as wire:
        watch = watching(world, mailbox, port=wire.port, tls="tls", ca_file=str(tmp_path / "ca.pem"))
        await read_to_the_end(world, mailbox, watch)
        await mailbox.deliver(answer(ref=ref))
        assert await until(lambda: replies(world), 2.0) < 2
        await watch.stop()
        with ThreadPoolExecutor(1) as threads, pytest.raises(Unavailable, match="certificate verify failed"):
            await ImapInbox(replace(mailbox.settings, port=wire.port, tls="tls"), threads).open()


async def idle(wire: Wire) -> bool:
    return wire.lines > 0


async def test_nothing_is_read_by_a_process_that_does_not_lead(store, mailbox) -> None:
    world = await a_world(store)
    ref = await sent(world)
    await mailbox.deliver(answer(ref=ref))
    first, second = (Leader(store, wall_clock, holder=name) for name in ("first", "second"))
    assert await first.beat()
    assert not await second.beat()
    passive = watching(world, mailbox, lead=second)
    await passive.run()
    await asyncio.sleep(0.5)
    assert await replies(world) == []

    active = watching(world, mailbox, lead=first)
    await read_to_the_end(world, mailbox, active)
    await asyncio.gather(passive.stop(), active.stop())
    assert len(await replies(world)) == 1


async def test_a_password_never_travels_readable() -> None:
    server = ImapServer("imap.us.test", 143, "dana@us.test", "secret", tls="none")
    with ThreadPoolExecutor(1) as threads, pytest.raises(InvalidInput, match="would be read without encryption"):
        await ImapInbox(server, threads).open()
