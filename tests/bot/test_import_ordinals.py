"""Equal rows are numbered in their order, however the file is cut into batches."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.importing.ordinals import Ordinals


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), max_size=60), st.lists(st.integers(1, 20), min_size=1, max_size=60))
def test_a_row_gets_the_number_of_equal_rows_before_it(rows: list[int], cuts: list[int]) -> None:
    seen: Counter[int] = Counter()
    expected = []
    for row in rows:
        expected.append(seen[row])
        seen[row] += 1

    ordinals, numbers, start = Ordinals(), [], 0
    for cut in [*cuts, len(rows)]:
        numbers += ordinals.number(np.array(rows[start : start + cut], np.uint64)).tolist()
        start += cut

    assert numbers == expected
