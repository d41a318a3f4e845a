"""What the loop remembers: the repositories inside one transaction. `storage` implements them.

Leaving a `UnitOfWork` block commits, an exception rolls back. Repositories take and give values of `scoring`;
instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol

from bot.loop.crm_records import CrmBook
from bot.loop.ledger_records import Audit, Flags
from bot.loop.mail_records import FollowUps, IntendedMails, Mailboxes, Replies
from bot.loop.team_records import Absences
from scoring.casework import Case, Decision, Draft, Outreach, OutreachState, Trigger
from scoring.listing import Named, Standing
from scoring.mail_plan import Dealings
from scoring.messages import Card, Post
from scoring.model import Account, Milestone, Person, Snapshot, Ticket


class Accounts(Protocol):
    """Accounts, people, milestones and tickets."""

    async def get(self, account_id: str) -> Account | None: ...
    async def all(self) -> list[Account]: ...
    async def some(self, account_ids: Iterable[str]) -> dict[str, Account]:
        """The accounts with these ids; unknown ids are left out."""

    async def names(self) -> list[Named]:
        """What every account is called, by name; narrow, to find the one that somebody means."""

    async def names_version(self) -> str:
        """Changes with every change of accounts, so that a book of their names can be kept."""

    async def upsert(self, accounts: Iterable[Account]) -> None: ...
    async def person(self, person_id: str) -> Person | None: ...
    async def people(self, person_ids: Iterable[str]) -> dict[str, Person]: ...
    async def contacts(self, account_id: str) -> list[Person]: ...
    async def contacts_at(self, emails: Iterable[str]) -> list[Person]:
        """The contacts with these addresses, at any account."""

    async def csms(self) -> list[Person]: ...
    async def csm_by_email(self, email: str) -> Person | None: ...
    async def csm_by_slack_id(self, slack_id: str) -> Person | None: ...
    async def link_slack(self, person_id: str, slack_id: str, timezone: str) -> None: ...
    async def assign(self, account_id: str, csm_id: str) -> None: ...
    async def upsert_people(self, people: Iterable[Person]) -> None: ...
    async def milestones(self) -> list[Milestone]: ...
    async def upsert_milestones(self, milestones: Iterable[Milestone]) -> None: ...
    async def open_tickets(self, account_id: str) -> list[Ticket]: ...
    async def tickets(self, ticket_ids: Iterable[str]) -> dict[str, Ticket]:
        """Those of these tickets that we hold, open or closed; an import tells new from unchanged by it."""

    async def upsert_tickets(self, tickets: Iterable[Ticket]) -> None: ...


class Snapshots(Protocol):
    """One row per account and day (R9)."""

    async def land(self, snapshots: Sequence[Snapshot], *, day: date | None = None) -> None:
        """Insert or replace, in bulk, all or those of a day; running it twice changes nothing."""

    async def latest_day(self) -> date | None: ...
    async def days(self) -> list[date]:
        """The days that have snapshots, oldest first."""

    async def on(self, day: date, *, accounts: Collection[str] | None = None) -> dict[str, Snapshot]:
        """Every account's snapshot of one day, or those of `accounts`."""

    async def count(self, day: date) -> int:
        """How many accounts were scored on a day."""

    async def of(self, account_id: str, since: date, until: date) -> list[Snapshot]:
        """One account's snapshots, both ends included, oldest first."""

    async def newest(self, account_id: str) -> Snapshot | None:
        """An account's snapshot of the newest day that has any; None if it was left out then."""

    async def at(self, account_id: str, days: Iterable[date]) -> list[Snapshot]:
        """One account's snapshots of a few days, oldest first."""

    async def course(self, account_id: str, since: date, until: date) -> list[tuple[date, float]]:
        """One account's (day, score), both ends included, oldest first; narrow, for a trend."""

    async def standings(
        self, day: date, *, csm_id: str | None = None, limit: int = 20, offset: int = 0
    ) -> tuple[list[Standing], int]:
        """A page of a CSM's accounts (None: everybody's) by their score of `day`, worst first, and how many there are.

        Money breaks ties; accounts that left are not listed.
        """

    async def scores(self, since: date, until: date) -> dict[str, list[tuple[date, float, int]]]:
        """Every account's (day, score, config version), oldest first; narrow, for rules over a week (R21)."""


class Cases(Protocol):
    """Cases, the triggers that fired, and the decisions with their reasons."""

    async def get(self, case_id: str) -> Case | None: ...
    async def live(self) -> list[Case]: ...
    async def live_of(self, account_id: str) -> Case | None: ...
    async def live_ids(self) -> dict[str, str]:
        """Account → its live case; narrow."""

    async def last_of_all(self) -> dict[str, Case]:
        """Every account's newest case, live or ended (R39)."""

    async def ended_since(self, since: datetime) -> list[Case]: ...
    async def opened_since(self, since: datetime) -> int: ...
    async def add(self, case: Case) -> bool:
        """False when the account already has a live case (unique by constraint)."""

    async def save(self, case: Case, *, expected: int) -> bool:
        """Write `case` (its version is `expected` + 1) if the stored version still is `expected`; False when beaten."""

    async def fired(self, triggers: Iterable[Trigger]) -> list[Trigger]:
        """Store triggers; give back those that were new by (account, kind, window)."""

    async def fired_on(self, day: date) -> list[Trigger]: ...
    async def decide(self, decisions: Iterable[Decision]) -> None:
        """Store decisions; the newest of (account, day) stands."""

    async def decisions(self, day: date) -> list[Decision]: ...
    async def decisions_of(self, account_id: str) -> list[Decision]: ...


class Outreaches(Protocol):
    """Drafts and mails."""

    async def add_draft(self, draft: Draft) -> bool:
        """False when that version of the case's draft exists already."""

    async def latest_draft(self, case_id: str) -> Draft | None: ...
    async def draft(self, draft_id: str) -> Draft | None: ...
    async def drafts(self, case_id: str) -> list[Draft]: ...
    async def cases_without_draft(self) -> list[str]: ...
    async def add(self, outreach: Outreach) -> None: ...
    async def get(self, outreach_id: str) -> Outreach | None: ...
    async def latest_of(self, case_id: str) -> Outreach | None: ...
    async def by_message_ids(self, message_ids: Iterable[str]) -> dict[str, Outreach]:
        """Message-ID → the mail that has it; others' are left out."""

    async def by_token(self, token: str) -> Outreach | None:
        """The mail whose Message-ID begins with this token (`scoring/addresses.py`)."""

    async def due(self, now: datetime) -> list[Outreach]:
        """Approved mails whose `not_before` has come, oldest first; nothing is claimed."""

    async def move(
        self, outreach_id: str, from_state: OutreachState, to_state: OutreachState, **changes: object
    ) -> Outreach | None:
        """Compare-and-set on the state, changing other fields with it; None when somebody was faster."""

    async def stale_claims(self, before: datetime) -> list[Outreach]:
        """Mails in `sending` that were claimed before an instant: their fate is unknown (R54)."""

    async def dealings(self, email: str, account_id: str) -> Dealings:
        """What there was with an address, over all accounts (R51), and with an account until now."""

    async def last_for(self, account_id: str) -> Outreach | None: ...
    async def sent_since(self, since: datetime) -> dict[str, Outreach]:
        """Account → the newest mail of those that were sent at an instant or later."""

    async def suppress(self, email: str, reason: str, at: datetime) -> None: ...
    async def suppressed(self, email: str) -> str | None:
        """Why this address must not be written to, or None."""


class SlackOutbox(Protocol):
    """What Slack still has to be told: at least once, newest state wins (see the two outboxes in DESIGN.md)."""

    async def want_card(
        self, case_id: str, *, channel: str = "", mention: str = "", not_before: datetime | None = None
    ) -> None:
        """Ask for the card to be posted or brought up to date; `channel` is needed the first time."""

    async def redraw(self, case_id: str) -> None:
        """Ask for a card to be brought up to date, if the case has one."""

    async def card(self, case_id: str) -> Card | None: ...
    async def cards_due(self, now: datetime) -> list[Card]: ...
    async def cards_posted_since(self, channel: str, since: datetime) -> int: ...
    async def card_done(self, case_id: str, *, posted: int, channel: str, ts: str, at: datetime) -> None: ...
    async def card_failed(self, case_id: str, *, error: str, not_before: datetime) -> None: ...
    async def say(self, post: Post) -> bool:
        """Queue a post; False when its key is known already."""

    async def posts_due(self, now: datetime) -> list[Post]: ...
    async def post_done(self, key: str, at: datetime) -> None: ...
    async def post_failed(self, key: str, *, error: str, not_before: datetime) -> None: ...
    async def digest_shown_at(self, readers: Iterable[str], since: datetime) -> datetime | None:
        """When Slack first had a digest for one of these readers after an instant; None while it has none."""

    async def backlog(self) -> int: ...


class UnitOfWork(Protocol):
    """One transaction with all repositories."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def snapshots(self) -> Snapshots: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def outreach(self) -> Outreaches: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def mailboxes(self) -> Mailboxes: ...
    @property
    def follow_ups(self) -> FollowUps: ...
    @property
    def intended(self) -> IntendedMails: ...
    @property
    def crm(self) -> CrmBook: ...
    @property
    def absences(self) -> Absences: ...
    @property
    def slack(self) -> SlackOutbox: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def flags(self) -> Flags: ...


class Store(Protocol):
    """Opens transactions: `async with store() as work: ...`.

    One writer at a time: await nothing slow (a model, a mail server, Slack) inside, and open no second one in a task.
    """

    def __call__(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction that cannot write and waits for no writer: one moment of the database, for answers."""
