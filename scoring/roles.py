"""Who may do what: one table says for each deed the least role, and whether it must be one's own account.

Roles grow: a viewer looks, a CSM acts on their own accounts and on those they cover, a lead on every account, an admin
decides what Lookout may do by itself. Leads and admins are named in the settings; a CSM is whom an import made one.
A team that named no admin yet has open rights: every CSM may do what a lead may, so that a fresh install works.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from scoring.errors import InvalidInput

SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,}")
SLACK_GROUP = re.compile(r"S[A-Z0-9]{2,}")
SWITCHED_OFF = "slack_off:"
"""The flag of a CSM whose Slack account is deactivated begins so; then comes their id (C7)."""
ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")

NO_NAME = (
    "{setting} names {entry!r}. Write an e-mail address, a Slack user id (U…) or the id of a Slack user group (S…)."
)


class TeamRole(StrEnum):
    """What somebody in our workspace may do, least first."""

    VIEWER = "viewer"
    CSM = "CSM"
    LEAD = "lead"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for a viewer up to 3 for an admin."""
        return list(TeamRole).index(self)

    def includes(self, other: TeamRole) -> bool:
        """Whether this role may do all that the other may."""
        return self.rank >= other.rank


class Deed(StrEnum):
    """Everything that changes something, in words that complete "Only … may …"."""

    OPEN_CASE = "open a card"
    EDIT = "edit this draft"
    APPROVE = "approve this mail"
    CONFIRM = "confirm this mail as the second person"
    UNDO = "take this approval back"
    SETTLE = "say what became of this mail"
    SNOOZE = "snooze this card"
    WAKE = "wake this card"
    DISMISS = "dismiss this card"
    ASSIGN = "give this account to somebody else"
    STOP_FOLLOW_UP = "stop this follow-up"
    ANSWERED = "say that they answered elsewhere"
    PAUSE = "pause all sending"
    RESUME = "let sending go on"
    STORM = "release or drop what is held"
    PROMOTE = "let Lookout send by itself"
    OWN_COVER = "plan your own absence"
    COVER = "plan somebody else's absence"


@dataclass(frozen=True, slots=True)
class Need:
    """The least role for a deed; `own`: a CSM may do it for accounts that they own or cover, leads for all."""

    role: TeamRole
    own: bool = False
    always: bool = False
    """Whether it also holds where no admin is named: then nobody may."""


OWN = Need(TeamRole.CSM, own=True)
ANY = Need(TeamRole.CSM)

NEEDS: Mapping[Deed, Need] = {
    Deed.OPEN_CASE: OWN,
    Deed.EDIT: OWN,
    Deed.APPROVE: OWN,
    Deed.SETTLE: OWN,
    Deed.SNOOZE: OWN,
    Deed.WAKE: OWN,
    Deed.DISMISS: OWN,
    Deed.ANSWERED: OWN,
    # What only stops something is open to every CSM: nobody must look for the owner while a mistake leaves the house.
    Deed.UNDO: ANY,
    Deed.STOP_FOLLOW_UP: ANY,
    Deed.PAUSE: ANY,
    # The second person is not the owner; who approved cannot confirm.
    Deed.CONFIRM: ANY,
    Deed.OWN_COVER: ANY,
    Deed.COVER: Need(TeamRole.LEAD),
    Deed.ASSIGN: Need(TeamRole.LEAD),
    Deed.RESUME: Need(TeamRole.LEAD),
    Deed.STORM: Need(TeamRole.LEAD),
    Deed.PROMOTE: Need(TeamRole.ADMIN, always=True),
}


@dataclass(frozen=True, slots=True)
class Staff:
    """Whom the settings name: e-mail addresses in small letters, Slack user ids and user-group ids."""

    admins: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()

    @classmethod
    def named(cls, admins: Iterable[str], leads: Iterable[str]) -> Staff:
        """Checked names; `InvalidInput` for one that is neither an address nor an id of Slack's."""
        return cls(_checked("LOOKOUT_ADMINS", admins), _checked("LOOKOUT_TEAM_LEADS", leads))

    @property
    def settled(self) -> bool:
        """Whether the table holds: somebody is an admin."""
        return bool(self.admins)

    @property
    def groups(self) -> tuple[str, ...]:
        """The Slack user groups whose members must be known."""
        return tuple(sorted(name for name in self.admins | self.leads if SLACK_GROUP.fullmatch(name)))

    def role(self, slack_id: str, email: str = "", groups: Collection[str] = ()) -> TeamRole:
        """What the settings make of a person: an admin, a lead, or nothing more than a viewer.

        `email` is one that Slack confirmed, else empty; `groups` are those of `groups` that this person is in.
        """
        keys = {slack_id, email.strip().lower(), *groups} - {""}
        if keys & self.admins:
            return TeamRole.ADMIN
        return TeamRole.LEAD if keys & self.leads else TeamRole.VIEWER


def allowed(deed: Deed, role: TeamRole, *, own: bool, settled: bool) -> bool:
    """Whether somebody with this role may; `own`: the account is theirs or they cover for its owner."""
    need = NEEDS[deed]
    if not settled and not need.always:
        return role.includes(TeamRole.CSM)
    if need.own and not role.includes(TeamRole.LEAD):
        return role.includes(need.role) and own
    return role.includes(need.role)


def _checked(setting: str, entries: Iterable[str]) -> frozenset[str]:
    return frozenset(_entry(setting, entry.strip()) for entry in entries if entry.strip())


def _entry(setting: str, entry: str) -> str:
    if ADDRESS.fullmatch(entry):
        return entry.lower()
    if SLACK_USER.fullmatch(entry) or SLACK_GROUP.fullmatch(entry):
        return entry
    raise InvalidInput(NO_NAME.format(setting=setting, entry=entry))
