"""Four eyes: a mail to a dear account leaves only after a second person confirmed what the first approved."""

from __future__ import annotations

from datetime import timedelta

from bot.loop.decisions import GONE, Act, Decisions
from bot.loop.ports import Actor
from bot.loop.saying import show, tell
from scoring.briefs import Answer
from scoring.casework import Case, Outreach, OutreachState
from scoring.errors import NotAllowed, Refused, TooLate
from scoring.four_eyes import waits_for_second
from scoring.roles import Deed

SAME_PERSON = (
    "Nothing was sent. You approved this mail yourself, and a mail to this account needs a second person: ask a "
    "colleague to press Confirm & send."
)
CONFIRMED = "Confirmed. The mail leaves at {when}; until then it can be undone."
CONFIRMED_NOTE = "{who} confirmed the mail to {email} as the second person."
ASKED = "{account}: {who} approved a mail, and it waits for a second person. Read it on its card and confirm it there."
SOON = timedelta(minutes=2)


class SecondEyes(Decisions):
    """What the second person decides."""

    __slots__ = ()

    async def confirm(self, outreach_id: str, actor: Actor) -> Answer:
        """Let a mail leave that somebody else approved; the undo window begins anew."""

        async def decide(act: Act) -> Answer:
            if self.rules.off:
                raise Refused(self.rules.off)
            mail = await act.work.outreach.get(outreach_id)
            case = await act.work.cases.get(mail.case_id) if mail else None
            if mail is None or case is None:
                raise TooLate(GONE)
            if mail.state is not OutreachState.APPROVED or not waits_for_second(mail):
                raise await act.beaten(case)
            if mail.approved_by in {act.key, act.actor.slack_id}:
                raise NotAllowed(SAME_PERSON)
            confirmed = await self._confirmed(act, mail)
            said = CONFIRMED_NOTE.format(who=await act.who(), email=mail.to_email)
            await act.record(case, "confirmed", said, detail=mail.id)
            await show(act.work, case.id)
            late = confirmed.not_before - act.now > SOON
            return Answer(ok=True, text=CONFIRMED.format(when=act.at(confirmed.not_before)) if late else "")

        return await self.act(actor, decide, deed=Deed.CONFIRM, about=outreach_id)

    async def _confirmed(self, act: Act, mail: Outreach) -> Outreach:
        """The same mail with its second person; claimed and given back at once, so that two cannot confirm it."""
        moving = act.work.outreach.move
        undo_ends = act.now + timedelta(seconds=self.rules.guard.policy.undo_seconds)
        back = {"claimed_at": None, "confirmed_by": act.key, "not_before": max(mail.not_before, undo_ends)}
        claimed = await moving(mail.id, OutreachState.APPROVED, OutreachState.SENDING, claimed_at=act.now)
        confirmed = await moving(mail.id, OutreachState.SENDING, OutreachState.APPROVED, **back) if claimed else None
        if confirmed is None:
            raise TooLate(GONE)
        return confirmed


async def ask_for_second(act: Act, case: Case, mail: Outreach) -> None:
    """The leads hear that a mail waits for them; the card says so to everybody."""
    account = await act.work.accounts.get(case.account_id)
    text = ASKED.format(account=account.name if account else case.account_id, who=await act.who())
    for lead in await act.work.accounts.csms():
        if lead.lead and not lead.left and lead.id != act.key:
            await tell(act.work, lead, f"second:{mail.id}:{lead.id}", text)
