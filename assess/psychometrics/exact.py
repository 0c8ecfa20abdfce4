"""How are integers summed by group so that any partition of the data gives the same bits?

Floating-point sums depend on the order of their terms. These do not: every value is an integer,
and where int64 might overflow it is split into a high part and a low part of 28 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BITS = 28
LOW = (1 << BITS) - 1
BLOCK = 1 << 17  # rows worked on at once: what they need in between stays in the cache
LARGEST = 1 << 62  # |value|: 2**28 high parts of less than 2**34 stay below 2**63


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """Exact integer sums, high * 2**28 + low with 0 <= low < 2**28; both arrays of one shape.

    The representation is unique, so equal sums have equal bits. Totals of disjoint parts of the
    data merge by addition, in any order.
    """

    high: Ints
    low: Ints

    def __add__(self, other: Total) -> Total:
        return carried(self.high + other.high, self.low + other.low)

    def __sub__(self, other: Total) -> Total:
        return carried(self.high - other.high, self.low - other.low)

    @property
    def value(self) -> Floats:
        """The sums as float64, correct to the last place or so; shape as the parts."""
        return np.ldexp(self.high.astype(np.float64), BITS) + self.low

    def times(self, factor: Ints | int) -> Total:
        """The sums times integers of at most 2**31 that broadcast; the product below 2**90."""
        return carried(self.high * factor, self.low * factor)

    def grouped(self, group: NDArray[np.integer], size: int) -> Total:
        """The sums of these sums (1-d) in each group 0..size-1: Total[size]."""
        high, low = np.zeros(size, np.int64), np.zeros(size, np.int64)
        np.add.at(high, group, self.high)
        np.add.at(low, group, self.low)
        return carried(high, low)

    def reshape(self, *shape: int) -> Total:
        """The same sums in another shape."""
        return Total(self.high.reshape(shape), self.low.reshape(shape))


def whole(values: Ints) -> Total:
    """Integers as totals of one value each."""
    return carried(np.zeros_like(values), values)


def zeros(*shape: int) -> Total:
    """Totals of nothing."""
    return Total(np.zeros(shape, np.int64), np.zeros(shape, np.int64))


def counts(group: NDArray[np.integer], size: int) -> Ints:
    """How many values each group 0..size-1 has: int64[size]."""
    return np.bincount(group, minlength=size).astype(np.int64)


def totals(group: NDArray[np.integer], values: Ints, size: int) -> Total:
    """The sum of `values` (int64[n], |value| < 2**62) in each group 0..size-1: Total[size]."""
    peak = max(int(values.max(initial=0)), -int(values.min(initial=0)))
    if peak >= LARGEST:
        raise ValueError("a value is too large to be summed exactly (2**62 or more)")
    high, low = np.zeros(size, np.int64), np.zeros(size, np.int64)
    if peak * values.size < 1 << 63:  # no group can overflow
        np.add.at(low, group, values)
        return carried(high, low)
    np.add.at(high, group, values >> BITS)
    np.add.at(low, group, values & LOW)
    return carried(high, low)


def carried(high: Ints, low: Ints) -> Total:
    """high * 2**28 + low, any two integers of which the sum fits."""
    return Total(high + (low >> BITS), low & LOW)
