"""Where a card goes and whom it names: severity, tier and owner to a channel, and the one person who must act next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from scoring.addresses import one_address
from scoring.errors import InvalidInput
from scoring.model import Account, Band, Person, Signals

EVERYBODY = frozenset({"general", "everyone", "channel", "here", "all"})
KEYS = ("owner", "tier", "severity")

BAD_KEY = "The route {key!r} means nothing. Write severity:Critical, tier:enterprise or owner:ana@vendor.test."
BAD_SEVERITY = "The route {key!r} names no severity; there are: {names}."
BAD_CHANNEL = (
    "{key} leads to {channel!r}. A customer's risk is never posted where everybody reads; name another channel."
)
NO_CHANNEL = "{key} leads to no channel."


@dataclass(frozen=True, slots=True)
class Route:
    """One card's channel, and the Slack id of the person it mentions; empty: nobody."""

    channel: str
    mention: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """Which channel a card goes to. The most specific route wins: owner, then tier, then severity, then the default."""

    default: str
    routes: Mapping[str, str] = field(default_factory=dict)
    lead_email: str = ""

    @classmethod
    def from_settings(cls, default: str, routes: Mapping[str, str], *, lead_email: str = "") -> Routing:
        """Checked routes; `InvalidInput` for an unknown key or a channel that everybody reads (UX 22)."""
        _check_channel("The alert channel", default)
        for key, channel in routes.items():
            _check_key(key)
            _check_channel(f"The route {key!r}", channel)
        return cls(default, {_plain(key): channel for key, channel in routes.items()}, lead_email)

    def route(self, severity: Band, account: Account, csm: Person | None, lead: Person | None = None) -> Route:
        """The channel, and the owner's Slack id; the lead's for an account that nobody owns."""
        wanted = (f"owner:{csm.email if csm else ''}", f"tier:{account.tier}", f"severity:{severity}")
        found = (self.routes.get(_plain(key)) for key in wanted)
        channel = next((channel for channel in found if channel), self.default)
        person = csm or lead
        return Route(channel, person.slack_id if person else "")

    def lead(self, csms: Sequence[Person]) -> Person | None:
        """The CS lead: the person with the configured address, else the first one marked as lead."""
        named = [p for p in csms if self.lead_email and p.email.lower() == self.lead_email.lower() and not p.left]
        marked = sorted((p for p in csms if p.lead and not p.left), key=lambda p: p.id)
        return next(iter(named or marked), None)


def pick_contact(
    contacts: Sequence[Person], signals: Signals, *, play: str, closed: Collection[str] = ()
) -> Person | None:
    """Whom a draft is for: the fading power user for that play, else the main contact, else who used it last (R42).

    Only people who have not left, with one plain address that is not in `closed` (suppressed); None if there is none.
    """
    reachable = [p for p in contacts if not p.left and _has_address(p) and p.email not in closed]
    if play == "power_user":
        for person in reachable:
            if person.id == signals.power_user_id:
                return person
    ranked = sorted(reachable, key=lambda p: (not p.primary, p.id != signals.last_user_id, p.id))
    return next(iter(ranked), None)


def _has_address(person: Person) -> bool:
    try:
        return bool(one_address(person.email))
    except InvalidInput:
        return False


def _plain(key: str) -> str:
    return key.strip().casefold()


def _check_key(key: str) -> None:
    kind, colon, name = key.partition(":")
    if kind.strip().lower() not in KEYS or not colon or not name.strip():
        raise InvalidInput(BAD_KEY.format(key=key))
    if kind.strip().lower() == "severity" and name.strip().casefold() not in {band.casefold() for band in Band}:
        raise InvalidInput(BAD_SEVERITY.format(key=key, names=", ".join(Band)))


def _check_channel(key: str, channel: str) -> None:
    name = channel.strip().lstrip("#@").casefold()
    if not name:
        raise InvalidInput(NO_CHANNEL.format(key=key))
    if name in EVERYBODY:
        raise InvalidInput(BAD_CHANNEL.format(key=key, channel=channel))
