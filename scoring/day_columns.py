"""One day of a run in columns, one a field of `Signals`: on the way to be stored, or to values for rules and cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.cohort import Floats
from scoring.field_column import FieldColumn, Kind
from scoring.journeys import stuck
from scoring.model import Basis, Signals
from scoring.roster import day_number
from scoring.signals import Run
from scoring.usage_ratio import BASES, UNKNOWN, UsageRatio
from scoring.windows import NEVER, Bools, Ints, Span

FIELDS = tuple(field.name for field in fields(Signals))
FIGURES: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("volume_14", "volume_prior_14", "user_days_14", "user_days_90", "known_users")},
        **{f"active_users_{days}": f"users_{days}" for days in (14, 28, 90)},
        **{name: name for name in ("features_28", "features_90")},
    }
)
"""Fields of `Signals` that are windows as they are."""


class Texts:
    """The ids behind the numbers of people and event names; empty where there is none."""

    def __init__(self, people: Mapping[int, str], names: Mapping[int, str]) -> None:
        self.people, self.names = _by_number(people), _by_number(names)


def signals_of(columns: Mapping[str, FieldColumn]) -> list[Signals]:
    """One `Signals` an account; a field that has no column is as it is by default."""
    told = {name: columns[name].told() for name in FIELDS if name in columns}
    told["usage_basis"] = [Basis(basis) for basis in told["usage_basis"]]
    return [Signals(**dict(zip(told, row, strict=True))) for row in zip(*told.values(), strict=True)]


def signal_columns(
    run: Run, day: date, ratio: UsageRatio, *, vs_peers: Floats, texts: Texts
) -> Mapping[str, FieldColumn]:
    """A column for each of `FIELDS`, in their order, over the accounts that are scored on `day`, by their ids."""
    on = Day.of(run, day)
    columns = {
        "account_id": FieldColumn(Kind.LIST, (run.roster.ids[on.places].tolist(),)),
        "day": _days(np.full(len(on.places), on.number)),
        "age_days": FieldColumn.whole(on.number - run.roster.born[on.places]),
        "seats": FieldColumn(Kind.LIST, (run.roster.told_seats[on.places].tolist(),)),
        "usage_ratio": FieldColumn(Kind.RATIO, (on.row_of(ratio.over), on.row_of(ratio.under))),
        "usage_basis": FieldColumn(Kind.WORD, (on.row_of(ratio.basis),), tuple(str(basis) for basis in BASES)),
        "usage_vs_peers": FieldColumn.real(on.row_of(vs_peers)),
        **_figures(on),
        **_last_use(on, texts),
        **_journeys(on),
        **_power(on, texts),
    }
    return {name: columns[name] for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Day:
    """The accounts that are scored on one as-of day, in the order of their ids, as their rows are stored."""

    run: Run
    number: int
    places: Ints

    @classmethod
    def of(cls, run: Run, day: date) -> Day:
        """Those of a day of the run."""
        number, ranked = day_number(day), run.roster.by_id
        return cls(run, number, ranked[run.roster.scored(number)[ranked]])

    def row_of(self, matrix: Any) -> Any:
        """What a matrix, as-of days x accounts, says of them."""
        return matrix[self.number - self.run.span.first, self.places]


def _figures(on: Day) -> dict[str, FieldColumn]:
    """The fields that are windows as they are."""
    found = on.run.windows
    columns = {name: FieldColumn.whole(on.row_of(getattr(found, window))) for name, window in FIGURES.items()}
    columns["sole_user"] = FieldColumn(Kind.TRUTH, (on.row_of(found.known_users) == 1,))
    heard = on.row_of(found.logins_known).astype(bool)
    for name, logins in (("logins_14", found.logins_14), ("logins_prior_14", found.logins_prior_14)):
        columns[name] = _counts(on.row_of(logins), heard)
    return columns


def _last_use(on: Day, texts: Texts) -> dict[str, FieldColumn]:
    found = on.run.windows
    days = on.row_of(found.last_day)
    ever = days > NEVER
    return {
        "last_active_on": _days(days, ever),
        "last_feature": _words(on.row_of(found.last_name), texts.names, ever),
        "last_user_id": _texts(on.row_of(found.last_person), texts.people, ever),
    }


def _journeys(on: Day) -> dict[str, FieldColumn]:
    """Milestones (R6) and where an account is stuck (R23)."""
    run, places = on.run, on.places.tolist()
    due, done = run.milestones.counts(Span(run.span.start, on.number, on.number), len(run.roster))
    overdue = run.milestones.overdue(on.number)
    waiting = stuck(run.steps, on.number, run.roster.alive(on.number), run.config)
    waits = [waiting.get(place) for place in places] if waiting else []
    none: list[Any] = [None] * len(places)
    late = [overdue.get(place, ()) for place in places] if overdue else [()] * len(places)
    return {
        "milestones_due": FieldColumn.whole(due[0, on.places]),
        "milestones_done": FieldColumn.whole(done[0, on.places]),
        "overdue": FieldColumn(Kind.TEXTS, (late,)),
        "stuck_step": FieldColumn(Kind.LIST, ([one.step if one else "" for one in waits] or [""] * len(places),)),
        "stuck_days": FieldColumn(Kind.LIST, ([one.days if one else None for one in waits] or none,)),
        "stuck_limit": FieldColumn(Kind.LIST, ([one.limit if one else None for one in waits] or none,)),
    }


def _power(on: Day, texts: Texts) -> dict[str, FieldColumn]:
    """The fields of the person who did most before the last 14 days; none when nobody did anything then (R25)."""
    power = on.run.power
    total, uses_90 = on.row_of(power.total), on.row_of(power.uses_90)
    anybody = total > 0
    fading = on.row_of(power.uses_14) * 90, np.where(anybody, uses_90 * 14, UNKNOWN)
    return {
        "power_user_id": _texts(on.row_of(power.person), texts.people, anybody),
        "power_share": FieldColumn(Kind.RATIO, (on.row_of(power.uses), total)),
        "power_ratio": FieldColumn(Kind.RATIO, fading),
        "power_silent_days": _counts(on.number - on.row_of(power.last_day), anybody),
        "power_alone": FieldColumn(Kind.TRUTH, (anybody & (on.row_of(power.others_14) == 0),)),
        "power_users": FieldColumn.whole(np.where(anybody, on.row_of(power.users), 0)),
        "power_events": FieldColumn.whole(total),
    }


def _counts(values: Ints, known: Bools) -> FieldColumn:
    return FieldColumn(Kind.COUNT, (np.where(known, values, 0), known))


def _days(numbers: Ints, known: Bools | None = None) -> FieldColumn:
    there = np.ones(len(numbers), np.bool_) if known is None else known
    return FieldColumn(Kind.DAY, (np.where(there, numbers, 0), there))


def _texts(numbers: Ints, texts: npt.NDArray[np.object_], known: Bools) -> FieldColumn:
    """The texts behind many different numbers."""
    return FieldColumn(Kind.LIST, (texts[_cells(numbers, texts, known)].tolist(),))


def _words(numbers: Ints, texts: npt.NDArray[np.object_], known: Bools) -> FieldColumn:
    """The texts behind few different numbers, each of them kept once."""
    cells = _cells(numbers, texts, known)
    distinct = np.flatnonzero(np.bincount(cells, minlength=1))
    return FieldColumn(Kind.WORD, (np.searchsorted(distinct, cells),), tuple(texts[distinct].tolist()))


def _by_number(texts: Mapping[int, str]) -> npt.NDArray[np.object_]:
    """Texts in the cells after their numbers; the first one is for whatever has no text."""
    found = np.full(max(texts, default=-1) + 2, "", object)
    found[np.fromiter(texts.keys(), np.int64, len(texts)) + 1] = list(texts.values())
    return found


def _cells(numbers: Ints, texts: npt.NDArray[np.object_], known: Bools) -> Ints:
    return np.where(known & (numbers >= 0) & (numbers < len(texts) - 1), numbers + 1, 0)
