"""Compares an account with its peers on the same day: same tier, same tenure group (R4, R5, R11)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scoring.config import ScoreConfig
from scoring.roster import Roster
from scoring.windows import Bools, Ints

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The peer groups of one day: accounts to be read and peers, as places of accounts, each with its group's number.

    An account may be a peer in several groups, and is read in one; `sizes` are the groups' peers.
    """

    accounts: int
    readers: Ints
    read_in: Ints
    peers: Ints
    peer_in: Ints
    sizes: Ints

    @classmethod
    def on(cls, day: int, roster: Roster, seen: Bools, config: ScoreConfig) -> Cohorts:
        """Peer groups by the end of `day`; `seen` marks accounts with any use so far, others are nobody's peers.

        Tier and tenure group where that gives `min_peers`, else the tenure group, else all. Fewer than
        `min_benchmark_peers` in all: no group, nothing is read. An account that churned is no peer from that day on.
        """
        peers = roster.alive(day) & seen
        readers = roster.scored(day) & seen
        if peers.sum() < config.min_benchmark_peers:
            return cls(len(roster), *(np.zeros(0, np.int64) for _ in range(5)))
        tenure = np.searchsorted(np.array(config.tenure_groups), day - roster.born, side="right")
        exact = roster.tier * (len(config.tenure_groups) + 1) + tenure
        parts, groups = [], 0
        for group, least in ((exact, config.min_peers), (tenure, config.min_peers), (np.zeros_like(tenure), 0)):
            many = np.bincount(group[peers], minlength=int(group.max(initial=0)) + 1)
            read = readers & (many[group] >= least)
            used = np.bincount(group[read], minlength=len(many)) > 0
            number = groups - 1 + np.cumsum(used)
            place, peer = np.flatnonzero(read), np.flatnonzero(peers & used[group])
            parts.append((place, number[group[place]], peer, number[group[peer]], many[used]))
            groups += int(used.sum())
            readers = readers & ~read
        return cls(len(roster), *(np.concatenate(part) for part in zip(*parts, strict=True)))

    def percentile(self, values: Ints) -> Floats:
        """The share of peers below the account's own value, those with the same value counting half; nan without peers.

        So the median of a cohort without ties is exactly 0.5. Where most peers are silent, silence is no sign of
        anything and gets part of the points; how long it lasts is the matter of recency (R7). Tried on real data,
        calling every silent account 0 ranked leavers worse and made a fifth of all accounts Churning.
        """
        result = np.full(self.accounts, np.nan)
        rank = _ranks(values)
        many = int(rank.max(initial=0)) + 1
        counts = np.bincount(self.peer_in * many + rank[self.peers], minlength=len(self.sizes) * many)
        reached = np.cumsum(counts.reshape(-1, many), axis=1)
        cells, size = self.read_in * many + rank[self.readers], self.sizes[self.read_in]
        share = (2 * reached.take(cells) - counts.take(cells)) / (2 * np.maximum(size, 1))
        result[self.readers] = np.where(size > 0, share, np.nan)
        return result

    def multiple_of_median(self, values: Floats, least: int) -> Floats:
        """Each value over its peers' median; nan under `least` peers or where their median is 0 (R11)."""
        result = np.full(self.accounts, np.nan)
        theirs = values[self.peers]
        there = ~np.isnan(theirs)
        theirs, group = theirs[there], self.peer_in[there]
        order = np.argsort(group, kind="stable")
        theirs, bounds = theirs[order], np.searchsorted(group[order], np.arange(len(self.sizes) + 1))
        medians = [_median(np.sort(theirs[low:high]), least) for low, high in pairwise(bounds.tolist())]
        result[self.readers] = values[self.readers] / np.array(medians, float)[self.read_in]
        return result


def _median(ordered: Floats, least: int) -> float:
    """The middle of enough values, if it can be divided by."""
    many = len(ordered)
    middle = float(ordered[(many - 1) // 2] + ordered[many // 2]) / 2 if many >= max(least, 1) else 0.0
    return middle if middle > 0 else np.nan


def _ranks(values: Ints) -> Ints:
    """Each value's place among the distinct ones; whole numbers that are few are their own."""
    if not len(values) or (values.min() >= 0 and values.max() < len(values)):
        return values
    order = np.argsort(values)
    ordered = values[order]
    rank = np.empty(len(values), np.int64)
    rank[order] = np.cumsum(np.append(False, ordered[1:] != ordered[:-1]))
    return rank
