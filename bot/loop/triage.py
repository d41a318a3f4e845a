"""Putting a case aside, taking it up again, dismissing it, asking for one; and the switches that stop everything."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.loop.decisions import Act, Decisions
from bot.loop.modes import Switch, set_paused
from bot.loop.ports import Actor
from scoring.briefs import Answer
from scoring.casework import AuditEntry, CaseState, OutreachState, Verdict
from scoring.errors import Refused, TooLate
from scoring.replies import Reply, ReplyKind
from scoring.roles import Deed

LONGEST_SNOOZE = timedelta(days=180)
LONGEST_NOTE = 500

PAST = "That time is over already. Nothing was changed; choose a later one."
FAR = "A snooze lasts at most {days} days. Nothing was changed; choose an earlier time."
SNOOZED_NOTE = "{who} snoozed this until {when}{reason}."
WOKEN_NOTE = "{who} woke this up."
DISMISSED_NOTE = "{who} dismissed this as “{verdict}”{note}."
ELSEWHERE_NOTE = "{who} says that they answered elsewhere."
ANSWERED_BEFORE = "Somebody said so already; the card has it. Nothing was changed."
NO_MAIL = "No mail of this case has left, so there is nothing to answer. Nothing was changed."
PAUSED = "All sending is paused. Nothing leaves until a lead resumes it."
RESUMED = "Sending goes on. What was approved leaves in its working hours, after another look at the facts."
NOT_PAUSED = "Sending was not paused."
NO_STORM = "Nothing is held any more; somebody has answered already."
RELEASED = "Released: the held cards are posted, worst first, within the usual limits."
DROPPED = "Dropped: what was held is not posted. What triggers from now on is."


class Triage(Decisions):
    """What a person decides about a case itself, and about all of them."""

    __slots__ = ()

    async def snooze(self, case_id: str, until: datetime, reason: str, actor: Actor) -> Answer:
        """Put a case aside until an instant; it wakes earlier when the account gets worse (UX 23)."""

        async def decide(act: Act) -> Answer:
            if until <= act.now:
                raise Refused(PAST)
            if until - act.now > LONGEST_SNOOZE:
                raise Refused(FAR.format(days=LONGEST_SNOOZE.days))
            case = await act.case(case_id, CaseState.OPEN, CaseState.CONTACTED)
            why = _short(reason)
            changed = await act.change(case, state=CaseState.SNOOZED, snoozed_until=until, snooze_reason=why)
            said = SNOOZED_NOTE.format(who=await act.who(), when=act.at(until), reason=f": {why}" if why else "")
            await act.record(changed, "snoozed", said, detail=f"until {until.isoformat()}")
            return Answer(ok=True)

        return await self.act(actor, decide, deed=Deed.SNOOZE, about=case_id)

    async def wake_up(self, case_id: str, actor: Actor) -> Answer:
        """Take a snoozed case up again."""

        async def decide(act: Act) -> Answer:
            case = await act.case(case_id, CaseState.SNOOZED)
            changed = await act.change(
                case, state=CaseState.OPEN, snoozed_until=None, snooze_reason="", due_at=case.due_again(act.now)
            )
            await act.record(changed, "woken", WOKEN_NOTE.format(who=await act.who()))
            return Answer(ok=True)

        return await self.act(actor, decide, deed=Deed.WAKE, about=case_id)

    async def dismiss(self, case_id: str, verdict: Verdict, note: str, actor: Actor) -> Answer:
        """End a case with what it was: right, known, a false alarm, wrong data (R82)."""

        async def decide(act: Act) -> Answer:
            case = await act.case(case_id, CaseState.OPEN, CaseState.SNOOZED, CaseState.CONTACTED)
            why = _short(note)
            changed = await act.change(
                case, state=CaseState.DISMISSED, verdict=verdict, close_reason=why, closed_at=act.now
            )
            said = DISMISSED_NOTE.format(who=await act.who(), verdict=verdict.value, note=f": {why}" if why else "")
            await act.record(changed, "dismissed", said, detail=verdict.value)
            return Answer(ok=True)

        return await self.act(actor, decide, deed=Deed.DISMISS, about=case_id)

    async def answered_elsewhere(self, case_id: str, actor: Actor) -> Answer:
        """They answered where no mailbox of ours sees it, says a person: it counts like an answer by mail (R53)."""

        async def decide(act: Act) -> Answer:
            case = await act.case(case_id, CaseState.CONTACTED, CaseState.SNOOZED)
            mail = await act.work.outreach.latest_of(case_id)
            if mail is None or mail.state is not OutreachState.SENT:
                raise Refused(NO_MAIL)
            known = Reply(
                id=f"{mail.id}:elsewhere",
                outreach_id=mail.id,
                case_id=case.id,
                account_id=case.account_id,
                kind=ReplyKind.ELSEWHERE,
                from_email=act.key,
                text="",
                received_at=act.now,
            )
            if not await act.work.replies.add(known):
                raise TooLate(ANSWERED_BEFORE)
            changed = await act.change(case)
            await act.record(changed, "answered elsewhere", ELSEWHERE_NOTE.format(who=await act.who()), detail=mail.id)
            return Answer(ok=True)

        return await self.act(actor, decide, deed=Deed.ANSWERED, about=case_id)

    async def pause(self, actor: Actor, *, paused: bool) -> Answer:
        """Stop all sending before the next claim, for anybody who sees a reason to; a lead lets it go on (R44, L5)."""

        async def decide(act: Act) -> Answer:
            channel = self.autopilot.ops_channel if self.autopilot else ""
            was = await set_paused(act.work, Switch(act.key, await act.who(), act.now, channel), paused=paused)
            return Answer(ok=True, text=PAUSED if paused else RESUMED if was else NOT_PAUSED)

        return await self.act(actor, decide, deed=Deed.PAUSE if paused else Deed.RESUME)

    async def storm(self, actor: Actor, *, release: bool) -> Answer:
        """A lead releases or drops what a storm held; the alert stage does the rest (R35)."""

        async def decide(act: Act) -> Answer:
            if await act.work.flags.get("storm") is None:
                return Answer(ok=False, text=NO_STORM)
            answer = "release" if release else "drop"
            await act.work.flags.set("storm", None)
            await act.work.flags.set("storm_answer", answer)
            await act.work.audit.add(AuditEntry(act.now, act.key, f"storm {answer}"))
            return Answer(ok=True, text=RELEASED if release else DROPPED)

        return await self.act(actor, decide, deed=Deed.STORM)


def _short(text: str) -> str:
    """A remark on one line, cut."""
    return " ".join(text.split())[:LONGEST_NOTE]
