"""How bad it is, and for whom a human must always act: severity, high value, complex (R32, R41)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from scoring.casework import Trigger
from scoring.config import PolicyConfig
from scoring.model import Account, Band, Ticket
from scoring.wording import worst

SEVERE_TICKETS = frozenset({"urgent", "critical", "severe", "blocker", "p0", "p1"})
RENEWAL_HEALTH_BELOW = 70.0


def severity(account: Account, score: float, triggers: Sequence[Trigger], day: date, config: PolicyConfig) -> Band:
    """The worst of the band and what each trigger counts at least; a renewal ahead raises it by one step (R32).

    The step never leads into Churning: that word is kept for a score below 20 (own reading of R32).
    """
    found = worst(Band.of(score), *(trigger.floor for trigger in triggers))
    raised = found in {Band.MONITOR, Band.AT_RISK} and score < RENEWAL_HEALTH_BELOW
    return list(Band)[found.rank + 1] if raised and renewal_ahead(account, day, config) else found


def renewal_ahead(account: Account, day: date, config: PolicyConfig) -> bool:
    """Whether the contract ends within the next 90 days (R29, R41)."""
    return account.renewal_on is not None and 0 <= (account.renewal_on - day).days <= config.renewal_days


def is_complex(account: Account, tickets: Iterable[Ticket], day: date, config: PolicyConfig) -> bool:
    """Flagged by the CSM, an open severe ticket, or a renewal within 90 days (R41)."""
    severe = any(
        t.account_id == account.id and t.closed_at is None and t.priority.casefold() in SEVERE_TICKETS for t in tickets
    )
    return account.complex or severe or renewal_ahead(account, day, config)


def high_value(accounts: Iterable[Account], config: PolicyConfig) -> frozenset[str]:
    """The ids of high-value accounts: the tiers that were named, else the top 20 % by annual value (R41).

    Sums in different currencies cannot be compared, so each currency has its own top; accounts whose value is unknown
    are in none. Equal values at the edge all count.
    """
    living = [account for account in accounts if account.churned_on is None]
    if config.high_value_tiers:
        tiers = {tier.casefold() for tier in config.high_value_tiers}
        return frozenset(account.id for account in living if account.tier.casefold() in tiers)
    currencies = {account.currency for account in living}
    return frozenset().union(*(_top([a for a in living if a.currency == c], config) for c in currencies))


def _top(accounts: Sequence[Account], config: PolicyConfig) -> frozenset[str]:
    values = sorted((account.arr for account in accounts if account.arr and account.arr > 0), reverse=True)
    number = math.ceil(Fraction(str(config.high_value_share)) * len(values))
    if not number:
        return frozenset()
    return frozenset(account.id for account in accounts if account.arr and account.arr >= values[number - 1])
