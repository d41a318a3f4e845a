"""Copies of the real bot in processes of their own, with a Slack and a mail server that they share."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.demo.run import free_port
from bot.demo.slack import LocalSlack
from tests.builders import NOW

ROOT = Path(__file__).parents[1]
KEY = "wk-copies"


@dataclass
class Copy:
    """One process of the bot; its log is a file."""

    process: asyncio.subprocess.Process
    port: int
    file: Path

    @property
    def log(self) -> str:
        return self.file.read_text()

    async def says(self, text: str, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while text not in self.log:
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@dataclass
class Copies:
    """Copies on one database and one folder, with a Slack and a mail server that they share."""

    values: dict[str, Any]
    slack: LocalSlack
    folder: Path
    began: float
    start_at: datetime = NOW
    running: list[Copy] = field(default_factory=list)

    async def start(self) -> Copy:
        port, file = free_port(), self.folder / f"copy-{len(self.running)}.log"
        values = self.values | {"LOOKOUT_PORT": port}
        with file.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.faults.bot_copy",
                json.dumps(values), str(self.began), self.start_at.isoformat(),
                cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        self.running.append(Copy(process, port, file))
        await self.running[-1].says("lookout is running")
        return self.running[-1]


@asynccontextmanager
async def copies(url: str, folder: Path, mail_port: int, *, start: datetime = NOW) -> AsyncIterator[Copies]:
    """Nobody runs yet: `start` makes a copy. `start` is also what time it is when the block begins."""
    began = time.time()
    async with LocalSlack(clock=lambda: start + timedelta(seconds=time.time() - began)) as slack:
        slack.add_user("dana", "Dana Reyes", email="dana@us.test", tz="UTC", user_id="UDANA")
        slack.add_channel("cs-alerts")
        slack.add_channel("cs-digest")
        values = {
            "slack_bot_token": slack.bot_token,
            "slack_signing_secret": slack.signing_secret,
            "slack_api_url": slack.api_url,
            "database_url": url,
            "LOOKOUT_HOME": str(folder / "home"),
            "LOOKOUT_WRITE_KEYS": [KEY],
            "LOOKOUT_SMTP_HOST": "127.0.0.1",
            "LOOKOUT_SMTP_PORT": mail_port,
            "LOOKOUT_SMTP_TLS": "none",
            "LOOKOUT_MAIL_DOMAINS": ["us.test"],
        }
        made = Copies(values, slack, folder, began, start)
        try:
            yield made
        finally:
            for copy in made.running:
                if copy.process.returncode is None:
                    await copy.kill()
