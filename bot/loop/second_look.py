"""Reads the facts again before a mail is approved and before it leaves, and asks the guardrails (R50, R51)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.loop.answers import last_answer
from bot.loop.cover import standing_in
from bot.loop.ears import Ears, Hearing
from bot.loop.leaving import was_shown
from bot.loop.lost import SLACK_LOST
from bot.loop.records import UnitOfWork
from scoring.addresses import domain_of
from scoring.automatic import MODE_FLAG, Mode
from scoring.casework import LOOKOUT, Case, CaseState, Draft, Outreach, OutreachKind
from scoring.four_eyes import needs_second, waits_for_second
from scoring.guardrails import No, Plan, Rules, Since, Yes, may_contact
from scoring.mail_plan import OtherSender
from scoring.model import Account, Person
from scoring.opt_out import is_missing
from scoring.severity import high_value, is_complex
from scoring.wording import worst

STALE, MISSED = timedelta(days=3), timedelta(hours=24)

NO_ACCOUNT = "The account no longer exists."
FOREIGN = "{email} is in none of the domains that LOOKOUT_MAIL_DOMAINS names, so nothing is sent in its name."
NO_MAILBOX = "{email} has no mailbox in Lookout, and there is no relay: an operator runs `lookout mailbox add {email}`."
NO_OPT_OUT = "The text lacks the line that says how to get no more mail. Press Edit and Save: Lookout adds it."
MOVED_ON = "The case is {state}."
OTHER_TEXT = "The draft is not the text that was approved."
APPROVER_LEFT = "The person who approved it is no longer with us."
TOO_OLD = "It could not leave for a day after its time, so the facts may have changed."
HAS_CARD = "The account has a card of its own by now: a person decides and sends."
AWAY = "{owner} is away and {cover} covers: the mail must come from {cover} now."
BACK = "{cover} does not cover for {owner} any more: the mail must come from who acts for the account now."
WAITS_FOR_SECOND = "It waits for a second person to confirm it."
NEEDS_PEOPLE = "Mails to this account need two people, so none leaves by itself."
NOW_NEEDS_SECOND = "Mails to this account need a second person by now; approve it again, then a colleague confirms it."
UNSCORED = "{account} was left out when scores were made last, so nobody can tell whether this mail still fits."
OLD_SCORES = "Scores are {days} days old, so nobody can tell whether this mail still fits."


@dataclass(frozen=True, slots=True)
class MailRules:
    """What every mail keeps to. `domains` are those we may write from; `off` says why no mail can leave at all.

    Without a `relay` only those can write who have a mailbox of their own; `opt_out` is a line that every text has.
    """

    guard: Rules
    domains: tuple[str, ...] = ()
    off: str = ""
    relay: bool = True
    opt_out: str = ""
    second_above: int = 0
    """From this yearly value of an account on, a second person confirms each mail (four eyes); 0: nobody does."""
    ears: Ears = field(default_factory=lambda: Ears(silent=True))

    def needs_second(self, account: Account) -> bool:
        """Whether a second person must confirm a mail to this account."""
        return needs_second(account, self.second_above)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """One mail, and everything that could speak against it, read inside one transaction."""

    work: UnitOfWork
    rules: MailRules
    case: Case
    draft: Draft
    rehearsal: bool = False
    """Whether a play in shadow counts as one that may send: then nothing is sent, whatever the answer is."""

    async def answer(self, leaving_at: datetime, outreach: Outreach | None = None) -> Yes | No:
        """Whether the mail may leave at an instant; with `outreach`, whether what was approved still holds (C5, C7)."""
        return (await self.look(leaving_at, outreach))[0]

    async def look(self, leaving_at: datetime, outreach: Outreach | None = None) -> tuple[Yes | No, Plan | None]:
        """The answer, and what it was given by, where it was looked at so far."""
        account = await self.work.accounts.get(self.draft.account_id)
        if account is None:
            return No(NO_ACCOUNT, "R50"), None
        no_way_out = await self._no_way_out()
        if no_way_out is not None:
            return no_way_out, None
        plan = await self._plan(account, leaving_at, outreach)
        if outreach and unattended(outreach):
            plan = await self._alone(plan, outreach)
        broken = await self._approval_broken(outreach, leaving_at) if outreach else None
        verdict = broken or await self._other_sender(plan) or may_contact(plan, self.rules.guard)
        if isinstance(verdict, No) and not verdict.waits:
            return verdict, plan
        return self._second(account, outreach) or await self._blind(plan) or verdict, plan

    async def _other_sender(self, plan: Plan) -> OtherSender | None:
        """Whether a cover began or ended since this text was written in somebody's name: nothing changes silently."""
        writer_id = self.draft.from_id
        if plan.owner_id == writer_id:
            return None
        csm_id = plan.account.csm_id or ""
        owner_id = self._owner((await self.work.accounts.people([csm_id])).get(csm_id))
        people = await self.work.accounts.people(filter(None, (owner_id, plan.owner_id, writer_id)))
        owner, acting, writer = (_name(people.get(key or "")) for key in (owner_id, plan.owner_id, writer_id))
        if plan.owner_id != owner_id == writer_id:
            return OtherSender(AWAY.format(owner=owner, cover=acting), "R50")
        once = any(a.person_id == owner_id and a.cover_id == writer_id for a in await self.work.absences.all())
        return OtherSender(BACK.format(cover=writer, owner=owner), "R50") if once else None

    def _second(self, account: Account, outreach: Outreach | None) -> No | None:
        """Four eyes: asked when it is about to leave, with the settings and the value of that moment."""
        if outreach is None:
            return None
        if unattended(outreach):
            return No(NEEDS_PEOPLE, "R40") if self.rules.needs_second(account) else None
        if outreach.needs_second:
            return No(WAITS_FOR_SECOND, "own", waits=True) if waits_for_second(outreach) else None
        return No(NOW_NEEDS_SECOND, "own") if self.rules.needs_second(account) else None

    async def _no_way_out(self) -> No | None:
        """That it cannot leave as it is: a foreign domain, a text without its last line, no mailbox and no relay."""
        sender = self.draft.from_email
        if domain_of(sender) not in {domain.lower() for domain in self.rules.domains}:
            return No(FOREIGN.format(email=sender), "R50")
        if is_missing(self.draft.body, self.rules.opt_out):
            return No(NO_OPT_OUT, "R51")
        if self.rules.relay or await self.work.mailboxes.of(sender) is not None:
            return None
        return No(NO_MAILBOX.format(email=sender), "R50")

    async def _plan(self, account: Account, now: datetime, outreach: Outreach | None) -> Plan:
        """Everybody holds still meanwhile, so what belongs together is asked for together."""
        work, draft, csm_id = self.work, self.draft, account.csm_id or ""
        people = await work.accounts.people(filter(None, (draft.to_id, draft.from_id, csm_id)))
        owner_id = self._owner(people.get(csm_id))
        stands = await standing_in(work, owner_id, now)
        held = await work.flags.some("paused", "storm", SLACK_LOST)
        known = await work.outreach.dealings(draft.to_email, account.id)
        return Plan(
            now=now,
            account=account,
            contact=people.get(draft.to_id),
            sender=people.get(draft.from_id),
            to_email=draft.to_email,
            owner_id=stands.cover.id if stands else owner_id,
            paused="paused" in held,
            storm="storm" in held,
            cut_off=SLACK_LOST in held,
            suppressed=known.suppressed,
            last_mail_at=known.wrote_there_at,
            snapshot=await work.snapshots.newest(account.id),
            since=Since(
                drafted_at=draft.created_at,
                replied_at=known.answered_at,
                ticket_at=known.ticket_at,
                other_mail_at=known.wrote_at,
                score_seen=outreach.score_seen if outreach else None,
            ),
        )

    async def _alone(self, plan: Plan, outreach: Outreach) -> Plan:
        """What must be known besides of a mail that no person approved (R40, R44, R53)."""
        work, account, config = self.work, plan.account, self.rules.guard.policy
        tickets, day = await work.accounts.open_tickets(account.id), plan.now.astimezone(self.rules.guard.zone).date()
        valued = is_complex(account, tickets, day, config) or self.case.high_value
        bands = [plan.snapshot.health.band] if plan.snapshot else []
        shows = outreach.kind is OutreachKind.AUTOMATIC and not self.rehearsal
        until = plan.now - timedelta(minutes=config.automatic_hold_minutes)
        readers = (self.case.csm_id or account.csm_id, plan.owner_id)
        switched = {Mode.LIVE, Mode.SHADOW} if self.rehearsal else {Mode.LIVE}
        since, followed = plan.since, await followed_by(work, outreach)
        if since is not None and followed is not None:
            answered_at = await last_answer(work, followed, account.id)
            since = replace(since, drafted_at=followed.sent_at or since.drafted_at, replied_at=answered_at)
        return replace(
            plan,
            unattended=outreach.kind if outreach.kind is not OutreachKind.FIRST else OutreachKind.AUTOMATIC,
            begun_by_hand=followed is not None and not unattended(followed),
            valued=valued or account.id in high_value(await work.accounts.all(), config),
            severity=worst(self.case.severity, *bands) if bands else None,
            switched_on=await work.flags.get(f"{MODE_FLAG}{self.case.play}") in switched,
            ticket_open=bool(tickets),
            unshown=shows and not await was_shown(work, outreach, readers, until),
            unheard=await self.rules.ears.hear(work, self.draft.from_email) is Hearing.NOT_NOW,
            since=since,
        )

    def _owner(self, csm: Person | None) -> str | None:
        """Who the account belongs to: its CSM while they are with us, else whoever the case was given to."""
        return csm.id if csm and not csm.left else self.case.csm_id

    async def _approval_broken(self, outreach: Outreach, now: datetime) -> No | None:
        if self.case.state is not CaseState.APPROVED:
            return No(MOVED_ON.format(state=self.case.state.value), "R50")
        if (self.draft.id, self.draft.content_hash) != (outreach.draft_id, outreach.content_hash):
            return No(OTHER_TEXT, "R49")
        if unattended(outreach):
            other = await self.work.cases.live_of(outreach.account_id)
            if other is not None and other.id != outreach.case_id:
                return No(HAS_CARD, "R40")
        else:
            approver = await person_of(self.work, outreach.approved_by)
            if approver is None or approver.left:
                return No(APPROVER_LEFT, "R50")
        return No(TOO_OLD, "R50") if now - outreach.not_before > MISSED else None

    async def _blind(self, plan: Plan) -> No | None:
        """That scoring has failed, for days or for this account: nobody knows how it is, so the mail waits (R8)."""
        latest = plan.snapshot.health.day if plan.snapshot else await self.work.snapshots.latest_day()
        if latest is None:
            return None
        age = plan.now.astimezone(self.rules.guard.zone).date() - latest
        if age > STALE:
            return No(OLD_SCORES.format(days=age.days), "R8", waits=True)
        return No(UNSCORED.format(account=plan.account.name), "R8", waits=True) if plan.snapshot is None else None


async def person_of(work: UnitOfWork, key: str) -> Person | None:
    """One of our people by our id or by their Slack id."""
    return await work.accounts.person(key) or await work.accounts.csm_by_slack_id(key)


def unattended(outreach: Outreach) -> bool:
    """Whether no person approved this mail."""
    return outreach.approved_by == LOOKOUT


async def followed_by(work: UnitOfWork, outreach: Outreach) -> Outreach | None:
    """The mail that this one follows up, if it follows one (R53)."""
    if outreach.kind is not OutreachKind.FOLLOW_UP:
        return None
    follow_up = await work.follow_ups.of_case(outreach.case_id)
    return await work.outreach.get(follow_up.outreach_id) if follow_up else None


def left_at(mail: Outreach | None) -> datetime | None:
    """When a mail left or may have left; None for no mail."""
    return (mail.sent_at or mail.claimed_at or mail.approved_at) if mail else None


def _name(person: Person | None) -> str:
    return (person.name or person.email) if person else "somebody who has left"
