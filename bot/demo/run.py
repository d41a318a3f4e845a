"""`lookout demo`: the real bot in an invented workspace, on this machine alone, without keys or accounts."""

from __future__ import annotations

import asyncio
import atexit
import errno
import shutil
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from os import environ
from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.config import Settings
from bot.demo.clock import DemoClock, workday
from bot.demo.live import live_bot
from bot.demo.mailbox import Mailbox
from bot.demo.names import HOUSE, PRODUCT
from bot.demo.page_server import PageServer
from bot.demo.slack import LocalSlack
from bot.demo.stage import REPLAYED_DAYS, SCORING, DemoBot, Stage
from bot.demo.world import CSMS, ZONE, World
from bot.loop.ports import Clock
from scoring.errors import InvalidInput

HOST = "127.0.0.1"
ALERTS, DIGEST, PARTNERS = "cs-alerts", "cs-digest", "partners"
SERVING = "The demo is open at {url}\nEverything in it is invented and stays on this machine. Ctrl+C ends it."

TAKEN = "Port {port} is in use on this machine. Try: lookout demo --port {other}"

Builder = Callable[[Settings, Clock], Awaitable[DemoBot]]


class DemoSettings(Settings):
    """Settings for the demo alone: neither the environment nor `.env` is read, so that no real key takes part."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given here."""
        return (init_settings,)


class StageSettings(DemoSettings):
    """The demo has no mailbox to read."""

    @property
    def misses_no_answer(self) -> bool:
        """The stage hands in each answer itself."""
        return True


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, with everything that a test may want to look at."""

    slack: LocalSlack
    mailbox: Mailbox
    world: World
    clock: DemoClock
    stage: Stage
    bot: DemoBot
    rehearsal: asyncio.Task[None]

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.slack.address


async def serve(port: int, build: Builder = live_bot, *, open_browser: bool = True) -> None:
    """Serve the demo until it is interrupted; the page is there at once and fills while the past is played.

    Raises:
        InvalidInput: the port is taken.
    """
    stopping = asyncio.Event()
    if sys.platform != "win32":  # there Ctrl+C raises KeyboardInterrupt
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    with tempfile.TemporaryDirectory(prefix="lookout-demo-", ignore_cleanup_errors=True) as folder:
        # A worker that is scoring right now may still write after the folder has gone; at exit it has ended.
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        try:
            async with demo(build, home=Path(folder), port=port) as running:
                sys.stdout.write(SERVING.format(url=running.url) + "\n")
                sys.stdout.flush()
                if open_browser and has_screen(environ):
                    webbrowser.open(running.url)
                await _until(stopping, running.rehearsal)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise InvalidInput(TAKEN.format(port=port, other=port + 1)) from None


async def _until(stopping: asyncio.Event, rehearsal: asyncio.Task[None]) -> None:
    """Wait for the end; a rehearsal that fails ends it at once."""
    end = asyncio.create_task(stopping.wait())
    await asyncio.wait({end, rehearsal}, return_when=asyncio.FIRST_COMPLETED)
    if rehearsal.done():
        rehearsal.result()
    await end


@asynccontextmanager
async def demo(
    build: Builder = live_bot, *, home: Path, port: int = 0, today: date | None = None
) -> AsyncIterator[Demo]:
    """Local Slack, page, mailbox, world and bot, put together; the first day is `today`, by default the real one."""
    start = workday(today or datetime.now(UTC).date())
    world = World(start)
    clock = DemoClock(world.zone, start=_first_morning(world))
    slack = LocalSlack(clock=clock, host=HOST, port=port)
    mailbox = Mailbox(clock, host=HOST)
    page = PageServer(slack, mailbox=mailbox)
    async with mailbox, slack:
        populate(slack)
        settings = settings_of(slack, mailbox, home=home, port=free_port())
        slack.request_url = f"http://{HOST}:{settings.port}/slack/events"
        bot = await build(settings, clock)
        stage = Stage(world, clock, bot, page=page, mailbox=mailbox)
        page.stage = stage
        rehearsal = asyncio.create_task(stage.rehearse())
        try:
            yield Demo(slack, mailbox, world, clock, stage, bot, rehearsal)
        finally:
            rehearsal.cancel()
            await asyncio.gather(rehearsal, return_exceptions=True)
            await bot.stop()


def populate(slack: LocalSlack) -> None:
    """Our three CSMs, somebody from a customer in a shared channel, and the channels."""
    for csm in CSMS:
        slack.add_user(csm.email.split("@")[0], csm.name, email=csm.email, tz=csm.timezone, user_id=csm.slack_id)
    slack.add_user("vera", "Vera Stone", email="vera.stone@brackenfold-logistics.example", tz=ZONE, team_id="T0BRACKEN")
    slack.add_channel(ALERTS)
    slack.add_channel(DIGEST)
    slack.add_channel(PARTNERS, shared=True)


def settings_of(slack: LocalSlack, mailbox: Mailbox, *, home: Path, port: int) -> Settings:
    """What the bot is told: the same settings that a real workspace would need."""
    values: dict[str, object] = {
        "slack_bot_token": slack.bot_token,
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": slack.api_url,
        "LOOKOUT_HOME": home,
        "LOOKOUT_HOST": HOST,
        "LOOKOUT_PORT": port,
        "LOOKOUT_TIMEZONE": ZONE,
        "LOOKOUT_ALERT_CHANNEL": f"#{ALERTS}",
        "LOOKOUT_DIGEST_CHANNEL": f"#{DIGEST}",
        "LOOKOUT_LEAD_EMAIL": CSMS[0].email,
        "LOOKOUT_SMTP_HOST": HOST,
        "LOOKOUT_SMTP_PORT": mailbox.port,
        "LOOKOUT_SMTP_TLS": "none",
        "LOOKOUT_MAIL_DOMAINS": HOUSE,
        "LOOKOUT_PRODUCT_NAME": PRODUCT,
        "LOOKOUT_LOG_LEVEL": "ERROR",
    }
    return StageSettings(**values)  # type: ignore[arg-type]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def has_screen(environment: Mapping[str, str]) -> bool:
    """Whether a browser window could open here."""
    return sys.platform in {"darwin", "win32"} or any(name in environment for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _first_morning(world: World) -> datetime:
    day = world.start - timedelta(days=REPLAYED_DAYS)
    return datetime.combine(day, SCORING, world.zone).astimezone(UTC)
