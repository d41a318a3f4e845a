"""What people decide about mails that leave by themselves: stop a follow-up, let a play send (R44, R53)."""

from __future__ import annotations

from bot.loop.approve import Mails
from bot.loop.decisions import Act
from bot.loop.modes import Switch, set_mode
from bot.loop.ports import Actor
from bot.loop.saying import show
from scoring.automatic import Mode
from scoring.briefs import Answer
from scoring.errors import Refused, TooLate
from scoring.follow_up import FollowUpState
from scoring.roles import Deed

NONE_THERE = "This case has no follow-up. Nothing was changed."
STOPPED_NOTE = "{who} stopped the follow-up. There is none for this mail any more."
STOPPED_BY = "{who} stopped it."
OVER = {
    FollowUpState.PROPOSED: "There is nothing to stop: the follow-up is a draft on the card, and waits for a person.",
    FollowUpState.CANCELLED: "There was no follow-up to stop. {reason}",
    FollowUpState.STOPPED: "This follow-up was stopped already. {reason}",
    FollowUpState.LATE: "There was no follow-up to stop. {reason}",
}
NO_AUTOPILOT = "Lookout sends nothing by itself here. Nothing was changed."


class Autopilot(Mails):
    """Each act is one transaction; whoever promotes must be an admin, whoever stops need not (`scoring/roles.py`)."""

    __slots__ = ()

    async def stop_follow_up(self, case_id: str, actor: Actor) -> Answer:
        """Stop a follow-up until it leaves: while it waits, and also when it is queued already (R53)."""
        async with self.store.reading() as work:
            found = await work.follow_ups.of_case(case_id)
        if found is not None and found.state is FollowUpState.QUEUED:
            return await self.undo(found.mail_id, actor)

        async def decide(act: Act) -> Answer:
            follow_up = await act.work.follow_ups.of_case(case_id)
            case = await act.work.cases.get(case_id)
            if follow_up is None or case is None:
                raise Refused(NONE_THERE)
            who = await act.who()
            reason = STOPPED_BY.format(who=who)
            moved = await act.work.follow_ups.move(
                follow_up.outreach_id, FollowUpState.STOPPED, reason=reason, changed_by=act.key, changed_at=act.now
            )
            if not moved:
                raise TooLate(OVER.get(follow_up.state, NONE_THERE).format(reason=follow_up.reason))
            await act.record(case, "follow-up stopped", STOPPED_NOTE.format(who=who), detail=follow_up.outreach_id)
            await show(act.work, case.id)
            return Answer(ok=True)

        return await self.act(actor, decide, deed=Deed.STOP_FOLLOW_UP, about=case_id)

    async def promote(self, play: str, actor: Actor) -> Answer:
        """Let a play that was in shadow send by itself; for admins alone (R44)."""

        async def decide(act: Act) -> Answer:
            if self.autopilot is None:
                raise Refused(NO_AUTOPILOT)
            switch = Switch(act.key, await act.who(), act.now, self.autopilot.ops_channel)
            return Answer(ok=True, text=await set_mode(act.work, self.autopilot.playbook, play, Mode.LIVE, switch))

        return await self.act(actor, decide, deed=Deed.PROMOTE)
