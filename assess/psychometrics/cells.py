"""How are answers coded so that all there is to know of one is a table look-up?

Every different (item, option, score) is a cell; an answer is the number of its cell. Statistics
are then sums over cells of what the attempts' totals add up to, and no other pass over the
answers is needed, however many options there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assess.psychometrics import exact
from assess.psychometrics.exact import Ints, Total
from assess.psychometrics.tallies import Counted, index_type, looked_up

ROOM = 1 << 22  # entries of a table up to which a cell for everything is cheaper than a sort
LEVELS = 1 << 8  # different totals up to which they are counted, not summed

T = TypeVar("T")
Whole = TypeVar("Whole", np.int32, np.int64)


class Span(NamedTuple):
    """Attempts first..last-1 and their rows."""

    attempts: slice
    rows: slice

    @property
    def size(self) -> int:
        """How many attempts."""
        return int(self.attempts.stop - self.attempts.start)


class Criterion(NamedTuple):
    """What the answers of each cell met: sums of their attempts' totals, and a histogram.

    `plain`, `square`: Total[cells] of the totals and of their squares; `binned` int64[cells,
    bins] of the total less the cell's own value.
    """

    plain: Total
    square: Total
    binned: Ints


class Bins(NamedTuple):
    """`number` (at most 2**15) equal bins from -`half` to `half` (at most 2**32).

    Bins are counted in parts of 2**-`bits`, as many as leave room for all bins in 31 bits.
    """

    half: int
    number: int

    @property
    def bits(self) -> int:
        """How many bits are behind the point of a number of bins."""
        return 30 - self.number.bit_length()

    def place(self, whole: Ints, own: Ints) -> NDArray[np.int32]:
        """The bin of whole - own, for every two that broadcast."""
        return self.scaled(whole) - self.part(own) >> self.bits

    def scaled(self, whole: Ints) -> NDArray[np.int32]:
        """How many bins lie below these values."""
        return self.part(whole + self.half)

    def part(self, own: Ints) -> NDArray[np.int32]:
        """How many bins these differences (absolute values below 2**33) are."""
        scale = (self.number << 31) // (2 * self.half + 1)
        return (own * scale >> 31 - self.bits).astype(np.int32)


NO_BINS = Bins(0, 0)


@dataclass(frozen=True, eq=False)
class Cells:
    """Answers that were reached, by attempt: `cell` uint16 or int32[n], a row an answer.

    `length` int32[sat]: how many rows each attempt has that has any. Of the cells: `item`
    int32[cells], `option` int32[cells] (a mask, `OMITTED` or `UNKNOWN`), `points` int64[cells]
    in thousandths of a mark, `full` bool[cells]: full marks. `maximum` int64[items]: full marks
    of each item. Some cells may be empty. Build it with `coding`.
    """

    items: int
    attempts: int
    cell: NDArray[np.integer]
    length: NDArray[np.int32]
    item: NDArray[np.int32]
    option: NDArray[np.int32]
    points: Ints
    full: NDArray[np.bool_]
    maximum: Ints

    @property
    def longest(self) -> int:
        """How many answers the longest attempt has."""
        return int(self.length.max(initial=0))

    @property
    def complete(self) -> bool:
        """Whether every attempt has every item."""
        return bool(self.length.size and (self.length == self.items).all())

    @cached_property
    def total(self) -> Ints:
        """Each attempt's raw total in thousandths of a mark, int64[sat]."""
        return self.sums(self.points)

    @cached_property
    def by_total(self) -> Levels | None:
        """The answers by cell and raw total; None where there are many different totals."""
        low, high = int(self.total.min(initial=0)), int(self.total.max(initial=0))
        step = int(np.gcd.reduce(self.total - low)) if high > low else 1
        count = (high - low) // step + 1
        if count > LEVELS or count * self.item.size > ROOM:
            return None
        of_level = ((self.total - low) // step * self.item.size).astype(np.int32)

        def work(spans: Iterable[Span]) -> NDArray[np.integer]:
            counted = Counted(self.item.size * count)
            for span in spans:
                # Level by level: the middle ones, where most are, lie close together.
                key = self.spread(span, of_level)
                key += self.cell[span.rows]
                counted.add(key, span.size)
            return counted.total()

        counted = sum(self._parallel(work), np.zeros(1, np.int64))
        by_cell = counted.reshape(count, -1).T.astype(np.int64, order="C")
        return Levels(low + step * np.arange(count), by_cell)

    @cached_property
    def n(self) -> Ints:
        """How many answers each cell has, int64[cells]."""
        if self.by_total is not None:
            return np.asarray(self.by_total.n.sum(axis=1), np.int64)
        counted = np.zeros(self.item.size, np.int64)
        for span in self.spans:
            counted += np.bincount(self.cell[span.rows], minlength=counted.size)
        return counted

    @cached_property
    def raw(self) -> tuple[Total, Total]:
        """The sum of the raw totals, and of their squares, over the answers of each cell."""
        if self.by_total is not None:
            return self.by_total.moments()
        return self.met(self.total)[:2]

    @cached_property
    def spans(self) -> list[Span]:
        """The answers in parts of whole attempts, each about as long as the cache is large."""
        if not self.length.size:
            return []
        ends = np.concatenate([[0], np.cumsum(self.length, dtype=np.int64)])
        # The first attempt that begins in each block opens a part.
        opens = np.unique(np.searchsorted(ends[:-1], np.arange(0, ends[-1], exact.BLOCK)))
        lasts = [*opens[1:].tolist(), self.length.size]
        return [
            Span(slice(first, last), slice(int(ends[first]), int(ends[last])))
            for first, last in zip(opens.tolist(), lasts, strict=True)
        ]

    def sums(self, values: Ints) -> Ints:
        """The sum over each attempt's answers of their cells' `values` (int64[cells])."""
        summed = np.empty(self.length.size, np.int64)

        def work(spans: Iterable[Span]) -> None:
            for span in spans:
                summed[span.attempts] = self._matrix(span) @ values

        self._parallel(work)
        return summed

    def spread(self, span: Span, values: NDArray[Whole]) -> NDArray[Whole]:
        """The values of attempts ([sat]) on each of their rows of this part."""
        length = self.length[span.attempts]
        every = np.empty(span.rows.stop - span.rows.start, values.dtype)
        if self.even:
            # np.repeat would keep other threads waiting.
            every.reshape(length.size, -1)[:] = values[span.attempts, None]
        else:
            every[:] = np.repeat(values[span.attempts], length)
        return every

    @cached_property
    def even(self) -> bool:
        """Whether all attempts have equally many rows."""
        return bool((self.length == self.longest).all())

    def met(self, values: Ints, own: Ints | None = None, bins: Bins = NO_BINS) -> Criterion:
        """What the answers of each cell meet of their attempts' `values` (int64[sat] < 2**31).

        `own` int64[cells] is the part of it that is the answer's own, which the bins leave out.
        """
        squares = values * values
        size, most = self.item.size, int(self.n.max(initial=0))
        kind = index_type(size * bins.number)
        whole = bins.scaled(values)
        part = bins.part(np.zeros(1, np.int64) if own is None else own)
        # The sum of the squares of a cell may be too large for one integer.
        wide = int(squares.max(initial=0)) * most >= 1 << 63
        added = [values, squares & exact.LOW, squares >> exact.BITS] if wide else [values, squares]

        def work(spans: Iterable[Span]) -> tuple[Ints, NDArray[np.integer]]:
            summed = np.zeros((len(added), size), np.int64)
            binned = Counted(size * bins.number, most)
            for span in spans:
                matrix = self._matrix(span)
                # One by one: a product with several columns at once takes longer.
                for sums, every in zip(summed, added, strict=True):
                    sums += matrix.T @ every[span.attempts]
                if own is not None:
                    place = self.spread(span, whole)
                    place -= looked_up(part, matrix.indices)
                    place >>= bins.bits
                    place = place.astype(kind, copy=False)
                    place *= size
                    place += matrix.indices
                    binned.add(place, span.size)
            return summed, binned.total()

        parts = self._parallel(work)
        summed, binned = (sum(part[1:], part[0]) for part in zip(*parts, strict=True))
        counted = binned.reshape(bins.number, size).T.astype(np.int64, order="C")
        plain, low, high = (*summed, np.zeros(size, np.int64))[:3]
        return Criterion(exact.whole(plain), exact.carried(high, low), counted)

    def _matrix(self, span: Span) -> sparse.csr_array:
        """The answers of a part as ones, [attempts, cells]."""
        length = self.length[span.attempts]
        edges = np.zeros(length.size + 1, np.int32)
        np.cumsum(length, out=edges[1:])
        cell = self.cell[span.rows].astype(np.int32, copy=False)
        shape = (length.size, self.item.size)
        return sparse.csr_array((self._ones[: cell.size], cell, edges), shape=shape)

    @cached_property
    def _ones(self) -> Ints:
        longest = max((span.rows.stop - span.rows.start for span in self.spans), default=0)
        return np.ones(longest, np.int64)

    def _parallel(self, work: Callable[[Iterable[Span]], T]) -> list[T]:
        """The results of two threads, each of which takes the next span when it is done with one.

        So neither waits for long, however much else a processor has to do.
        """
        if len(self.spans) < 2:
            return [work(self.spans)]
        left = iter(self.spans)
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(work, (left, left)))


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How often each cell meets each value of an attempt: `n` int64[cells, levels]."""

    value: Ints
    n: Ints

    def moments(self) -> tuple[Total, Total]:
        """The sums over the answers of each cell of their attempts' values, and of the squares."""
        square = self.value * self.value
        high, low = self.n @ (square >> exact.BITS), self.n @ (square & exact.LOW)
        return exact.whole(self.n @ self.value), exact.carried(high, low)
