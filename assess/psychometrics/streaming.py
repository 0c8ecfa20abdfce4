"""How are more answers analysed than should be held in memory at once?

A long file is read part by part, several at a time, and coded as cells: two or four bytes an answer
instead of fourteen and more. Classical statistics need nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import cells, coding, delimited, distinct, expected, options, tallies
from assess.psychometrics.cells import Cells
from assess.psychometrics.delimited import Column, FileError
from assess.psychometrics.exact import Ints
from assess.psychometrics.numbering import Numbering, numbered
from assess.psychometrics.reading import Answers
from assess.psychometrics.responses import (
    FULL,
    LONGEST_FORM,
    MOST_OPTIONS,
    OMITTED,
    UNKNOWN,
    Responses,
)

COLUMNS = ("attempt", "item", "option", "score")
LARGE = 5_000_000  # answers, which read whole take half a gigabyte
RIGHT_OR_WRONG = np.array([0, FULL], np.int64)
BYTES, PACKED = 16, 5  # of a row of text, about; of text in one byte of a .gz file

Block = dict[str, Column]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The answers of a long file as cells.

    `items`: labels; `attempts` int64[attempts]: their numbers; `options`: the most of an item.
    """

    cells: Cells
    items: tuple[str, ...]
    attempts: Ints
    options: int

    def answers(self) -> Answers:
        """The same row by row, as `reading.read` gives them: fourteen bytes an answer."""
        data = self.cells
        return self._named(
            np.repeat(np.arange(data.attempts, dtype=np.int32), data.length), data.cell
        )

    def kinds(self) -> Answers:
        """What the items and options are called: of every cell one answer, as if of one attempt."""
        data = self.cells
        return self._named(np.zeros(data.item.size, np.int32), np.arange(data.item.size))

    def _named(self, attempt: NDArray[np.int32], cell: NDArray[Any]) -> Answers:
        data = self.cells
        used = int(np.bitwise_or.reduce(np.maximum(data.option, 0), initial=0))
        values = [k for k in range(MOST_OPTIONS) if used >> k & 1]
        # Options are numbered by those that occur.
        option = np.minimum(data.option, 0)
        for place, value in enumerate(values):
            option |= np.where(data.option > 0, data.option >> value & 1, 0) << place
        rows = Responses(
            data.attempts,
            np.arange(data.items, dtype=np.int64),
            attempt,
            tallies.looked_up(data.item, cell),
            tallies.looked_up(data.points.astype(np.int16), cell),
            tallies.looked_up(option.astype(np.int32), cell),
        )
        known = bool(option.size and option.max() > UNKNOWN)
        keys = options.earned(rows) if known else np.zeros(data.items, np.int32)
        labels = tuple(map(str, values)) if known else ()
        widths = options.widths(rows, keys)
        return Answers(rows, self.items, self.attempts, labels, keys, widths, {})


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows of a file that follow each other, as cells.

    `attempt` [attempts]: numbers of the attempts, `length` int32[attempts]: their rows. `cell`
    uint16 or int32[n]; `kinds` says what the cells are, when all pieces have been read.
    """

    attempt: Column
    length: NDArray[np.int32]
    cell: NDArray[Any]
    kinds: Callable[[], Kinds]


class Kinds(NamedTuple):
    """What cells are, int64[cells] each: the file's own number of the item, option and points."""

    item: Ints
    option: Ints
    points: Ints


class Grid:
    """What may occur in a file, numbered once for all its pieces.

    Items `low` to `high`, options up to `most` (None: there are none), right or wrong. `room`
    uint16[rows]: where the cells of all pieces find their place, if two bytes are enough.
    """

    def __init__(self, low: int, high: int, most: int | None, rows: int) -> None:
        self.low, self.high, self.most = low, high, most
        self.room = np.empty(rows, np.uint16)
        self.option, self.points = _pairs(most, RIGHT_OR_WRONG)
        self.numbering = Numbering((high - low + 1) * self.option.size)

    @cached_property
    def kinds(self) -> Kinds:
        """What has occurred, by its number; to be asked when all has been read."""
        item, pair = np.divmod(self.numbering.keys(), self.option.size)
        return Kinds(item + self.low, self.option[pair], self.points[pair])


def read(path: Path, progress: Progress | None = None) -> Coded:
    """The answers of a long file of whole numbers: attempt, item, option (optional), score.

    CSV (.gz too) or Parquet. Rows of an attempt stand together, attempts ascend; `option` counts
    from 0, a negative one is omitted; `score` is 0 or 1, or a part of one mark. `progress` is told
    how many parts are read, and of how many (None: not known). Raises FileError for anything else:
    `reading.read` takes it, in more memory.
    """
    parquet = path.suffix == ".parquet"
    grid, parts, of = _groups(path) if parquet else (None, _blocks(path), None)
    found = []
    for done, part in enumerate(parts, start=1):
        if part is not None:
            found.append(part)
        if progress is not None:
            progress(done, of)
    if not found:
        raise FileError(path, "has no answers.")
    attempts, length = _attempts(path, found)
    cells = [piece.cell for piece in found]
    if grid is not None:
        kinds = grid.kinds
        narrow = all(cell.dtype == np.uint16 for cell in cells)
        cell = grid.room if narrow else np.concatenate(cells)
    else:
        every = [piece.kinds() for piece in found]
        kinds = Kinds(*(np.concatenate(column) for column in zip(*every, strict=True)))
        kept, cell = coding.joined(cells, *kinds)
        kinds = Kinds(*(column[kept] for column in kinds))
    item, numbers = options.codes(kinds.item)
    coded = coding.right_or_part(
        cell, length, item, kinds.option, kinds.points, numbers.size, length.size
    )
    most = int(coded.option.max(initial=0)).bit_length()
    return Coded(coded, tuple(map(str, numbers.tolist())), attempts, most)


def large(path: Path) -> bool:
    """Whether a file should rather be read part by part, and has only the columns that can be."""
    if path.suffix == ".parquet":
        try:
            with import_module("pyarrow.parquet").ParquetFile(path) as file:
                names, rows = file.schema_arrow.names, file.metadata.num_rows
        except (ImportError, OSError, ValueError):
            return False  # `reading` says what is wrong
        return rows >= LARGE and set(names) <= set(COLUMNS)
    size = path.stat().st_size * (PACKED if path.suffix == ".gz" else 1)
    if size < LARGE * BYTES:
        return False
    return set(next(delimited.blocks(path))) <= set(COLUMNS)


def _blocks(path: Path) -> Iterator[Piece | None]:
    return (_taken(path, block) for block in delimited.blocks(path))


def _groups(path: Path) -> tuple[Grid | None, Iterator[Piece | None], int]:
    """The row groups of a Parquet file, a thread for each processor, and how many there are.

    And what may occur, if the file says so before it is read.
    """
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        what = "is Parquet, which needs pyarrow: pip install 'assess[parquet]', or use CSV."
        raise FileError(path, what) from error
    opened = threading.local()

    def part(group: int) -> Piece | None:
        # A file is read by one thread at a time: each has its own.
        if not hasattr(opened, "file"):
            opened.file = parquet.ParquetFile(path)
        table = opened.file.read_row_group(group, columns=taken, use_threads=False)
        names, columns = table.column_names, table.columns
        block = {name: column.to_numpy() for name, column in zip(names, columns, strict=True)}
        return _taken(path, block, grid, slice(int(ends[group]) - table.num_rows, int(ends[group])))

    def parts() -> Iterator[Piece | None]:
        with ThreadPoolExecutor(expected.processors()) as threads:
            try:
                yield from threads.map(part, range(count))
            except (OSError, ValueError) as error:
                if isinstance(error, FileError):
                    raise
                raise FileError(path, f"cannot be read as Parquet: {error}.") from error

    try:
        with parquet.ParquetFile(path) as file:
            names, count = file.schema_arrow.names, file.num_row_groups
            rows = [file.metadata.row_group(group).num_rows for group in range(count)]
            ends, grid = np.cumsum(rows), _grid(file)
    except (OSError, ValueError) as error:
        raise FileError(path, f"cannot be read as Parquet: {error}.") from error
    _complete(path, names)
    taken = [name for name in COLUMNS if name in names]
    return grid, parts(), count


def _grid(file: Any) -> Grid | None:
    """What the statistics of a Parquet file leave possible; None: unknown, or too much."""
    limits = {}
    for place, column in enumerate(file.schema_arrow):
        if column.name not in COLUMNS:
            continue
        if not str(column.type).lstrip("u").startswith("int"):
            return None
        groups = (file.metadata.row_group(k).column(place) for k in range(file.num_row_groups))
        known = [group.statistics for group in groups if group.is_stats_set]
        if len(known) < file.num_row_groups or not all(one.has_min_max for one in known):
            return None
        least, most = min(one.min for one in known), max(one.max for one in known)
        limits[column.name] = (least, most)
    low, high = limits["item"]
    most = limits["option"][1] if "option" in limits else None
    possible = limits["score"] in ((0, 0), (0, 1), (1, 1)) and (most is None or most < MOST_OPTIONS)
    if not possible or (high - low + 1) * _pairs(most, RIGHT_OR_WRONG)[0].size > cells.ROOM:
        return None
    return Grid(low, high, most, file.metadata.num_rows)


def _complete(path: Path, names: Sequence[str]) -> None:
    for name in COLUMNS:
        if name not in names and name != "option":
            what = f"has no column {name!r}. It has: {', '.join(list(names)[:12])}."
            raise FileError(path, what, 1)


def _taken(
    path: Path, block: Block, grid: Grid | None = None, rows: slice | None = None
) -> Piece | None:
    """A block of rows as cells (of the grid, in its room); None for one without rows."""
    _complete(path, list(block))
    taken = {name: block[name] for name in COLUMNS if name in block}
    if not taken["attempt"].size:
        return None
    for name, column in taken.items():
        if column.dtype.kind not in ("iub" if name != "score" else "iubf"):
            what = f"has other things than numbers in {name!r}: it must be read whole."
            raise FileError(path, what)
    item, option, score = taken["item"], taken.get("option"), taken["score"]
    attempt, length = _runs(path, taken["attempt"], item)
    low, high = int(item.min()), int(item.max())
    score, points = _points(path, score)
    most = _most(path, option)
    if grid is not None:
        if low < grid.low or high > grid.high or (most or 0) > (grid.most or 0):
            raise FileError(path, "has other numbers than its statistics say. Write it again.")
        key = _keys(item, grid.low, option, score, 2, grid.option.size)
        room = None if rows is None else grid.room[rows]
        cell = grid.numbering.cells(item.size, key, room)
        return Piece(attempt, length, cell, lambda: grid.kinds)
    masks, marks = _pairs(most, points)
    numbers: Column = np.arange(low, high + 1, dtype=np.int64)
    if numbers.size * masks.size > cells.ROOM:
        item, numbers = options.codes(item)
        low = 0
    key = _keys(item, low, option, score, points.size, masks.size)
    cell, kept = numbered(numbers.size * masks.size, item.size, key)
    which, pair = np.divmod(kept, masks.size)
    kinds = Kinds(numbers[which].astype(np.int64), masks[pair], marks[pair])
    return Piece(attempt, length, cell, lambda: kinds)


def _pairs(most: int | None, points: Ints) -> tuple[Ints, Ints]:
    """The option (a mask) and the points of all pairs of the two, int64[pairs] each."""
    masks = [UNKNOWN] if most is None else [OMITTED, *(1 << k for k in range(most + 1))]
    return np.repeat(masks, points.size).astype(np.int64), np.tile(points, len(masks))


def _keys(
    item: Column, low: int, option: Column | None, score: Column, scores: int, pairs: int
) -> Callable[[slice, Ints], None]:
    """What gives some rows their place among all items from `low` on, each with all pairs."""
    # What is less than -1 is omitted too.
    clipped = option is not None and int(option.min()) < -1

    def key(rows: slice, out: Ints) -> None:
        np.subtract(item[rows], low, out=out, dtype=np.int64)
        out *= pairs
        pair = score[rows]
        if option is not None:
            chosen = np.maximum(option[rows], -1) if clipped else option[rows]
            pair = (chosen + 1) * pair.dtype.type(scores) + pair
        out += pair

    return key


def _runs(path: Path, attempt: Column, item: Column) -> tuple[Column, NDArray[np.int32]]:
    """The attempts, and how many rows each has."""
    fresh = attempt[1:] != attempt[:-1]
    starts = np.concatenate(([0], np.flatnonzero(fresh) + 1))
    order = attempt[starts]
    if (order[1:] < order[:-1]).any():
        raise _unordered(path)
    length = np.diff(starts, append=attempt.size).astype(np.int32)
    rising = item[1:] > item[:-1]
    rising |= fresh
    if not rising.all():
        place = np.repeat(np.arange(length.size, dtype=np.int32), length)
        again = distinct.first_repeated(place, options.codes(item)[0])
        if again is not None:
            raise _twice(path, int(attempt[again]), int(item[again]))
    return order, length


def _points(path: Path, score: Column) -> tuple[Column, Ints]:
    """Each score's place among those that are possible, and these, in points."""
    if not (score.min() >= 0 and score.max() <= 1):
        raise FileError(path, "has scores outside 0 to 1: it must be read whole.")
    if score.dtype.kind != "f":
        return score.astype(np.int8, copy=False), RIGHT_OR_WRONG
    place, different = options.codes(np.rint(score * FULL).astype(np.int16))
    return place, different.astype(np.int64)


def _most(path: Path, option: Column | None) -> int | None:
    """The highest option, -1 where all are omitted."""
    if option is None:
        return None
    most = max(int(option.max()), -1)
    if most >= MOST_OPTIONS:
        what = f"has option {most}; at most {MOST_OPTIONS} are possible, from 0."
        raise FileError(path, what)
    return most


def _attempts(path: Path, pieces: Sequence[Piece]) -> tuple[Ints, NDArray[np.int32]]:
    """The attempts of the file and their rows; one may go on from a piece to the next."""
    attempts: list[Column] = []
    lengths: list[NDArray[np.int32]] = []
    last, tail = None, np.zeros(0, np.int64)
    for piece in pieces:
        attempt, length, first = piece.attempt, piece.length, int(piece.attempt[0])
        if last is not None and first < last:
            raise _unordered(path)
        if first == last:
            tail = np.concatenate((tail, piece.kinds().item[piece.cell[: length[0]]]))
            numbers, n = np.unique(tail, return_counts=True)
            if (n > 1).any():
                raise _twice(path, first, int(numbers[n > 1][0]))
            lengths[-1][-1] += length[0]
            attempt, length = attempt[1:], length[1:]
        if length.size:
            attempts.append(attempt)
            lengths.append(length)
            tail = piece.kinds().item[piece.cell[-length[-1] :]]
        last = int(piece.attempt[-1])
    every = np.concatenate(lengths)
    if every.max() > LONGEST_FORM:
        raise FileError(path, f"an attempt shows more than {LONGEST_FORM} items.")
    return np.concatenate(attempts).astype(np.int64), every


def _unordered(path: Path) -> FileError:
    return FileError(path, "is not in ascending order of attempts. Sort it, or read it whole.")


def _twice(path: Path, attempt: int, item: int) -> FileError:
    return FileError(path, f"attempt {attempt} has item {item} twice. Keep one row of the two.")
