"""Puts the parts together: the only place that knows all of them. Tests, demo and production use the same function."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import system_clock
from bot.config import Settings
from bot.crm_parts import CrmParts, crm_parts
from bot.desk import Desk
from bot.inbound.watch import Watch
from bot.intake.door import Door
from bot.intake.drain import Drain
from bot.leader import Leader
from bot.loop.ports import Clock, Mailer, Notifier, UsageScores, Writer
from bot.loop.returns import Returns
from bot.loop.send import Send
from bot.outreach.sandbox import must_belong
from bot.outreach.way_out import way_out
from bot.people_first import people_first
from bot.schedule import Daily, Schedule
from bot.scoring_run.landed import LandedScores
from bot.scoring_run.worker import ScoringWorker
from bot.web import application
from bot.wiring import Parts
from bot.writer import writer_of
from handlers import register
from handlers.edge import slack_endpoint
from handlers.notifier import SlackNotifier, slack_client
from prompts.library import Library
from scoring.errors import InvalidInput
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore

WITHOUT_BOT = "Slack is not set up: SLACK_BOT_TOKEN is missing. `lookout doctor` says what to do."
WITHOUT_DOOR = "Slack is not set up: without SLACK_APP_TOKEN, SLACK_SIGNING_SECRET is needed. `lookout doctor` helps."
NO_PLACE = "Lookout cannot listen on {place}: {why}. Is it running already? Else set LOOKOUT_HOST and LOOKOUT_PORT."
# What an operator or the demo may have done at once; the others look far or wait for people.
QUICK = frozenset({"storm", "drafts", "reminders", "follow-ups", "send", "digest", "deliver", "crm"})

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class App:
    """The running bot: what a sweep or a test may want to take hold of."""

    settings: Settings
    clock: Clock
    store: SqlStore
    usage: UsageStore
    scores: ScoringWorker | LandedScores | None
    desk: Desk
    bolt: AsyncApp
    daily: Daily
    drain: Drain
    door: Door
    send: Send
    lead: Leader
    schedule: Schedule
    watch: Watch
    returns: Returns
    crm: CrmParts | None = None
    _runner: web.AppRunner | None = None
    _socket: AsyncSocketModeHandler | None = None
    port: int = 0
    _closing: list[str] = field(default_factory=list)

    async def start(self) -> None:
        """Listen, connect to Slack, and go on by the schedule.

        Raises:
            InvalidInput: the port or the address cannot be had.
        """
        self._runner = web.AppRunner(self._web(), access_log=None)
        people_first()
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port)
        try:
            await site.start()
        except OSError as error:
            place = f"{self.settings.host}:{self.settings.port}"
            raise InvalidInput(NO_PLACE.format(place=place, why=os.strerror(error.errno or 0))) from None
        self.port = self._runner.addresses[0][1]
        if self.settings.socket_mode:
            token = self.settings.slack_app_token.get_secret_value()
            self._socket = AsyncSocketModeHandler(self.bolt, token, web_client=self.bolt.client)
            await self._socket.connect_async()  # type: ignore[no-untyped-call]
        await self.lead.beat()
        self.schedule.start()
        log.info("lookout is running", port=self.port, socket_mode=self.settings.socket_mode)

    async def stop(self) -> None:
        """Take no more work, let what is under way end, and let go of everything."""
        await self.watch.stop()
        await self.lead.stop(hand_over=await self.schedule.stop())
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]
        if self._runner is not None:
            await self._runner.cleanup()
        await self.door.close()
        if self.scores is not None:
            self.scores.close()
        if self.crm is not None:
            await self.crm.http.close()
        self.usage.close()
        await self.store.close()

    async def tell(self) -> None:
        """Run every quick sweep once, now: what is due is drafted, delivered, sent."""
        for sweep in self.schedule.sweeps:
            if sweep.name in QUICK:
                await sweep.run()

    def _web(self) -> web.Application:
        secret = self.settings.slack_signing_secret.get_secret_value()
        return application(
            self.door,
            keys=[key.get_secret_value() for key in self.settings.write_keys],
            clock=self.clock,
            zone=self.settings.zone,
            slack=slack_endpoint(self.bolt, signing_secret=secret, clock=self.clock) if secret else None,
            ready=self._ready,
        )

    async def _ready(self) -> Mapping[str, bool]:
        """Whether the parts that must work do; counts and names stay out (J15)."""
        await self.store.ping()
        return {"database": True, "sweeps": not self.schedule.failures, "clock": not self.lead.clock_jumped()}


async def build(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    slack: AsyncWebClient | None = None,
    notifier: Notifier | None = None,
    model: Writer | None = None,
    mailer: Mailer | None = None,
    database: SqlStore | None = None,
    usage: UsageScores | None = None,
) -> App:
    """The bot for these settings, its database opened and migrated; any part can be handed in instead."""
    _must_reach_slack(settings, slack)
    library = Library.load(Path(settings.templates) if settings.templates else None)
    crm = crm_parts(settings)
    settings.make_home()
    store = database or SqlStore(settings.database)
    await store.open()
    await store.examine()
    await must_belong(store, sandbox=settings.sandbox)
    events = UsageStore(settings.home, settings.zone, settings.scoring, memory=settings.memory)
    worker = _worker(settings, store, events)
    parts = Parts(
        settings=settings,
        clock=clock,
        store=store,
        library=library,
        notifier=notifier or SlackNotifier(slack or _client(settings)),
        writer=model or writer_of(settings, library),
        mailer=mailer or way_out(settings, store, clock),
        scores=usage or worker,
        usage=events,
        held=worker.usage if isinstance(worker, ScoringWorker) else events,
        crm=crm,
    )
    return _put_to_work(parts, AsyncApp(client=slack or _client(settings), request_verification_enabled=False), worker)


def _put_to_work(parts: Parts, bolt: AsyncApp, worker: ScoringWorker | LandedScores) -> App:
    """The bot made of these parts: Slack's listeners know the desk, the schedule its sweeps."""
    desk = parts.desk()
    register(bolt, desk, clock=parts.clock, staff=parts.settings.staff)
    daily, send = parts.daily(), parts.send()
    parts.schedule.sweeps = parts.sweeps(daily, send)
    return App(
        settings=parts.settings,
        clock=parts.clock,
        store=parts.store,
        usage=parts.usage,
        scores=worker,
        desk=desk,
        bolt=bolt,
        daily=daily,
        drain=parts.drain,
        door=Door(parts.store),
        send=send,
        lead=parts.lead,
        schedule=parts.schedule,
        watch=parts.watch,
        crm=parts.crm,
        returns=parts.returns,
    )


def _worker(settings: Settings, store: SqlStore, events: UsageStore) -> ScoringWorker | LandedScores:
    """What scores: imported events, or what a warehouse rolls up; or a Spark job does, elsewhere."""
    if settings.scored_by_spark:
        return LandedScores(store)
    pulled = settings.warehouse is not None
    return ScoringWorker(
        store,
        UsageStore(settings.usage_home, settings.zone, settings.scoring, memory=settings.memory) if pulled else events,
        home=settings.usage_home,
        zone=settings.zone,
        config=settings.scoring,
        source=settings.warehouse,
        memory=settings.memory,
    )


def _must_reach_slack(settings: Settings, slack: AsyncWebClient | None) -> None:
    if slack is None and not settings.slack_bot_token.get_secret_value():
        raise InvalidInput(WITHOUT_BOT)
    if not settings.socket_mode and not settings.slack_signing_secret.get_secret_value():
        raise InvalidInput(WITHOUT_DOOR)


def _client(settings: Settings) -> AsyncWebClient:
    return slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)


async def run_forever(settings: Settings) -> None:
    """Run the bot until it is told to stop (SIGINT, SIGTERM)."""
    app = await build(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    try:
        await app.start()
        await stopping.wait()
    finally:
        await app.stop()
