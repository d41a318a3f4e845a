"""Everything the loop asks of the world but its own memory (that is `records.py`): time, usage, words, mail, Slack.

Instants are aware UTC; `now` always comes from the `Clock`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol

from scoring.briefs import CardBrief, DigestBrief
from scoring.casework import Fact
from scoring.crm import CrmHealth, Entry
from scoring.messages import Mail, Presence, Receipt, SlackReceipt, Written
from scoring.model import Account, Person, Snapshot
from scoring.roles import TeamRole

Clock = Callable[[], datetime]


class Actor(Protocol):
    """Who acts: a verified person in Slack. `person_id` is our CSM with the same e-mail, else empty.

    `role` is what the settings make of them (admin, lead, else viewer); who is a CSM, the database knows.
    """

    @property
    def slack_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def person_id(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def role(self) -> TeamRole: ...


class UsageScores(Protocol):
    """The scoring engine over the usage store, run in a worker process (architecture: the kernel)."""

    async def score(self, day: date, *, since: date | None = None) -> Sequence[Snapshot]:
        """Bring roll-ups up to date; every account's snapshot at the end of `day`, or of each day from `since`."""

    async def data_until(self) -> datetime | None:
        """The newest event we hold."""

    async def volume(self, days: int, until: date) -> list[int]:
        """Events per day over the fleet, oldest first; to see a feed that went silent (R35)."""

    async def dirty(self) -> bool:
        """Whether events came in that no score has seen."""


class Writer(Protocol):
    """Phrases a draft (R45-R49). Never raises: without a model, or when the gate fails, the template stands in."""

    async def write(
        self,
        *,
        play: str,
        account: Account,
        contact: Person,
        csm: Person,
        facts: Sequence[Fact],
        now: datetime,
    ) -> Written: ...

    def check(
        self,
        subject: str,
        body: str,
        *,
        facts: Sequence[Fact],
        account: Account,
        contact: Person,
        csm: Person,
    ) -> tuple[tuple[str, str], ...]:
        """What the gate says of a person's edit: (rule, text) pairs; a warning, not a block (R49)."""


class Mailer(Protocol):
    """Sends one mail; tells what is certain and what is not; never retries by itself (R54)."""

    async def send(self, mail: Mail) -> Receipt: ...


class SentCopies(Protocol):
    """Files what was sent where its sender looks for it; what became of the mail is recorded before."""

    async def keep(self, mail: Mail) -> str:
        """File a copy; gives why there is none, or nothing. Never raises for what a server does."""


class Crm(Protocol):
    """The team's CRM, told of our work (R52). Every method raises `CrmRefused`; none repeats what changes something."""

    @property
    def name(self) -> str: ...
    async def reach(self) -> str:
        """Return what was found if the CRM lets us in with all that we need."""

    async def find_account(self, account: Account) -> str | None:
        """The one record of this account; None where there is none, or more than one."""

    async def find_contact(self, email: str, account: str) -> str | None:
        """The record of the person with this address at the company with this record; never another company's."""

    async def find_owner(self, email: str) -> str | None: ...
    async def find(self, entry: Entry) -> str | None:
        """The record of this very entry, if it is there already; certain, also a moment after it was made."""

    async def log(self, entry: Entry) -> str:
        """Write the entry down and give its record; `gone` where the account's record is no longer there."""

    async def show_health(self, account: str, health: CrmHealth) -> None:
        """Show it on the account's record; doing it again changes nothing."""


class HighWater(Protocol):
    """Remembers the newest mail outside of the database; both raise `Unavailable` when they cannot (E9)."""

    async def newest(self) -> str | None:
        """What was remembered last, or None before the first mail."""

    async def rise(self, mark: str) -> None:
        """Remember it; on disk when this returns."""


class Notifier(Protocol):
    """Talks to Slack. Raises `scoring.errors.SlackRefused`."""

    async def post_card(self, channel: str, brief: CardBrief, *, mention: str = "") -> SlackReceipt: ...
    async def update_card(self, receipt: SlackReceipt, brief: CardBrief) -> None: ...
    async def note(self, receipt: SlackReceipt, text: str) -> None: ...
    async def digest(self, target: str, brief: DigestBrief) -> SlackReceipt: ...
    async def notice(self, target: str, text: str, *, storm: bool = False, promote: str = "") -> SlackReceipt:
        """Say something to a channel or a person; `storm` adds the buttons that release or drop what is held (R35).

        `promote` names a play in shadow and adds the button that lets it send (R44).
        """

    async def reach(self) -> None:
        """Return if Slack lets us in with all that we need; `SlackRefused` with `revoked` if it does not."""

    async def presence(self, slack_id: str) -> Presence:
        """Whether somebody's Slack account is deactivated, and until when their status says that they are away."""

    async def user_by_email(self, email: str) -> tuple[str, str] | None:
        """(Slack user id, time zone) of a full member of our workspace, or None."""


class Wake(Protocol):
    """Tells the sweeps that there is work now, so that a person does not wait for the next tick."""

    def __call__(self) -> None: ...
