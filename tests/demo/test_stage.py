"""The demo's clock, mailbox and settings: small parts that the whole demo stands on."""

from __future__ import annotations

import asyncio
import smtplib
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.clock import DemoClock, workday
from bot.demo.mailbox import Mailbox, address_of
from bot.demo.run import has_screen, serve, settings_of
from bot.demo.slack import LocalSlack
from scoring.errors import InvalidInput

ZONE = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_the_clock_runs_jumps_ahead_and_never_back() -> None:
    real = [NOON]
    clock = DemoClock(ZONE, real=lambda: real[0], start=datetime(2026, 1, 5, 8, 30, tzinfo=UTC))
    real[0] += timedelta(minutes=1)
    assert clock() == datetime(2026, 1, 5, 8, 31, tzinfo=UTC)
    clock.move_to(clock.at(date(2026, 1, 6)))
    assert clock() == datetime(2026, 1, 6, 8, 30, tzinfo=UTC)
    clock.move_to(datetime(2020, 1, 1, tzinfo=UTC))
    assert clock() == datetime(2026, 1, 6, 8, 30, tzinfo=UTC)


@given(st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 1, 1)))
def test_the_next_day_is_a_working_day_after_today(day: date) -> None:
    clock = DemoClock(ZONE, real=lambda: NOON, start=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    assert clock.today < clock.next_workday <= clock.today + timedelta(days=3)
    assert clock.next_workday.weekday() < 5
    assert workday(workday(day)) == workday(day)


def test_mornings_are_local_also_when_the_clocks_change() -> None:
    clock = DemoClock(ZONE)
    assert clock.at(date(2026, 10, 24)).hour == 7
    assert clock.at(date(2026, 10, 26)).hour == 8


def letter(text: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in (
        {"From": "Ana <ana@x.test>", "To": "Dana <Dana@Acme.example>", "Subject": "Hi"} | headers
    ).items():
        mail[name] = value
    mail.set_content(text)
    return mail


async def test_the_mailbox_keeps_mails_as_they_came() -> None:
    async with Mailbox(lambda: NOON) as mailbox:

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", mailbox.port) as smtp:
                smtp.send_message(letter("Grüße,\n\nAna\n", **{"Message-ID": "<1@lookout>"}))

        await asyncio.to_thread(send)
        [kept] = mailbox.letters
        assert (kept.body, kept.message_id, kept.at) == ("Grüße,\n\nAna\n", "<1@lookout>", NOON)
        assert kept.recipients == ("Dana@Acme.example",)
        assert address_of(kept.to) == "dana@acme.example"
        assert mailbox.answer(kept.id, "Thanks").answered_at == NOON
        with pytest.raises(KeyError):
            mailbox.answer(99, "?")


async def test_no_real_key_or_host_gets_into_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-real")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    monkeypatch.setenv("LOOKOUT_SMTP_HOST", "mail.real.example")
    monkeypatch.setenv("DATABASE_URL", "postgresql://real.example/db")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LOOKOUT_ALERT_BUDGET=9\nSLACK_APP_TOKEN=xapp-real\n")
    async with LocalSlack() as slack, Mailbox(lambda: NOON) as mailbox:
        settings = settings_of(slack, mailbox, home=tmp_path, port=8000)
    assert settings.slack_bot_token.get_secret_value() == slack.bot_token
    assert settings.slack_api_url.startswith("http://127.0.0.1:")
    assert settings.smtp_host == "127.0.0.1"
    assert settings.openai_api_key.get_secret_value() == ""
    assert settings.budget == 0.10
    assert not settings.socket_mode
    assert settings.database.startswith("sqlite")


def test_a_browser_is_opened_only_where_there_is_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_screen({})
    assert has_screen({"DISPLAY": ":0"})
    monkeypatch.setattr("sys.platform", "darwin")
    assert has_screen({})


async def test_a_port_that_is_taken_is_said_so_with_a_way_out() -> None:
    async with LocalSlack() as other:
        with pytest.raises(InvalidInput, match=f"Port {other.port} is in use"):
            await serve(other.port, open_browser=False)
