"""`lookout autopilot`: which plays may write by themselves, and what shadow found (R44)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.clock import system_clock
from bot.config import Settings
from bot.loop.modes import Switch, mode_of, plays, set_mode
from bot.loop.records import UnitOfWork
from bot.terminal import NAMED, OPERATOR, opened
from prompts.library import Library
from scoring.automatic import Fate, Mode
from scoring.errors import InvalidInput
from scoring.playbook import Playbook

ORDERS = {"shadow": Mode.SHADOW, "promote": Mode.LIVE, "off": Mode.OFF}
LISTED_DAYS = 30

UNKNOWN = "“{order}” is not known. Say one of: list, {orders}."
NO_PLAY = "Name a play: `lookout autopilot {order} PLAY`. `lookout autopilot list` shows them."
LINE = "{play:<14} {mode:<7} in 30 days: {sent} queued, {would} would have been sent, {stopped} would have been stopped"


async def autopilot(settings: Settings, order: str, play: str) -> str:
    """Carry out one order, and say what is true then."""
    playbook = Library.load(Path(settings.templates) if settings.templates else None).playbook
    if order != "list" and order not in ORDERS:
        raise InvalidInput(UNKNOWN.format(order=order, orders=", ".join(ORDERS)))
    if order != "list" and not play:
        raise InvalidInput(NO_PLAY.format(order=order))
    async with opened(settings) as store:
        if order == "list":
            async with store.reading() as work:
                return await _listed(work, playbook)
        async with store() as work:
            switch = Switch(OPERATOR, NAMED, system_clock(), settings.ops_channel)
            return await set_mode(work, playbook, play, ORDERS[order], switch)


async def _listed(work: UnitOfWork, playbook: Playbook) -> str:
    since = (system_clock() - timedelta(days=LISTED_DAYS)).date()
    known = await work.intended.since(since, frozenset({Mode.SHADOW, Mode.LIVE}))
    lines = []
    for play in plays(playbook):
        fates = [one.fate for one in known if one.play == play]
        lines.append(
            LINE.format(
                play=play,
                mode=await mode_of(work, play),
                sent=fates.count(Fate.QUEUED),
                would=fates.count(Fate.WOULD_SEND),
                stopped=fates.count(Fate.WOULD_STOP),
            )
        )
    return "\n".join(lines)
