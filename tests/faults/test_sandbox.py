"""The sandbox plays everything but the mail: whatever is set up, no server is reached, and nobody takes it for real."""

from __future__ import annotations

import email
import email.policy
import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import build
from bot.outreach.sandbox import FolderMailer, must_belong
from bot.outreach.way_out import way_out
from handlers.blocks.alert_card import SANDBOX
from handlers.ids import Action
from scoring.casework import OutreachState
from scoring.errors import InvalidInput
from scoring.messages import Mail
from tests.builders import NOW
from tests.journeys.conftest import opened_venue
from tests.mail_world import a_world

MAIL = Mail("<a@us.test>", "Dana", "dana@us.test", "Kim", "kim@acme.test", "Hello", "Hello Kim")


async def test_an_approved_mail_ends_in_the_folder_and_no_server_hears_of_it(tmp_path: Path, sqlite_url: str) -> None:
    real_ways_out = {"LOOKOUT_CRM": "hubspot", "LOOKOUT_CRM_TOKEN": "t", "LOOKOUT_IMAP_HOST": "127.0.0.1"}
    async with opened_venue(tmp_path / "home", sqlite_url, LOOKOUT_SANDBOX=True, **real_ways_out) as venue:
        await venue.case()
        assert SANDBOX in venue.card().words
        await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="dana")
        venue.clock.move_to(venue.clock() + timedelta(seconds=11))
        await venue.app.send.run()

        (file,) = (tmp_path / "home" / "sandbox").glob("*.eml")
        kept = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        async with venue.app.store.reading() as work:
            mail = await work.outreach.latest_of("case-1")
        assert (kept["To"].addresses[0].addr_spec, kept["Message-ID"]) == ("kim@acme.test", mail.message_id)
        assert mail.state is OutreachState.SENT
        assert (venue.letters, venue.mailbox.letters) == ([], [])
        assert isinstance(way_out(venue.app.settings, venue.app.store, venue.clock), FolderMailer)
        assert (venue.app.crm, await venue.app.watch.inboxes()) == (None, [])
        assert not {"crm", "crm sync"} & {sweep.name for sweep in venue.app.schedule.sweeps}
        settings = venue.app.settings

    with pytest.raises(InvalidInput, match="made in the sandbox"):
        await build(settings.model_copy(update={"sandbox": False}))


async def test_a_sandbox_never_goes_on_with_a_database_in_which_people_have_worked(store) -> None:
    await must_belong(store, sandbox=False)
    world = await a_world(store)
    assert (await world.approve()).ok

    with pytest.raises(InvalidInput, match="belongs to a Lookout that works with customers"):
        await must_belong(store, sandbox=True)
    await must_belong(store, sandbox=False)


async def test_what_a_real_server_would_not_get_the_folder_does_not_get_either(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "kept", domains=("elsewhere.test",), clock=lambda: NOW)
    blocked = FolderMailer(tmp_path / "file", domains=("us.test",), clock=lambda: NOW)
    (tmp_path / "file").write_text("no folder")

    assert (await mailer.send(MAIL)).state == "refused"
    assert (await blocked.send(MAIL)).state == "deferred"
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - pathlib is refused in coroutines
