"""How numbers, bands, money and reasons are said: the same words on every card, list and answer (UX 27)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from handlers.blocks.elements import Json, small, stamped
from scoring.casework import Case, TriggerKind
from scoring.model import Band, Health, Signals
from scoring.wording import below, shown

MARKS = {Band.HEALTHY: "🟢", Band.MONITOR: "🔷", Band.AT_RISK: "⚠️", Band.CRITICAL: "🟥", Band.CHURNING: "⛔"}
BANDS_OF_MONEY = (5, 10, 25, 50, 100, 250, 500, 1000)
THOUSAND = 1000
SPARKS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 30
ALL_SIGNALS = 4
FULL = 0.995
STALE = timedelta(days=2)


def apportioned(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers near `parts` that add up to `total` exactly (largest remainder)."""
    floors = [math.floor(part) for part in parts]
    left = total - sum(floors)
    by_rest = sorted(range(len(parts)), key=lambda i: floors[i] - parts[i])
    for turn in range(abs(left)):
        order = by_rest if left > 0 else by_rest[::-1]
        floors[order[turn % len(order)]] += 1 if left > 0 else -1
    return floors


def sparkline(values: Sequence[float]) -> str:
    """A line of small bars on the fixed scale from 0 to 100, so that two accounts can be compared."""
    step = max(1, math.ceil(len(values) / SPARK_WIDTH))
    sampled = [values[i] for i in range(len(values) - 1, -1, -step)][::-1]
    return "".join(SPARKS[min(len(SPARKS) - 1, max(0, int(value * len(SPARKS) / 100)))] for value in sampled)


def money_band(amount: int, currency: str) -> str:
    """A yearly sum as a band: enough to decide, too little to leak (UX 3)."""
    thousands = amount / THOUSAND
    above = next((edge for edge in BANDS_OF_MONEY if thousands < edge), None)
    if above is None:
        return f"over 1 M {currency} a year"
    below = ([0, *BANDS_OF_MONEY])[BANDS_OF_MONEY.index(above)]
    upper = "1 M" if above == THOUSAND else f"{above} k"
    return f"under {upper} {currency} a year" if not below else f"{below} k–{upper} {currency} a year"


def day_text(day: date, today: date) -> str:
    """A day, with its year only where that is not this one."""
    return f"{day.day} {day:%b}" + ("" if day.year == today.year else f" {day.year}")


def away(day: date, today: date) -> str:
    """How far a day is, in words."""
    days = (day - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return near.get(days, f"in {days} days" if days > 0 else f"{-days} days ago")


def reason(case: Case, health: Health, signals: Signals) -> str:
    """The one reason in a few words, for the first line (UX 1)."""
    if not case.triggers:
        return f"score {shown(health.score)}"
    kind = case.triggers[0].kind
    ratio, silent = signals.usage_ratio, signals.days_silent
    if kind is TriggerKind.USAGE_DROP and ratio is not None and ratio < 1:
        return f"usage {below(ratio)} % below its usual"
    if kind is TriggerKind.INACTIVITY and silent is not None:
        return f"nobody active for {silent} days"
    if kind is TriggerKind.STUCK and signals.stuck_step:
        return f"stuck at {signals.stuck_step}"
    return {
        TriggerKind.LOW_SCORE: f"score fell to {shown(health.score)}",
        TriggerKind.CHURNING: f"score fell to {shown(health.score)}",
        TriggerKind.SCORE_DROP: f"score dropped to {shown(health.score)} within a week",
        TriggerKind.INACTIVITY: "nobody active for two weeks",
        TriggerKind.STUCK: "stuck in its journey",
        TriggerKind.USAGE_DROP: "usage far below its usual",
        TriggerKind.POWER_USER: "its main user is fading",
        TriggerKind.SEATS_IDLE: "most seats are idle",
        TriggerKind.ASKED: "somebody asked for this card",
    }[kind]


def confidence(health: Health) -> str:
    """How much of the score is known (R8, UX 16)."""
    known = sum(part.value is not None for part in health.parts)
    return "all signals known" if health.coverage >= FULL else f"{known} of {ALL_SIGNALS} signals known"


def age(until: datetime | None, now: datetime) -> Json:
    """How fresh the data is; stale data is said, not hidden (UX 16)."""
    if until is None:
        return small("no usage data yet")
    late = f" – {(now - until).days} days old" if now - until > STALE else ""
    return stamped("data until ", until, late)
