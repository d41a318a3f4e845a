"""Lets old usage go: the events and roll-ups of whole months, never what windows, months or first days still need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from storage.usage.column_files import SUFFIX, read_columns, write_columns
from storage.usage.columns import day_number, day_of
from storage.usage.daily import KINDS
from storage.usage.engine import Columns
from storage.usage.files import Files
from storage.usage.ledger import Ledger


@dataclass(frozen=True, slots=True)
class LetGo:
    """What was deleted: days, the bytes of their files, and events that came in later though their day was gone."""

    days: int = 0
    bytes: int = 0
    late: int = 0


def is_due(ledger: Ledger, before: date) -> bool:
    """Whether there is anything to delete or to tell; a glance that waits for nobody."""
    return bool(ledger.days(None, day_number(before.replace(day=1)) - 1)) or ledger.late() > 0


def let_go(files: Files, ledger: Ledger, before: date, generation: int) -> LetGo:
    """Delete the days of whole months before a day; the caller holds the store's refresh lock.

    What stays for ever is small: of each month who was active when, and everybody's first day. Days that these do not
    know yet stay too, so that nothing is deleted before it was counted; the next run takes them.
    """
    horizon = day_number(before.replace(day=1))
    late = ledger.late()
    with ledger.writing():
        ledger.note("late", "0")
    old = ledger.days(None, horizon - 1)
    firsts = ledger.states().get("firsts")
    if not old or firsts is None or not all(day.settled for day in old):
        return LetGo(late=late)
    gone = sorted({file for day in old for file in (day.file, day.rollup) if file})
    size = sum(files.size(file) for file in gone)
    kept = f"states/kept.{generation}{SUFFIX}"
    write_columns(files.path(kept), _before(read_columns(files.path(firsts)), horizon))
    files.to_disk([kept])
    with ledger.writing():
        ledger.let_go(horizon, day_of(horizon).isoformat()[:7], kept)
    for file in gone:
        files.path(file).unlink(missing_ok=True)
    return LetGo(len(old), size, late)


def _before(firsts: Columns, day: int) -> Columns:
    """The first days that lie before a day: they cannot be found again."""
    found: Columns = {}
    for kind in KINDS:
        early = firsts[f"{kind}_day"] < day
        found |= {name: firsts[name][early] for name in (f"{kind}_account", kind, f"{kind}_day")}
    return found
