"""The doctor says what works, what does not, and what to do; each step of the README is one of its checks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import build
from bot.config import Settings, load
from bot.demo.faults import Fault
from bot.demo.mailbox import Mailbox
from bot.demo.run import DemoSettings
from bot.demo.slack import LocalSlack
from bot.terminal import adopted, diagnosis, migrated, set_paused
from scoring.errors import InvalidInput
from scoring.model import Event
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore
from tests.builders import NOW, a_contact, a_csm, a_snapshot, an_account, remember

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        made.add_channel("cs-alerts")
        made.add_channel("cs-digest", with_bot=False)
        yield made


def settings(url: str, home: Path, **more: Any) -> Settings:
    return DemoSettings(**{"database_url": url, "LOOKOUT_HOME": home} | more)  # type: ignore[arg-type]


async def checks(asked: Settings) -> dict[str, dict[str, str]]:
    text, _ = await diagnosis(asked, as_json=True)
    return {check["name"]: check for check in json.loads(text)}


async def test_a_usage_file_that_was_set_aside_is_named(sqlite_url: str, tmp_path: Path) -> None:
    asked = settings(sqlite_url, tmp_path)
    with closing(UsageStore(tmp_path, asked.zone, asked.scoring, memory="128MB", threads=1)) as usage:
        usage.append("a", [Event("1", NOON, "acme", "ann", "report")])
        (file,) = (tmp_path / "usage" / "batches").iterdir()
        file.write_bytes(file.read_bytes()[:100])
        usage.refresh()

    found = (await checks(asked))["usage file"]

    assert found["verdict"] == "wrong"
    assert file.name in found["found"]
    assert "lookout import" in found["mend"]


async def test_a_bare_machine_is_told_each_next_step(sqlite_url: str, tmp_path: Path) -> None:
    text, healthy = await diagnosis(settings(sqlite_url, tmp_path), as_json=False)

    assert not healthy
    assert "Create the app from manifest.yml" in text
    assert "lookout import" in text
    assert "off    mail: no mail server" in text
    assert text.splitlines()[-1].endswith("to mend; start with the first.")


async def test_slack_is_asked_for_token_scopes_socket_and_channels(
    slack: LocalSlack, sqlite_url: str, tmp_path: Path
) -> None:
    asked = settings(
        sqlite_url,
        tmp_path,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
        LOOKOUT_OPS_CHANNEL="#no-such",
    )

    found = await checks(asked)

    assert found["Slack bot token"]["verdict"] == "ok"
    assert found["Slack scopes"]["verdict"] == "ok"
    assert found["Socket Mode"]["verdict"] == "ok"
    assert found["channel #cs-alerts"]["verdict"] == "ok"
    assert found["channel #cs-digest"]["verdict"] == "wrong"
    assert "/invite" in found["channel #cs-digest"]["mend"]
    assert found["channel #no-such"]["verdict"] == "wrong"


async def test_a_revoked_token_is_one_finding_and_no_traceback(
    slack: LocalSlack, sqlite_url: str, tmp_path: Path
) -> None:
    slack.faults.order("auth.test", Fault.code("token_revoked"))
    found = await checks(settings(sqlite_url, tmp_path, slack_bot_token=slack.bot_token, slack_api_url=slack.api_url))

    assert found["Slack bot token"]["found"] == "Slack says token_revoked"
    assert "manifest.yml" in found["Slack bot token"]["mend"]


async def test_a_scope_that_is_missing_is_named(slack: LocalSlack, sqlite_url: str, tmp_path: Path) -> None:
    slack.api.scopes.discard("users:read.email")

    found = await checks(settings(sqlite_url, tmp_path, slack_bot_token=slack.bot_token, slack_api_url=slack.api_url))

    assert found["Slack scopes"]["found"] == "missing: users:read.email"


async def test_a_mail_server_that_answers_is_well_and_a_dead_one_is_not(sqlite_url: str, tmp_path: Path) -> None:
    async with Mailbox(lambda: NOW) as mailbox:
        alive = {"LOOKOUT_SMTP_HOST": mailbox.host, "LOOKOUT_SMTP_PORT": mailbox.port, "LOOKOUT_SMTP_TLS": "none"}
        well = await checks(settings(sqlite_url, tmp_path, **alive))
    dead = await checks(settings(sqlite_url, tmp_path, **alive))

    assert well["mail server"]["verdict"] == "ok"
    assert dead["mail server"]["verdict"] == "wrong"
    assert "nothing was sent" in dead["mail server"]["mend"]


async def test_accounts_without_owners_and_old_data_are_named(store: SqlStore, sqlite_url: str, tmp_path: Path) -> None:
    await remember(store, a_csm(), an_account(csm_id=None), a_contact(), a_snapshot())
    async with store() as work:
        await work.flags.set("data_until", "2020-01-01T00:00:00+00:00")

    found = await checks(settings(sqlite_url, tmp_path))

    assert "csm column" in found["owners"]["mend"]
    assert found["usage"]["verdict"] == "wrong"


async def test_no_secret_is_printed(slack: LocalSlack, sqlite_url: str, tmp_path: Path) -> None:
    secrets = {"slack_bot_token": "xoxb-very-secret", "openai_api_key": "sk-very-secret"}
    text, _ = await diagnosis(settings(sqlite_url, tmp_path, slack_api_url=slack.api_url, **secrets), as_json=False)

    assert "very-secret" not in text


async def test_pausing_at_the_command_line_is_seen_by_the_store_and_the_doctor(
    store: SqlStore, sqlite_url: str, tmp_path: Path
) -> None:
    asked = settings(sqlite_url, tmp_path)

    assert "paused" in await set_paused(asked, paused=True)
    async with store.reading() as work:
        assert await work.flags.get("paused") is not None
    assert (await checks(asked))["sending"]["verdict"] == "off"
    assert await set_paused(asked, paused=False) == "Sending is resumed."
    assert await set_paused(asked, paused=False) == "Sending was not paused."
    async with store.reading() as work:
        assert [entry.action for entry in await work.audit.newest(5)] == ["resumed", "paused"]


async def test_a_second_home_on_the_same_database_never_leads_until_it_is_adopted(
    slack: LocalSlack, sqlite_url: str, tmp_path: Path
) -> None:
    reached = {"slack_bot_token": slack.bot_token, "slack_api_url": slack.api_url, "slack_app_token": slack.app_token}

    async def leads(home: str) -> bool:
        app = await build(settings(sqlite_url, tmp_path / home, **reached))
        try:
            return await app.lead.beat()
        finally:
            await app.stop()

    assert (await leads("here"), await leads("there")) == (True, False)
    assert "lookout adopt" in (await checks(settings(sqlite_url, tmp_path / "there")))["usage folder"]["mend"]
    assert "usage folder" not in await checks(settings(sqlite_url, tmp_path / "here"))

    await adopted(settings(sqlite_url, tmp_path / "there"))
    assert (await leads("there"), await leads("here")) == (True, False)


async def test_migrating_says_so(sqlite_url: str, tmp_path: Path) -> None:
    assert await migrated(settings(sqlite_url, tmp_path)) == "The database is up to date."


async def test_a_setting_with_a_misspelt_name_is_named(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKOUT_ALERTS_CHANNEL", "#cs-emea")

    found = (await checks(settings(sqlite_url, tmp_path)))["settings"]

    assert (found["verdict"], found["found"]) == ("wrong", "LOOKOUT_ALERTS_CHANNEL means nothing")
    assert found["mend"] == "Did you mean LOOKOUT_ALERT_CHANNEL?"


@pytest.mark.parametrize(
    ("name", "value"), [("LOOKOUT_ROUTES", "s3cret"), ("LOOKOUT_DIGEST_TIME", "29:30"), ("LOOKOUT_JOURNEY", "{")]
)
def test_settings_that_cannot_be_read_are_named_without_their_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidInput, match=name) as caught:
        load(_env_file=None)

    assert "s3cret" not in str(caught.value)


async def test_mail_without_a_domain_to_write_from_is_wrong_and_a_product_without_a_name_is_said(
    sqlite_url: str, tmp_path: Path
) -> None:
    asked = DemoSettings(database_url=sqlite_url, LOOKOUT_HOME=tmp_path, LOOKOUT_SMTP_HOST="mail.us.test")  # type: ignore[call-arg]

    found = await checks(asked)

    assert (found["mail"]["verdict"], found["mail"]["mend"]) == ("wrong", "Set LOOKOUT_MAIL_DOMAINS.")
    assert found["product"]["found"] == "has no name: drafts say “our product”"


async def test_a_port_that_is_taken_is_said_in_a_sentence(slack: LocalSlack, sqlite_url: str, tmp_path: Path) -> None:
    taken = int(slack.address.rsplit(":", 1)[1])
    app = await build(
        DemoSettings(
            database_url=sqlite_url,
            LOOKOUT_HOME=tmp_path,
            LOOKOUT_PORT=taken,
            slack_bot_token=slack.bot_token,
            slack_signing_secret=slack.signing_secret,
            slack_api_url=slack.api_url,
        )  # type: ignore[call-arg]
    )
    try:
        with pytest.raises(InvalidInput, match=f"cannot listen on 127.0.0.1:{taken}: Address already in use"):
            await app.start()
    finally:
        await app.stop()
