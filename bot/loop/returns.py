"""Takes in what came back for a mail: keeps it once, shows it under the card, and lets card and address follow.

An answer sends and cancels nothing by itself: whoever is about to write looks at what came back (R50, R53).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.loop.ports import Clock, Wake
from bot.loop.records import Store, UnitOfWork
from bot.loop.saying import concerned, show, tell
from bot.loop.second_look import person_of, unattended
from scoring.addresses import SHARED_HOSTS, domain_of
from scoring.casework import LOOKOUT, AuditEntry, Case, CaseState, Outreach, OutreachState
from scoring.messages import Post
from scoring.model import Person
from scoring.replies import Arrival, Clues, ReadUpTo, Reply, ReplyKind

BOUNCE_REASON = "a mail server said that it cannot be reached ({reason})"
ANSWERED = "{who} answered{when}:\n{text}"
OTHER_ANSWERED = "{who} answered{when}; the mail was written to {email}:\n{text}"
STOPPED = "{who} asked for no more mail{when}. Lookout writes to {email} no more."
ASKED_TO = "they asked for no more mail"
AUTOMATIC = "An automatic reply came from {who}{when}. It does not count as an answer.\n{text}"
BOUNCED = (
    "The mail to {email} did not arrive{when}: {reason}. Nobody got it, and nothing is sent again by itself. {next}"
)
DEAD = "Lookout writes to this address no more."
ALIVE = "The address may still be right: ask the customer, or reach them another way."
LATE = "The mail to {email} has not arrived yet: {reason}. The mail servers go on trying; nothing is sent again."
STRAY = "A mail server could not pass the mail on to {lost} ({reason}). It was written to {email} and may be there."
PROVEN = "What came back shows that the mail arrived."
UNREAD = (
    "The mailbox {mailbox} cannot be read: {reason}. Answers in it are not seen until it can; nothing is lost, and "
    "what came meanwhile is read then. Run `lookout doctor` to see what to mend."
)
TOLD = {
    ReplyKind.ANSWER: "{who} answered the mail that {sent}. The card has it.",
    ReplyKind.BOUNCE: "The mail to {email} that {sent} did not arrive: {reason}. The card says what to do.",
}
YOU, A_COLLEAGUE, BY_ITSELF = "you approved", "a colleague approved", "left by itself"


@dataclass(frozen=True, slots=True)
class Returns:
    """The stage that mailboxes hand their mail to. `own_domains` are ours: what we write ourselves is no answer."""

    store: Store
    clock: Clock
    zone: ZoneInfo
    own_domains: frozenset[str] = frozenset()
    ops_channel: str = ""
    wake: Wake | None = None

    async def read_up_to(self, mailbox: str) -> ReadUpTo | None:
        """How far a mailbox was read."""
        async with self.store.reading() as work:
            return await work.replies.read_up_to(mailbox)

    async def have_read(self, mark: ReadUpTo) -> None:
        """Nothing up to here concerns us, or all of it was taken."""
        async with self.store() as work:
            await work.replies.have_read(mark)

    async def concerns(self, clues: Clues) -> bool:
        """Whether a mail belongs to one of ours; any other is left alone."""
        async with self.store.reading() as work:
            return await _mail_of(work, clues) is not None

    async def take(self, arrival: Arrival, mark: ReadUpTo | None = None) -> bool:
        """Keep what came back and say so, once, however often it is read; whether it was new.

        `mark` moves in the same transaction: after a crash nothing is lost and nothing is said twice.
        """
        async with self.store() as work:
            mail = await _mail_of(work, arrival.clues)
            new = mail is not None and not await self._is_ours(work, arrival)
            if mail is not None and new:
                reply = _reply(mail, arrival, self.clock())
                new = await work.replies.add(reply)
                if new:
                    await _Taken(work, self.clock(), self.zone, mail, reply, arrival).follow()
            if mark is not None:
                await work.replies.have_read(mark)
        if new and self.wake is not None:
            self.wake()
        return new

    async def cannot_read(self, mailbox: str, reason: str) -> None:
        """Operators hear once a day that answers in a mailbox are not seen."""
        if self.ops_channel:
            text, key = UNREAD.format(mailbox=mailbox, reason=reason), f"mailbox {mailbox}:{self.clock().date()}"
            async with self.store() as work:
                await work.slack.say(Post(key, "notice", self.ops_channel, text))

    async def _is_ours(self, work: UnitOfWork, arrival: Arrival) -> bool:
        """Mail of a colleague, or of the sender to themselves, in the same thread."""
        if arrival.kind not in {ReplyKind.ANSWER, ReplyKind.AUTO} or not arrival.from_email:
            return False
        if domain_of(arrival.from_email) in self.own_domains - SHARED_HOSTS:
            return True
        return await work.accounts.csm_by_email(arrival.from_email) is not None


@dataclass(frozen=True, slots=True)
class _Taken:
    """One thing that came back and is new, inside the transaction that keeps it."""

    work: UnitOfWork
    now: datetime
    zone: ZoneInfo
    mail: Outreach
    reply: Reply
    arrival: Arrival

    async def follow(self) -> None:
        """Audit, thread, card, address, and the person who must hear of it."""
        await self._settle()
        text = await self._say()
        entry = AuditEntry(
            self.now, LOOKOUT, f"came back: {self.reply.kind}", self.mail.account_id, self.mail.case_id, self.reply.id
        )
        await self.work.audit.add(entry)
        await self.work.slack.say(Post(f"reply:{self.reply.id}", "note", "", text, case_id=self.mail.case_id))
        await self._turn_card()
        if self.reply.kind in TOLD:
            person = await concerned(self.work, self.mail, self.now)
            told = TOLD[self.reply.kind].format(sent=await self._sent(person), **await self._words())
            await tell(self.work, person, f"reply:{self.reply.id}:approver", told)

    async def _sent(self, person: Person | None) -> str:
        """Who sent the mail, for somebody who hears of what came back."""
        if unattended(self.mail):
            return BY_ITSELF
        return YOU if person == await person_of(self.work, self.mail.approved_by) else A_COLLEAGUE

    async def _settle(self) -> None:
        """A mail of unknown fate that is answered has arrived; one that bounced has left all the same (R54)."""
        if self.mail.state is not OutreachState.UNCERTAIN or self.reply.kind is ReplyKind.DELAYED:
            return
        left_at = self.mail.claimed_at or self.mail.approved_at
        moved = await self.work.outreach.move(
            self.mail.id, OutreachState.UNCERTAIN, OutreachState.SENT, sent_at=left_at
        )
        if moved is not None:
            said = f"{self.mail.id}: {PROVEN}"
            entry = AuditEntry(self.now, LOOKOUT, "arrived", self.mail.account_id, self.mail.case_id, said)
            await self.work.audit.add(entry)
            await self._case(CaseState.APPROVED, CaseState.CONTACTED)

    async def _turn_card(self) -> None:
        """A card whose mail bounced is open again, also one put aside to wait; not where a later mail is on its way."""
        if self.arrival.stop:
            await self.work.outreach.suppress(self.mail.to_email, ASKED_TO, self.now)
        if self.reply.kind is ReplyKind.BOUNCE:
            if self.arrival.dead:
                reason = BOUNCE_REASON.format(reason=self.reply.text)
                await self.work.outreach.suppress(self.mail.to_email, reason, self.now)
            latest = await self.work.outreach.latest_of(self.mail.case_id)
            if latest is not None and latest.id == self.mail.id:
                await self._case(CaseState.CONTACTED, CaseState.OPEN)
                await self._case(CaseState.SNOOZED, CaseState.OPEN, snoozed_until=None, snooze_reason="")
        await show(self.work, self.mail.case_id)

    async def _case(self, old: CaseState, new: CaseState, **more: object) -> None:
        case = await self.work.cases.get(self.mail.case_id)
        if case is not None and case.state is old:
            due = {"due_at": case.due_again(self.now)} if new is CaseState.OPEN else {}
            await self.work.cases.save(_changed(case, self.now, state=new, **due, **more), expected=case.version)

    async def _say(self) -> str:
        words = await self._words()
        if self.arrival.stop:
            return STOPPED.format(**words)
        if self.reply.kind is ReplyKind.AUTO:
            return AUTOMATIC.format(**words)
        if self.reply.kind is ReplyKind.DELAYED:
            return (STRAY if _is_stray(self.mail, self.arrival) else LATE).format(**words)
        if self.reply.kind is ReplyKind.BOUNCE:
            return BOUNCED.format(next=DEAD if self.arrival.dead else ALIVE, **words)
        same = self.reply.from_email.casefold() == self.mail.to_email.casefold()
        return (ANSWERED if same else OTHER_ANSWERED).format(**words)

    async def _words(self) -> dict[str, str]:
        local = self.reply.received_at.astimezone(self.zone)
        return {
            "who": await self._who(),
            "when": f" on {local.day} {local:%b} at {local:%H:%M}",
            "email": self.mail.to_email,
            "text": self.reply.text,
            "reason": self.reply.text.rstrip("."),
            "lost": self.arrival.lost,
        }

    async def _who(self) -> str:
        """The contact's name, where we know them by this address."""
        contacts = await self.work.accounts.contacts(self.mail.account_id)
        wanted = self.reply.from_email.casefold()
        known = next((p for p in contacts if wanted and p.email.strip().casefold() == wanted), None)
        if known is not None and known.name:
            return f"{known.name} ({known.email.strip()})"
        return self.reply.from_email or "Somebody whose address cannot be read"


def _changed(case: Case, now: datetime, **fields: object) -> Case:
    return replace(case, **fields, version=case.version + 1, changed_by=LOOKOUT, changed_at=now)  # type: ignore[arg-type]


async def _mail_of(work: UnitOfWork, clues: Clues) -> Outreach | None:
    """The mail that is answered: by the nearest Message-ID that is ours, else by the token in the address."""
    known = await work.outreach.by_message_ids(clues.message_ids)
    named = next((known[name] for name in clues.message_ids if name in known), None)
    if named is not None:
        return named
    for token in clues.tokens:
        found = await work.outreach.by_token(token)
        if found is not None:
            return found
    return None


def _reply(mail: Outreach, arrival: Arrival, now: datetime) -> Reply:
    digest = hashlib.sha256(f"{mail.id}\x1f{arrival.key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Reply(
        id=digest,
        outreach_id=mail.id,
        case_id=mail.case_id,
        account_id=mail.account_id,
        kind=ReplyKind.DELAYED if _is_stray(mail, arrival) else arrival.kind,
        from_email=arrival.from_email,
        text=arrival.text,
        received_at=min(arrival.received_at, now),
        message_id=arrival.message_id,
    )


def _is_stray(mail: Outreach, arrival: Arrival) -> bool:
    """A bounce of another address: somebody passes their mail on, and it is that copy which got lost."""
    if arrival.kind is not ReplyKind.BOUNCE or not arrival.lost:
        return False
    return arrival.lost.strip().casefold() != mail.to_email.strip().casefold()
