"""An operator connects, lists, forgets and seals mailboxes anew; what opens them is never shown or stored bare."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from typer.testing import CliRunner, Result

from bot.__main__ import cli
from bot.config import Settings
from bot.demo.run import DemoSettings
from bot.mailbox_terminal import Asked, added, listed, opted_out, removed, rotated
from bot.outreach.seals import Seals, new_key
from bot.terminal import diagnosis
from scoring.casework import OutreachState
from scoring.errors import InvalidInput, NotFound
from scoring.mailboxes import Access, MailboxKind
from storage.unit_of_work import SqlStore
from tests.builders import a_csm, remember
from tests.mail_sink import PASSWORD, running
from tests.mail_vendors import CLIENT, CLIENT_SECRET, vendor_server
from tests.mail_world import a_world

OLD, NEW = new_key(), new_key()
ANA, BEN = "ana@us.test", "ben@us.test"


def told(*secrets: str) -> Callable[[str], str]:
    """An operator who types these, one after another."""
    left: Iterator[str] = iter(secrets)
    return lambda _name: next(left, "")


def settings(url: str, home: Path, keys: str = OLD, **more: Any) -> Settings:
    known = {"database_url": url, "LOOKOUT_HOME": home, "LOOKOUT_MAIL_DOMAINS": "us.test", "LOOKOUT_SECRET_KEYS": keys}
    return DemoSettings(**known | more)  # type: ignore[arg-type]


def on_disk(home: Path) -> bytes:
    """Everything that lies in the database's files."""
    return b"".join(file.read_bytes() for file in home.glob("lookout.db*"))


async def test_a_mailbox_is_kept_sealed_once_lookout_got_into_it(
    store: SqlStore, sqlite_url: str, tmp_path: Path
) -> None:
    await remember(store, a_csm("csm-ana", email=ANA))
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    async with running(tls=context, login=True, user=ANA) as sink, vendor_server() as vendor:
        vendor.refresh = {"1//ben": BEN}
        urls = {"LOOKOUT_GMAIL_URL": vendor.vendors.gmail, "LOOKOUT_GOOGLE_TOKEN_URL": vendor.vendors.google_token}
        ours = settings(sqlite_url, tmp_path, **urls)
        ana = Asked(
            ANA, MailboxKind.SMTP, Access(smtp_host="localhost", smtp_port=sink.port, ca_file=str(tmp_path / "ca.pem"))
        )
        ben = Asked(BEN, MailboxKind.GMAIL, Access(client_id=CLIENT, plus=True))

        with pytest.raises(InvalidInput, match="Nothing was kept: The mail server refused our login"):
            await added(ours, ana, told("hunter2"))
        said = [await added(ours, ana, told(PASSWORD)), await added(ours, ben, told("1//ben", CLIENT_SECRET))]
        text, _ = await diagnosis(ours, as_json=False)

    assert "No CSM has this address yet" not in said[0]
    assert "No CSM has this address yet" in said[1]
    assert sink.taken == vendor.taken == []
    assert (f"{ANA}: localhost:{sink.port} answers and lets us in" in text, f"{BEN}: Gmail lets us in" in text) == (
        True,
        True,
    )
    shown = "\n".join([*said, text, await listed(ours)])
    for secret in (PASSWORD, "hunter2", "1//ben", CLIENT_SECRET, OLD):
        assert secret not in shown
        assert secret.encode() not in on_disk(tmp_path)
    async with store.reading() as work:
        assert Seals([OLD]).open(await work.mailboxes.of(ANA)).password == PASSWORD
        entries = await work.audit.newest(9)
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("mailbox connected", "gmail"),
        ("mailbox connected", "smtp csm-ana"),
    ]


async def test_keys_change_without_asking_anybody_again(sqlite_url: str, tmp_path: Path) -> None:
    for email in (ANA, BEN):
        asked = Asked(email, MailboxKind.SMTP, Access(smtp_host="mail.us.test"))
        await added(settings(sqlite_url, tmp_path), asked, told(PASSWORD), check=False)
    both = settings(sqlite_url, tmp_path, f"{NEW},{OLD}")

    said = await rotated(both)

    assert said.startswith("2 mailboxes are sealed with the newest key.")
    text, _ = await diagnosis(settings(sqlite_url, tmp_path, OLD), as_json=False)
    assert text.count("sealed with a key that is not in LOOKOUT_SECRET_KEYS") == 2
    assert (await rotated(settings(sqlite_url, tmp_path, NEW))).startswith("2 mailboxes are")
    with pytest.raises(InvalidInput, match=r"(?s)ana@us\.test.*ben@us\.test.*Keep the older keys"):
        await rotated(settings(sqlite_url, tmp_path, OLD))
    assert "forgotten" in await removed(both, " ANA@us.test")
    assert ANA not in await listed(both)
    with pytest.raises(NotFound, match="lookout mailbox list"):
        await removed(both, ANA)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("ana@elsewhere.test", MailboxKind.SMTP, Access(smtp_host="mail.us.test")), "LOOKOUT_MAIL_DOMAINS"),
        (Asked("ana", MailboxKind.SMTP, Access(smtp_host="mail.us.test")), "not one plain e-mail address"),
        (Asked(ANA, MailboxKind.SMTP, Access()), "--host is missing"),
        (Asked(ANA, MailboxKind.GMAIL, Access()), "--client-id is missing"),
        (Asked(ANA, MailboxKind.SMTP, Access(smtp_host="mail.us.test", smtp_tls="ssl")), "no way to encrypt"),
        (Asked(ANA, MailboxKind.SMTP, Access(smtp_host="mail.us.test", smtp_tls="none")), "password readable"),
        (Asked(ANA, MailboxKind.GRAPH, Access(client_id=CLIENT)), "No refresh token came"),
    ],
)
async def test_what_is_missing_or_unsafe_is_said_in_a_sentence_and_nothing_is_kept(
    sqlite_url: str, tmp_path: Path, asked: Asked, said: str
) -> None:
    ours = settings(sqlite_url, tmp_path)
    with pytest.raises(InvalidInput, match=said):
        await added(ours, asked, told() if asked.kind is MailboxKind.GRAPH else told(PASSWORD))

    assert "No mailbox is connected" in await listed(ours)


def test_a_secret_is_read_from_stdin_and_a_missing_key_is_explained(sqlite_url: str, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": sqlite_url, "LOOKOUT_HOME": str(tmp_path), "LOOKOUT_MAIL_DOMAINS": "us.test"}

    def lookout(*arguments: str, typed: str = "", **more: str) -> Result:
        return CliRunner().invoke(cli, ["mailbox", *arguments], input=typed, env=environment | more)

    adding = ("add", ANA, "--host", "mail.us.test", "--unchecked")
    without = lookout(*adding, typed=f"{PASSWORD}\n")
    kept = lookout(*adding, typed=f"{PASSWORD}\n", LOOKOUT_SECRET_KEYS=OLD)
    shown = lookout("list")

    assert isinstance(without.exception, InvalidInput)
    assert "lookout mailbox key" in str(without.exception)
    assert kept.exit_code == 0
    assert "leaves out of its own mailbox" in kept.output
    assert "ana@us.test  smtp  mail.us.test:587" in shown.output
    assert PASSWORD not in without.output + kept.output + shown.output
    assert len(lookout("key").output.strip()) == len(OLD)


async def test_who_asked_for_no_more_mail_gets_none_not_even_one_that_was_approved(
    store: SqlStore, sqlite_url: str, tmp_path: Path
) -> None:
    world = await a_world(store)
    assert (await world.approve()).ok
    ours = settings(sqlite_url, tmp_path)

    said = [await opted_out(ours, " Kim@acme.test"), await opted_out(ours, "kim@acme.test")]
    await world.later(seconds=11).sweep().run()

    assert "is stopped" in said[0]
    assert "they asked for no more mail" in said[1]
    assert world.mailer.mails == []
    assert (await world.mail()).state is OutreachState.STOPPED
    with pytest.raises(InvalidInput, match="not one plain"):
        await opted_out(ours, "kim")


@pytest.mark.parametrize("kept", ["kim@münchen.test", "kim@xn--mnchen-3ya.test"])
@pytest.mark.parametrize("asked", ["Kim@München.test", "kim@XN--mnchen-3ya.test"])
async def test_who_asked_for_no_more_mail_is_known_however_their_domain_is_spelled(
    store: SqlStore, sqlite_url: str, tmp_path: Path, kept: str, asked: str
) -> None:
    await opted_out(settings(sqlite_url, tmp_path), asked)

    async with store.reading() as work:
        assert await work.outreach.suppressed(kept) is not None


async def test_the_doctor_names_who_has_no_mailbox_where_there_is_no_relay(
    store: SqlStore, sqlite_url: str, tmp_path: Path
) -> None:
    await remember(store, a_csm("csm-ana", email=ANA), a_csm("csm-ben", email=BEN), a_csm("csm-cy", left=True))
    ours = settings(sqlite_url, tmp_path)
    asked = Asked("Ana@us.test", MailboxKind.SMTP, Access(smtp_host="127.0.0.1", smtp_port=1))
    await added(ours, asked, told(PASSWORD), check=False)

    alone, _ = await diagnosis(ours, as_json=False)
    relayed, _ = await diagnosis(
        settings(sqlite_url, tmp_path, LOOKOUT_SMTP_HOST="127.0.0.1", LOOKOUT_SMTP_PORT=1), as_json=False
    )

    assert "these CSMs have no mailbox: ben@us.test\n" in alone
    assert "have no mailbox" not in relayed
