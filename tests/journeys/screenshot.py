"""Makes the README's picture: `python -m tests.journeys.screenshot` runs the demo and photographs its page."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import date
from pathlib import Path

from playwright.async_api import async_playwright, expect

from bot.demo.run import demo

CHROMIUM = "/usr/bin/chromium"
PICTURE = Path(__file__).with_name("demo.png")


async def photograph() -> None:
    """The first morning, with the card of Brackenfold Logistics in the middle."""
    with tempfile.TemporaryDirectory() as home:
        async with demo(home=Path(home), today=date(2026, 11, 24)) as running, async_playwright() as driver:
            await running.rehearsal
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.goto(running.url)
            card = page.get_by_test_id("message").filter(has_text="Brackenfold")
            await expect(card.get_by_role("button", name="Approve & send")).to_be_visible()
            await card.evaluate("node => node.scrollIntoView({ block: 'start' })")
            await page.screenshot(path=PICTURE)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(photograph())
