"""How are answers coded so that all there is to know of one is a table look-up?

Every different (item, option, score) is a cell; an answer is the number of its cell. Statistics
are then sums over cells of what the attempts' totals add up to, and no other pass over the
answers is needed, however many options there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import exact
from assess.psychometrics.exact import Ints, Total
from assess.psychometrics.responses import (
    FULL,
    MOST_MARKS,
    MOST_OPTIONS,
    NOT_REACHED,
    OMITTED,
    UNKNOWN,
    Responses,
)

ROOM = 1 << 22  # entries of a table up to which a cell for everything is cheaper than a sort
LEVELS = 1 << 8  # different totals up to which they are counted, not summed


T = TypeVar("T")


class Span(NamedTuple):
    """Attempts first..last-1 and their rows."""

    attempts: slice
    rows: slice


class Criterion(NamedTuple):
    """What the answers of each cell met: sums of their attempts' totals, and a histogram.

    `plain`, `square`: Total[cells] of the totals and of their squares; `binned` int64[cells,
    bins] of the total less the cell's own value.
    """

    plain: Total
    square: Total
    binned: Ints


class Bins(NamedTuple):
    """`number` equal bins from -`half` to `half` (at most 2**32)."""

    half: int
    number: int

    @property
    def scale(self) -> int:
        """What a value is multiplied by to count bins, in 2**-31."""
        return (self.number << 31) // (2 * self.half + 1)

    def place(self, whole: Ints, own: Ints) -> Ints:
        """The bin of whole - own, for every two that broadcast."""
        return self.scaled(whole) - own * self.scale >> 31

    def scaled(self, whole: Ints) -> Ints:
        """Values from the lower end on, in 2**-31 bins."""
        return (whole + self.half) * self.scale


NO_BINS = Bins(0, 0)


@dataclass(frozen=True, eq=False)
class Cells:
    """Answers that were reached, by attempt: `cell` uint16 or int32[n], a row an answer.

    `length` int32[sat]: how many rows each attempt has that has any. Of the cells: `item`
    int32[cells], `option` int32[cells] (a mask, `OMITTED` or `UNKNOWN`), `points` int64[cells]
    in thousandths of a mark, `full` bool[cells]: full marks. `maximum` int64[items]: full marks
    of each item. Some cells may be empty. Build it with `coded`.
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
        level = (self.total - low) // step

        def work(spans: list[Span]) -> Ints:
            counted = np.zeros(self.item.size * count, np.int32)
            for span in spans:
                key = np.multiply(self.cell[span.rows], count, dtype=np.int64)
                key += self.spread(span, level)
                np.add.at(counted, key, np.int32(1))
            return counted.astype(np.int64)

        counted = sum(self._parallel(work), np.zeros(1, np.int64))
        return Levels(low + step * np.arange(count), counted.reshape(-1, count))

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

        def work(spans: list[Span]) -> None:
            for attempts, rows in spans:
                starts = np.cumsum(self.length[attempts]) - self.length[attempts]
                np.add.reduceat(np.take(values, self.cell[rows]), starts, out=summed[attempts])

        self._parallel(work)
        return summed

    def spread(self, span: Span, values: Ints) -> Ints:
        """The values of attempts (int64[sat]) on each of their rows of this part."""
        return np.repeat(values[span.attempts], self.length[span.attempts])

    def met(self, values: Ints, own: Ints | None = None, bins: Bins = NO_BINS) -> Criterion:
        """What the answers of each cell meet of their attempts' `values` (int64[sat] < 2**31).

        `own` int64[cells] is the part of it that is the answer's own, which the bins leave out.
        """
        squares = values * values
        size = self.item.size
        whole = bins.scaled(values)
        part = np.zeros(1, np.int64) if own is None else own * bins.scale
        # The sum of the squares of a cell may be too large for one integer.
        wide = int(squares.max(initial=0)) * int(self.n.max(initial=0)) >= 1 << 63

        def work(spans: list[Span]) -> tuple[Ints, Ints, Ints, NDArray[np.int32]]:
            plain, high, low = (np.zeros(size, np.int64) for _ in range(3))
            binned = np.zeros(size * bins.number, np.int32)
            for span in spans:
                where = self.cell[span.rows].astype(np.int64)
                value = self.spread(span, values)
                np.add.at(plain, where, value)
                if wide:
                    np.add.at(high, where, self.spread(span, squares >> exact.BITS))
                    np.add.at(low, where, self.spread(span, squares & exact.LOW))
                else:
                    np.add.at(low, where, self.spread(span, squares))
                if own is not None:
                    place = self.spread(span, whole)
                    place -= np.take(part, where)
                    place >>= 31
                    where *= bins.number
                    where += place
                    np.add.at(binned, where, np.int32(1))
            return plain, high, low, binned

        parts = self._parallel(work)
        plain, high, low, binned = (sum(part[1:], part[0]) for part in zip(*parts, strict=True))
        counted = binned.reshape(size, bins.number).astype(np.int64)
        return Criterion(exact.whole(plain), exact.carried(high, low), counted)

    def _parallel(self, work: Callable[[list[Span]], T]) -> list[T]:
        """The results of two threads, each of which does a run of the spans (at least one)."""
        middle = len(self.spans) // 2
        if not middle:
            return [work(self.spans)]
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(work, [self.spans[:middle], self.spans[middle:]]))


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


def _different(column: NDArray[np.integer]) -> tuple[Callable[[NDArray[Any]], NDArray[Any]], Ints]:
    """The different values, ascending, and what numbers them 0, 1, ... in that order."""
    low, high = (int(column.min()), int(column.max())) if column.size else (0, 0)
    if low == 0 < high and bool(((column == 0) | (column == high)).all()):
        return lambda part: part != 0, np.array([0, high])
    if high - low > ROOM:
        values = np.unique(column).astype(np.int64)
        return lambda part: np.searchsorted(values, part), values
    seen = np.zeros(high - low + 1, np.bool_)

    def work(rows: slice) -> None:
        seen[column[rows].astype(np.intp) - low if low else column[rows]] = True

    _in_blocks(column.size, work)
    code = (np.cumsum(seen) - 1).astype(np.int32)
    if low:
        return lambda part: np.take(code, part.astype(np.intp) - low), np.flatnonzero(seen) + low
    return lambda part: np.take(code, part), np.flatnonzero(seen)


def coded(responses: Responses) -> Cells:
    """The answers that were reached, as cells."""
    option_code, options = _different(responses.option)
    score_code, scores = _different(responses.score)
    kinds = options.size * scores.size
    size = responses.items * kinds
    kind = np.int64 if size > np.iinfo(np.int32).max else np.int32
    key: NDArray[np.signedinteger] = np.empty(responses.item.size, kind)
    met = np.zeros(size if size <= ROOM else 0, np.bool_)

    def number_them(rows: slice) -> None:
        part: Ints = responses.item[rows].astype(np.int64)
        part *= options.size
        part += option_code(responses.option[rows])
        part *= scores.size
        part += score_code(responses.score[rows])
        key[rows] = part
        if met.size:
            met[part] = True

    _in_blocks(key.size, number_them)
    length = np.diff(responses.bounds())
    if options.size and options[0] == NOT_REACHED:
        reached = responses.option != NOT_REACHED
        key = key[reached]
        length = np.bincount(responses.attempt[reached], minlength=responses.attempts)
    kept, cell = _renumbered(key, met)
    item, which = np.divmod(kept, max(kinds, 1))
    chosen, earned = np.divmod(which, max(scores.size, 1))
    maximum = np.ones(responses.items, np.int64)
    if responses.maximum is not None:
        maximum = responses.maximum.astype(np.int64)
    score = scores[earned] if scores.size else np.zeros(0, np.int64)
    of = maximum[item]
    whole = (2 * score * of + FULL) // (2 * FULL)
    return Cells(
        responses.items,
        responses.attempts,
        cell,
        length[length > 0].astype(np.int32),
        item.astype(np.int32),
        (options[chosen] if options.size else chosen).astype(np.int32),
        np.where(of == 1, score, FULL * whole),
        score == FULL,
        maximum,
    )


def one_form(matrix: NDArray[np.integer], key: Sequence[int] | None = None) -> Cells:
    """The answers of one form that all sat, [attempts, items], as cells without a long detour.

    With a `key` (own option number of each item) the matrix holds the options chosen, from 0,
    -1 for omitted; without it whole marks, from 0, the highest of a column being its full marks.
    Raises ValueError for numbers that are neither.
    """
    attempts, items = matrix.shape
    low, high = (int(matrix.min()), int(matrix.max())) if matrix.size else (0, 0)
    most = MOST_OPTIONS - 1 if key is not None else MOST_MARKS // max(items, 1)
    if low < (0 if key is None else -1) or high > most:
        raise ValueError(f"the matrix holds {low} to {high}; possible are 0 to {most}")
    width = high - low + 1
    base = np.arange(items) * width - low
    cell = np.empty(matrix.shape, _narrow(items * width))
    lines = max(exact.BLOCK // max(items, 1), 1)
    for start in range(0, attempts, lines):
        block = slice(start, start + lines)
        np.add(matrix[block], base.astype(cell.dtype), out=cell[block], casting="unsafe")
    item, value = np.divmod(np.arange(items * width), width)
    value += low
    if key is None:
        maximum = matrix.max(axis=0, initial=1).astype(np.int64)
        points, option = FULL * value, np.full(value.size, UNKNOWN)
    else:
        maximum = np.ones(items, np.int64)
        points = np.where(value == np.asarray(key)[item], FULL, 0)
        option = np.where(value < 0, OMITTED, 1 << np.maximum(value, 0))
    return Cells(
        items,
        attempts,
        cell.ravel(),
        np.full(attempts if items else 0, items, np.int32),
        item.astype(np.int32),
        option.astype(np.int32),
        points,
        points == FULL * maximum[item],
        maximum,
    )


def joined(parts: Sequence[Cells]) -> Cells:
    """The cells of disjoint parts of the attempts, of the same items, as those of the whole."""
    item, option, points = (
        np.concatenate([column.astype(np.int64) for column in columns])
        for columns in zip(*((p.item, p.option, p.points) for p in parts), strict=True)
    )
    options, chosen = np.unique(option, return_inverse=True)
    marks, earned = np.unique(points, return_inverse=True)
    kept, place = np.unique(
        (item * options.size + chosen) * marks.size + earned, return_inverse=True
    )
    number = place.astype(_narrow(kept.size))
    cell = np.empty(sum(part.cell.size for part in parts), number.dtype)
    first_kind = first_row = 0
    for part in parts:
        own = number[first_kind : first_kind + part.item.size]
        for span in part.spans:
            rows = slice(first_row + span.rows.start, first_row + span.rows.stop)
            cell[rows] = np.take(own, part.cell[span.rows])
        first_kind += part.item.size
        first_row += part.cell.size
    which, earned = np.divmod(kept, max(marks.size, 1))
    item, chosen = np.divmod(which, max(options.size, 1))
    maximum = parts[0].maximum
    return Cells(
        parts[0].items,
        sum(part.attempts for part in parts),
        cell,
        np.concatenate([part.length for part in parts]),
        item.astype(np.int32),
        options[chosen].astype(np.int32),
        marks[earned],
        marks[earned] == FULL * maximum[item],
        maximum,
    )


def _renumbered(
    key: NDArray[np.signedinteger], met: NDArray[np.bool_]
) -> tuple[Ints, NDArray[Any]]:
    """The different keys, ascending, and each key's place among them; `met` are those, if known."""
    if not met.size:
        kept, code = np.unique(key, return_inverse=True)
        return kept.astype(np.int64), code.astype(_narrow(kept.size))
    number: NDArray[Any] = (np.cumsum(met) - 1).astype(_narrow(int(met.sum())))
    cell = np.empty(key.size, number.dtype)

    def work(rows: slice) -> None:
        cell[rows] = np.take(number, key[rows])

    _in_blocks(key.size, work)
    return np.flatnonzero(met), cell


def _in_blocks(size: int, work: Callable[[slice], None]) -> None:
    """Do the work on rows 0..size-1, block by block, in two threads."""
    blocks = [slice(k, min(k + exact.BLOCK, size)) for k in range(0, size, exact.BLOCK)]
    if len(blocks) < 2:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, blocks))


def _narrow(size: int) -> type[np.uint16 | np.int32]:
    return np.uint16 if size <= 1 << 16 else np.int32
