"""The whole demo in a real browser: the real bot, the local Slack, the invented customers, the mailbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.demo.run import Demo, demo
from tests.chromium import chromium
from tests.journeys.conftest import STARVED

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
A_TUESDAY = date(2026, 11, 24)
PATIENCE = 15_000


@dataclass
class Visit:
    """A person at the page of a running demo."""

    running: Demo
    page: Page

    def card(self, account: str) -> Locator:
        heading = self.page.get_by_role("heading", name=re.compile(account))
        return self.page.locator("[data-testid=message]:not(.ephemeral)").filter(has=heading)

    async def go(self, place: str) -> None:
        await self.page.get_by_test_id(f"nav-{place}").click()

    async def more(self, account: str, choice: str) -> Locator:
        item = self.card(account).get_by_role("menuitem", name=choice)
        for _ in range(5):  # a card drawn anew between press and release takes no click, as in Slack
            if not await item.is_visible():
                await self.card(account).get_by_role("button", name="More actions").click()
        await item.click()
        return self.page.get_by_test_id("modal")

    async def score(self, account_id: str) -> float:
        async with self.running.bot.app.store.reading() as work:
            day = await work.snapshots.latest_day()
            return float((await work.snapshots.on(day))[account_id].health.score)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async with demo(home=tmp_path_factory.mktemp("demo"), today=A_TUESDAY) as running:
        running.slack.http.patience = running.slack.sockets.patience = STARVED
        await running.rehearsal
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def visit(running: Demo) -> AsyncIterator[Visit]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(running.url) else faults.append(r.url))
        await page.goto(running.url)
        await expect(page.get_by_test_id("busy")).to_be_hidden(timeout=PATIENCE)
        yield Visit(running, page)
        await browser.close()
        assert faults == []


async def test_the_first_morning_finds_cards_of_several_severities(visit: Visit) -> None:
    for account, severity in (("Brackenfold", "At Risk"), ("Tarnbeck", "Monitor"), ("Dunmarrow", "Churning")):
        await expect(visit.card(account)).to_contain_text(severity)
        await expect(visit.card(account).get_by_role("button", name="Approve & send")).to_be_visible()
    assert [call for call in visit.running.slack.calls if not call.ok] == []
    assert visit.running.mailbox.letters == []


async def test_an_edited_draft_leaves_after_one_click_word_for_word(visit: Visit) -> None:
    page, card = visit.page, visit.card("Brackenfold")
    await card.get_by_role("button", name="Edit").click()
    body = page.get_by_test_id("modal").get_by_label("Message")
    words = (await body.input_value()).replace("Kind regards", "With kind regards")
    await body.fill(words)
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await expect(card).to_contain_text("With kind regards")

    await card.get_by_role("button", name="Approve & send").click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("brackenfold-logistics.example")
    await page.get_by_test_id("confirm-ok").click()
    await expect(card).to_contain_text("Undo", timeout=PATIENCE)
    await expect(card).to_contain_text("Sent by Ana Ruiz", timeout=20_000)

    await visit.go("mailbox")
    await expect(page.get_by_test_id("mail")).to_have_count(1)
    assert (await page.get_by_test_id("mail-body").inner_text()).strip() == words.strip()
    [letter] = visit.running.mailbox.letters
    assert len(letter.recipients) == 1


async def test_a_misspelt_name_is_answered_and_leads_on(visit: Visit) -> None:
    page = visit.page
    await page.get_by_test_id("composer").fill("/health tarnbek")
    await page.get_by_test_id("composer").press("Enter")
    answer = page.get_by_test_id("message").last
    await expect(answer.get_by_test_id("only-you")).to_be_visible()
    await expect(answer).to_contain_text("Tarnbeck Foods")


async def test_a_case_is_put_to_rest_handed_on_and_dismissed(visit: Visit) -> None:
    page = visit.page
    await visit.card("Tarnbeck").get_by_role("button", name="Snooze").click()
    await page.get_by_test_id("modal").get_by_label(re.compile("Next Monday")).check()
    await page.get_by_test_id("modal-submit").click()
    await expect(visit.card("Tarnbeck")).to_contain_text(re.compile("snoozed", re.IGNORECASE))

    window = await visit.more("Northquay", "Assign")
    await window.get_by_label("Colleague").select_option(label="Ben Okafor")
    await page.get_by_test_id("modal-submit").click()
    await expect(visit.card("Northquay")).to_contain_text("Ben Okafor")

    window = await visit.more("Northquay", "Dismiss")
    await window.get_by_label("False alarm").check()
    await page.get_by_test_id("modal-submit").click()
    await expect(visit.card("Northquay")).to_contain_text(re.compile("dismissed by ana ruiz", re.IGNORECASE))


async def test_the_digest_stands_in_its_channel_and_home_lists_the_case(visit: Visit) -> None:
    await visit.go("#cs-digest")
    await expect(visit.page.get_by_test_id("message").last).to_contain_text("Dunmarrow Estates")
    await visit.page.get_by_test_id("user-switch").select_option(label="Chiara Lindt")
    await visit.go("home")
    await expect(visit.page.get_by_test_id("home")).to_contain_text("Dunmarrow Estates", timeout=PATIENCE)


async def test_the_next_days_bring_an_answer_and_a_recovery(visit: Visit) -> None:
    page = visit.page
    before = await visit.score("brackenfold-logistics")
    for following in ("Wednesday 25 November", "Thursday 26 November", "Friday 27 November"):
        await page.get_by_test_id("next-day").click()
        await expect(page.get_by_test_id("demo-date")).to_have_text(following, timeout=30_000)
        await expect(page.get_by_test_id("busy")).to_be_hidden(timeout=30_000)
    await visit.go("mailbox")
    await expect(page.get_by_test_id("mail-answer")).to_be_visible()
    said = await page.get_by_test_id("mail-answer").inner_text()
    thread = [message.text for message in visit.running.slack.messages("#cs-alerts") if message.thread_ts]
    [answered] = [text for text in thread if " answered on 25 Nov" in text]
    assert answered.splitlines()[-1] in said
    assert await visit.score("brackenfold-logistics") > before


async def test_somebody_from_outside_sees_no_card_and_has_no_command(visit: Visit) -> None:
    page = visit.page
    await page.get_by_test_id("user-switch").select_option(label="Vera Stone (outside)")
    await expect(page.get_by_test_id("nav-#partners")).to_be_visible()
    await expect(page.get_by_test_id("nav-#cs-alerts")).to_have_count(0)
    await visit.go("#partners")
    await page.get_by_test_id("composer").fill("/health tarnbeck")
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_test_id("toast")).to_contain_text("other workspaces")
    await visit.go("home")
    await expect(page.get_by_test_id("home")).to_contain_text("Lookout is closed to you")
