"""Are grouped sums exact, and the same bits whatever the order and the partition?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.psychometrics import exact

VALUES = st.lists(st.integers(-(2**58), 2**58), min_size=1, max_size=40)


def whole(total: exact.Total, group: int) -> int:
    return (int(total.high[group]) << exact.BITS) + int(total.low[group])


@given(VALUES)
def test_the_sums_are_those_of_whole_numbers(values: list[int]) -> None:
    group = np.arange(len(values)) % 3
    total = exact.totals(group, np.array(values, dtype=np.int64), 3)
    for g in range(3):
        expected = sum(values[g::3])
        assert whole(total, g) == expected
        assert total.value[g] == pytest.approx(expected, rel=1e-15)


@given(VALUES, st.integers(0, 40))
def test_two_parts_added_have_the_bits_of_the_whole(values: list[int], cut: int) -> None:
    array = np.array(values, dtype=np.int64)
    group = np.zeros(array.size, dtype=np.int64)
    parts = exact.totals(group[cut:], array[cut:], 1) + exact.totals(group[:cut], array[:cut], 1)
    together = exact.totals(group, array, 1)
    assert parts.high.tobytes() == together.high.tobytes()
    assert parts.low.tobytes() == together.low.tobytes()


def test_a_value_too_large_to_be_exact_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        exact.totals(np.zeros(1, np.int64), np.array([2**62], np.int64), 1)


def test_sums_beyond_one_block_stay_exact() -> None:
    n = exact.BLOCK + 5
    total = exact.totals(np.zeros(n, np.int64), np.full(n, 2**58 + 1, np.int64), 1)
    assert whole(total, 0) == n * (2**58 + 1)
