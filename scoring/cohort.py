"""Compares an account with its peers on the same day: same tier, same tenure group (R4, R5, R11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.config import ScoreConfig
from scoring.roster import Roster
from scoring.windows import Bools, Ints

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The peer groups of one day: pairs of (accounts to be read, their peers), each as places of accounts."""

    accounts: int
    pairs: tuple[tuple[Ints, Ints], ...]

    @classmethod
    def on(cls, day: int, roster: Roster, seen: Bools, config: ScoreConfig) -> Cohorts:
        """Peer groups by the end of `day`; `seen` marks accounts with any use so far, others are nobody's peers.

        Tier and tenure group where that gives `min_peers`, else the tenure group, else all. Fewer than
        `min_benchmark_peers` in all: no group, nothing is read. An account that churned is no peer from that day on.
        """
        peers = roster.alive(day) & seen
        readers = roster.scored(day) & seen
        if peers.sum() < config.min_benchmark_peers:
            return cls(len(roster), ())
        tenure = np.searchsorted(np.array(config.tenure_groups), day - roster.born, side="right")
        exact = roster.tier * (len(config.tenure_groups) + 1) + tenure
        pairs: list[tuple[Ints, Ints]] = []
        for group in (exact, tenure):
            read, found = _groups(group, readers, peers, config.min_peers)
            pairs += found
            readers = readers & ~read
        pairs.append((np.flatnonzero(readers), np.flatnonzero(peers)))
        return cls(len(roster), tuple(pairs))

    def each(self, values: Floats) -> Iterator[tuple[Ints, Floats, Floats]]:
        """(places, their values, their peers' values in order) for each group; a missing value (nan) is left out."""
        for readers, peers in self.pairs:
            theirs = values[peers]
            yield readers, values[readers], np.sort(theirs[~np.isnan(theirs)])

    def percentile(self, values: Ints) -> Floats:
        """The share of peers below the account's own value, those with the same value counting half; nan without peers.

        So the median of a cohort without ties is exactly 0.5. Where most peers are silent, silence is no sign of
        anything and gets part of the points; how long it lasts is the matter of recency (R7). Tried on real data,
        calling every silent account 0 ranked leavers worse and made a fifth of all accounts Churning.
        """
        result = np.full(self.accounts, np.nan)
        rank = _ranks(values)
        many = int(rank.max(initial=0)) + 1
        for readers, peers in self.pairs:
            if len(peers):
                counts = np.bincount(rank[peers], minlength=many)
                reached = np.cumsum(counts)
                result[readers] = (2 * reached - counts).take(rank[readers]) / (2 * len(peers))
        return result

    def multiple_of_median(self, values: Floats, least: int) -> Floats:
        """Each value over its peers' median; nan under `least` peers or where their median is 0 (R11)."""
        result = np.full(self.accounts, np.nan)
        for readers, own, theirs in self.each(values):
            if len(theirs) >= least and (median := np.median(theirs)) > 0:
                result[readers] = own / median
        return result


def _ranks(values: Ints) -> Ints:
    """Each value's place among the distinct ones; whole numbers that are few are their own."""
    if not len(values) or (values.min() >= 0 and values.max() < len(values)):
        return values
    order = np.argsort(values)
    ordered = values[order]
    rank = np.empty(len(values), np.int64)
    rank[order] = np.cumsum(np.append(False, ordered[1:] != ordered[:-1]))
    return rank


def _groups(group: Ints, readers: Bools, peers: Bools, least: int) -> tuple[Bools, list[tuple[Ints, Ints]]]:
    """Readers that find at least `least` peers with their own group number, and those pairs."""
    sizes = np.bincount(group[peers], minlength=int(group.max(initial=0)) + 1)
    read = readers & (sizes[np.maximum(group, 0)] >= least)
    numbers = np.unique(group[read])
    return read, [(np.flatnonzero(read & (group == one)), np.flatnonzero(peers & (group == one))) for one in numbers]
