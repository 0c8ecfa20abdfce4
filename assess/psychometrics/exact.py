"""How are integers summed by group so that any partition of the data gives the same bits?

Floating-point sums depend on the order of their terms. These do not: every value is an integer,
split into a high and a low part of 28 bits, and each part is summed in blocks so short that
float64 holds every intermediate result exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BITS = 28
LOW = (1 << BITS) - 1
BLOCK = 1 << 21  # values of one block: 2**21 parts of less than 2**32 stay below 2**53
LARGEST = 1 << 59  # |value| that leaves a high part below 2**31


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """Exact integer sums, high * 2**28 + low with 0 <= low < 2**28; both arrays of one shape.

    The representation is unique, so equal sums have equal bits. Totals of disjoint parts of the
    data merge by addition, in any order.
    """

    high: Ints
    low: Ints

    def __add__(self, other: Total) -> Total:
        return _carried(self.high + other.high, self.low + other.low)

    def __sub__(self, other: Total) -> Total:
        return _carried(self.high - other.high, self.low - other.low)

    @property
    def value(self) -> Floats:
        """The sums as float64, correct to the last place or so; shape as the parts."""
        return np.ldexp(self.high.astype(np.float64), BITS) + self.low

    def reshape(self, *shape: int) -> Total:
        """The same sums in another shape."""
        return Total(self.high.reshape(shape), self.low.reshape(shape))


def counts(group: NDArray[np.integer], size: int) -> Ints:
    """How many values each group 0..size-1 has: int64[size]."""
    return np.bincount(group, minlength=size).astype(np.int64)


def totals(group: NDArray[np.integer], values: Ints, size: int) -> Total:
    """The sum of `values` (int64[n], |value| < 2**59) in each group 0..size-1: Total[size]."""
    peak = max(int(values.max(initial=0)), -int(values.min(initial=0)))
    if peak >= LARGEST:
        raise ValueError("a value is too large to be summed exactly (2**59 or more)")
    high = np.zeros(size, dtype=np.int64)
    low = np.zeros(size, dtype=np.int64)
    for start in range(0, values.size, BLOCK):
        block, where = values[start : start + BLOCK], group[start : start + BLOCK]
        if peak * BLOCK < 1 << 53:  # small values need no splitting
            low += np.bincount(where, weights=block, minlength=size).astype(np.int64)
            continue
        high += np.bincount(where, weights=block >> BITS, minlength=size).astype(np.int64)
        low += np.bincount(where, weights=block & LOW, minlength=size).astype(np.int64)
    return _carried(high, low)


def _carried(high: Ints, low: Ints) -> Total:
    return Total(high + (low >> BITS), low & LOW)
