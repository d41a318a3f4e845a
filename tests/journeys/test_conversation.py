"""The whole conversation between real servers: a mail, its answer, the follow-up that is off, and the CRM's records."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.demo.mailbox import Letter
from handlers.ids import Action
from scoring.follow_up import FollowUpState
from tests.crm_server import TOKEN, CrmServer, crm_server
from tests.imap_server import PASSWORD, USER, MailServer, an_imap_server
from tests.journeys.conftest import Venue, opened_venue

QUOTED = "\n\nOn Tue, 24 Nov 2026 Dana wrote:\n> shall we look at your reports together?\n"


def answer_to(letter: Letter, venue: Venue) -> EmailMessage:
    """What Kim's mail client makes of Reply."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Kim Novak <kim@acme.test>", USER, f"Re: {letter.subject}"
    mail["Date"], mail["Message-ID"] = format_datetime(venue.clock()), "<answer-1@acme.test>"
    mail["In-Reply-To"] = mail["References"] = letter.message_id
    mail.set_content(f"Thursday at ten suits me.{QUOTED}")
    return mail


def a_hubspot(crm: CrmServer) -> None:
    crm.put("companies", "501", name="Acme Inc.", domain="acme.test")
    crm.put("contacts", "601", email="kim@acme.test", associatedcompanyid="501")
    crm.owners = {"701": "dana@us.test"}


def thread(venue: Venue) -> str:
    return "\n".join(m.text for m in venue.slack.messages("#cs-alerts") if m.thread_ts)


async def matched(venue: Venue) -> None:
    """Until the answer belongs to its mail."""
    async with asyncio.timeout(10):
        while True:
            async with venue.app.store.reading() as work:
                if await work.replies.of_case("case-1"):
                    return
            await asyncio.sleep(0.02)


@pytest.mark.long
async def test_a_mail_its_answer_and_the_crm_tell_one_story(tmp_path: Path, any_url: str) -> None:
    async with an_imap_server() as imap, crm_server() as crm:
        a_hubspot(crm)
        async with opened_venue(tmp_path / "home", any_url, **settings(imap, crm)) as venue:
            await venue.case()
            await venue.slack.click("#cs-alerts", Action.APPROVE.value, user="dana")
            venue.clock.move_to(venue.clock() + timedelta(seconds=11))
            await venue.until(lambda: venue.letters)
            await venue.app.tell()
            await venue.until(lambda: "If nobody answers" in thread(venue))

            venue.clock.move_to(venue.clock() + timedelta(minutes=20))
            await imap.deliver(answer_to(venue.letters[0], venue), at=venue.clock())
            delivered = time.monotonic()
            await matched(venue)
            assert time.monotonic() - delivered < 2
            await venue.until(lambda: "Thursday at ten suits me." in thread(venue))
            await venue.until(lambda: "answered" in venue.card().text.lower())
            assert "shall we look at your reports" not in thread(venue)

            await venue.until(lambda: len(crm.written("emails")) == 2, 20)
            await venue.until(lambda: "There is no follow-up. Acme" in thread(venue))
            async with venue.app.store.reading() as work:
                follow_up = await work.follow_ups.of_case("case-1")
            assert follow_up is not None
            assert follow_up.state is FollowUpState.CANCELLED
            assert len(venue.letters) == 1
            assert len(crm.written("emails")) == 2


def settings(imap: MailServer, crm: CrmServer) -> dict[str, object]:
    return {
        "LOOKOUT_IMAP_HOST": "127.0.0.1",
        "LOOKOUT_IMAP_PORT": imap.port,
        "LOOKOUT_IMAP_USERNAME": USER,
        "LOOKOUT_IMAP_PASSWORD": PASSWORD,
        "LOOKOUT_IMAP_TLS": "none",
        "LOOKOUT_CRM": "hubspot",
        "LOOKOUT_CRM_URL": crm.url,
        "LOOKOUT_CRM_TOKEN": TOKEN,
    }
