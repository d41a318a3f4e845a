"""What fired for an account and why: one small rule each, all in `RULES`, read from top to bottom.

A rule looks at a `Sight` and says what it sees, or None. Two questions are asked of it. *Does it hold?* is about the
level today: it keeps a case open (R36). *Does it fire?* is about the edge: it holds today and did not, or not as badly,
on the day before; it opens or updates a case (R31). What fires is stored once per (account, kind, window).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.casework import Trigger, TriggerKind
from scoring.config import PolicyConfig
from scoring.model import Account, Snapshot
from scoring.rules import (
    Seen,
    churning,
    dormant,
    falling_fast,
    inactive,
    logins_down,
    low_score,
    nearly_inactive,
    power_user_fading,
    score_dropped,
    seats_idle,
    stuck,
    usage_dropped,
)
from scoring.sight import Past, Sight, seen_now


class Edge(StrEnum):
    """How a rule tells the first day from the days after it."""

    SCORE = "the score before did not show it"
    SIGNALS = "the signals before did not show it, or less"
    WINDOW = "its window says so: it fires while it holds, and is stored once"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of section 4. A `line` is only ever a line in the digest: it holds no case open."""

    kind: TriggerKind
    id: str
    look: Callable[[Sight], Seen | None]
    edge: Edge
    line: bool = False

    def trigger(self, sight: Sight, seen: Seen) -> Trigger:
        """What was seen, as the value that is stored and shown."""
        return Trigger(
            kind=self.kind,
            account_id=sight.account.id,
            day=sight.day,
            window=seen.window or f"{seen.detail or 'since'}:{sight.day}",
            why=seen.why,
            rule=self.id,
            floor=seen.floor,
            high_priority=seen.high_priority,
            digest_only=self.line or seen.digest_only,
            detail=seen.detail,
        )

    def new(self, sight: Sight, seen: Seen, previous: Snapshot | None) -> bool:
        """Whether today is the day it began, or became worse."""
        if self.edge is Edge.WINDOW:
            return True
        if self.edge is Edge.SCORE:
            before = sight.score_before()
            return before is not None and self.look(before) is None
        earlier = self.look(sight.with_signals(previous.signals)) if previous else None
        return earlier is None or earlier.floor.rank < seen.floor.rank


RULES: tuple[Rule, ...] = (
    Rule(TriggerKind.CHURNING, "R38", churning, Edge.SCORE),
    Rule(TriggerKind.STUCK, "R23", stuck, Edge.WINDOW),
    Rule(TriggerKind.POWER_USER, "R25", power_user_fading, Edge.SIGNALS),
    Rule(TriggerKind.INACTIVITY, "R22", inactive, Edge.WINDOW),
    Rule(TriggerKind.SCORE_DROP, "R21", score_dropped, Edge.SCORE),
    Rule(TriggerKind.USAGE_DROP, "R24", usage_dropped, Edge.SIGNALS),
    Rule(TriggerKind.SEATS_IDLE, "R26", seats_idle, Edge.SIGNALS),
    Rule(TriggerKind.LOW_SCORE, "R20", low_score, Edge.SCORE),
    Rule(TriggerKind.INACTIVITY, "R22", dormant, Edge.WINDOW),
    Rule(TriggerKind.SCORE_DROP, "R21", falling_fast, Edge.SCORE, line=True),
    Rule(TriggerKind.INACTIVITY, "R22", nearly_inactive, Edge.WINDOW, line=True),
    Rule(TriggerKind.LOGINS_DOWN, "R13", logins_down, Edge.SIGNALS),
)


def detect(
    account: Account,
    today: Snapshot,
    history: Sequence[Past],
    config: PolicyConfig,
    *,
    previous: Snapshot | None = None,
) -> tuple[Trigger, ...]:
    """What fires at the end of the day, the most telling first; nothing while we are blind (R8, R20-R26).

    Args:
        account: The account.
        today: Its snapshot of the day.
        history: Its earlier (day, score, config version), any order; 15 days are enough. Later days are ignored.
        config: The numbers.
        previous: Its last snapshot before today that was seen well enough. Without it, what holds counts as new, except
            for the rules about the score, which need a score before.

    """
    if not seen_now(today, config):
        return ()
    sight = Sight.of(account, today, history, config)
    return tuple(rule.trigger(sight, seen) for rule, seen in _seen(sight) if rule.new(sight, seen, previous))


def standing(account: Account, today: Snapshot, history: Sequence[Past], config: PolicyConfig) -> tuple[Trigger, ...]:
    """What holds at the end of the day, without the lines: a case lists all of it (R31)."""
    if not seen_now(today, config):
        return ()
    sight = Sight.of(account, today, history, config)
    return tuple(rule.trigger(sight, seen) for rule, seen in _seen(sight) if not (rule.line or seen.line))


def holding(
    account: Account, today: Snapshot, history: Sequence[Past], config: PolicyConfig
) -> tuple[TriggerKind, ...]:
    """The kinds of what holds; a case closes when it is empty on two daily snapshots (R36)."""
    return tuple(dict.fromkeys(trigger.kind for trigger in standing(account, today, history, config)))


def armed(fired: Sequence[Trigger], listed: Sequence[Trigger]) -> tuple[Trigger, ...]:
    """What of `fired` is not on the live case already, or is worse than there (R31: re-armed when the case closes)."""
    known = {kind: max(t.floor.rank for t in listed if t.kind is kind) for kind in {t.kind for t in listed}}
    return tuple(t for t in fired if t.kind not in known or t.floor.rank > known[t.kind])


def _seen(sight: Sight) -> list[tuple[Rule, Seen]]:
    looked = ((rule, rule.look(sight)) for rule in RULES)
    return [(rule, seen) for rule, seen in looked if seen is not None]
