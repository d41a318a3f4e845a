"""May this person do that, now? Asked before anything changes; a no names those who may (promise 6, UX 39)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.loop.cover import covered_by
from bot.loop.docket import owner_of
from bot.loop.ports import Actor
from bot.loop.records import UnitOfWork
from scoring import wording
from scoring.errors import NotAllowed
from scoring.model import Account, Person, Role
from scoring.roles import NEEDS, SLACK_GROUP, Deed, Staff, TeamRole, allowed

NAMED = 6
# What ends in a mail: the second look must find out whether who approved it is still with us (C7).
BY_A_KNOWN_PERSON = frozenset({Deed.APPROVE, Deed.CONFIRM, Deed.SETTLE})
# Where no admin is named but somebody is marked as lead, these were the lead's already.
BY_A_MARKED_LEAD = frozenset({Deed.RESUME, Deed.STORM})

STRANGER = (
    "Nothing was changed and nothing was sent. Only a CSM whom Lookout knows by e-mail, and who has not left, can do "
    "this; ask your lead to import you as one."
)
ONLY_LEADS = "Nothing was changed. Only a lead can do this: {names}."
NOT_YOURS = "Nothing was changed and nothing was sent. Only {owner} and leads may {deed}. Leads: {names}."
NOBODYS = "Nothing was changed and nothing was sent. Nobody owns this account, so only leads may {deed}: {names}."
ONLY_ROLE = "Nothing was changed and nothing was sent. Only {role}s may {deed}: {names}."
NO_ADMIN = (
    "Nothing was changed. Only admins may {deed}, and nobody is one yet: name somebody in LOOKOUT_ADMINS and start "
    "Lookout again."
)
A_GROUP = "the Slack user group {id}"
A_USER = "the Slack user {id}"
NOBODY = "nobody yet"
AND_MORE = "{count} more"


@dataclass(frozen=True, slots=True)
class Rights:
    """What the settings say of people, put to the table of `scoring/roles.py`."""

    staff: Staff = field(default_factory=Staff)
    lead_email: str = ""

    async def must(
        self,
        work: UnitOfWork,
        actor: Actor,
        deed: Deed,
        now: datetime,
        *,
        about: str = "",
        account: Account | None = None,
    ) -> Person | None:
        """Raise `NotAllowed` unless this person may do the deed now; `about` is the case or mail that it is done to.

        Gives the person, if they are one of ours.
        """
        person = await work.accounts.person(actor.person_id) if actor.person_id else None
        ours = person is not None and person.role is Role.CSM and not person.left
        settled = self.staff.settled
        if not ours and (not settled or deed in BY_A_KNOWN_PERSON):
            raise NotAllowed(STRANGER)
        role = self._role(actor, person)
        # Whose account it is is looked up only where that decides: fifty people may press at once.
        if not allowed(deed, role, own=False, settled=settled):
            owner = await _owner(work, about, account)
            own = owner is not None and owner.id in await covered_by(work, actor.person_id, now)
            if not own or not allowed(deed, role, own=True, settled=settled):
                raise NotAllowed(await self._refusal(work, deed, owner))
        if not settled and deed in BY_A_MARKED_LEAD and not role.includes(TeamRole.LEAD):
            await self._must_be_marked(work)
        return person

    async def leads(self, work: UnitOfWork, actor: Actor) -> bool:
        """Whether somebody is a lead or more, by the settings or the people table."""
        person = await work.accounts.person(actor.person_id) if actor.person_id else None
        return self._role(actor, person).includes(TeamRole.LEAD)

    def _role(self, actor: Actor, person: Person | None) -> TeamRole:
        """The higher of what settings and people say; whoever left is a viewer, whatever a list still says (K2)."""
        if person is None or person.role is not Role.CSM:
            return actor.role
        if person.left:
            return TeamRole.VIEWER
        by_people = TeamRole.LEAD if self._leads(person) else TeamRole.CSM
        return actor.role if actor.role.includes(by_people) else by_people

    def _leads(self, person: Person) -> bool:
        return person.lead or (bool(self.lead_email) and person.email.strip().lower() == self.lead_email.lower())

    async def _must_be_marked(self, work: UnitOfWork) -> None:
        leads = [csm for csm in await work.accounts.csms() if self._leads(csm) and not csm.left]
        if leads or self.staff.leads:
            raise NotAllowed(ONLY_LEADS.format(names=await self._names(work, TeamRole.LEAD)))

    async def _refusal(self, work: UnitOfWork, deed: Deed, owner: Person | None) -> str:
        need = NEEDS[deed]
        if need.own:
            names = await self._names(work, TeamRole.LEAD)
            text = NOT_YOURS if owner else NOBODYS
            return text.format(owner=(owner.name or owner.email) if owner else "", deed=deed.value, names=names)
        if need.role is TeamRole.ADMIN and not self.staff.admins:
            return NO_ADMIN.format(deed=deed.value)
        if need.role is TeamRole.CSM:
            return STRANGER
        return ONLY_ROLE.format(role=need.role.value, deed=deed.value, names=await self._names(work, need.role))

    async def _names(self, work: UnitOfWork, role: TeamRole) -> str:
        """Who has at least this role, as a sentence calls them; at most a handful."""
        found: dict[str, None] = {}
        if role is TeamRole.LEAD:
            marked = [csm for csm in await work.accounts.csms() if self._leads(csm) and not csm.left]
            found |= dict.fromkeys(lead.name or lead.email for lead in marked)
            found |= dict.fromkeys([await _named(work, key) for key in sorted(self.staff.leads)])
        found |= dict.fromkeys([await _named(work, key) for key in sorted(self.staff.admins)])
        names = list(found)
        more = [AND_MORE.format(count=len(names) - NAMED)] if len(names) > NAMED else []
        return wording.listed([*names[:NAMED], *more]) if names else NOBODY


async def _named(work: UnitOfWork, key: str) -> str:
    """A person whom the settings name, by name where we know them."""
    if SLACK_GROUP.fullmatch(key):
        return A_GROUP.format(id=key)
    accounts = work.accounts
    person = await accounts.csm_by_email(key) if "@" in key else await accounts.csm_by_slack_id(key)
    return (person.name if person else "") or (key if "@" in key else A_USER.format(id=key))


async def _owner(work: UnitOfWork, about: str, account: Account | None) -> Person | None:
    """Whose account it is, as its card says: the case's person, else the account's; nobody who left."""
    mail = await work.outreach.get(about) if about else None
    case = await work.cases.get(mail.case_id if mail else about) if about else None
    account = account or (await work.accounts.get(case.account_id) if case else None)
    return await owner_of(work, account, case) if account else None
