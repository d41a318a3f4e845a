"""Turns an account's day into a row of the database and back; rows travel between processes faster than snapshots."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date
from json.encoder import encode_basestring
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, Self, overload

from pydantic import TypeAdapter

from scoring.day_columns import RATIOS, Texts
from scoring.frame import Frame
from scoring.model import Basis, Health, Part, Reading, Signals, Snapshot

SIGNALS = ("activity", "engagement", "milestones", "recency")
_SIGNALS: TypeAdapter[Signals] = TypeAdapter(Signals)
_OWN: TypeAdapter[dict[str, float]] = TypeAdapter(dict[str, float])


def _ratio(pair: tuple[int, int]) -> str:
    over, under = pair
    return f'"{over}"' if under == 1 else f'"{over}/{under}"'


def _texts(several: tuple[str, ...]) -> str:
    return json.dumps(several, ensure_ascii=False, separators=(",", ":"))


SPELLED: Mapping[type, Callable[[Any], str]] = MappingProxyType(
    {str: encode_basestring, Basis: encode_basestring, bool: json.dumps, tuple: _texts, date: '"{}"'.format}
)
"""How a value of each type is written in JSON; numbers are as Python shows them."""
DEFAULTS: Mapping[str, object] = MappingProxyType(
    {one.name: one.default for one in fields(Signals) if one.default is not MISSING}
)
"""What is left out of JSON: most accounts are not stuck, and most figures that are 0 stay so."""


class Packed(NamedTuple):
    """The columns of the table, in its order; a day as ISO text, which every driver takes."""

    account_id: str
    day: Any
    score: float
    coverage: float
    reading: str
    config_version: int
    activity: float | None
    activity_weight: float | None
    activity_points: float | None
    engagement: float | None
    engagement_weight: float | None
    engagement_points: float | None
    milestones: float | None
    milestones_weight: float | None
    milestones_points: float | None
    recency: float | None
    recency_weight: float | None
    recency_points: float | None
    usage_ratio: float | None
    own: str
    signals: str


class PackedSnapshots(Sequence[Snapshot]):
    """Snapshots as the rows they are stored as, in the order of the key; each is made when somebody looks at it."""

    def __init__(self, snapshots: Iterable[Snapshot]) -> None:
        self.rows: list[tuple[Any, ...]] = sorted((tuple(packed(one)) for one in snapshots), key=itemgetter(0, 1))

    def of(self, day: date) -> list[tuple[Any, ...]]:
        """The rows of one day."""
        wanted = day.isoformat()
        return [row for row in self.rows if row[1] == wanted]

    @classmethod
    def of_days(cls, days: Iterable[Iterable[tuple[Any, ...]]]) -> Self:
        """From the rows that `packed_day` makes."""
        packed_ = cls(())
        packed_.rows = sorted(row for rows in days for row in rows)
        return packed_

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackedSnapshots) and self.rows == other.rows

    def __hash__(self) -> int:
        raise TypeError("rows change; they have no hash")

    @overload
    def __getitem__(self, place: int) -> Snapshot: ...

    @overload
    def __getitem__(self, place: slice) -> list[Snapshot]: ...

    def __getitem__(self, place: int | slice) -> Snapshot | list[Snapshot]:
        if isinstance(place, slice):
            return [unpacked(row) for row in self.rows[place]]
        return unpacked(self.rows[place])


def packed(snapshot: Snapshot) -> Packed:
    """The row of a snapshot.

    Raises:
        ValueError: score and signals are of different accounts or days, or a part has no column.
    """
    health, signals = snapshot.health, snapshot.signals
    if (health.account_id, health.day) != (signals.account_id, signals.day):
        raise ValueError(
            f"a score and signals of different accounts or days: {health.account_id}, {signals.account_id}"
        )
    return Packed._make(
        (
            health.account_id,
            health.day.isoformat(),
            health.score,
            health.coverage,
            str(health.reading),
            health.config_version,
            *_columns(health.parts),
            None if signals.usage_ratio is None else float(signals.usage_ratio),
            _OWN.dump_json(dict(health.own)).decode(),
            _SIGNALS.dump_json(signals, exclude_defaults=True).decode(),
        )
    )


def packed_day(frame: Frame, day: date, texts: Texts) -> Iterator[tuple[Any, ...]]:
    """The rows of a day's snapshots, made of whole columns: no snapshot is made on the way."""
    signals, health = frame.signal_columns(day, texts), frame.health_columns(day)
    told = [_spelled(name, values, DEFAULTS.get(name)) for name, values in signals.items()]
    own = [_spelled(name.removeprefix("own "), health[name]) for name in ("own activity", "own engagement")]
    ratios = [pair and pair[0] / pair[1] for pair in signals["usage_ratio"]]
    config = frame.run.config
    fixed = (day.isoformat(),), (str(config.reading),), (config.version,)
    days, readings, versions = (part * len(ratios) for part in fixed)
    columns = signals["account_id"], days, health["score"], health["coverage"], readings, versions
    shares = (health[f"{name}{part}"] for name in SIGNALS for part in ("", " weight", " points"))
    return zip(*columns, *shares, ratios, _objects(own), _objects(told), strict=True)


def _spelled(name: str, values: list[Any], default: object = None) -> list[str]:
    """`,"name":value` in JSON for each value, nothing for the default; each distinct value is spelled once."""
    kind = type(next((one for one in values if one is not None), None))
    spell = _ratio if name in RATIOS else SPELLED.get(kind, str)
    told = {value: "" if value == default else f',"{name}":{spell(value)}' for value in set(values)}
    return [told[value] for value in values]


def _objects(columns: Iterable[list[str]]) -> Iterator[str]:
    return ("{" + "".join(row)[1:] + "}" for row in zip(*columns, strict=True))


def unpacked(row: Iterable[Any]) -> Snapshot:
    """The snapshot of a row."""
    found = Packed._make(row)
    health = Health(
        account_id=found.account_id,
        day=found.day if isinstance(found.day, date) else date.fromisoformat(found.day),
        score=found.score,
        parts=_parts(found),
        coverage=found.coverage,
        reading=Reading(found.reading),
        config_version=found.config_version,
        own=_OWN.validate_json(found.own),
    )
    return Snapshot(health, _SIGNALS.validate_json(found.signals))


def _columns(parts: Iterable[Part]) -> Iterable[float | None]:
    by_name = {part.signal: part for part in parts}
    unknown = by_name.keys() - set(SIGNALS)
    if unknown:
        raise ValueError(f"a snapshot has no column for {', '.join(sorted(unknown))}")
    for name in SIGNALS:
        part = by_name.get(name)
        yield from (None, None, None) if part is None else (part.value, part.weight, part.points)


def _parts(row: Packed) -> tuple[Part, ...]:
    return tuple(
        Part(name, getattr(row, name), getattr(row, f"{name}_weight"), getattr(row, f"{name}_points"))
        for name in SIGNALS
        if getattr(row, f"{name}_weight") is not None
    )
