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
from scipy import sparse

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
    codes,
)

ROOM = 1 << 22  # entries of a table up to which a cell for everything is cheaper than a sort
LEVELS = 1 << 8  # different totals up to which they are counted, not summed
CACHED = 1 << 15  # rows of which a few columns stay in the processor's nearest cache
SMALL = np.iinfo(np.uint16).max
MANY = 1 << 20  # places that are counted at once


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
        of_level = (self.total - low) // step * self.item.size

        def work(spans: list[Span]) -> NDArray[np.int32]:
            counted = Counted(self.item.size * count)
            for span in spans:
                # Level by level: the middle ones, where most are, lie close together.
                key = self.spread(span, of_level)
                key += self.cell[span.rows]
                counted.add(key, span)
            return counted.total()

        counted = sum(self._parallel(work), np.zeros(1, np.int32))
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

        def work(spans: list[Span]) -> None:
            for span in spans:
                summed[span.attempts] = self._matrix(span) @ values

        self._parallel(work)
        return summed

    def spread(self, span: Span, values: Ints) -> Ints:
        """The values of attempts (int64[sat]) on each of their rows of this part."""
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
        size = self.item.size
        whole = bins.scaled(values)
        part = np.zeros(1, np.int64) if own is None else own * bins.scale
        # The sum of the squares of a cell may be too large for one integer.
        wide = int(squares.max(initial=0)) * int(self.n.max(initial=0)) >= 1 << 63
        high, low = (squares >> exact.BITS, squares & exact.LOW) if wide else (None, squares)
        added = np.stack([values, low] if high is None else [values, low, high], axis=1)

        def work(spans: list[Span]) -> tuple[Ints, NDArray[np.int32]]:
            summed = np.zeros((size, added.shape[1]), np.int64)
            binned = Counted(size * bins.number)
            for span in spans:
                matrix = self._matrix(span)
                summed += matrix.T @ added[span.attempts]
                if own is not None:
                    where = matrix.indices.astype(np.int64)
                    place = self.spread(span, whole)
                    place -= looked_up(part, where)
                    place >>= 31
                    place *= size
                    place += where
                    binned.add(place, span)
            return summed, binned.total()

        parts = self._parallel(work)
        summed, binned = (sum(part[1:], part[0]) for part in zip(*parts, strict=True))
        counted = binned.reshape(bins.number, size).T.astype(np.int64, order="C")
        none = np.zeros(size, np.int64)
        plain, low, high = (*summed.T, none)[:3]
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


class Counted:
    """How often each place 0..size-1 was met."""

    def __init__(self, size: int) -> None:
        self._counts = np.zeros(size, np.int32)
        self._places: list[NDArray[np.integer]] = []
        self._rows = self._attempts = 0

    def add(self, places: Ints, span: Span) -> None:
        """Count these places, each of which an attempt of the span meets once at most."""
        attempts = span.attempts.stop - span.attempts.start
        if self._attempts + attempts > SMALL or self._rows > MANY:
            self.total()
        self._places.append(places.astype(_index(self._counts.size)))
        self._rows += places.size
        self._attempts += attempts

    def total(self) -> NDArray[np.int32]:
        """The counts so far."""
        if self._places:
            # In a table as small as the cache likes it, where so few cannot overflow it.
            kind = np.uint16 if self._attempts <= SMALL else np.int32
            self._counts += counts(np.concatenate(self._places), self._counts.size, kind)
            self._places, self._rows, self._attempts = [], 0, 0
        return self._counts


def counts(
    places: NDArray[np.integer], size: int, kind: type[np.uint16 | np.int32]
) -> NDArray[Any]:
    """How often each place 0..size-1 occurs, as numbers of this kind.

    As a matrix product, since np.bincount and np.add.at keep other threads waiting.
    """
    ends = np.array([0, places.size], places.dtype)
    matrix = sparse.csc_array((np.ones(places.size, kind), places, ends), shape=(size, 1))
    found: NDArray[Any] = matrix @ np.ones(1, kind)
    return found


def looked_up(table: NDArray[Any], places: NDArray[np.integer]) -> NDArray[Any]:
    """table[places], outside Python's lock; no place may lie outside the table."""
    return np.take(table, places, mode="clip")


def _index(size: int) -> type[np.int32 | np.int64]:
    return np.int32 if size <= 1 << 31 else np.int64


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
        return lambda part: looked_up(code, part.astype(np.intp) - low), np.flatnonzero(seen) + low
    return lambda part: looked_up(code, part), np.flatnonzero(seen)


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


def joined(
    parts: Sequence[NDArray[Any]],
    item: Ints,
    option: Ints,
    points: Ints,
    length: NDArray[np.int32],
    items: int,
) -> Cells:
    """The cells of the whole from parts of the answers, each numbered in its own way.

    `parts`: cells of the rows, by part; `item`, `option` and `points` int64: of the cells of all
    parts, one part after another. `length` int32[attempts]: of the whole. Every item gives one
    mark.
    """
    chosen, options = codes(option)
    earned, marks = codes(points)
    place, kept = codes((item * options.size + chosen) * marks.size + earned)
    number = place.astype(_narrow(kept.size))
    cell = np.empty(sum(part.size for part in parts), number.dtype)
    work, first_kind, first_row = [], 0, 0
    for part in parts:
        kinds = int(part.max()) + 1
        work.append((part, number[first_kind : first_kind + kinds], cell[first_row:][: part.size]))
        first_kind += kinds
        first_row += part.size
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda one: np.take(one[1], one[0], out=one[2], mode="clip"), work))
    which, mark = np.divmod(kept, marks.size)
    item, which = np.divmod(which, options.size)
    return Cells(
        items,
        length.size,
        cell,
        length,
        item.astype(np.int32),
        options[which].astype(np.int32),
        marks[mark].astype(np.int64),
        marks[mark] == FULL,
        np.ones(items, np.int64),
    )


def numbered(size: int, rows: int, key: Callable[[slice, Ints], None]) -> tuple[NDArray[Any], Ints]:
    """Each row's place among the different keys, and these, ascending.

    `key(rows, out)` gives the keys 0..size-1 of some rows, which are asked for a few at a time.
    """
    every = np.empty(rows, _index(size))
    room = np.empty(min(rows, CACHED), np.int64)
    blocks = [slice(first, min(first + CACHED, rows)) for first in range(0, rows, CACHED)]
    for block in blocks:
        out = room[: block.stop - block.start]
        key(block, out)
        every[block] = out
    if size > ROOM:
        kept, code = np.unique(every, return_inverse=True)
        return code.astype(_narrow(kept.size)), kept.astype(np.int64)
    met = counts(every, size, np.int32) > 0
    number: NDArray[Any] = (np.cumsum(met) - 1).astype(_narrow(int(np.count_nonzero(met))))
    cell = np.empty(rows, number.dtype)
    for block in blocks:
        np.take(number, every[block], out=cell[block], mode="clip")
    return cell, np.flatnonzero(met)


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
        cell[rows] = looked_up(number, key[rows])

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
