"""One day of a run as lists, one a field of `Signals`: as values for rules and cards, or on the way to be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from scoring.cohort import Floats
from scoring.journeys import stuck
from scoring.model import Signals
from scoring.roster import day_number, day_of
from scoring.signals import Run, listed
from scoring.usage_ratio import BASES, UNKNOWN, UsageRatio
from scoring.windows import NEVER, Ints

FIELDS = tuple(field.name for field in fields(Signals))
FIGURES: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("volume_14", "volume_prior_14", "user_days_14", "user_days_90", "known_users")},
        **{f"active_users_{days}": f"users_{days}" for days in (14, 28, 90)},
        **{name: name for name in ("features_28", "features_90")},
    }
)
"""Fields of `Signals` that are windows as they are."""
RATIOS = frozenset({"usage_ratio", "power_share", "power_ratio"})
"""Fields that `signal_columns` gives as two whole numbers without a common divisor, or None."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The ids behind the numbers of people and event names."""

    people: Mapping[int, str]
    names: Mapping[int, str]


def signals_of(columns: Mapping[str, list[Any]]) -> list[Signals]:
    """One `Signals` an account, from `signal_columns`."""
    whole = [
        [pair and Fraction(*pair) for pair in values] if name in RATIOS else values for name, values in columns.items()
    ]
    return [Signals(*row) for row in zip(*whole, strict=True)]


def signal_columns(
    run: Run, day: date, ratio: UsageRatio, *, vs_peers: Floats, texts: Texts
) -> Mapping[str, list[Any]]:
    """A list for each of `FIELDS`, in their order, parallel to the accounts that are scored on `day`."""
    number = day_number(day)
    on = _Day(run, number - run.span.first, np.flatnonzero(run.roster.scored(number)))
    columns = {
        "account_id": [run.roster.accounts[place].id for place in on.places.tolist()],
        "day": [day] * len(on.places),
        "age_days": (number - run.roster.born[on.places]).tolist(),
        "seats": [run.roster.accounts[place].seats for place in on.places.tolist()],
        "usage_ratio": _ratios(on.row_of(ratio.over), on.row_of(ratio.under)),
        "usage_basis": [BASES[basis] for basis in on.list_of(ratio.basis)],
        "usage_vs_peers": listed(vs_peers[on.row, on.places]),
        **_figures(on),
        **_last_use(on, texts),
        **_journeys(on, number),
        **_power(on, number, texts),
    }
    return {name: columns[name] for name in FIELDS}


@dataclass(frozen=True, slots=True)
class _Day:
    """The scored accounts of one as-of day."""

    run: Run
    row: int
    places: Ints

    def row_of(self, matrix: Ints) -> Ints:
        found: Ints = matrix[self.row, self.places]
        return found

    def list_of(self, matrix: Ints) -> list[int]:
        found: list[int] = self.row_of(matrix).tolist()
        return found


def _figures(on: _Day) -> dict[str, list[Any]]:
    """The fields that are windows as they are."""
    found = on.run.windows
    columns: dict[str, list[Any]] = {name: on.list_of(getattr(found, window)) for name, window in FIGURES.items()}
    columns["sole_user"] = [users == 1 for users in columns["known_users"]]
    heard = on.list_of(found.logins_known)
    for name, logins in (("logins_14", found.logins_14), ("logins_prior_14", found.logins_prior_14)):
        columns[name] = [count if known else None for count, known in zip(on.list_of(logins), heard, strict=True)]
    return columns


def _last_use(on: _Day, texts: Texts) -> dict[str, list[Any]]:
    found = on.run.windows
    days = _dates(on.row_of(found.last_day))
    names = [texts.names.get(name, "") for name in on.list_of(found.last_name)]
    people = [texts.people.get(person, "") for person in on.list_of(found.last_person)]
    return {
        "last_active_on": days,
        "last_feature": [text if day else "" for text, day in zip(names, days, strict=True)],
        "last_user_id": [text if day else "" for text, day in zip(people, days, strict=True)],
    }


def _journeys(on: _Day, number: int) -> dict[str, list[Any]]:
    """Milestones (R6) and where an account is stuck (R23)."""
    run, places = on.run, on.places.tolist()
    due, done = run.milestones.counts(run.span, len(run.roster))
    overdue = run.milestones.overdue(number)
    waiting = stuck(run.steps, number, run.roster.alive(number), run.config)
    waits = [waiting.get(place) for place in places]
    return {
        "milestones_due": on.list_of(due),
        "milestones_done": on.list_of(done),
        "overdue": [overdue.get(place, ()) for place in places],
        "stuck_step": [one.step if one else "" for one in waits],
        "stuck_days": [one.days if one else None for one in waits],
        "stuck_limit": [one.limit if one else None for one in waits],
    }


def _power(on: _Day, number: int, texts: Texts) -> dict[str, list[Any]]:
    """The fields of the person who did most before the last 14 days; none when nobody did anything then (R25)."""
    power = on.run.power
    total, uses_90 = on.row_of(power.total), on.row_of(power.uses_90)
    anybody = total.astype(bool).tolist()
    silent = (number - on.row_of(power.last_day)).tolist()
    alone = on.list_of(power.others_14)
    return {
        "power_user_id": [
            texts.people.get(person, "") if any_ else ""
            for person, any_ in zip(on.list_of(power.person), anybody, strict=True)
        ],
        "power_share": _ratios(on.row_of(power.uses), total),
        "power_ratio": _ratios(on.row_of(power.uses_14) * 90, np.where(total > 0, uses_90 * 14, UNKNOWN)),
        "power_silent_days": [days if any_ else None for days, any_ in zip(silent, anybody, strict=True)],
        "power_alone": [not others and any_ for others, any_ in zip(alone, anybody, strict=True)],
        "power_users": [users if any_ else 0 for users, any_ in zip(on.list_of(power.users), anybody, strict=True)],
        "power_events": total.tolist(),
    }


def _ratios(over: Ints, under: Ints) -> list[tuple[int, int] | None]:
    """One over the other in lowest terms; None where the lower one is `UNKNOWN`."""
    divisor = np.maximum(np.gcd(over, under), 1)
    pairs = zip((over // divisor).tolist(), (under // divisor).tolist(), strict=True)
    return [None if pair[1] == UNKNOWN else pair for pair in pairs]


def _dates(numbers: Ints) -> list[date | None]:
    known = {number: None if number <= NEVER else day_of(number) for number in np.unique(numbers).tolist()}
    return [known[number] for number in numbers.tolist()]
