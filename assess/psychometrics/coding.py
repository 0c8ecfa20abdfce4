"""How do answers become cells: from rows, from the matrix of one form, from parts of a file?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import exact, responses
from assess.psychometrics.cells import ROOM, Cells
from assess.psychometrics.distinct import codes
from assess.psychometrics.exact import Ints
from assess.psychometrics.numbering import Numbering, narrow
from assess.psychometrics.responses import (
    FULL,
    LONGEST_FORM,
    MOST_MARKS,
    MOST_OPTIONS,
    NOT_REACHED,
    OMITTED,
    UNKNOWN,
    Responses,
)
from assess.psychometrics.tallies import looked_up

FEW_OPTIONS = 1 << 6  # masks up to which all that are possible are numbered


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


def coded(answers: Responses) -> Cells:
    """The answers that were reached, as cells."""
    option_code, options = _different(answers.option)
    score_code, scores = _different(answers.score)
    kinds = options.size * scores.size
    size = answers.items * kinds
    kind = np.int64 if size > np.iinfo(np.int32).max else np.int32
    key: NDArray[np.signedinteger] = np.empty(answers.item.size, kind)
    met = np.zeros(size if size <= ROOM else 0, np.bool_)

    def number_them(rows: slice) -> None:
        part: Ints = answers.item[rows].astype(np.int64)
        part *= options.size
        part += option_code(answers.option[rows])
        part *= scores.size
        part += score_code(answers.score[rows])
        key[rows] = part
        if met.size:
            met[part] = True

    _in_blocks(key.size, number_them)
    length = np.diff(answers.bounds())
    if options.size and options[0] == NOT_REACHED:
        reached = answers.option != NOT_REACHED
        key = key[reached]
        length = np.bincount(answers.attempt[reached], minlength=answers.attempts)
    kept, cell = _renumbered(key, met)
    item, which = np.divmod(kept, max(kinds, 1))
    chosen, earned = np.divmod(which, max(scores.size, 1))
    maximum = np.ones(answers.items, np.int64)
    if answers.maximum is not None:
        maximum = answers.maximum.astype(np.int64)
    score = scores[earned] if scores.size else np.zeros(0, np.int64)
    of = maximum[item]
    whole = (2 * score * of + FULL) // (2 * FULL)
    return Cells(
        answers.items,
        answers.attempts,
        cell,
        length[length > 0].astype(np.int32),
        item.astype(np.int32),
        (options[chosen] if options.size else chosen).astype(np.int32),
        np.where(of == 1, score, FULL * whole),
        score == FULL,
        maximum,
    )


def of_forms(
    lengths: NDArray[np.integer],
    shown: NDArray[np.integer],
    options: NDArray[np.integer],
    scores: NDArray[np.integer],
    versions: NDArray[np.integer],
) -> Cells:
    """`coded(responses.from_forms(...))`, without the columns in between if nothing is odd.

    `versions` ascend. Raises ValueError as `from_forms`.
    """
    found = _of_forms(lengths, shown, options, scores, versions)
    if found is None:
        return coded(responses.from_forms(lengths, shown, options, scores, versions))
    return found


def _of_forms(
    lengths: NDArray[np.integer],
    shown: NDArray[np.integer],
    options: NDArray[np.integer],
    scores: NDArray[np.integer],
    versions: NDArray[np.integer],
) -> Cells | None:
    """None where something has to be refused, or there is more to number than is quick."""
    if not (shown.size and int(lengths.sum()) == shown.size == options.size == scores.size):
        return None
    low, high = int(versions[0]), int(versions[-1])
    least, most = int(options.min()), int(options.max())
    if not low <= int(shown.min()) <= int(shown.max()) <= high or lengths.max() > LONGEST_FORM:
        return None
    if least < UNKNOWN or most - least > FEW_OPTIONS or scores.min() < 0 or scores.max() > FULL:
        return None
    earned, points = _different(scores)
    kinds = (most - least + 1) * points.size
    if max(high - low, (versions.size + 1) * kinds) > ROOM:
        return None
    # What is not listed counts as one item more, behind the others.
    place = np.full(high - low + 1, versions.size * kinds, np.int64)
    place[versions - low] = np.arange(versions.size) * kinds
    numbering = Numbering((versions.size + 1) * kinds)
    ends = np.cumsum(lengths, dtype=np.int64)

    def work(forms: slice) -> NDArray[Any] | None:
        first, last = int(ends[forms.start] - lengths[forms.start]), int(ends[forms.stop - 1])

        def key(rows: slice, out: Ints) -> None:
            here = slice(first + rows.start, first + rows.stop)
            np.take(place, shown[here] - low, out=out, mode="clip")
            out += (options[here] - least) * points.size
            out += earned(scores[here])

        again = _twice(shown[first:last], lengths[forms])
        return None if again else numbering.cells(last - first, key)

    cuts = [*np.unique(np.searchsorted(ends, np.arange(0, shown.size, exact.BLOCK))).tolist()]
    with ThreadPoolExecutor(2) as threads:
        parts = list(threads.map(work, map(slice, cuts, [*cuts[1:], lengths.size])))
    known = [part for part in parts if part is not None]
    item, kind = np.divmod(numbering.keys(), kinds)
    if len(known) < len(parts) or item.max() == versions.size:
        return None
    option, earned_ = np.divmod(kind, points.size)
    return right_or_part(
        np.concatenate(known),
        lengths[lengths > 0].astype(np.int32),
        item.astype(np.int32),
        option + least,
        points[earned_],
        versions.size,
        lengths.size,
    )


def _twice(shown: NDArray[np.integer], lengths: NDArray[np.integer]) -> bool:
    """Whether an item stands in one of these forms twice."""
    starts = np.cumsum(lengths) - lengths
    for length in np.unique(lengths).tolist():
        rows = starts[lengths == length][:, None] + np.arange(length)
        forms = np.sort(shown[rows] if rows.size < shown.size else shown.reshape(rows.shape))
        if (forms[:, 1:] == forms[:, :-1]).any():
            return True
    return False


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
    cell = np.empty(matrix.shape, narrow(items * width))
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
    parts: Sequence[NDArray[Any]], item: Ints, option: Ints, points: Ints
) -> tuple[Ints, NDArray[Any]]:
    """The cells of the whole from parts of the answers, each numbered in its own way.

    `parts`: cells of the rows, by part; `item`, `option` and `points` int64: of the cells of all
    parts, one part after another. Returns where among these each cell of the whole stands (one
    place of several), and the cell of every row.
    """
    chosen, options = codes(option)
    earned, marks = codes(points)
    place, kept = codes((item * options.size + chosen) * marks.size + earned)
    number = place.astype(narrow(kept.size))
    cell = np.empty(sum(part.size for part in parts), number.dtype)
    work, first_kind, first_row = [], 0, 0
    for part in parts:
        kinds = int(part.max()) + 1
        work.append((part, number[first_kind : first_kind + kinds], cell[first_row:][: part.size]))
        first_kind += kinds
        first_row += part.size
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda one: np.take(one[1], one[0], out=one[2], mode="clip"), work))
    where = np.empty(kept.size, np.int64)
    where[place] = np.arange(place.size)
    return where, cell


def right_or_part(
    cell: NDArray[Any],
    length: NDArray[np.int32],
    item: NDArray[np.int32],
    option: Ints,
    points: Ints,
    items: int,
    attempts: int,
) -> Cells:
    """The answers of attempts of these lengths, by cell; every item gives one mark, or part of it.

    `item`, `option`, `points`: of the cells. `attempts`: with those that have no answers.
    """
    return Cells(
        items,
        attempts,
        cell,
        length,
        item,
        option.astype(np.int32),
        points,
        points == FULL,
        np.ones(items, np.int64),
    )


def _renumbered(
    key: NDArray[np.signedinteger], met: NDArray[np.bool_]
) -> tuple[Ints, NDArray[Any]]:
    """The different keys, ascending, and each key's place among them; `met` are those, if known."""
    if not met.size:
        kept, code = np.unique(key, return_inverse=True)
        return kept.astype(np.int64), code.astype(narrow(kept.size))
    number: NDArray[Any] = (np.cumsum(met) - 1).astype(narrow(int(met.sum())))
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
