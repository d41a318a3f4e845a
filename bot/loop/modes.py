"""How far each play may go by itself, who changed it when, and the pause: switches that survive a restart (R44)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.loop.records import UnitOfWork
from scoring.automatic import MODE_FLAG, Mode, has_play
from scoring.casework import AuditEntry
from scoring.errors import Refused
from scoring.messages import Post
from scoring.playbook import Playbook

PAUSED = "paused"

NO_SUCH_PLAY = "There is no play “{play}” that could send by itself. These can: {names}. Nothing was changed."
NOT_IN_SHADOW = "“{play}” is {mode}. Only a play in shadow can be promoted: look at what it would send first."
NO_CHANNEL = "Shadow needs a channel to write to. Set LOOKOUT_OPS_CHANNEL and start Lookout again. Nothing was changed."
ALREADY = "“{play}” is {mode} already."
CHANGED = {
    Mode.OFF: "“{play}” sends nothing by itself any more. What it has queued is stopped before it leaves.",
    Mode.SHADOW: "“{play}” is in shadow: it sends nothing, and says in {channel} what it would have sent.",
    Mode.LIVE: "“{play}” is live: it writes to standard accounts by itself, within its caps. A pause stops all.",
}
TOLD = "{who} changed the play “{play}” from {before} to {after}."
PAUSE_TOLD = "{who} paused all sending. Approved and automatic mails wait."
RESUME_TOLD = "{who} let sending go on."


@dataclass(frozen=True, slots=True)
class AutopilotParts:
    """What changing a play's mode needs, and where the team reads of it; `ops_channel` may be empty."""

    playbook: Playbook
    ops_channel: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Who turns a switch, when, and where the others read of it."""

    who: str
    name: str
    now: datetime
    ops_channel: str

    async def tell(self, work: UnitOfWork, key: str, text: str) -> None:
        """One sentence in the operators' channel, if there is one."""
        if self.ops_channel:
            await work.slack.say(Post(f"{key}:{self.now.isoformat()}", "notice", self.ops_channel, text))


async def mode_of(work: UnitOfWork, play: str) -> Mode:
    """How far a play may go; off unless somebody said otherwise."""
    stored = await work.flags.get(f"{MODE_FLAG}{play}")
    return Mode(stored) if stored in set(Mode) else Mode.OFF


def plays(playbook: Playbook) -> list[str]:
    """The plays that could send by themselves, by name."""
    return sorted({play for play in playbook.plays.values() if has_play(playbook, play)})


async def set_mode(work: UnitOfWork, playbook: Playbook, play: str, mode: Mode, switch: Switch) -> str:
    """Change a play's mode, audited and announced; says what is true now. `Refused` when it cannot be.

    Live is reached from shadow alone, so that somebody has read what it would send (R44).
    """
    if not has_play(playbook, play):
        raise Refused(NO_SUCH_PLAY.format(play=play, names=", ".join(plays(playbook))))
    before = await mode_of(work, play)
    if before is mode:
        return ALREADY.format(play=play, mode=mode)
    if mode is Mode.LIVE and before is not Mode.SHADOW:
        raise Refused(NOT_IN_SHADOW.format(play=play, mode=before))
    if mode is Mode.SHADOW and not switch.ops_channel:
        raise Refused(NO_CHANNEL)
    await work.flags.set(f"{MODE_FLAG}{play}", None if mode is Mode.OFF else mode.value)
    detail = f"{play}: {before} to {mode}"
    await work.audit.add(AuditEntry(switch.now, switch.who, "promoted" if mode is Mode.LIVE else "mode", detail=detail))
    await switch.tell(work, f"mode:{play}:{mode}", TOLD.format(who=switch.name, play=play, before=before, after=mode))
    return CHANGED[mode].format(play=play, channel=switch.ops_channel)


async def set_paused(work: UnitOfWork, switch: Switch, *, paused: bool) -> bool:
    """Stop all sending before the next claim, or let it go on; audited and announced. Whether it was paused before."""
    was = await work.flags.get(PAUSED) is not None
    if was is not paused:
        await work.flags.set(PAUSED, f"{switch.who} {switch.now.isoformat()}" if paused else None)
        await work.audit.add(AuditEntry(switch.now, switch.who, "paused" if paused else "resumed"))
        await switch.tell(
            work, "paused" if paused else "resumed", (PAUSE_TOLD if paused else RESUME_TOLD).format(who=switch.name)
        )
    return was
