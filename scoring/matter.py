"""One account's matter today and the move that answers it: the values between what fired and what is done (R31-R39)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scoring import wording
from scoring.budget import Pace
from scoring.casework import Case, Decision, Trigger, TriggerKind
from scoring.config import PolicyConfig
from scoring.model import Account, Band, Snapshot
from scoring.playbook import Action
from scoring.severity import severity

HEALTH = "Health is {score}."
MODERATE = "moderate"


class Act(StrEnum):
    """What is done. The digest lists `hold`, `digest` and `mail` as held, and shows the facts of `watch` by themselves.

    `mail`: an automatic one, where its play is live (R40).
    """

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"
    HOLD = "hold"
    DIGEST = "digest"
    MAIL = "mail"
    WATCH = "watch"
    LIST = "list"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Matter:
    """One account today. `fired` is new; `standing` is all that holds; `carried` waits from the day before.

    `calm`: nothing held on today's and the previous snapshot, health at the line on
    both. `came_back`: it recovered since its last case ended.
    """

    account: Account
    snapshot: Snapshot
    fired: tuple[Trigger, ...] = ()
    standing: tuple[Trigger, ...] = ()
    carried: bool = False
    live: Case | None = None
    last: Case | None = None
    high_value: bool = False
    is_complex: bool = False
    calm: bool = False
    came_back: bool = False

    @property
    def valued(self) -> bool:
        """High value or complex: always a human (R40, R41)."""
        return self.high_value or self.is_complex

    @property
    def alerts(self) -> tuple[Trigger, ...]:
        """What is new and more than a line in the digest; what holds, for an account that waits from yesterday."""
        new = self.standing if self.carried else self.fired
        return tuple(trigger for trigger in new if not trigger.digest_only)

    @property
    def listed(self) -> tuple[Trigger, ...]:
        """What a case lists (R31): all that holds, then what is new, then what the case knew before."""
        listed: dict[TriggerKind, Trigger] = {}
        for trigger in (*self.standing, *self.alerts, *(self.live.triggers if self.live else ())):
            listed.setdefault(trigger.kind, trigger)
        return tuple(listed.values())

    @property
    def churning(self) -> bool:
        """Whether it fell below 20: always a card, whatever the budget and the quiet period (R38, R39)."""
        return any(trigger.kind is TriggerKind.CHURNING for trigger in self.alerts)

    @property
    def asked(self) -> bool:
        """Whether a person asked for the card."""
        return any(trigger.kind is TriggerKind.ASKED for trigger in self.alerts)

    @property
    def fact(self) -> str:
        """The sentence that says best why we speak of it."""
        told = (fact.text for trigger in (*self.alerts, *self.fired, *self.standing) for fact in trigger.why)
        return next(told, HEALTH.format(score=wording.score(self.snapshot.health.score)))

    def severity(self, config: PolicyConfig) -> Band:
        """How bad it is today: what held once and no longer holds does not count (R32)."""
        health = self.snapshot.health
        return severity(self.account, health.score, (*self.standing, *self.alerts), health.day, config)

    def moved(self, config: PolicyConfig) -> bool:
        """Whether it would open or worsen a case today, for the storm check (R35); moderate falling use does not."""
        if self.live is not None:
            return self.severity(config).rank > self.live.severity.rank
        return any(not t.digest_only and t.detail != MODERATE for t in self.fired) and not self.carried


@dataclass(frozen=True, slots=True)
class Today:
    """The day and its room. `held` says why everything is held; `budget` None is no limit; `total` accounts in all.

    `released` switches the check for a mass movement off: a person has looked at it and let go what was held.
    """

    day: date
    total: int
    budget: int | None = None
    pace: Pace = field(default_factory=lambda: Pace({}, {}))
    first_run: bool = False
    held: str = ""
    released: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One decision with what carrying it out needs."""

    matter: Matter
    decision: Decision
    severity: Band
    action: Action
    play: str
    worse: bool = False
    ending: str = ""

    @property
    def act(self) -> Act:
        """What is done."""
        return Act(self.decision.action)

    @property
    def high_priority(self) -> bool:
        """Whether a trigger asked for the flag (R24)."""
        return any(trigger.high_priority for trigger in self.matter.listed)
