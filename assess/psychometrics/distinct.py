"""Which different numbers stand in a column, and does an item stand twice in one attempt?

Columns of many million rows: what lies close together is looked up and not sorted, and what has to
be sorted is sorted part by part, in the processor's cache.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 16  # rows that are worked on at once


def codes(numbers: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.integer]]:
    """Each number's place among the different ones, int32[n], and these, ascending."""
    if numbers.size:
        low, high = int(numbers.min()), int(numbers.max())
        # Numbers that lie close together are looked up, not sorted.
        if high - low <= 4 * numbers.size + 1000 and high < 1 << 63:
            seen = np.zeros(high - low + 1, np.bool_)
            code = np.empty(numbers.size, np.int32)
            blocks = [slice(k, k + BLOCK) for k in range(0, numbers.size, BLOCK)]

            def offset(rows: slice) -> NDArray[np.int64]:
                # As wide as an index, and back from a type too narrow for the difference.
                wide: NDArray[np.int64] = numbers[rows].astype(np.int64)
                return wide - low

            for rows in blocks:
                seen[offset(rows)] = True
            place = (np.cumsum(seen) - 1).astype(np.int32)

            def look_up(rows: slice) -> None:
                np.take(place, offset(rows), out=code[rows], mode="clip")

            if len(blocks) == 1:
                look_up(blocks[0])
            else:
                with ThreadPoolExecutor(2) as threads:
                    list(threads.map(look_up, blocks))
            return code, np.flatnonzero(seen) + low
    different, code = np.unique(numbers, return_inverse=True)
    return code.astype(np.int32), different


def different(numbers: NDArray[np.integer]) -> NDArray[np.integer]:
    """The different numbers, ascending."""
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    if high - low > 4 * numbers.size + 1000:
        return np.unique(numbers)
    seen = np.zeros(high - low + 1, np.bool_)
    for first in range(0, numbers.size, BLOCK):
        seen[numbers[first : first + BLOCK].astype(np.int64) - low] = True
    return np.flatnonzero(seen) + low


def first_repeated(attempt: NDArray[np.int32], item: NDArray[np.int32]) -> int | None:
    """The first row whose item stands in its attempt already, None where there is no such row."""
    # Rows in order of attempt and item, as files mostly have them, need no sorting.
    if (attempt[1:] >= attempt[:-1]).all() and (
        (item[1:] > item[:-1]) | (attempt[1:] > attempt[:-1])
    ).all():
        return None
    many = int(item.max()) + 1
    if (attempt[1:] >= attempt[:-1]).all() and not _repeats(attempt, item, many):
        return None
    pair = attempt.astype(np.int64) * many
    pair += item
    order = np.argsort(pair, kind="stable")
    sorted_ = pair[order]
    again = order[1:][sorted_[1:] == sorted_[:-1]]
    return int(again.min()) if again.size else None


def _repeats(attempt: NDArray[np.int32], item: NDArray[np.int32], many: int) -> bool:
    """Whether an item (of so many) stands in an attempt twice; the attempts ascend."""
    cuts = np.searchsorted(attempt, attempt[BLOCK::BLOCK])
    bounds = np.unique([0, *cuts.tolist(), attempt.size]).tolist()

    def look(start: int, stop: int) -> bool:
        pairs = (int(attempt[stop - 1]) - int(attempt[start]) + 1) * many if stop > start else 0
        # Narrow numbers are sorted twice as fast.
        pair: NDArray[np.signedinteger] = attempt[start:stop].astype(
            np.int32 if pairs < 1 << 31 else np.int64
        )
        pair -= attempt[start : start + 1]
        pair *= many
        pair += item[start:stop]
        pair.sort()
        return bool((pair[1:] == pair[:-1]).any())

    # Sorted part by part in the cache, by two threads, it costs a third.
    with ThreadPoolExecutor(2) as threads:
        return any(threads.map(look, bounds[:-1], bounds[1:]))
