"""The page shows what the bot writes and does what a person does: in a real browser, with a real Bolt app behind it."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.mailbox import Mailbox
from bot.demo.page_server import PageServer
from bot.demo.slack import LocalSlack
from tests.chromium import chromium
from tests.demo.conftest import populate
from tests.demo.tiny_app import CARD, HOSTILE, over_http, text

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
BOLD = {"type": "text", "text": "Bold words", "style": {"bold": True}}
TRAP = {"type": "link", "url": "javascript:alert(1)", "text": "trap"}
QUOTE = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "The draft"}]}
RICH = [
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [BOLD, TRAP]}, QUOTE]},
    {"type": "markdown", "text": "## Heading\n- **one**\n- [two](https://a.example)"},
]


@dataclass
class Stage:
    """A stage without a world."""

    days: int = 0
    busy: str = ""
    commands: list[dict[str, str]] = field(
        default_factory=lambda: [{"name": "/health", "usage": "NAME", "text": "How is a customer?"}]
    )

    def as_json(self) -> dict[str, Any]:
        return {
            "now": time.time() + self.days * 86400, "zone": "Europe/Berlin", "busy": self.busy,
            "first_day": "", "commands": self.commands,
        }  # fmt: skip

    async def next_day(self) -> None:
        self.days += 1


@dataclass
class Scene:
    """Everything around one page."""

    slack: LocalSlack
    mailbox: Mailbox
    stage: Stage
    client: AsyncWebClient
    page: Page
    app: Any

    async def post(self, blocks: list[dict[str, Any]], words: str = "card", **more: Any) -> str:
        return str((await self.client.chat_postMessage(channel="#cs-alerts", text=words, blocks=blocks, **more))["ts"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def scene(browser: Browser) -> AsyncIterator[Scene]:
    slack, mailbox, stage = LocalSlack(), Mailbox(lambda: datetime.now(UTC)), Stage()
    PageServer(slack, mailbox=mailbox, stage=stage)
    async with mailbox, slack:
        populate(slack)
        async with over_http(slack) as app:
            client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(5000)
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("dialog", lambda dialog: faults.append(dialog.message))
            page.on("request", lambda r: None if r.url.startswith(slack.address) else faults.append(r.url))
            await page.goto(slack.address)
            yield Scene(slack, mailbox, stage, client, page, app)
            await page.close()
            assert faults == []


async def test_a_card_is_approved_in_its_dialog_and_changes_in_place(scene: Scene) -> None:
    page = scene.page
    await scene.post(CARD)
    card = page.get_by_test_id("message")
    await expect(card.get_by_role("heading", name="Acme: at risk")).to_be_visible()

    await card.get_by_role("button", name="Approve & send").click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("To dana@acme.example as you.")
    await page.get_by_test_id("confirm-cancel").click()
    assert scene.slack.deliveries == []

    await card.get_by_role("button", name="Approve & send").click()
    await page.get_by_test_id("confirm-ok").click()
    await expect(card).to_contain_text("Sent by @Ana Ruiz")
    await expect(card.get_by_role("button", name="Approve & send")).to_have_count(0)


async def test_a_window_keeps_the_words_through_refusals(scene: Scene) -> None:
    page = scene.page
    await scene.post(CARD)
    await page.get_by_role("button", name="Edit", exact=True).click()
    modal = page.get_by_test_id("modal")
    body = modal.get_by_label("Body")
    await expect(body).to_be_focused()

    await body.fill("A discount for Dana")
    await expect(modal.get_by_test_id("count:body")).to_have_text("19 / 200")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal.get_by_test_id("error:why")).to_contain_text("required")
    await modal.get_by_label("Right").check()
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal.get_by_test_id("error:body")).to_contain_text("No promises")
    await expect(body).to_have_value("A discount for Dana")

    await body.fill("Hello Dana")
    await modal.get_by_label("Who").select_option(label="Ben Okafor")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    [values] = scene.app.heard
    assert values["body"]["body"]["value"] == "Hello Dana"
    assert values["who"]["who"]["selected_user"] == scene.slack.workspace.user("ben").id


async def test_escape_closes_a_window_and_the_bot_hears_of_it(scene: Scene) -> None:
    await scene.post(CARD)
    await scene.page.get_by_role("button", name="Edit", exact=True).click()
    await expect(scene.page.get_by_test_id("modal")).to_be_visible()
    await scene.page.keyboard.press("Escape")
    await expect(scene.page.get_by_test_id("modal")).to_have_count(0)
    assert scene.app.heard == ["closed"]


async def test_menus_work_with_the_keyboard_and_answers_go_to_the_thread(scene: Scene) -> None:
    page = scene.page
    await scene.post(CARD)
    await page.get_by_role("button", name="More actions").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Dismiss")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("replies").click()
    await expect(page.get_by_test_id("thread")).to_contain_text("Chose dismiss")


async def test_an_open_menu_stays_open_while_its_card_changes(scene: Scene) -> None:
    page = scene.page
    ts = await scene.post(CARD)
    await page.get_by_role("button", name="More actions").click()
    await page.keyboard.press("ArrowDown")
    changed = [*CARD[:-1], {"type": "context", "elements": [text("data until 07:00")]}]
    channel = scene.slack.workspace.channel("cs-alerts").id
    await scene.client.chat_update(channel=channel, ts=ts, text="card", blocks=changed)
    await expect(page.get_by_test_id("message")).to_contain_text("data until 07:00")
    await expect(page.get_by_role("menuitem", name="Dismiss")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("replies").click()
    await expect(page.get_by_test_id("thread")).to_contain_text("Chose dismiss")
    await expect(page.get_by_role("menuitem", name="Dismiss")).to_be_hidden()


async def test_a_choice_is_answered_to_the_chooser_alone(scene: Scene) -> None:
    page = scene.page
    await scene.post(CARD)
    await page.get_by_test_id("action:snooze").select_option(label="Monday")
    answer = page.get_by_test_id("message").filter(has_text="Snoozed: monday")
    await expect(answer.get_by_test_id("only-you")).to_be_visible()

    await page.get_by_test_id("user-switch").select_option(label="Ben Okafor")
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_a_command_is_offered_typed_and_answered(scene: Scene) -> None:
    page = scene.page
    line = page.get_by_test_id("composer")
    await line.fill("/he")
    await expect(page.get_by_test_id("commands")).to_contain_text("How is a customer?")
    await line.fill("/health Acme")
    await line.press("Enter")
    await expect(page.get_by_test_id("message").last).to_contain_text("You asked for Acme")


async def test_words_of_people_and_bots_never_become_html_or_pings(scene: Scene) -> None:
    page = scene.page
    await scene.post([{"type": "section", "text": text(HOSTILE.replace("<", "&lt;").replace(">", "&gt;"))}])
    escaped = page.get_by_test_id("message").last
    await expect(escaped).to_contain_text("<!channel> Acme <https://evil.example|x> <img src=x onerror=alert(1)>")
    await expect(escaped.locator("[data-ping], .content img, .content a")).to_have_count(0)

    await scene.post([{"type": "header", "text": text(HOSTILE, plain=True)}])
    literal = page.get_by_test_id("message").last
    await expect(literal.get_by_role("heading")).to_have_text(HOSTILE)

    await page.get_by_test_id("composer").fill("<img src=x onerror=alert(1)> & <!channel>")
    await page.get_by_test_id("send").click()
    own = page.get_by_test_id("message").last
    await expect(own).to_contain_text("<img src=x onerror=alert(1)> & <!channel>")
    await expect(own.locator("[data-ping], .content img")).to_have_count(0)


async def test_unescaped_control_words_show_as_the_pings_and_links_they_are(scene: Scene) -> None:
    await scene.post([{"type": "section", "text": text(HOSTILE)}])
    message = scene.page.get_by_test_id("message").last
    await expect(message.locator("[data-ping=channel]")).to_be_visible()
    await expect(message.get_by_role("link", name="x")).to_have_attribute("href", "https://evil.example")
    await expect(message.locator(".content img")).to_have_count(0)


async def test_marks_dates_and_rich_text_are_drawn(scene: Scene) -> None:
    page = scene.page
    words = "*bold* _slanted_ ~gone~ `code` 2*3*4 <!date^1774344600^{date_short_pretty} at {time}|then> <@U9>\n> said"
    await scene.post([{"type": "section", "text": text(words)}, *RICH])
    message = page.get_by_test_id("message").last
    await expect(message.locator("strong").nth(1)).to_have_text("bold")
    for tag, content in (("em", "slanted"), ("s", "gone"), ("code", "code"), ("blockquote >> nth=0", "said")):
        await expect(message.locator(tag)).to_have_text(content)
    await expect(message).to_contain_text("2*3*4 24 Mar 2026 at 10:30")
    await expect(message).to_contain_text("trap")
    await expect(message.get_by_role("link")).to_have_count(1)
    await expect(message.get_by_role("link", name="two")).to_have_attribute("rel", "noopener noreferrer")


async def test_home_is_asked_for_and_drawn(scene: Scene) -> None:
    await scene.page.get_by_test_id("nav-home").click()
    home = scene.page.get_by_test_id("home")
    await home.get_by_role("button", name="Edit").click()
    await expect(scene.page.get_by_test_id("modal")).to_be_visible()


async def test_a_mail_can_be_read_word_for_word(scene: Scene) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ana <ana@x.test>", "Dana <dana@acme.example>", "Grüße <b>"
    mail.set_content("Hi Dana,\n\n<b>not bold</b>\n")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", scene.mailbox.port) as smtp:
            smtp.send_message(mail)

    await asyncio.to_thread(send)
    await scene.page.get_by_test_id("nav-mailbox").click()
    await expect(scene.page.get_by_test_id("mail-subject")).to_have_text("Grüße <b>")
    await expect(scene.page.get_by_test_id("mail-body")).to_have_text("Hi Dana,\n\n<b>not bold</b>\n")
    scene.mailbox.answer(1, "Thanks!")
    await expect(scene.page.get_by_test_id("mail-answer")).to_contain_text("Thanks!")


async def test_the_next_day_shows_its_date(scene: Scene) -> None:
    before = await scene.page.get_by_test_id("demo-date").text_content()
    await scene.page.get_by_test_id("next-day").click()
    await expect(scene.page.get_by_test_id("demo-date")).not_to_have_text(before or "")


async def test_a_bot_that_does_not_answer_is_said_so(scene: Scene) -> None:
    await scene.post(CARD)
    scene.slack.request_url = "http://127.0.0.1:9/"
    await scene.page.get_by_role("button", name="Edit", exact=True).click()
    await expect(scene.page.get_by_test_id("toast")).to_contain_text("could not be reached")


async def test_pickers_report_what_was_picked_in_the_readers_zone(scene: Scene) -> None:
    moment = 1774344600
    await scene.post([{"type": "actions", "elements": [
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-03-24"},
        {"type": "timepicker", "action_id": "hour", "initial_time": "09:30"},
        {"type": "datetimepicker", "action_id": "moment", "initial_date_time": moment},
    ]}])  # fmt: skip
    message = scene.page.get_by_test_id("message").last
    when = message.get_by_test_id("action:moment")
    await expect(when).to_have_value("2026-03-24T10:30")
    async with scene.page.expect_response("**/demo/act/click"):
        await when.fill("2026-03-30T09:00")
    assert scene.slack.deliveries[-1].payload["actions"][0]["selected_date_time"] == 1774854000


async def test_everything_is_reachable_on_a_phone(scene: Scene) -> None:
    page = scene.page
    await scene.post(CARD)
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.get_by_role("button", name="Approve & send")).to_be_in_viewport()
    await expect(page.get_by_test_id("next-day")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_test_id("nav-mailbox").click()
    await expect(page.get_by_test_id("mail-empty")).to_be_visible()
