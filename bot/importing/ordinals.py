"""Numbers equal rows of a file, 0, 1, 2 and so on, so that rows without an id get one that is theirs for ever.

Eight bytes a row: sorted runs that are merged as they grow, instead of a dictionary of every row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]


class Ordinals:
    """What was seen of one file so far."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def number(self, hashes: Hashes) -> Counts:
        """For each row, how many equal ones came before it."""
        before = np.zeros(len(hashes), np.int64)
        for run in self._runs:
            before += np.searchsorted(run, hashes, "right") - np.searchsorted(run, hashes, "left")
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        # In the sorted batch, a row's place less the place of the first equal one.
        within = np.arange(len(hashes)) - np.searchsorted(ordered, ordered, "left")
        before[order] += within
        self._keep(ordered)
        return before

    def _keep(self, run: Hashes) -> None:
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last, earlier = self._runs.pop(), self._runs.pop()
            self._runs.append(np.sort(np.concatenate((earlier, last)), kind="stable"))
