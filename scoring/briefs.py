"""What people are shown, as plain values: the loop fills a brief, `handlers.blocks` draws it.

A brief holds everything that its picture needs, so that drawing is pure and can be tested with golden files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from scoring.casework import Case, Draft, Fact, Outreach
from scoring.follow_up import FollowUp
from scoring.model import Account, Health, Person, Signals, Snapshot
from scoring.replies import Reply

SANDBOX_FLAG = "sandbox"
"""Set in a database whose mails reach nobody (D15)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the waterfall from an old score to a new one, in points; the bars add up to the change.

    `kind` is `behaviour`, `configuration` or `missing data`.
    """

    label: str
    points: float
    kind: str = "behaviour"
    fact: str = ""


@dataclass(frozen=True, slots=True)
class CardBrief:
    """One case, ready to be drawn. `why` has at most three facts; `draft` is None while it is being written.

    `health` and `signals` are the newest; `told` is the snapshot that the heading's reason was told from, if known.
    `crm` says what the CRM could not be told yet, if anything. `replies` is what came back, oldest first.
    `cover` acts in the place of `csm`, who is away until `cover_until`.
    `sandbox`: no mail reaches anybody (D15).
    """

    account: Account
    case: Case
    health: Health
    signals: Signals
    why: tuple[Fact, ...]
    csm: Person | None
    contact: Person | None
    draft: Draft | None
    outreach: Outreach | None
    people: dict[str, Person]
    data_until: datetime | None
    now: datetime
    previous_score: float | None = None
    demo: bool = False
    told: Snapshot | None = None
    crm: str = ""
    replies: tuple[Reply, ...] = ()
    follow_up: FollowUp | None = None
    cover: Person | None = None
    cover_until: datetime | None = None
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class HealthBrief:
    """The answer to `/health acme`. `trend` holds (day, score) of the last 90 days, oldest first."""

    account: Account
    health: Health
    signals: Signals
    compared_on: date | None
    trend: tuple[tuple[date, float], ...]
    bars: tuple[Bar, ...]
    facts: tuple[Fact, ...]
    csm: Person | None
    last_contact: str
    case: Case | None
    next_step: str
    data_until: datetime | None
    card_link: str = ""
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One account in a list (digest, worst five, App Home, pick list): one line, one button."""

    account_id: str
    name: str
    text: str
    score: float | None = None
    previous: float | None = None
    severity: str = ""
    arr: int | None = None
    domain: str = ""
    owner: str = ""
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What `/health` says when a name is not clear: several hits, or none and the nearest."""

    query: str
    lines: tuple[Line, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A headed list of lines; `held` counts what did not fit."""

    title: str
    lines: tuple[Line, ...]
    held: int = 0
    button: str = "Decide"


@dataclass(frozen=True, slots=True)
class DigestBrief:
    """One morning's digest for one CSM, or for the channel (`person` None)."""

    day: date
    person: Person | None
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    healthy: int
    total: int


@dataclass(frozen=True, slots=True)
class AwayBrief:
    """One absence, for whoever looks at it: whole days, both included, in the zone of who is away.

    `mine`: the reader is away; `covering`: the reader covers. `by_status`: Slack's status says so, and ends it.
    """

    id: str
    who: Person
    cover: Person
    first: date
    last: date
    now: bool
    mine: bool = False
    covering: bool = False
    may_change: bool = False
    by_status: bool = False


@dataclass(frozen=True, slots=True)
class AwayForm:
    """What the window about an absence opens with; `others`: the reader may plan for colleagues, too."""

    absence_id: str
    who: Person | None
    cover: Person | None
    first: date
    last: date
    others: bool


@dataclass(frozen=True, slots=True)
class HomeBrief:
    """App Home: what needs a decision first, then the portfolio; `may_plan`: the reader may plan absences."""

    person: Person | None
    decide: tuple[Line, ...]
    portfolio: tuple[Line, ...]
    page: int
    pages: int
    paused: bool
    notes: tuple[str, ...]
    now: datetime
    away: tuple[AwayBrief, ...] = ()
    may_plan: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a click or command gets back: `text` is shown to that person alone; empty when the card says it all."""

    ok: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning an absence did; `about` is what must be chosen anew, if anything: who, cover, first or last."""

    answer: Answer
    about: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did: the new version, or why not, with what the gate remarks (warnings, R49)."""

    answer: Answer
    draft: Draft | None = None
    warnings: tuple[str, ...] = ()
