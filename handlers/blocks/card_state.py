"""Where a card stands, and the sentence that says so: what happened, who did it and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from handlers.blocks.colleagues import second_person
from handlers.blocks.elements import TIME, Json, when
from handlers.blocks.literal import named
from handlers.blocks.rich import person, slack_id, words
from scoring.briefs import CardBrief
from scoring.casework import CaseState, Outreach, OutreachState
from scoring.replies import ANSWERS, Reply, ReplyKind
from scoring.wording import shown

MOMENTS = timedelta(seconds=90)
INSTEAD = "The draft below goes to somebody else."
OTHERWISE = "Correct the address where your contacts come from, or reach them another way."
OURSELVES = frozenset({"", "lookout", "system"})


class Stage(StrEnum):
    """What a card looks like; each has its own buttons."""

    WRITING = "the draft is being written"
    READY = "a draft waits for a decision"
    WAITING = "approved, not yet sent"
    SENDING = "being sent"
    SENT = "sent"
    UNCERTAIN = "nobody knows whether it was sent"
    SNOOZED = "snoozed"
    DISMISSED = "dismissed"
    CLOSED = "closed"


BY_OUTREACH = {
    OutreachState.APPROVED: Stage.WAITING,
    OutreachState.SENDING: Stage.SENDING,
    OutreachState.UNCERTAIN: Stage.UNCERTAIN,
    OutreachState.SENT: Stage.SENT,
}
BY_CASE = {
    CaseState.SNOOZED: Stage.SNOOZED,
    CaseState.DISMISSED: Stage.DISMISSED,
    CaseState.CLOSED: Stage.CLOSED,
    CaseState.CONTACTED: Stage.SENT,
}


def _automatic(reply: Reply) -> list[Json]:
    return [words(" An automatic reply came "), when(reply.received_at), words("; it is no answer.")]


def _late(_: Reply) -> list[Json]:
    return [words(" A mail server says that it has not arrived yet.")]


def _bounced(_: Reply) -> list[Json]:
    return [words(" It came back and nobody got it.", bold=True)]


MACHINES: dict[ReplyKind, Callable[[Reply], list[Json]]] = {
    ReplyKind.AUTO: _automatic,
    ReplyKind.DELAYED: _late,
    ReplyKind.BOUNCE: _bounced,
}


def last_answer(brief: CardBrief) -> Reply | None:
    """The newest answer of the account in this case, by mail or elsewhere."""
    return next((reply for reply in reversed(brief.replies) if reply.kind in ANSWERS), None)


def stage(brief: CardBrief) -> Stage:
    """Where this card stands; a mail on its way outranks everything but an ended case."""
    case, outreach = brief.case, brief.outreach
    if case.state is CaseState.APPROVED and outreach is not None and outreach.state in BY_OUTREACH:
        return BY_OUTREACH[outreach.state]
    if case.state in BY_CASE:
        return BY_CASE[case.state]
    return Stage.WRITING if brief.draft is None else Stage.READY


@dataclass(frozen=True, slots=True)
class Telling:
    """Writes the status sentences of one card."""

    brief: CardBrief

    def status(self) -> list[Json]:
        """The sentence under the heading; empty when the card simply waits."""
        now = stage(self.brief)
        outreach = self.brief.outreach
        if now is Stage.WRITING:
            return self._writing()
        if now is Stage.READY:
            return self._came_back(outreach) if outreach else []
        if now in {Stage.WAITING, Stage.SENDING, Stage.SENT, Stage.UNCERTAIN} and outreach:
            return self._mail(now, outreach)
        return self._case(now)

    def who(self, key: str) -> Json:
        """A person by our id or their Slack id; Lookout itself for its own acts."""
        if key.lower() in OURSELVES:
            return words("Lookout")
        people = [*self.brief.people.values(), *filter(None, (self.brief.csm, self.brief.contact))]
        found = next((p for p in people if key in (p.id, p.slack_id)), None)
        if found is not None:
            return words(named(found.name, otherwise=found.email or "a colleague"))
        return person(key) if slack_id(key) == key else words(named(key, otherwise="a colleague"))

    def _writing(self) -> list[Json]:
        if self.brief.contact is None:
            return [words("No contact with an e-mail address is known, so there is no draft.")]
        return [words("The draft is being written; it appears here in a moment.", italic=True)]

    def _mail(self, now: Stage, outreach: Outreach) -> list[Json]:
        who, to = self.who(outreach.approved_by), words(f" to {outreach.to_email}.")
        if now is Stage.SENT:
            return [
                words("Sent", bold=True),
                words(" by "),
                who,
                words(", "),
                when(outreach.sent_at or self.brief.now),
                to,
                *self._returned(outreach),
                *self._since(outreach),
            ]
        if now is Stage.SENDING:
            approved = [words(" Approved by "), who, words(" at "), when(outreach.approved_at, TIME), words(".")]
            return [words("Sending…", bold=True), *approved]
        if now is Stage.UNCERTAIN:
            return self._uncertain(outreach)
        if waiting := second_person(outreach, self.who(outreach.approved_by)):
            return waiting
        soon = outreach.not_before - self.brief.now <= MOMENTS
        leaves = [words(" It leaves in a few seconds")] if soon else [words(" It leaves "), when(outreach.not_before)]
        return [
            words("Approved", bold=True), words(" by "), who, words(" at "), when(outreach.approved_at, TIME),
            words("."), *leaves, words("; until then it can be undone."),
        ]  # fmt: skip

    def _returned(self, outreach: Outreach) -> list[Json]:
        """What came back: an answer before all, else the newest that a machine said of this mail (R53)."""
        reply = last_answer(self.brief)
        if reply is None:
            about = [reply for reply in self.brief.replies if reply.outreach_id == outreach.id]
            return MACHINES[about[-1].kind](about[-1]) if about else []
        if reply.kind is ReplyKind.ELSEWHERE:
            said = [words(", says "), self.who(reply.from_email)]
            return [
                words(" Answered elsewhere", bold=True),
                *said,
                words(", "),
                when(reply.received_at),
                words("."),
            ]
        by = words(f" by {reply.from_email}" if reply.from_email else "")
        return [words(" Answered", bold=True), by, words(", "), when(reply.received_at), words(".")]

    def _since(self, outreach: Outreach) -> list[Json]:
        """How the account fares since the mail, in the same points as everywhere: a recovery is seen on its card."""
        before, now = outreach.score_seen, shown(self.brief.health.score)
        if before is None or shown(before) == now:
            return []
        return [words(f" Score {shown(before)} then, {now} now.")]

    def _uncertain(self, outreach: Outreach) -> list[Json]:
        handed = when(outreach.claimed_at or outreach.approved_at)
        why = f" ({outreach.error})" if outreach.error else ""
        return [
            words("We do not know whether this mail arrived.", bold=True),
            words(f" We began to hand it to the mail server for {outreach.to_email} on "),
            handed,
            words(f" and saw no confirmation{why}. Approved by "),
            self.who(outreach.approved_by),
            words(". Nothing is sent again by itself: look in the sender's mailbox or ask, then choose."),
        ]

    def _came_back(self, outreach: Outreach) -> list[Json]:
        """Why a card is open again after an approval; nothing was sent in any of these."""
        cause = f": {outreach.error.rstrip('.')}." if outreach.error else "."
        if outreach.state is OutreachState.UNDONE:
            return [words("Approval taken back", bold=True), words(" by "), *self._by(), words(". Nothing was sent.")]
        if outreach.state is OutreachState.STOPPED:
            return [words("Stopped before sending", bold=True), words(f"{cause} Nothing was sent.")]
        if outreach.state is OutreachState.SENT:
            return self._lost(outreach)
        if outreach.state is OutreachState.FAILED:
            return [words("Not sent", bold=True), words(f"{cause} Nothing was sent; edit it or try again.")]
        return []

    def _lost(self, outreach: Outreach) -> list[Json]:
        """A mail that left and bounced: nobody got it, and a person has to find another way (D13)."""
        bounced = [
            reply for reply in self.brief.replies if reply.kind is ReplyKind.BOUNCE and reply.outreach_id == outreach.id
        ]
        if not bounced or last_answer(self.brief) is not None:
            return []
        draft = self.brief.draft
        other = draft is not None and draft.to_email.casefold() != outreach.to_email.casefold()
        return [
            words("Not delivered", bold=True),
            words(f": the mail to {outreach.to_email} came back ({bounced[-1].text.rstrip('.')}). Nobody got it. "),
            words(INSTEAD if other else OTHERWISE),
        ]

    def _case(self, now: Stage) -> list[Json]:
        case = self.brief.case
        by = self._by()
        if now is Stage.SNOOZED:
            until = [words(" until "), when(case.snoozed_until)] if case.snoozed_until else []
            why = f": {case.snooze_reason.rstrip('.')}." if case.snooze_reason else "."
            wakes = words(f"{why} It wakes earlier if the account gets worse.")
            mail = self.brief.outreach
            returned = self._returned(mail) if mail and mail.state is OutreachState.SENT else []
            return [words("Snoozed", bold=True), words(" by "), *by, *until, wakes, *returned]
        if now is Stage.DISMISSED:
            verdict = f": {case.verdict.value}" if case.verdict else ""
            note = f" – {case.close_reason.rstrip('.')}" if case.close_reason else ""
            return [words("Dismissed", bold=True), words(" by "), *by, words(f"{verdict}{note}.")]
        if now is Stage.CLOSED:
            why = f": {case.close_reason.rstrip('.')}." if case.close_reason else "."
            return [words("Closed", bold=True), words(" by "), *by, words(why)]
        return [words("Sent", bold=True), words(" by "), *by, words(".")]

    def _by(self) -> list[Json]:
        at = self.brief.case.changed_at
        return [self.who(self.brief.case.changed_by), *([words(", "), when(at)] if at else [])]
