"""How do answers become cells: from rows, from the matrix of one form, from parts of a file?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import exact
from assess.psychometrics.cells import ROOM, Cells
from assess.psychometrics.exact import Ints
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
from assess.psychometrics.tallies import counts, index_type, looked_up

CACHED = 1 << 15  # rows of which a few columns stay in the processor's nearest cache


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
    every = np.empty(rows, index_type(size))
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
