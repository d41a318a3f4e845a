"""The alert rules themselves: each looks at one account on one day and says what it sees, with numbers and dates.

The sentences explain with the account's own past (R4). They are for our own people: their ids begin with `internal.`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from scoring import wording
from scoring.casework import Fact
from scoring.hours import working_days
from scoring.model import Band, Basis, Signals
from scoring.sight import Sight

MODERATE_BELOW = Fraction(3, 5)
SEVERE_BELOW = Fraction(2, 5)
POWER_BELOW = Fraction(3, 5)
POWER_SILENT_WORKING_DAYS = 7
WATCH_BELOW = Fraction(7, 10)
WATCH_MIN_LOGINS = 10
WINDOW_DAYS = 14
CHURNING_BELOW = 20.0

COMPARED = {
    Basis.OWN_HISTORY: "their own 90 days",
    Basis.BLENDED: "their own days so far, blended with new accounts of their tier",
    Basis.NEW_ACCOUNTS: "new accounts of their tier at the same age",
    Basis.NO_PEERS: "too few peers to compare",
}
LOW = "Health {now}, below {line}. It was {before} on {day}."
CHURN = "Health {now}: it fell below 20. It was {before} on {day}."
LEVEL = "Health {now}, below {line}."
DROP = "Health {now}, {points} points below {peak} on {day}."
SILENT = "Nobody has used it for {days}, since {day}. The last thing used was {feature}."
DORMANT = "Silent for {days}, since {day}: dormant. The owner decides."
SOON = "Nobody has used it for {days}, since {day}; at {limit} it becomes an alert."
STUCK = "Stuck before “{step}” for {days}; accounts that got through needed {limit} at most."
USAGE = "Use in the last 14 days is {below} % below {compared}: {now}, where {usual} would be usual."
PEOPLE = "Active people in the last 14 days: {now}, in the last 90 days {before}."
POWER = "One person did {share} % of the work; {what}."
POWER_RATIO = "their last 14 days are {below} % below their own 90"
POWER_SILENT = "they have been silent for {days}"
ALONE = "Nobody else is heavily active."
IDLE = "{idle} of {seats} seats saw no use in 28 days."
LOGINS = "Logins in 14 days: {now}, in the 14 days before {before} (down {below} %)."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule saw. `window` empty means: the day itself; `line` keeps it out of the reasons to hold a case open."""

    why: tuple[Fact, ...]
    floor: Band = Band.HEALTHY
    detail: str = ""
    window: str = ""
    digest_only: bool = False
    high_priority: bool = False
    line: bool = False


Look = Callable[[Sight], Seen | None]


def low_score(sight: Sight) -> Seen | None:
    """R20: health below 60."""
    line = sight.config.low_score
    return Seen((_crossed(sight, LOW, line),)) if sight.score < line else None


def churning(sight: Sight) -> Seen | None:
    """R38: health below 20, always carded when it is a crossing."""
    if sight.score >= CHURNING_BELOW:
        return None
    return Seen((_crossed(sight, CHURN, CHURNING_BELOW),), floor=Band.CHURNING, high_priority=True)


def score_dropped(sight: Sight) -> Seen | None:
    """R21: 15 or more below the highest of seven days, and below 70 now."""
    fell = sight.dropped() and sight.score < sight.config.drop_below
    return Seen(_fall(sight)) if fell else None


def falling_fast(sight: Sight) -> Seen | None:
    """R21: the same fall, still at 70 or above: a digest line."""
    before = sight.score_before()
    rising = before is not None and before.score <= sight.score
    fell = sight.dropped() and sight.score >= sight.config.drop_below
    return Seen(_fall(sight), detail="falling fast") if fell and not rising else None


def inactive(sight: Sight) -> Seen | None:
    """R22: no meaningful use for 14 to 60 days; once per silence, also when the fourteenth day was missed."""
    days, config = sight.signals.days_silent, sight.config
    if days is None or not config.inactive_days <= days < config.dormant_days:
        return None
    text = SILENT.format(days=wording.count(days, "day"), day=_since(sight), feature=_feature(sight.signals))
    return Seen(_why("silent", text), floor=Band.MONITOR, window=f"{sight.signals.last_active_on}")


def dormant(sight: Sight) -> Seen | None:
    """R22: silent for 61 days or more: no mail by itself, the owner decides."""
    days = sight.signals.days_silent
    if days is None or days < sight.config.dormant_days:
        return None
    text = DORMANT.format(days=wording.count(days, "day"), day=_since(sight))
    window = f"dormant:{sight.signals.last_active_on}"
    return Seen(_why("silent", text), floor=Band.MONITOR, detail="dormant", window=window, digest_only=True)


def nearly_inactive(sight: Sight) -> Seen | None:
    """R22: a heads-up from the tenth silent day on."""
    days, config = sight.signals.days_silent, sight.config
    if days is None or not config.heads_up_days <= days < config.inactive_days:
        return None
    text = SOON.format(days=wording.count(days, "day"), day=_since(sight), limit=config.inactive_days)
    return Seen(_why("silent", text), detail="heads-up", window=f"heads-up:{sight.signals.last_active_on}")


def stuck(sight: Sight) -> Seen | None:
    """R23: a journey step was not finished within the time that others needed; the card names the step."""
    signals = sight.signals
    days, limit = signals.stuck_days, signals.stuck_limit
    if not signals.stuck_step or days is None or limit is None or days <= limit:
        return None
    text = STUCK.format(step=signals.stuck_step, days=wording.count(days, "day"), limit=wording.count(limit, "day"))
    window = f"{signals.stuck_step}:{sight.day - timedelta(days=days)}"
    return Seen(_why("stuck", text), floor=Band.MONITOR, detail=signals.stuck_step, window=window)


def usage_dropped(sight: Sight) -> Seen | None:
    """R12, R24: the usage ratio is below 3/5 (moderate) or 2/5 (severe), compared exactly; R39 for moderate alone."""
    ratio = sight.signals.usage_ratio
    if ratio is None or ratio >= MODERATE_BELOW:
        return None
    if ratio < SEVERE_BELOW:
        return Seen(_usage(sight.signals, ratio), Band.AT_RISK, "severe", high_priority=True)
    return Seen(_usage(sight.signals, ratio), Band.MONITOR, "moderate", digest_only=not sight.config.literal)


def power_user_fading(sight: Sight) -> Seen | None:
    """R25: the person who did more than half of everything fades or falls silent; never a one-user account."""
    signals = sight.signals
    if signals.sole_user or not _had_power_user(sight):
        return None
    what = _fading(signals)
    if not what:
        return None
    share = int((signals.power_share or Fraction(0)) * 100)
    why = _why("power", POWER.format(share=share, what=" and ".join(what)))
    alone = _why("power_alone", ALONE) if signals.power_alone else ()
    return Seen(why + alone, floor=Band.MONITOR, detail=signals.power_user_id)


def seats_idle(sight: Sight) -> Seen | None:
    """R26: four of five seats saw no use, on accounts with five seats or more."""
    seats, active, config = sight.signals.seats, sight.signals.active_users_28, sight.config
    if seats is None or seats < config.idle_min_seats:
        return None
    idle = max(0, seats - active)
    if Fraction(idle, seats) < Fraction(str(config.idle_share)):
        return None
    return Seen(_why("seats", IDLE.format(idle=idle, seats=seats)), floor=Band.MONITOR)


def logins_down(sight: Sight) -> Seen | None:
    """R13: logins down 30 % in two weeks: a digest line, and the alert itself where logins are all we hear of."""
    now, before = sight.signals.logins_14, sight.signals.logins_prior_14
    if now is None or before is None or before < WATCH_MIN_LOGINS or Fraction(now, before) > WATCH_BELOW:
        return None
    text = LOGINS.format(now=now, before=before, below=wording.below(Fraction(now, before)))
    only = sight.signals.volume_14 <= now and sight.signals.volume_prior_14 <= before
    return Seen(_why("logins", text), floor=Band.MONITOR, digest_only=not only, line=not only)


def _why(name: str, text: str) -> tuple[Fact, ...]:
    return (Fact(f"internal.why.{name}", text),)


def _crossed(sight: Sight, text: str, line: float) -> Fact:
    now = wording.score(sight.score)
    before, peak = sight.score_before(), sight.peak()
    if before is not None and before.score >= line:
        said = text.format(now=now, line=int(line), before=wording.score(before.score), day=wording.day(before.day))
    elif peak is not None and peak[1] >= line:  # it crossed some days ago; what it fell from is still the point
        said = LOW.format(now=now, line=int(line), before=wording.score(peak[1]), day=wording.day(peak[0]))
    else:
        said = LEVEL.format(now=now, line=int(line))
    return Fact("internal.why.score", said)


def _fall(sight: Sight) -> tuple[Fact, ...]:
    peak = sight.peak()
    day, score = (peak[0], peak[1]) if peak else (sight.day, sight.score)
    text = DROP.format(
        now=wording.score(sight.score),
        points=wording.shown(score) - wording.shown(sight.score),
        peak=wording.score(score),
        day=wording.day(day),
    )
    return _why("drop", text)


def _since(sight: Sight) -> str:
    return wording.day(sight.signals.last_active_on or sight.day)


def _feature(signals: Signals) -> str:
    return signals.last_feature or "not recorded"


def _usage(signals: Signals, ratio: Fraction) -> tuple[Fact, ...]:
    """What the index says in person-days; the usual number is what the ratio itself was measured against."""
    usual = round(signals.user_days_14 / ratio) if ratio else round(signals.user_days_90 * WINDOW_DAYS / 90)
    text = USAGE.format(
        below=wording.below(ratio),
        compared=COMPARED[signals.usage_basis],
        now=wording.count(signals.user_days_14, "person-day"),
        usual=usual,
    )
    if signals.active_users_14 >= signals.active_users_90:
        return _why("usage", text)  # nobody is missing: that the same people use it less is said already
    people = PEOPLE.format(now=signals.active_users_14, before=signals.active_users_90)
    return _why("usage", text) + _why("people", people)


def _had_power_user(sight: Sight) -> bool:
    """Strictly more than half of the uses, among at least three people and twenty uses (R25)."""
    signals, config = sight.signals, sight.config
    users = signals.power_users if signals.power_users is not None else signals.active_users_90
    events = signals.power_events if signals.power_events is not None else signals.volume_14 + signals.volume_prior_14
    enough = users >= config.power_min_users and events >= config.power_min_events
    return enough and signals.power_share is not None and signals.power_share > Fraction(str(config.power_share))


def _fading(signals: Signals) -> list[str]:
    ratio, silent = signals.power_ratio, signals.power_silent_days
    what = []
    if ratio is not None and ratio < POWER_BELOW:
        what.append(POWER_RATIO.format(below=wording.below(ratio)))
    if silent is not None and working_days(signals.day, silent) >= POWER_SILENT_WORKING_DAYS:
        what.append(POWER_SILENT.format(days=wording.count(silent, "day")))
    return what
