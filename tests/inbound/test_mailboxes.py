"""Answers in a real mailbox reach the card within two seconds, once, whatever dies; other mail is left alone."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from zoneinfo import ZoneInfo

import aiosmtplib
import pytest

from bot.demo.run import DemoSettings
from bot.inbound.imap import ImapInbox
from bot.inbound.imap_server import ImapServer
from bot.inbound.inboxes import Inboxes
from bot.inbound.watch import Watch
from bot.loop.lead import Alone
from bot.loop.returns import Returns
from bot.outreach.seals import Seals, Secrets, new_key
from bot.outreach.smtp import SmtpMailer, SmtpServer
from scoring.casework import CaseState
from scoring.errors import InvalidInput
from scoring.mailboxes import Access, Mailbox, MailboxKind
from scoring.replies import ReplyKind
from tests import mail_sink
from tests.imap_server import MailServer, an_imap_server
from tests.inbound.mails import answer, report
from tests.mail_world import World, a_world


def wall_clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def mailbox():
    async with an_imap_server() as server:
        yield server


def watching(world: World, mailbox: MailServer, **more) -> Watch:
    async def inboxes():
        return [replace(mailbox.settings, **more)]

    own = frozenset({"us.test"})
    returns = Returns(world.store, wall_clock, ZoneInfo("UTC"), own, ops_channel="#ops")
    return Watch(inboxes, returns, Alone(), wall_clock, back_off=(timedelta(milliseconds=100),))


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
        await asyncio.sleep(0.02)
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

    assert [reply.text for reply in await replies(world)] == ["One.", "Two."]
    assert len([note for note in await world.notes() if "answered" in note]) == 2


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

    assert [reply.text for reply in await replies(world)] == ["One.", "Two."]


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


async def test_a_password_never_travels_readable() -> None:
    server = ImapServer("imap.us.test", 143, "dana@us.test", "secret", tls="none")
    with ThreadPoolExecutor(1) as threads, pytest.raises(InvalidInput, match="would be read without encryption"):
        await ImapInbox(server, threads).open()
