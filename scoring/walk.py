"""Goes from day to day over the use of all accounts and says after each what its windows hold (R4-R7, R10, R13, R25).

Each day is seen once. Kept in mind are running sums a day and account, and of each pair of account and key its last
day and four sums; of the days themselves only the last ninety. A history of years needs no more memory than a week.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scoring.counts import Active
from scoring.power import FADE, PRIOR, Power, PowerSums
from scoring.windows import LEAD, Before, Ints, Names, Pairs, Rows, Span, Windows, known, stretches

UNSEEN = -(1 << 30)
"""Long before any day; in days of half the usual width, because most of the work is looking through them."""


@dataclass(frozen=True, slots=True)
class DayRows:
    """The uses of one day by pairs, and what they come to in each active account; `active` names accounts by place."""

    people: Rows
    names: Rows
    active: Active


class Sums:
    """Sums over windows of at most `LEAD` days, an account a place."""

    def __init__(self, accounts: int) -> None:
        self._running = deque([np.zeros(accounts, np.int64)], LEAD + 1)

    def add(self, owner: Ints, n: Ints) -> None:
        """The next day: `n` for some owners."""
        after = self._running[-1].copy()
        np.add.at(after, owner, n.astype(np.int64))
        self._running.append(after)

    def window(self, days: int, ago: int = 0) -> Ints:
        """The `days` days that ended `ago` days before the last one."""
        end = max(len(self._running) - 1 - ago, 0)
        return self._running[end] - self._running[max(end - days, 0)]


class Recent:
    """The last day of each pair, from which distinct keys of any window are counted."""

    def __init__(self, pairs: Pairs, accounts: int) -> None:
        self.last = np.full(len(pairs.key), UNSEEN, np.int32)
        self._bounds = pairs.bounds(accounts)

    def see(self, day: int, rows: Rows) -> None:
        """Take in a day."""
        self.last[rows.pair.astype(np.intp)] = day

    def distinct(self, since: int) -> Ints:
        """How many keys each account used since a day, itself included."""
        return stretches(self.last >= since, self._bounds)


class Walk:
    """Stands before a day; `over` goes on from there.

    `people` pairs accounts with persons (their rows are meaningful uses), `names` with event names (rows are all uses).
    `before` tells what was last before `start`.
    """

    def __init__(self, accounts: int, *, start: int, people: Pairs, names: Pairs, marks: Names, before: Before) -> None:
        self._accounts = accounts
        self._day = start - 1
        self._people, self._names = people, names
        features = ~np.isin(names.key, marks.ignored)
        if len(marks.features):
            features &= np.isin(names.key, marks.features)
        self._features = None if features.all() else features
        self._logins = np.isin(names.key, marks.logins)
        self._volume, self._user_days, self._login_sums = Sums(accounts), Sums(accounts), Sums(accounts)
        self._persons, self._used = Recent(people, accounts), Recent(names, accounts)
        self._power = PowerSums(people, accounts)
        self._before = Before(before.day.copy(), before.person.copy(), before.name.copy())

    def over(self, days: Iterator[DayRows], span: Span) -> tuple[Windows, Power]:
        """All figures of the as-of days of a span; `days` gives the uses from where it stands."""
        found, power = Windows.empty(span.days, self._accounts), Power.empty(span.days, self._accounts)
        firsts = (
            self._people,
            Pairs(*(part[self._logins] for part in (self._names.owner, self._names.key, self._names.first))),
        )
        found.known_users, found.logins_known = (known(p.first, p.owner, span, self._accounts) for p in firsts)
        while self._day < span.last:
            self._step(next(days))
            if self._day >= span.first:
                self._tell(found, power, self._day - span.first)
        return found, power

    def _step(self, day: DayRows) -> None:
        self._day += 1
        active, last = day.active, self._before
        self._volume.add(active.account, active.uses)
        self._user_days.add(active.account, active.users)
        last.day[active.account], last.person[active.account] = self._day, active.person
        last.name[active.account] = active.name
        self._persons.see(self._day, day.people)
        self._used.see(self._day, day.names.among(self._features))
        self._power.step(day.people)
        if self._logins.any():
            logins = day.names.among(self._logins)
            self._login_sums.add(self._names.owner[logins.pair], logins.n)

    def _tell(self, found: Windows, power: Power, row: int) -> None:
        found.volume_14[row] = self._volume.window(14)
        found.volume_prior_14[row] = self._volume.window(14, ago=14)
        found.user_days_14[row] = self._user_days.window(14)
        found.user_days_90[row] = self._user_days.window(90)
        found.logins_14[row] = self._login_sums.window(14)
        found.logins_prior_14[row] = self._login_sums.window(14, ago=14)
        for days, figure in ((14, found.users_14), (28, found.users_28), (90, found.users_90)):
            figure[row] = self._persons.distinct(self._day - days + 1)
        for days, figure in ((28, found.features_28), (90, found.features_90)):
            figure[row] = self._used.distinct(self._day - days + 1)
        found.last_day[row], found.last_person[row] = self._before.day, self._before.person
        found.last_name[row] = self._before.name
        before = self._volume.window(PRIOR, ago=FADE)
        self._power.tell(power, row, last=self._persons.last, users_14=found.users_14[row], total=before)
